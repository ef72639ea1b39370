// What holds for every decoded packet, whatever its bytes were. Stops the program where it does not.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "t2/packet.hpp"

namespace t2::fuzz {

inline void demand(bool holds, std::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "broken rule: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

inline void check(const Packet& p) {
  const auto inside = [&](std::uint32_t offset, std::uint32_t bytes) {
    return offset <= p.captured && p.captured - offset >= bytes;
  };
  const auto mac = [&](std::uint32_t offset) { return offset == absent || inside(offset, 6); };
  demand(mac(p.source_mac) && mac(p.destination_mac), "MAC addresses are captured or absent");
  demand(p.l2 == absent || p.l2 <= p.captured, "layer 2 begins in the frame");
  demand(p.vlan < 4096, "a VLAN id has 12 bits");
  demand(p.vlan_count == 0 || inside(p.vlans, 4u * p.vlan_count), "tags are captured");
  demand(p.mpls_count == 0 || inside(p.mpls, 4u * p.mpls_count), "labels are captured");
  demand(p.padding <= p.wire, "padding is part of the frame");
  demand(p.captured_l3 <= p.captured && p.captured_l4 <= p.captured_l3 && p.captured_l7 <= p.captured_l4,
         "captured lengths grow outwards");
  demand(p.l7 == absent || p.l7 <= p.captured, "the payload begins in the frame");
  demand(p.captured_l7 == 0 || inside(p.l7, p.captured_l7), "the captured payload is captured");
  demand(p.length <= p.wire + 65'535, "a length is not negative");
  for (const std::uint32_t offset : {p.hop_options, p.destination_options, p.fragment_header}) {
    demand(offset == absent || offset < p.captured, "extension headers begin in the frame");
  }
  if (p.is_ip()) {
    demand(p.family == Family::ipv4 ? inside(p.l3, 20) : inside(p.l3, 40), "the IP header is captured");
    demand(p.l4_length <= p.l3_length && p.l7_length <= p.l4_length, "lengths grow outwards");
    demand(p.captured_l3 <= p.l3_length, "captured is not more than sent");
    demand(!p.later_fragment || !p.has_ports, "a later fragment has no ports");
    demand(p.has_ports || (p.source_port == 0 && p.destination_port == 0), "no ports without a header");
    // In a first fragment the inner packet goes on in other frames: its header alone tells its length.
    demand(p.wire >= p.l3 && p.l3_length <= std::max(p.wire - p.l3, 65'535u + 40), "IP ends where the frame ends");
  } else {
    demand(p.protocol == 0 && !p.has_ports, "layer 2 has neither protocol nor ports");
  }
}

}  // namespace t2::fuzz
