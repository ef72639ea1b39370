// Rules that give flows a label, and the search for the first one that is for a
// flow.
//
// Rules with the same shape (lengths of prefixes, whether ports and protocol
// are given) are in one hash table, by what they have there in common with a
// flow; those with equal keys in a tree over their intervals. So the time of a
// search grows with the number of shapes, not of rules. Read-only once made:
// all workers share it.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "t2/packet.hpp"

namespace t2::labels {

struct PortRange {
  std::uint16_t first = 0, last = 0xffff;
  bool is_any() const { return first == 0 && last == 0xffff; }
  bool is_one() const { return first == last; }
  bool has(std::uint16_t port) const { return first <= port && port <= last; }
};
struct Network {
  Family family = Family::layer2;  // layer2: any address
  std::array<std::uint8_t, 16> address{};
  std::uint8_t bits = 0;
};
struct Rule {
  Time begin = std::numeric_limits<Time>::min(), end = std::numeric_limits<Time>::max();
  int protocol = -1;  // -1: any
  Network source, destination;
  PortRange source_ports, destination_ports;
  std::string label;
  std::uint32_t line = 0;  // of the file, from 1
};

// What of a flow rules are about, as its first packet went.
struct FlowFacts {
  Family family = Family::layer2;
  std::uint8_t protocol = 0;
  Endpoint source, destination;
  TimeRange times;
};

class Rules {
 public:
  static constexpr std::uint32_t none = 0xffff'ffff;
  explicit Rules(std::vector<Rule> rules);

  // The rule that stands first in the file of those for this flow, in either
  // direction. none: there is none.
  std::uint32_t find(const FlowFacts& flow) const;
  const Rule& operator[](std::uint32_t rule) const { return rules_[rule]; }
  std::size_t size() const { return rules_.size(); }

 private:
  struct Shape {
    Family source = Family::layer2, destination = Family::layer2;
    std::uint8_t source_bits = 0, destination_bits = 0;
    bool source_port = false, destination_port = false, protocol = false;
    auto order() const {
      return std::tuple(source, destination, source_bits, destination_bits, source_port, destination_port, protocol);
    }
    bool operator<(const Shape& other) const { return order() < other.order(); }
  };
  // Rules sorted by their begin; `latest` and `first` are those of the subtree
  // whose root stands there.
  struct Interval {
    Time begin, end, latest;
    std::uint32_t rule, first;
  };
  using Tree = std::vector<Interval>;
  using Table = std::unordered_map<std::string, Tree>;

  static Shape shape_of(const Rule& rule);
  static std::string key(const Shape& shape, const Endpoint& source, const Endpoint& destination,
                         std::uint8_t protocol);
  static void finish(Tree& tree, std::size_t begin, std::size_t end);
  void find(const FlowFacts& flow, const Endpoint& source, const Endpoint& destination, std::uint32_t& best) const;
  void search(const Tree& tree, std::size_t begin, std::size_t end, const FlowFacts& flow, const Endpoint& source,
              const Endpoint& destination, std::uint32_t& best) const;

  std::vector<Rule> rules_;
  std::map<Shape, Table> tables_;
};

// Reads a file of rules. Throws Error: "FILE:LINE: what is wrong".
std::vector<Rule> read_rules(const std::string& path);

}  // namespace t2::labels
