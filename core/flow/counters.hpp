// Totals of flows, for the reports. Each worker counts its own; the report adds them up.
#pragma once

#include <cstdint>

#include "t2/packet.hpp"

namespace t2 {

// Totals of flows, for the reports. Sums only: workers' totals add up.
struct FlowCounters {
  std::uint64_t flows[2] = {}, packets[2] = {}, bytes[2] = {};  // A, B; flows by creation, the others by status bit 0
  std::uint64_t layer2 = 0, ipv4 = 0, ipv6 = 0;                 // flows by kind
  std::uint64_t lone_replies = 0;                               // flows without a peer whose status says "B"
  std::uint64_t ipv4_fragments = 0, ipv6_fragments = 0;
  std::uint64_t padding = 0, evicted = 0, max_in_memory = 0;
  std::uint64_t unwritten = 0;                // directions of flows in memory when the run had to end at once
  std::uint64_t type_arp = 0, type_rarp = 0;  // packets by EtherType
  std::uint64_t protocol_packets[256] = {}, protocol_bytes[256] = {};
  status::Word status = 0;
};

FlowCounters& operator+=(FlowCounters& sum, const FlowCounters& more);

}  // namespace t2
