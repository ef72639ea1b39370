// Ethernet and what stands between it and IP: tags, LLC/SNAP, EtherTypes. Reader thread.
//
// The same steps serve the outermost frame and frames in tunnels: layer2() knows the difference.
#include <algorithm>

#include "decode/dissector.hpp"
#include "tranalyzer.h"

namespace t2 {

namespace {

constexpr unsigned max_tags = 255;

// A tag is 2 bytes with the ID and the type behind it. Many are looked at two by two, as one number, since a frame can
// be full of them: one by one 250 tags cost as much as all the rest of a large packet.
std::uint16_t vlan_id(const std::uint8_t* tag) { return load_big<std::uint16_t>(tag) & 0x0fff; }
constexpr std::uint64_t twice(std::uint32_t tag) { return std::uint64_t{tag} << 32 | tag; }

// Tags that follow each other, at least one, at most `most`.
unsigned tags_in_a_row(const std::uint8_t* tags, unsigned most) {
  constexpr unsigned together = 16;
  unsigned run = 1;
  while (run < most) {
    const std::uint8_t* last = tags + 4 * run - 4;
    const std::uint16_t type = load_big<std::uint16_t>(last + 2);
    if (!is_vlan_tag(type)) break;
    std::uint64_t other = run + together > most;  // of those before the last one: bits of other types
    for (unsigned i = 0; i < together && other == 0; i += 4)
      other = ((load_big<std::uint64_t>(last + 4 * i) ^ twice(type)) |
               (load_big<std::uint64_t>(last + 4 * i + 8) ^ twice(type))) &
              twice(0xffff);
    run += other == 0 ? together : 1;
  }
  return run;
}

bool has_priority_tag(const std::uint8_t* tags, unsigned count) {
  constexpr std::uint32_t id = 0x0fff'0000, above = 0x1000'0000;  // the difference has this bit where the ID is 0
  std::uint64_t zero = 0;
  unsigned i = 0;
  for (; i + 2 <= count; i += 2) zero |= twice(above) - (load_big<std::uint64_t>(tags + 4 * i) & twice(id));
  return (zero & twice(above)) != 0 || (i < count && vlan_id(tags + 4 * i) == 0);
}

// EtherTypes that end the walk and mark the layer-2 flow they make.
struct EndType {
  std::uint16_t type;
  HeaderCode name;
  status::Word mark;
};
constexpr EndType end_types[] = {
    {ether_type::arp, header::arp, status::arp},    {ether_type::aarp, header::aarp, status::arp},
    {ether_type::rarp, header::rarp, status::rarp}, {ether_type::lldp, header::lldp, status::lldp},
    {ether_type::slow_protocols, header::slow, 0},
};

// Subtypes of IEEE 802.3's slow protocols.
HeaderCode slow_name(std::uint8_t subtype) {
  switch (subtype) {
    case 1: return header::lacp;
    case 2: return header::marker;
    case 3: return header::oampdu;
    case 10: return header::ossp;
    default: return header::names_end;
  }
}

}  // namespace

// The outermost frame.
bool Dissector::ethernet(std::uint32_t at) {
  if (!captured(at, 16)) return undecoded(status::l2_snapped);
  if ((p_->data[at] & 0xfd) == 0x01 && u32(at + 1) == 0x000c0000) {  // Cisco's inter-switch link: 26 bytes in front
    name(header::isl);
    at += 26;
    if (!captured(at, 16)) return undecoded(status::l2_snapped);
  }
  return ethernet_frame(at);
}

bool Dissector::ethernet_frame(std::uint32_t at) {
  name(header::eth);
  if (!captured(at, 14)) return undecoded(status::l2_snapped);
  if (!descend()) return false;
  macs(at);
  at += 14;
  const std::uint16_t type = tags(u16(at - 2), at);
  if (type == ether_type::llc) return llc(at, on_wire(at));
  if (type <= max_llc_length) return llc(at, type);
  return ether_type(type, at);
}

// An Ethernet header stands here.
void Dissector::macs(std::uint32_t at) {
  p_->l2 = p_->destination_mac = at;
  p_->source_mac = at + 6;
}

// Steps over VLAN tags that follow each other, at least one, at most `most`; `first`: of the frame. Answers how many.
unsigned Dissector::vlan_tags(bool first, unsigned most, std::uint16_t& type, std::uint32_t& at) {
  if (first || at != p_->vlans + 4u * p_->vlan_count) {  // not right behind the tag before
    p_->vlans = at;
    p_->vlan_count = 0;
  }
  const std::uint8_t* start = p_->data + at;
  const unsigned run = tags_in_a_row(start, std::min(most, left(at) / 4));
  status::Word found = status::vlan;
  if (has_priority_tag(start, run)) found |= status::vlan_zero;
  for (unsigned i = run; i-- > 0;) {  // a priority tag (802.1Q) names no VLAN: the tag in front of it does
    if (const std::uint16_t id = vlan_id(start + 4 * i); id != 0) {
      p_->vlan = id;
      break;
    }
  }
  at += 4 * run;
  type = u16(at - 2);
  p_->vlan_count = static_cast<std::uint8_t>(p_->vlan_count + run);
  set(found);
  name(header::vlan, run);
  return run;
}

// Steps over tags: `type` is the type in front of `at`. Answers the type behind them, and moves `at` there.
std::uint16_t Dissector::tags(std::uint16_t type, std::uint32_t& at) {
  for (unsigned n = 0; n < max_tags; ++n) {
    if (is_vlan_tag(type) && captured(at, 4)) {
      if (n == 0) p_->vlan = 0;
      n += vlan_tags(n == 0, max_tags - n, type, at) - 1;
      continue;
    } else if (type == ether_type::vntag && captured(at, 6)) {
      name(header::vntag);
      at += 6;
    } else if (type == ether_type::cisco_metadata && captured(at, 8)) {
      name(header::cmd);
      at += 4u + 4u * std::max<std::uint32_t>(u8(at + 1), 1);  // version, options' length in words, options, type
    } else {
      break;
    }
    type = u16(at - 2);
  }
  return type;
}

// IEEE 802.2, with so many bytes in the frame.
bool Dissector::llc(std::uint32_t at, std::uint32_t length) {
  name(header::llc);
  ++counters_.llc;
  pad_to(at + length);
  if (!captured(at, 3)) return undecoded(status::l2_snapped);
  const std::uint8_t dsap = u8(at), ssap = u8(at + 1);
  const std::uint32_t payload = at + ((u8(at + 2) & 3) == 3 ? 3 : 4);
  if (dsap == 0xaa && ssap == 0xaa) {  // SNAP
    if (!captured(payload, 5)) return undecoded(status::l2_snapped);
    const std::uint32_t padding = p_->padding;
    const bool flow = ether_type(u16(payload + 3), payload + 5);
    if (p_->family == Family::layer2) p_->padding = padding;
    return flow;
  }
  const auto type = static_cast<std::uint16_t>(dsap << 8 | ssap);
  if (dsap == 0x06) {
    const unsigned version = u8(payload) >> 4;
    if (version == 4 || version == 6) return ip(payload);
    name(header::ipvx);
    set(status::bad_ip_version);
    return layer2(type, payload);
  }
  bool known = true;
  const HeaderCode code = llc_name(dsap, known);
  if (code != header::names_end) name(code);
  if (!known) set(status::stopped);
  return layer2(type, payload);
}

// EtherType `type`, its content at `at`.
bool Dissector::ether_type(std::uint16_t type, std::uint32_t at) {
  switch (type) {
    case ether_type::ipv4:
    case ether_type::ipv6: return announced_ip(type, at);
    case ether_type::mpls_unicast:
    case ether_type::mpls_multicast: return mpls(type, at);
    case ether_type::pppoe_session: return pppoe_session(at);
    case ether_type::pppoe_discovery:
      name(header::pppoed);
      set(status::pppoe_discovery);
      return layer2(type, at);
    case ether_type::erspan:
    case ether_type::erspan3:
      if (captured(at, 8)) return erspan(at);
      break;
    case ether_type::nsh: return nsh(at);
    default: break;
  }
  const auto* end =
      std::find_if(std::begin(end_types), std::end(end_types), [&](const EndType& e) { return e.type == type; });
  if (end == std::end(end_types)) {
    name_type(type);
  } else {
    name(end->name);
    if (!in_tunnel()) set(end->mark);
    if (type == ether_type::arp) pad_to(at + 28);
    if (const HeaderCode code = slow_name(u8(at)); type == ether_type::slow_protocols && code != header::names_end)
      name(code);
  }
  return layer2(type, at);
}

// What GRE, GENEVE and others announce: an EtherType, or a bridged frame.
bool Dissector::carried_type(std::uint16_t type, std::uint32_t at) {
  return type == ether_type::transparent_ethernet ? ethernet_frame(at) : ether_type(type, at);
}

bool Dissector::announced_ip(std::uint16_t type, std::uint32_t at) {
  const unsigned version = u8(at) >> 4;
  if (type == ether_type::ipv4 && version == 4) return ipv4(at);
  if (type == ether_type::ipv6 && version == 6) return ipv6(at);
  if (!captured(at, 1)) return undecoded(status::l3_snapped);
  name(header::ipvx);
  set(status::bad_ip_version);
  return layer2(type, at);
}

void Dissector::name_type(std::uint16_t type) {
  bool known = true;
  name(ether_type_name(type, known));
  if (type == 0x8906) name(header::fc);  // FCoE counts as two headers
  if (!known) set(status::stopped);
}

// No IP header was reached. In a tunnel the packet stays with the outer header; else it belongs to a flow of its own
// MAC addresses and type, and its payload begins at `payload`.
bool Dissector::layer2(std::uint16_t type, std::uint32_t payload) {
  if (in_tunnel()) return undecoded();
  p_->family = Family::layer2;
  p_->ether_type = type;
  p_->protocol = 0;
  set(status::layer2_flow);
  p_->l7 = std::min(payload, p_->captured);
  p_->l7_length = on_wire(payload);
  p_->length = PACKETLENGTH == 0 ? p_->wire : p_->l7_length;
  p_->captured_l3 = p_->captured_l4 = p_->captured_l7 = left(payload);
  return ETH_ACTIVATE > 0;
}

}  // namespace t2
