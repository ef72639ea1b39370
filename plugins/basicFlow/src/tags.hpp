// VLAN tags and MPLS labels: read from a packet, kept with a direction, put into a row.
#pragma once

#include <cstring>

#include "basicFlow_state.h"
#include "t2/row.hpp"

namespace t2::basic_flow {

inline TagStack read_tags(const Packet& p) {
  TagStack found{};
#if BFO_VLAN > 0
  Bytes tags = p.bytes(p.vlans);
#if BFO_VLAN == 3
  const std::uint32_t before = p.vlans != absent && p.vlans >= 2 ? p.vlans - 2 : absent;
  std::uint16_t announced = p.bytes(before).u16();
#endif
  for (unsigned i = 0; i < p.vlan_count && i < BFO_MAX_VLAN; ++i) {
    const std::uint16_t tag = tags.u16();
    if (!tags.ok()) break;
    [[maybe_unused]] const std::uint16_t next = tags.u16();
    found.vlan[i] = tag;
#if BFO_VLAN == 2
    found.vlan_type[i] = next;
#elif BFO_VLAN == 3
    found.vlan_type[i] = announced;
    announced = next;
#endif
    found.vlans = static_cast<std::uint8_t>(i + 1);
  }
#endif
  Bytes entries = p.bytes(p.mpls);
  for (unsigned i = 0; i < p.mpls_count && i < BFO_MAX_MPLS; ++i) {
    const std::uint32_t entry = entries.u32();
    if (!entries.ok()) break;
    found.mpls[i] = entry;
    found.mpls_entries = static_cast<std::uint8_t>(i + 1);
  }
  return found;
}

// Between TagStack and the part of them that a direction keeps itself; what does not fit is in `many`.
inline void store_tags([[maybe_unused]] BasicFlowState& s, [[maybe_unused]] const TagStack& tags) {
#if BFO_VLAN > 0
  std::memcpy(s.vlan, tags.vlan, sizeof s.vlan);
#if BFO_VLAN > 1
  std::memcpy(s.vlan_type, tags.vlan_type, sizeof s.vlan_type);
#endif
#endif
  s.vlans = tags.vlans & 15;
}
inline TagStack stored_tags(const BasicFlowState& s) {
  if (s.overflow) return s.overflow->tags;
  TagStack tags{};
#if BFO_VLAN > 0
  std::memcpy(tags.vlan, s.vlan, sizeof s.vlan);
#if BFO_VLAN > 1
  std::memcpy(tags.vlan_type, s.vlan_type, sizeof s.vlan_type);
#endif
#endif
  tags.vlans = s.vlans;
  return tags;
}

inline void put_tags([[maybe_unused]] const TagStack& s, [[maybe_unused]] Row& row) {
#if BFO_VLAN > 0
  row.count(s.vlans);
  for (unsigned i = 0; i < s.vlans; ++i) {
    const unsigned tag = s.vlan[i];
#if BFO_VLAN == 1
    row.put(static_cast<std::uint16_t>(tag));
#elif BFO_VLAN == 2
    row.put(static_cast<std::uint32_t>(tag << 16 | s.vlan_type[i]));
#else
    row.put(s.vlan_type[i]);
    row.put(static_cast<std::uint8_t>(tag >> 13));
    row.put(static_cast<std::uint8_t>(tag >> 12 & 1));
    row.put(static_cast<std::uint16_t>(tag & 0xfff));
#endif
  }
#endif
#if BFO_MPLS > 0
  row.count(s.mpls_entries);
  for (unsigned i = 0; i < s.mpls_entries; ++i) {
    const std::uint32_t entry = s.mpls[i];
#if BFO_MPLS == 3
    row.put(entry);
#else
    row.put(entry >> 12);
#endif
#if BFO_MPLS == 4
    row.put(static_cast<std::uint8_t>(entry >> 9 & 7));
    row.put(static_cast<std::uint8_t>(entry >> 8 & 1));
    row.put(static_cast<std::uint8_t>(entry));
#endif
  }
#endif
}

}  // namespace t2::basic_flow
