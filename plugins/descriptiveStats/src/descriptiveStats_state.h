// What descriptiveStats remembers of each direction: how often each length and each interval came. Written by the
// worker that owns the flow.
#pragma once

#include <cstdint>

#include "distribution.hpp"

namespace t2::descriptive_stats {

// Counts of lengths: a tree over the 16 bits of a length, in memory that the core frees with the flow.
struct LengthLeaf {
  static constexpr unsigned bits = 5;
  std::uint32_t count[1u << bits];
};
struct LengthNode {
  static constexpr unsigned bits = 5;
  LengthLeaf* leaf[1u << bits];
};
struct Counts {
  static constexpr unsigned bits = 6;
  LengthNode* node[1u << bits];
  std::uint32_t interval[bins.count()];
};
static_assert(LengthLeaf::bits + LengthNode::bits + Counts::bits == 16);

struct DescriptiveStatsState {
  static constexpr unsigned inside = 6;  // packets that are kept one by one: most directions have no more
  std::uint16_t length[inside]{};
  std::uint16_t bin[inside]{};  // of the interval before the packet; the first one has none
  Counts* counts = nullptr;     // of all packets, once there are more
  std::uint32_t packets = 0;
  bool cut = false;  // there was no memory for more
};
static_assert(sizeof(DescriptiveStatsState) <= 64);

}  // namespace t2::descriptive_stats
