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
#if BFO_MAC == 1
  static constexpr unsigned max_macs = BFO_MAX_MAC;
#else
  static constexpr unsigned max_macs = 0;
#endif

  // VLAN tags and MPLS label stack entries of a packet, outermost first, in host order.
  struct Tags {
    std::uint32_t mpls[BFO_MAX_MPLS];
#if BFO_VLAN > 0
    std::uint16_t vlan[BFO_MAX_VLAN];       // tag control words
#if BFO_VLAN > 1
    std::uint16_t vlan_type[BFO_MAX_VLAN];  // BFO_VLAN 2: the type behind the tag, 3: the type that announced it
#endif
#endif
    std::uint8_t vlans, mpls_entries;       // stored; vlans: 0 with BFO_VLAN 0
  };

  struct Stack {
#if BFO_HDRDESC_PKTCNT == 1
    std::uint64_t packets;
#endif
    std::uint32_t id;     // Packet::headers
    std::uint16_t depth;  // headers in it
  };
  struct Macs {
    std::uint8_t mac[max_macs ? max_macs : 1][6];
    std::uint8_t stored;
  };
  // A direction that has more than one of anything, or MPLS labels, keeps it here: in the order of appearance, what came
  // first included. Labels are kept whatever BFO_MPLS says: that is about the column.
  struct Many {
    Stack stack[max_stacks ? max_stacks : 1];
    Macs source, destination;
    Tags tags;            // of the first packet
  };

  // The header stack and the MAC addresses of the first packet are in the core's Side. Nearly no direction has others.
  struct Side {
    Many* many;           // null: no others
#if BFO_VLAN > 0
    static constexpr unsigned max_tags = BFO_MAX_VLAN < 2 ? BFO_MAX_VLAN : 2;  // more tags: Many has all of them
    std::uint16_t vlan[max_tags];
#if BFO_VLAN > 1
    std::uint16_t vlan_type[max_tags];
#endif
#endif
    std::uint16_t depth;  // headers in the first packet's stack
    std::uint8_t stacks;  // stored
    std::uint8_t vlans : 4;
    bool overrun : 1;     // a packet came when the list of stacks was full, or there was no memory for a list
  };
};

}  // namespace t2
