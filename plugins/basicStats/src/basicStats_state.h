// What basicStats remembers of each direction of a conversation. Written by the worker that owns the flow; other
// plugins may Peek at it when the flow has ended. Layouts only: no code that needs the core.
#pragma once

#include <cstdint>

#include "basicStats_config.hpp"
#include "t2/flags.hpp"

namespace t2::basic_stats {

struct HigherMoments {
  float third = 0, fourth = 0;
};

// Means and moments as the columns want them: single precision, updated packet by packet.
struct Moments {
  float mean = 0, variance = 0;
  [[no_unique_address]] FieldIf<HigherMoments, config::higher_moments> higher;
};

struct IntervalStatistics {
  Moments moments;                      // seconds
  float smallest = 4e12f, largest = 0;  // seconds
};

// Of the packets that BS_XCLD lets in.
struct SelectedPackets {
  std::uint64_t packets = 0;
  std::int64_t last = 0;  // time of the last one, ns
};

struct BasicStatsState {
  std::uint64_t bytes = 0;     // "packet length" of the core flag PACKETLENGTH
  std::uint64_t ip_bytes = 0;  // IP headers and payload; 0 for layer-2 flows
  std::uint64_t padding = 0;   // bytes
  // Lengths above 65535 (an IPv6 header with the largest payload, segments that hardware put together) count as 65535.
  std::uint16_t min_length = 0xffff, max_length = 0;               // bytes; of the packets that BS_XCLD lets in
  std::uint16_t min_ip_length = 0xffff, max_ip_length = 0;         // bytes; of all packets
  [[no_unique_address]] FieldIf<Moments, config::lengths> length;  // bytes
  [[no_unique_address]] FieldIf<IntervalStatistics, config::intervals> interval;
  [[no_unique_address]] FieldIf<SelectedPackets, config::selective> selected;
};

}  // namespace t2::basic_stats
