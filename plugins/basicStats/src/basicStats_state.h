// What basicStats remembers of each direction of a conversation. Written by the worker that owns the flow; other plugins
// may Peek at it when the flow has ended. Layouts only: no code that needs the core.
#pragma once

#include <cstdint>

#include "basicStats.h"

namespace t2::basic_stats {

// Means and moments as the columns want them: single precision, updated packet by packet.
struct Moments {
  float mean = 0, variance = 0;
#if BS_VAR == 1 && BS_SK == 1
  float third = 0, fourth = 0;
#endif
};

struct BasicStatsState {
  std::uint64_t bytes = 0;     // "packet length" of the core flag PACKETLENGTH
  std::uint64_t ip_bytes = 0;  // IP headers and payload; 0 for layer-2 flows
  std::uint64_t padding = 0;   // bytes
  // Lengths above 65535 (an IPv6 header with the largest payload, segments that hardware put together) count as 65535.
  std::uint16_t min_length = 0xffff, max_length = 0;        // bytes; of the packets that BS_XCLD lets in
  std::uint16_t min_ip_length = 0xffff, max_ip_length = 0;  // bytes; of all packets
#if BS_STATS == 1 && BS_PL_STATS == 1
  Moments length;  // bytes
#endif
#if BS_STATS == 1 && BS_IAT_STATS == 1
  Moments interval;                              // seconds
  float min_interval = 4e12f, max_interval = 0;  // seconds
#endif
#if BS_XCLD > 0
  std::uint64_t included = 0;  // packets in the statistics
  std::int64_t last = 0;       // time of the last one of these, ns
#endif
};

}  // namespace t2::basic_stats
