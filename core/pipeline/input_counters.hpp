// Totals of what was read, counted by the reader thread.
#pragma once

#include <cstdint>

#include "t2/packet.hpp"

namespace t2 {

struct InputCounters {
  std::uint64_t packets = 0, captured_bytes = 0, wire_bytes = 0, ip_wire_bytes = 0;
  std::uint64_t left_out = 0;      // by SAMPLING, not among the packets
  std::uint64_t unsupported = 0;   // packets of link types that are not analysed
  std::uint64_t without_data = 0;  // packets of which nothing was captured
  std::uint64_t layer2 = 0, ipv4 = 0, ipv6 = 0;
  Time first = 0, last = 0;  // of the first packet; capture clock at the end
  status::Word status = 0;   // of all packets, also of those without a flow
};

}  // namespace t2
