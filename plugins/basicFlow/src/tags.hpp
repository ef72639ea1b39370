// VLAN tags and MPLS labels: read from a packet, kept with a direction, put into a row. Runs in the worker that owns
// the flow; never reads beyond the captured bytes.
#pragma once

#include <algorithm>

#include "basicFlow_state.h"
#include "columns.hpp"
#include "t2/packet.hpp"

namespace t2::basic_flow {

inline void read_vlans(const Packet& p, TagStack& found) {
  Bytes tags = p.bytes(p.vlans);
  std::uint16_t announced = p.bytes(p.vlans != absent && p.vlans >= 2 ? p.vlans - 2 : absent).u16();
  for (unsigned i = 0; i < p.vlan_count && i < config::max_vlans; ++i) {
    const std::uint16_t tag = tags.u16();
    if (!tags.ok()) break;
    const std::uint16_t next = tags.u16();
    if constexpr (config::vlans) found.vlan->tag[i] = tag;
    if constexpr (config::vlan_types) found.vlan->type->at[i] = config::vlan == VlanForm::decoded ? announced : next;
    announced = next;
    found.vlans = static_cast<std::uint8_t>(i + 1);
  }
}

inline TagStack read_tags(const Packet& p) {
  TagStack found{};
  if constexpr (config::vlans) read_vlans(p, found);
  Bytes entries = p.bytes(p.mpls);
  for (unsigned i = 0; i < p.mpls_count && i < config::max_mpls; ++i) {
    const std::uint32_t entry = entries.u32();
    if (!entries.ok()) break;
    found.mpls[i] = entry;
    found.mpls_entries = static_cast<std::uint8_t>(i + 1);
  }
  return found;
}

// Copies the first tags of one list into another, which may be shorter or longer.
template <unsigned to_size, unsigned from_size>
void copy_vlans(VlanTags<to_size>& to, const VlanTags<from_size>& from) {
  constexpr unsigned size = std::min(to_size, from_size);
  std::copy_n(from.tag, size, to.tag);
  if constexpr (config::vlan_types) std::copy_n(from.type->at, size, to.type->at);
}

// Between a packet's tags and the part of them that a direction keeps itself; what does not fit is in `overflow`.
inline void store_tags(BasicFlowState& s, const TagStack& tags) {
  if constexpr (config::vlans) copy_vlans(*s.vlan, *tags.vlan);
  s.vlans = tags.vlans & 15;
}
inline TagStack stored_tags(const BasicFlowState& s) {
  if (s.overflow) return s.overflow->tags;
  TagStack tags{};
  if constexpr (config::vlans) copy_vlans(*tags.vlan, *s.vlan);
  tags.vlans = s.vlans;
  return tags;
}

inline void put_vlan(Row& row, const TagStack& tags, unsigned i) {
  if constexpr (config::vlans) {
    const unsigned tag = tags.vlan->tag[i];
    if constexpr (config::vlan == VlanForm::numbers) row.put(static_cast<std::uint16_t>(tag));
    if constexpr (config::vlan == VlanForm::with_next_type)
      row.put(static_cast<std::uint32_t>(tag << 16 | tags.vlan->type->at[i]));
    if constexpr (config::vlan == VlanForm::decoded) {
      row.put(tags.vlan->type->at[i]);
      row.put(static_cast<std::uint8_t>(tag >> 13));
      row.put(static_cast<std::uint8_t>(tag >> 12 & 1));
      row.put(static_cast<std::uint16_t>(tag & 0xfff));
    }
  }
}

inline void put_mpls(Row& row, std::uint32_t entry) {
  row.put(config::mpls == MplsForm::entries ? entry : entry >> 12);
  if constexpr (config::mpls == MplsForm::decoded) {
    row.put(static_cast<std::uint8_t>(entry >> 9 & 7));
    row.put(static_cast<std::uint8_t>(entry >> 8 & 1));
    row.put(static_cast<std::uint8_t>(entry));
  }
}

inline void put_tags(const TagStack& tags, Row& row) {
  if constexpr (config::vlans) {
    row.count(tags.vlans);
    for (unsigned i = 0; i < tags.vlans; ++i) put_vlan(row, tags, i);
  }
  if constexpr (config::mpls != MplsForm::none) {
    row.count(tags.mpls_entries);
    for (unsigned i = 0; i < tags.mpls_entries; ++i) put_mpls(row, tags.mpls[i]);
  }
}

}  // namespace t2::basic_flow
