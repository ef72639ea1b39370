// What basicFlow remembers of each direction of a conversation. Written by the worker that owns the flow; other plugins
// may Peek at it when the flow has ended. Layouts only: no code that needs the core.
#pragma once

#include <cstdint>

#include "basicFlow_config.hpp"
#include "t2/flags.hpp"

namespace t2::basic_flow {

// Up to `size` VLAN tags, outermost first, in host order.
template <unsigned size>
struct VlanTags {
  struct Types {
    std::uint16_t at[size];
  };
  std::uint16_t tag[size];                                        // tag control words
  [[no_unique_address]] FieldIf<Types, config::vlan_types> type;  // BFO_VLAN 2: behind the tag, 3: that announced it
};

// VLAN tags and MPLS label stack entries of a packet, outermost first, in host order.
struct TagStack {
  std::uint32_t mpls[config::max_mpls];
  [[no_unique_address]] FieldIf<VlanTags<config::max_vlans>, config::vlans> vlan;
  std::uint8_t vlans, mpls_entries;  // stored; vlans: 0 with BFO_VLAN 0
};

struct HeaderStack {
  [[no_unique_address]] FieldIf<std::uint64_t, config::count_headers> packets;
  std::uint32_t id;     // Packet::headers
  std::uint16_t depth;  // headers in it
};
struct MacList {
  std::uint8_t mac[config::max_macs ? config::max_macs : 1][6];
  std::uint8_t stored;
};

// Lists of a direction that has more than one header stack or MAC address, many tags, or MPLS labels: in the order of
// appearance, those of the first packet included. Labels are kept whatever BFO_MPLS says: that flag is about the
// column.
struct BasicFlowOverflow {
  HeaderStack stack[config::max_stacks ? config::max_stacks : 1];
  MacList source, destination;
  TagStack tags;  // of the first packet
};

// The header stack and the MAC addresses of the first packet are in the core's Direction. Few directions have others.
struct BasicFlowState {
  static constexpr unsigned max_tags = config::max_vlans < 2 ? config::max_vlans : 2;

  BasicFlowOverflow* overflow;                                            // null: no others
  [[no_unique_address]] FieldIf<VlanTags<max_tags>, config::vlans> vlan;  // more tags: `overflow` has all of them
  std::uint16_t depth;                                                    // headers in the first packet's stack
  std::uint8_t stacks;                                                    // stored
  std::uint8_t vlans : 4;
  bool overrun : 1;  // a packet came when the list of stacks was full, or there was no memory for a list
};

}  // namespace t2::basic_flow
