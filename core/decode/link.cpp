// Link types other than Ethernet: what a frame begins with, by libpcap's number.
#include <pcap/dlt.h>

#include "decode/dissector.hpp"

namespace t2 {

namespace {

constexpr int dlt_raw_in_files = 101, dlt_mpacket = 274;

std::uint16_t little_endian(const std::uint8_t* p) { return static_cast<std::uint16_t>(p[1] << 8 | p[0]); }

}  // namespace

bool Dissector::supports(int link_type) {
  switch (link_type) {
    case DLT_EN10MB:
    case dlt_mpacket:
    case DLT_NULL:
    case DLT_LOOP:
    case DLT_RAW:
    case dlt_raw_in_files:
    case DLT_IPV4:
    case DLT_IPV6:
    case DLT_LINUX_SLL:
    case DLT_LINUX_SLL2:
    case DLT_PPP:
    case DLT_PPP_SERIAL:
    case DLT_PPP_WITH_DIR:
    case DLT_C_HDLC:
    case DLT_C_HDLC_WITH_DIR:
    case DLT_FRELAY:
    case DLT_FRELAY_WITH_DIR:
    case DLT_JUNIPER_ATM1:
    case DLT_JUNIPER_ETHER:
    case DLT_JUNIPER_PPPOE:
    case DLT_SYMANTEC_FIREWALL:
    case DLT_PRISM_HEADER:
    case DLT_IEEE802_11_RADIO:
    case DLT_IEEE802_11:
    case DLT_PPI: return true;
    default: return false;
  }
}

bool Dissector::link(int link_type) {
  switch (link_type) {
    case DLT_EN10MB: return ethernet(0);
    case dlt_mpacket: name(header::fpp); return ethernet(8);  // behind the preamble
    case DLT_NULL:
    case DLT_LOOP: return null_link();
    case DLT_RAW:
    case dlt_raw_in_files: name(header::raw); return raw_ip(0);
    case DLT_IPV4:
    case DLT_IPV6: return raw_ip(0);
    case DLT_LINUX_SLL: return linux_cooked(1);
    case DLT_LINUX_SLL2: return linux_cooked(2);
    case DLT_PPP:
    case DLT_PPP_SERIAL: return ppp_link(0);
    case DLT_PPP_WITH_DIR: return ppp_link(1);
    case DLT_C_HDLC: return typed_link(header::chdlc, 2);
    case DLT_C_HDLC_WITH_DIR: return typed_link(header::chdlc, 3);
    case DLT_FRELAY: return typed_link(header::fr, 2);
    case DLT_FRELAY_WITH_DIR: return typed_link(header::fr, 3);
    case DLT_JUNIPER_ATM1:
    case DLT_JUNIPER_ETHER:
    case DLT_JUNIPER_PPPOE: return juniper(link_type);
    case DLT_SYMANTEC_FIREWALL: return symantec();
    case DLT_PRISM_HEADER: name(header::prism); return wlan_link(144);
    case DLT_IEEE802_11_RADIO:
      name(header::radiotap);
      if (!captured(0, 4)) return set(status::l2_snapped), false;
      return wlan_link(little_endian(p_->data + 2));
    case DLT_IEEE802_11: return wlan_link(0);
    case DLT_PPI: return ppi();
    default: return false;
  }
}

// Linux cooked capture; version 2 has the protocol in front and an interface index.
bool Dissector::linux_cooked(int version) {
  const std::uint32_t size = version == 1 ? 16 : 20;
  if (!captured(0, size)) return set(status::l2_snapped), false;
  name(version == 1 ? header::sll : header::sll2);
  const std::uint32_t address = version == 1 ? 6 : 12;
  const std::uint16_t hardware = u16(version == 1 ? 2 : 8), length = version == 1 ? u16(4) : u8(11);
  constexpr std::uint16_t ethernet_hardware = 1, loopback = 772;
  if (length == 6 && (hardware == ethernet_hardware || hardware == loopback))
    p_->source_mac = address;  // there is no destination
  std::uint32_t at = size;
  const std::uint16_t type = vlan_tags(u16(version == 1 ? 14 : 0), at);
  if (type <= longest_llc) return llc(at, static_cast<std::uint16_t>(p_->wire > at ? p_->wire - at : 0));
  return ether_type(type, at);
}

bool Dissector::null_link() {
  if (!captured(0, 4)) return set(status::l2_snapped), false;
  name(header::null);
  set(status::no_ethernet);
  // The family is in the order of the machine that captured; all values fit into one byte.
  const std::uint8_t first = p_->data[0], last = p_->data[3];
  switch (first != 0 ? first : last) {
    case 2: return ipv4(4);
    case 10:
    case 23:
    case 24:
    case 26:
    case 28:
    case 30: return ipv6(4);
    default: return false;
  }
}

bool Dissector::raw_ip(std::uint32_t at) {
  set(status::no_ethernet);
  switch (u8(at) >> 4) {
    case 4: return ipv4(at);
    case 6: return ipv6(at);
    default: return false;
  }
}

bool Dissector::ppp_link(std::uint32_t at) {
  name(header::ppp);
  set(status::no_ethernet | status::ppp);
  const std::uint16_t first = u16(at);
  if (first == 0x0f00 || first == 0x8f00) return typed_link(header::chdlc, at + 2);
  if (first == 0xff03) at += 2;  // address and control
  const std::uint16_t protocol = u16(at);
  switch (protocol) {
    case 0x0021: return ipv4(at + 2);
    case 0x0057: return ipv6(at + 2);
    case 0x0281: return mpls(0x8847, at + 2);
    case 0x0283: return mpls(0x8848, at + 2);
    default: name_ppp(protocol); return false;
  }
}

// A link layer without addresses whose header ends in an EtherType at `at`.
bool Dissector::typed_link(HeaderCode code, std::uint32_t at) {
  name(code);
  set(status::no_ethernet);
  if (!captured(at, 2)) return set(status::l2_snapped), false;
  at += 2;
  const std::uint16_t type = vlan_tags(u16(at - 2), at);
  return ether_type(type, at);
}

bool Dissector::juniper(int link_type) {
  name(header::juniper);
  if (!captured(0, 4) || u16(0) != 0x4d47 || u8(2) != 0x43) return false;
  const std::uint8_t flags = u8(3);
  std::uint32_t at = 4;
  if (flags & 0x80) at += 2u + u16(at);
  if (flags & 0x02) {  // no layer 2: a protocol number in the order of the machine that captured
    const std::uint32_t number = captured(at, 4) ? (p_->data[at] != 0 ? p_->data[at] : p_->data[at + 3]) : 0;
    at += 4;
    set(status::no_ethernet);
    if (number == 2) return ipv4(at);
    if (number == 6) return ipv6(at);
    if (number != 204) return false;
    p_->status &= ~status::no_ethernet;
    return ethernet(at);
  }
  if (link_type == DLT_JUNIPER_ATM1) at += 4;  // cookie
  const unsigned version = u8(at) >> 4;
  if (version == 4 || version == 6) return raw_ip(at);
  return ethernet(at);
}

bool Dissector::symantec() {
  name(header::symantec);
  set(status::no_ethernet);
  if (!captured(0, 44)) return set(status::l2_snapped), false;
  std::uint16_t type = u16(6);
  std::uint32_t at = 44;
  if (type == 0) {  // version 3
    if (!captured(0, 56)) return set(status::l2_snapped), false;
    type = u16(10);
    at = 56;
  }
  if (type == 0x0800 && u8(at) >> 4 == 4) return ipv4(at);
  if (type == 0x86dd && u8(at) >> 4 == 6) return ipv6(at);
  return false;
}

// Per-packet information: a header of its own length, then a frame of the link type that it names.
bool Dissector::ppi() {
  name(header::ppi);
  if (!captured(0, 8)) return set(status::l2_snapped), false;
  const std::uint16_t size = little_endian(p_->data + 2);
  const int link_type = little_endian(p_->data + 4);
  if (!captured(size, 1)) return set(status::l2_snapped), false;
  switch (link_type) {
    case DLT_EN10MB: return ethernet(size);
    case DLT_IEEE802_11: return wlan_link(size);
    case DLT_RAW:
    case dlt_raw_in_files: name(header::raw); return raw_ip(size);
    case DLT_PPP: return ppp_link(size);
    default: return false;
  }
}

bool Dissector::wlan_link(std::uint32_t at) {
  std::uint16_t type = 0;
  if (!wlan_frame(at, false, type)) return false;
  return ether_type(type, at);
}

// An 802.11 frame: steps over its header and the LLC/SNAP header behind it, and answers whether it carries data.
bool Dissector::wlan_frame(std::uint32_t& at, bool swapped, std::uint16_t& type) {
  name(header::wlan);
  if (!captured(at, 24)) return set(status::l2_snapped), false;
  const std::uint8_t control = p_->data[at + (swapped ? 1 : 0)], flags = p_->data[at + (swapped ? 0 : 1)];
  const unsigned kind = control >> 2 & 3, subtype = control >> 4;
  constexpr unsigned data = 2;
  constexpr std::uint8_t to_ds = 1, from_ds = 2, is_protected = 0x40;
  if (kind != data || flags & is_protected) return false;
  std::uint32_t size;
  if (subtype <= 3) size = 24;
  else if (subtype >= 8 && subtype <= 11) size = 26;
  else return false;
  const bool both = (flags & (to_ds | from_ds)) == (to_ds | from_ds);
  if (both) size += 6;
  if (!captured(at, size)) return set(status::l2_snapped), false;
  p_->l2 = at;
  p_->destination_mac = at + (flags & to_ds ? 16 : 4);
  p_->source_mac = at + (both ? 24 : flags & from_ds ? 16 : 10);
  at += size;
  if (u16(at) == 0 && captured(at, 2)) at += 2;
  if (!captured(at, 8)) return set(status::l2_snapped), false;
  name(header::llc);
  ++counters_.llc;
  if ((u8(at + 2) & 3) != 3) ++at;
  type = u16(at + 6);
  at += 8;
  return true;
}

}  // namespace t2
