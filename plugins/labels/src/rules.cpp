// Finds rules by shape, key and interval.
#include "label_rules.hpp"

#include <algorithm>

namespace t2::labels {

namespace {

void add_address(std::string& key, const Endpoint& end, unsigned bits) {
  std::array<std::uint8_t, 16> masked = end.address;
  for (unsigned i = 0; i < masked.size(); ++i) {
    const unsigned kept = bits >= 8 * (i + 1) ? 8 : bits > 8 * i ? bits - 8 * i : 0;
    masked[i] = static_cast<std::uint8_t>(masked[i] & 0xff00u >> kept);
  }
  key.append(reinterpret_cast<const char*>(masked.data()), (bits + 7) / 8);
}
void add_port(std::string& key, std::uint16_t port) {
  key += static_cast<char>(port >> 8), key += static_cast<char>(port & 0xff);
}

}  // namespace

Rules::Shape Rules::shape_of(const Rule& rule) {
  return {.source = rule.source.family,
          .destination = rule.destination.family,
          .source_bits = rule.source.bits,
          .destination_bits = rule.destination.bits,
          .source_port = rule.source_ports.is_one(),
          .destination_port = rule.destination_ports.is_one(),
          .protocol = rule.protocol >= 0};
}

std::string Rules::key(const Shape& shape, const Endpoint& source, const Endpoint& destination, std::uint8_t protocol) {
  std::string out;
  add_address(out, source, shape.source_bits);
  add_address(out, destination, shape.destination_bits);
  if (shape.source_port) add_port(out, source.port);
  if (shape.destination_port) add_port(out, destination.port);
  if (shape.protocol) out += static_cast<char>(protocol);
  return out;
}

Rules::Rules(std::vector<Rule> rules) : rules_(std::move(rules)) {
  for (std::uint32_t i = 0; i < rules_.size(); ++i) {
    const Rule& rule = rules_[i];
    const Shape shape = shape_of(rule);
    const Endpoint source{rule.source.address, rule.source_ports.first};
    const Endpoint destination{rule.destination.address, rule.destination_ports.first};
    tables_[shape][key(shape, source, destination, static_cast<std::uint8_t>(rule.protocol))].push_back(
        {rule.begin, rule.end, rule.end, i, i});
  }
  for (auto& [shape, table] : tables_) {
    for (auto& [key, tree] : table) {
      std::sort(tree.begin(), tree.end(), [](const Interval& a, const Interval& b) {
        return a.begin != b.begin ? a.begin < b.begin : a.rule < b.rule;
      });
      finish(tree, 0, tree.size());
    }
  }
}

void Rules::finish(Tree& tree, std::size_t begin, std::size_t end) {
  if (begin == end) return;
  const std::size_t root = begin + (end - begin) / 2;
  for (const auto& [from, to] : {std::pair(begin, root), std::pair(root + 1, end)}) {
    if (from == to) continue;
    finish(tree, from, to);
    const Interval& child = tree[from + (to - from) / 2];
    tree[root].latest = std::max(tree[root].latest, child.latest);
    tree[root].first = std::min(tree[root].first, child.first);
  }
}

std::uint32_t Rules::find(const FlowFacts& flow) const {
  std::uint32_t best = none;
  find(flow, flow.source, flow.destination, best);
  find(flow, flow.destination, flow.source, best);
  return best;
}

void Rules::find(const FlowFacts& flow, const Endpoint& source, const Endpoint& destination,
                 std::uint32_t& best) const {
  for (const auto& [shape, table] : tables_) {
    const auto fits = [&](Family wanted) { return wanted == Family::layer2 || wanted == flow.family; };
    if (!fits(shape.source) || !fits(shape.destination)) continue;
    const auto found = table.find(key(shape, source, destination, flow.protocol));
    if (found != table.end()) search(found->second, 0, found->second.size(), flow, source, destination, best);
  }
}

void Rules::search(const Tree& tree, std::size_t begin, std::size_t end, const FlowFacts& flow, const Endpoint& source,
                   const Endpoint& destination, std::uint32_t& best) const {
  if (begin == end) return;
  const std::size_t root = begin + (end - begin) / 2;
  const Interval& here = tree[root];
  if (here.latest < flow.times.earliest || here.first >= best) return;
  search(tree, begin, root, flow, source, destination, best);
  if (here.begin > flow.times.latest) return;  // so do all to the right
  const Rule& rule = rules_[here.rule];
  if (here.end >= flow.times.earliest && here.rule < best && rule.source_ports.has(source.port) &&
      rule.destination_ports.has(destination.port))
    best = here.rule;
  search(tree, root + 1, end, flow, source, destination, best);
}

}  // namespace t2::labels
