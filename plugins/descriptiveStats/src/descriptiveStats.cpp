// descriptiveStats: quartiles, mode, moments of the lengths of a direction's packets and of the intervals between them.
//
// An instance belongs to one worker thread. A packet costs two counters; statistics are made when the flow ends.
#include <algorithm>
#include <vector>

#include "columns.hpp"
#include "descriptiveStats_state.h"
#include "t2/plugin.hpp"

namespace t2::descriptive_stats {

namespace {

constexpr t2::FlowBlock flow_blocks[] = {{.bytes = sizeof(Counts), .conversations = 1},
                                         {.bytes = sizeof(LengthNode), .conversations = 1},
                                         {.bytes = sizeof(LengthLeaf), .conversations = 1}};

class DescriptiveStats final : public t2::Plugin {
 public:
  explicit DescriptiveStats(t2::Host& host) : host_(host), state_(host) {}

  void on_packets(std::span<const t2::Packet> packets) override {
    for (const t2::Packet& p : packets) {
      DescriptiveStatsState& s = state_(*p.own);
      const auto length = static_cast<std::uint16_t>(std::min(p.length, 0xffffu));
      const auto bin = static_cast<std::uint16_t>(bins.of(p.time - p.previous));
      if (s.packets < DescriptiveStatsState::inside) {
        s.length[s.packets] = length, s.bin[s.packets] = bin;
        ++s.packets;
      } else {
        add(*p.flow, s, length, bin);
      }
    }
  }

  void on_flow_end(const t2::EndedFlow& e, t2::Row& row) override {
    const DescriptiveStatsState& s = state_(e.own);
    cut_ += s.cut;
    if (!row.is_read()) return;
    for (const float value : of_lengths(lengths_of(s))) row.put(value);
    for (const float value : of_intervals(intervals_of(s))) row.put(value);
  }

  void merge(t2::Plugin& other) override { cut_ += static_cast<DescriptiveStats&>(other).cut_; }

  void report(t2::Report& report) const override {
    if (cut_ > 0) report.line("Flows whose later packets memory was too short for: " + report.number(cut_));
  }

 private:
  void add(const t2::Flow& flow, DescriptiveStatsState& s, std::uint16_t length, std::uint16_t bin) {
    if (s.cut) return;
    if (!s.counts) {
      s.counts = allocate<Counts>(flow, s);
      for (unsigned i = 0; s.counts && i < DescriptiveStatsState::inside; ++i) {
        if (std::uint32_t* counter = counter_of(flow, s, s.length[i])) ++*counter;
        if (i > 0) ++s.counts->interval[s.bin[i]];
      }
    }
    std::uint32_t* counter = s.counts && !s.cut ? counter_of(flow, s, length) : nullptr;
    if (!counter) return;
    ++*counter, ++s.counts->interval[bin], ++s.packets;
  }

  template <class T>
  T* allocate(const t2::Flow& flow, DescriptiveStatsState& s) {
    auto* made = static_cast<T*>(host_.flow_alloc(flow, sizeof(T)));
    s.cut |= !made;
    return made;
  }

  // Null: there is no memory.
  std::uint32_t* counter_of(const t2::Flow& flow, DescriptiveStatsState& s, unsigned length) {
    constexpr unsigned low = LengthLeaf::bits, middle = LengthNode::bits;
    LengthNode*& node = s.counts->node[length >> (low + middle)];
    if (!node) node = allocate<LengthNode>(flow, s);
    if (!node) return nullptr;
    LengthLeaf*& leaf = node->leaf[length >> low & ((1u << middle) - 1)];
    if (!leaf) leaf = allocate<LengthLeaf>(flow, s);
    return leaf ? &leaf->count[length & ((1u << low) - 1)] : nullptr;
  }

  const Distribution& lengths_of(const DescriptiveStatsState& s) {
    steps_.clear();
    if (!is_counted(s)) {
      for (unsigned i = 0; i < s.packets; ++i) add_value(s.length[i]);
      return steps_;
    }
    unsigned length = 0;  // of the first counter that is looked at
    for (const LengthNode* node : s.counts->node) {
      if (!node) length += 1u << (LengthNode::bits + LengthLeaf::bits);
      for (unsigned i = 0; node && i < std::size(node->leaf); ++i) {
        const LengthLeaf* leaf = node->leaf[i];
        for (unsigned at = 0; leaf && at < std::size(leaf->count); ++at)
          if (leaf->count[at] > 0) steps_.push_back({static_cast<double>(length + at), leaf->count[at]});
        length += 1u << LengthLeaf::bits;
      }
    }
    return steps_;
  }

  const Distribution& intervals_of(const DescriptiveStatsState& s) {
    steps_.clear();
    if (s.packets == 2) {
      add_value(bins.lower_edge(s.bin[1]));
    } else if (!is_counted(s)) {
      for (unsigned i = 1; i < s.packets; ++i) add_value(middle_of_bin(s.bin[i]));
    } else {
      for (unsigned bin = 0; bin < bins.count(); ++bin)
        if (s.counts->interval[bin] > 0) steps_.push_back({middle_of_bin(bin), s.counts->interval[bin]});
    }
    return steps_;
  }

  // Whether the counts hold all packets. Where memory ended while the first ones were put there, they do not.
  static bool is_counted(const DescriptiveStatsState& s) { return s.packets > DescriptiveStatsState::inside; }

  void add_value(double value) {
    const auto at = std::ranges::lower_bound(steps_, value, {}, &Step::value);
    if (at != steps_.end() && at->value == value) ++at->count;
    else steps_.insert(at, {value, 1});
  }

  t2::Host& host_;
  t2::State<DescriptiveStatsState> state_;
  Distribution steps_;  // kept for its memory
  std::uint64_t cut_ = 0;
};

}  // namespace

}  // namespace t2::descriptive_stats

T2_PLUGIN = {.name = "descriptiveStats",
             .version = T2_PLUGIN_VERSION,
             .summary = "quartiles, mode and moments of packet lengths and of intervals",
             .number = T2_NUMBER,
             .layout = T2_LAYOUT_descriptiveStats,
             .columns = t2::descriptive_stats::columns,
             .create = [](t2::Host& host) -> t2::Plugin* { return new t2::descriptive_stats::DescriptiveStats(host); },
             .flow_blocks = t2::descriptive_stats::flow_blocks};
