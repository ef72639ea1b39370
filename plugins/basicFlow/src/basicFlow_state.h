// What basicFlow remembers of a conversation. Other plugins may Peek at it when a flow has ended.
#pragma once

#include <cstdint>

#include "basicFlow.h"
#include "tranalyzer.h"

namespace t2 {

struct BasicFlowState {
#if T2_PRI_HDRDESC == 1 && BFO_MAX_HDRDESC > 0
  static constexpr unsigned max_stacks = BFO_MAX_HDRDESC;
#else
  static constexpr unsigned max_stacks = 0;
#endif

  struct Side {
#if T2_PRI_HDRDESC == 1 && BFO_MAX_HDRDESC > 0
#if BFO_HDRDESC_PKTCNT == 1
    std::uint64_t stack_packets[BFO_MAX_HDRDESC];
#endif
    std::uint32_t stack[BFO_MAX_HDRDESC];  // header stacks in order of appearance: Packet::headers
    std::uint16_t depth[BFO_MAX_HDRDESC];  // headers in each
#endif
#if BFO_MPLS > 0
    std::uint32_t mpls[BFO_MAX_MPLS];      // label stack entries of the first packet, host order
#endif
#if BFO_VLAN > 0
    std::uint16_t vlan[BFO_MAX_VLAN];      // tag control words of the first packet, outermost first, host order
#if BFO_VLAN > 1
    std::uint16_t vlan_type[BFO_MAX_VLAN];  // BFO_VLAN 2: the type behind the tag, 3: the type that announced it
#endif
#endif
#if BFO_MAC == 1 && BFO_MAX_MAC > 0
    std::uint8_t source_mac[BFO_MAX_MAC][6];
    std::uint8_t destination_mac[BFO_MAX_MAC][6];
    std::uint8_t source_macs, destination_macs;  // stored
#endif
    std::uint8_t stacks;                   // stored
    std::uint8_t vlans;                    // stored; 0 with BFO_VLAN 0
    std::uint8_t mpls_entries;             // stored; 0 with BFO_MPLS 0
    bool overrun;                          // a packet came when the list of stacks was full
  };
};

}  // namespace t2
