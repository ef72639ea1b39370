// GRE, PPP in GRE, Ethernet in GRE and in IP: encapsulations with an IP protocol number of their own.
#include "decode/dissector.hpp"

namespace t2 {

namespace {
constexpr std::uint16_t type_erspan = 0x88be;
}

// Length of a GRE header (RFC 2784, 2890, 2637): four bytes and what its flags add; an ERSPAN header counts with it.
std::uint32_t Dissector::gre_header(std::uint32_t at) const {
  constexpr std::uint8_t checksum = 0x80, route = 0x40, key = 0x20, sequence = 0x10, acknowledgement = 0x80;
  const std::uint8_t flags = u8(at);
  std::uint32_t size = 4;
  if (flags & (checksum | route)) size += 4;  // checksum and offset share a word
  if (flags & key) size += 4;
  if (flags & sequence) size += 4;
  if (u8(at + 1) & acknowledgement) size += 4;
  if (u16(at + 2) == type_erspan) size += 8;
  return size;
}

Dissector::Stepped Dissector::gre(std::uint32_t at, bool over_ipv4) {
  name(header::gre);
  set(status::gre);
  if (!captured(at, 4)) return set(status::stopped), Stepped{};
  const std::uint16_t type = u16(at + 2);
  const bool no_payload = (u8(at + 1) & 7) == 1 && u16(at + 4) == 0;
  const std::uint32_t content = at + gre_header(at);
  switch (type) {
    case type_ipv4:
      if (u8(content) >> 4 == 4 && captured(content, 20)) return {Inner::outer, content};
      break;
    case type_ipv6:
      if (over_ipv4) break;  // stays a flow of the outer header
      return {ip_at(content)};
    case 0x880b: return gre_ppp(content, no_payload);
    case 0x6558: return bridged(content);
    case type_erspan:
      name(header::erspan);
      set(status::erspan);
      return bridged(content);
    case 0x883e:
      name(header::wccp);
      set(status::wccp);
      return {ip_at(content + 4)};
    default: break;
  }
  name_type(type);
  set(status::stopped);
  return {};
}

// PPP in GRE: address and control may be left out, and the protocol be shortened to a byte.
Dissector::Stepped Dissector::gre_ppp(std::uint32_t at, bool no_payload) {
  name(header::ppp);
  set(status::ppp);
  if (no_payload) return set(status::stopped), Stepped{};
  if (u8(at) == 0xfd) {
    name(header::comp_data);
    set(status::ppp_compressed | status::stopped);
    return {};
  }
  if (u16(at) == 0xff03) at += 2;
  std::uint16_t protocol = u8(at);
  if (protocol & 1) {
    ++at;
  } else {
    protocol = u16(at);
    at += 2;
  }
  if (protocol == 0x0021 && u8(at) >> 4 == 4 && captured(at, 20)) return {Inner::outer, at};
  if (protocol == 0x0057) return {ip_at(at)};
  name_ppp(protocol);
  set(status::stopped);
  return {};
}

// An Ethernet frame as content. An IPv4 header in it is stepped to, IPv6 dissected anew.
Dissector::Stepped Dissector::bridged(std::uint32_t at) {
  if (!captured(at, 14)) return set(status::stopped), Stepped{};
  name(header::eth);
  const Packet before = *p_;
  macs(at);
  at += 14;
  const std::uint16_t type = vlan_tags(u16(at - 2), at);
  if (type == type_ipv4 && u8(at) >> 4 == 4 && captured(at, 20)) return {Inner::outer, at};
  if (type == type_ipv6) {
    if (const Inner result = ip_at(at); result != Inner::outer) return {result};
  } else if (type <= longest_llc) {
    name(header::llc);
    ++counters_.llc;
    name_type(u16(at));  // the two access points
  } else {
    name_type(type);
  }
  set(status::stopped);
  p_->l2 = before.l2;
  p_->destination_mac = before.destination_mac;
  p_->source_mac = before.source_mac;
  return {};
}

// RFC 3378: two bytes, then a frame.
Dissector::Stepped Dissector::ether_ip(std::uint32_t at) {
  name(header::etherip);
  set(status::ether_ip);
  return bridged(at + 2);
}

}  // namespace t2
