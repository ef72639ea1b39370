// What basicFlow remembers of each direction of a conversation. Written by the worker that owns the flow; other plugins
// may Peek at it when the flow has ended. Layouts only: no code that needs the core.
#pragma once

#include <cstdint>

#include "basicFlow.h"

namespace t2::basic_flow {

#if T2_CORE_PRI_HDRDESC == 1 && BFO_MAX_HDRDESC > 0
inline constexpr unsigned max_stacks = BFO_MAX_HDRDESC;
#else
inline constexpr unsigned max_stacks = 0;
#endif
#if BFO_MAC == 1
inline constexpr unsigned max_macs = BFO_MAX_MAC;
#else
inline constexpr unsigned max_macs = 0;
#endif

// VLAN tags and MPLS label stack entries of a packet, outermost first, in host order.
struct TagStack {
  std::uint32_t mpls[BFO_MAX_MPLS];
#if BFO_VLAN > 0
  std::uint16_t vlan[BFO_MAX_VLAN];       // tag control words
#if BFO_VLAN > 1
  std::uint16_t vlan_type[BFO_MAX_VLAN];  // BFO_VLAN 2: the type behind the tag, 3: the type that announced it
#endif
#endif
  std::uint8_t vlans, mpls_entries;       // stored; vlans: 0 with BFO_VLAN 0
};

struct HeaderStack {
#if BFO_HDRDESC_PKTCNT == 1
  std::uint64_t packets;
#endif
  std::uint32_t id;     // Packet::headers
  std::uint16_t depth;  // headers in it
};
struct MacList {
  std::uint8_t mac[max_macs ? max_macs : 1][6];
  std::uint8_t stored;
};

// Lists of a direction that has more than one header stack or MAC address, many tags, or MPLS labels: in the order of
// appearance, those of the first packet included. Labels are kept whatever BFO_MPLS says: that flag is about the column.
struct BasicFlowOverflow {
  HeaderStack stack[max_stacks ? max_stacks : 1];
  MacList source, destination;
  TagStack tags;  // of the first packet
};

// The header stack and the MAC addresses of the first packet are in the core's Direction. Few directions have others.
struct BasicFlowState {
  BasicFlowOverflow* overflow;  // null: no others
#if BFO_VLAN > 0
  static constexpr unsigned max_tags = BFO_MAX_VLAN < 2 ? BFO_MAX_VLAN : 2;  // more tags: all of them are in `overflow`
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

}  // namespace t2::basic_flow
