// Ethernet and what stands between it and IP: VLAN tags, LLC/SNAP, EtherTypes, MPLS, PPPoE.
#include <algorithm>

#include "decode/dissector.hpp"
#include "tranalyzer.h"

namespace t2 {

namespace {

bool is_tag(std::uint16_t type) { return type == 0x8100 || type == 0x88a8 || type == 0x9100 || type == 0x9200; }

}  // namespace

bool Dissector::ethernet(std::uint32_t at) {
  if (!captured(at, 16)) return set(status::l2_snapped), false;
  if ((p_->data[at] & 0xfd) == 0x01 && u32(at + 1) == 0x000c0000) {  // Cisco's inter-switch link: 26 bytes in front
    name(header::isl);
    at += 26;
    if (!captured(at, 16)) return set(status::l2_snapped), false;
  }
  name(header::eth);
  macs(at);
  at += 14;
  const std::uint16_t type = vlan_tags(u16(at - 2), at);
  if (type <= longest_llc) return llc(at, type);
  return ether_type(type, at);
}

// An Ethernet header stands here.
void Dissector::macs(std::uint32_t at) {
  p_->l2 = p_->destination_mac = at;
  p_->source_mac = at + 6;
}

// Steps over VLAN tags: `type` is the type in front of `at`. Answers the type behind them, and moves `at` there.
std::uint16_t Dissector::vlan_tags(std::uint16_t type, std::uint32_t& at) {
  if (!is_tag(type)) return type;
  p_->vlans = at;
  p_->vlan_count = 0;
  while (is_tag(type) && captured(at, 4) && p_->vlan_count < 255) {
    const std::uint16_t id = u16(at) & 0x0fff;
    if (id == 0) set(status::vlan_zero);
    p_->vlan = id;
    ++p_->vlan_count;
    name(header::vlan);
    type = u16(at + 2);
    at += 4;
  }
  if (p_->vlan_count > 0) set(status::vlan);
  return type;
}

bool Dissector::llc(std::uint32_t at, std::uint16_t length_field) {
  name(header::llc);
  ++counters_.llc;
  pad_to(at + length_field);
  if (!captured(at, 3)) return set(status::l2_snapped), false;
  const std::uint8_t dsap = u8(at), ssap = u8(at + 1);
  if (dsap == 0xaa && ssap == 0xaa) {
    if (!captured(at, 8)) return set(status::l2_snapped), false;
    const std::uint32_t padding = p_->padding;
    const bool flow = ether_type(u16(at + 6), at + 8);
    if (p_->family == Family::layer2) p_->padding = padding;
    return flow;
  }
  const std::uint32_t payload = at + ((u8(at + 2) & 3) == 3 ? 3 : 4);
  const auto type = static_cast<std::uint16_t>(dsap << 8 | ssap);
  if (dsap == 0x06) {
    switch (u8(payload) >> 4) {
      case 4: return ipv4(payload);
      case 6: return ipv6(payload);
      default:
        name(header::ipvx);
        set(status::bad_ip_version);
        return layer2_flow(type, payload);
    }
  }
  bool known = true;
  const HeaderCode code = llc_name(dsap, known);
  if (code != header::names_end) name(code);
  if (!known) set(status::stopped);
  return layer2_flow(type, payload);
}

// EtherType `type`, its content at `at`.
bool Dissector::ether_type(std::uint16_t type, std::uint32_t at) {
  switch (type) {
    case type_ipv4:
    case type_ipv6: return ip_or_layer2(type, at);
    case 0x0806:
      name(header::arp);
      set(status::arp);
      pad_to(at + 28);
      break;
    case 0x80f3:
      name(header::aarp);
      set(status::arp);
      break;
    case 0x8035:
      name(header::rarp);
      set(status::rarp);
      break;
    case 0x88cc:
      name(header::lldp);
      set(status::lldp);
      break;
    case 0x8863:
      name(header::pppoed);
      set(status::pppoe_discovery);
      break;
    case 0x8864: return pppoe_session(at);
    case 0x8847:
    case 0x8848: return mpls(type, at);
    case 0x88be:
      name(header::erspan);
      set(status::erspan);
      at += 8;
      if (!captured(at, 14)) return layer2_flow(type, at);
      name(header::eth);
      macs(at);
      return ether_type(u16(at + 12), at + 14);
    case 0x8809:
      name(header::slow);
      switch (u8(at)) {
        case 1: name(header::lacp); break;
        case 2: name(header::marker); break;
        case 3: name(header::oampdu); break;
        case 10: name(header::ossp); break;
        default: break;
      }
      break;
    default: name_type(type);
  }
  return layer2_flow(type, at);
}

void Dissector::name_type(std::uint16_t type) {
  bool known = true;
  name(ether_type_name(type, known));
  if (type == 0x8906) name(header::fc);  // FCoE counts as two headers
  if (!known) set(status::stopped);
}

void Dissector::name_ppp(std::uint16_t protocol) {
  bool known = true;
  const HeaderCode code = ppp_name(protocol, known);
  if (code == header::mp) name(header::ppp);  // multilink counts as two headers
  name(code);
  if (!known) set(status::stopped);
}

bool Dissector::ip_or_layer2(std::uint16_t type, std::uint32_t at) {
  const unsigned version = u8(at) >> 4;
  if (type == type_ipv4 && version == 4) return ipv4(at);
  if (type == type_ipv6 && version == 6) return ipv6(at);
  if (!captured(at, 1)) return set(status::l3_snapped), false;
  name(header::ipvx);
  set(status::bad_ip_version);
  return layer2_flow(type, at);
}

bool Dissector::mpls(std::uint16_t type, std::uint32_t at) {
  set(type == 0x8847 ? status::mpls_unicast : status::mpls_multicast);
  p_->mpls = at;
  p_->mpls_count = 0;
  bool bottom = false;
  while (!bottom && captured(at, 4) && p_->mpls_count < 255) {
    bottom = p_->data[at + 2] & 1;
    ++p_->mpls_count;
    name(header::mpls);
    at += 4;
  }
  if (!bottom) return layer2_flow(type, at);
  switch (u8(at) >> 4) {
    case 4: return ipv4(at);
    case 6: return ipv6(at);
    case 0:  // RFC 4448: a pseudo wire's control word begins with 0
      if (!captured(at, 4)) return layer2_flow(type, at);
      name(header::pwethcw);
      at += 4;
      break;
    default: break;
  }
  if (!captured(at, 14)) return layer2_flow(type, at);
  name(header::eth);
  macs(at);
  at += 14;
  const std::uint16_t below = vlan_tags(u16(at - 2), at);
  return ether_type(below, at);
}

bool Dissector::pppoe_session(std::uint32_t at) {
  name(header::pppoes);
  name(header::ppp);
  set(status::pppoe_session);
  const std::uint16_t protocol = u16(at + 6);
  if (protocol == 0x0021 && u8(at + 8) >> 4 == 4) return ipv4(at + 8);
  if (protocol == 0x0057 && u8(at + 8) >> 4 == 6) return ipv6(at + 8);
  name_ppp(protocol);
  return layer2_flow(0x8864, at);
}

// The packet ends in a flow of its own MAC addresses and type; its payload begins at `payload`.
bool Dissector::layer2_flow(std::uint16_t type, std::uint32_t payload) {
  p_->family = Family::layer2;
  p_->ether_type = type;
  p_->protocol = 0;
  set(status::layer2_flow);
  p_->l7 = std::min(payload, p_->captured);
  p_->l7_length = p_->wire > payload ? p_->wire - payload : 0;
  p_->length = PACKETLENGTH == 0 ? p_->wire : p_->l7_length;
  p_->captured_l3 = p_->captured_l4 = p_->captured_l7 = left(payload);
  return ETH_ACTIVATE > 0;
}

}  // namespace t2
