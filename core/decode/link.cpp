// Link types: what a frame begins with, by libpcap's number. Reader thread.
#include <pcap/dlt.h>

#include "decode/dissector.hpp"

namespace t2 {

namespace {

static_assert(ethernet_link == DLT_EN10MB && raw_link == DLT_RAW && cooked_link == DLT_LINUX_SLL &&
              cooked_2_link == DLT_LINUX_SLL2);
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
    case DLT_C_HDLC: set(status::no_ethernet); return hdlc(0);
    case DLT_C_HDLC_WITH_DIR: set(status::no_ethernet); return hdlc(1);
    case DLT_FRELAY: return frame_relay(0);
    case DLT_FRELAY_WITH_DIR: return frame_relay(1);
    case DLT_JUNIPER_ATM1:
    case DLT_JUNIPER_ETHER:
    case DLT_JUNIPER_PPPOE: return juniper(link_type);
    case DLT_SYMANTEC_FIREWALL: return symantec();
    case DLT_PRISM_HEADER: name(header::prism); return wlan(144, {});
    case DLT_IEEE802_11_RADIO: return radiotap();
    case DLT_IEEE802_11: return wlan(0, {});
    case DLT_PPI: return ppi();
    default: return false;
  }
}

// Linux cooked capture; version 2 has the protocol in front and an interface index.
bool Dissector::linux_cooked(int version) {
  const std::uint32_t size = version == 1 ? 16 : 20;
  if (!captured(0, size)) return undecoded(status::l2_snapped);
  name(version == 1 ? header::sll : header::sll2);
  const std::uint32_t address = version == 1 ? 6 : 12;
  const std::uint16_t hardware = u16(version == 1 ? 2 : 8), length = version == 1 ? u16(4) : u8(11);
  if (has_cooked_mac(hardware, length)) p_->source_mac = address;  // there is no destination
  std::uint32_t at = size;
  const std::uint16_t type = tags(u16(version == 1 ? 14 : 0), at);
  if (type <= max_llc_length) return llc(at, on_wire(at));
  return ether_type(type, at);
}

bool Dissector::null_link() {
  if (!captured(0, 4)) return undecoded(status::l2_snapped);
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
  return first == 0x0f00 || first == 0x8f00 ? hdlc(at) : ppp(at);
}

// Q.922 address, then RFC 2427's control field and NLPID, or (Cisco's framing) an EtherType.
bool Dissector::frame_relay(std::uint32_t at) {
  name(header::fr);
  set(status::no_ethernet);
  constexpr std::uint8_t last_octet = 1, unnumbered_information = 0x03;
  unsigned octets = 2;  // of the address, at most four
  while (octets < 4 && !(u8(at + octets - 1) & last_octet)) ++octets;
  at += octets;
  if (!captured(at, 2)) return undecoded(status::l2_snapped);
  if (u8(at) != unnumbered_information) {
    at += 2;
    const std::uint16_t type = tags(u16(at - 2), at);
    return ether_type(type, at);
  }
  const std::uint32_t control = at++;
  if (u8(at) == 0) ++at;  // padding, so that what follows is aligned
  constexpr std::uint8_t snap = 0x80, clnp = 0x81, is_is = 0x83, ipv6_in = 0x8e, ipv4_in = 0xcc, ppp_in = 0xcf;
  const std::uint8_t nlpid = u8(at++);
  switch (nlpid) {
    case snap: return frame_relay_snap(at);
    case ipv4_in: return announced_ip(ether_type::ipv4, at);
    case ipv6_in: return announced_ip(ether_type::ipv6, at);
    case ppp_in:
      name(header::ppp);
      set(status::ppp);
      return ppp(at);
    default: break;
  }
  if (nlpid >= clnp && nlpid <= is_is) {
    name(header::osi);
  } else {
    name(header::unknown_sap(nlpid));
    set(status::stopped);
  }
  return layer2(static_cast<std::uint16_t>(unnumbered_information << 8 | nlpid), control + 2);
}

// Organisation and protocol: an EtherType, or (00-80-C2) a bridged frame.
bool Dissector::frame_relay_snap(std::uint32_t at) {
  name(header::llc);
  if (!captured(at, 5)) return undecoded(status::l2_snapped);
  const std::uint32_t organisation = u32(at) >> 8;
  const std::uint16_t protocol = u16(at + 3);
  constexpr std::uint32_t ieee802 = 0x0080c2;
  if (organisation == ieee802 && (protocol == 0x0001 || protocol == 0x0007)) return ethernet_frame(at + 5);
  return ether_type(protocol, at + 5);
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
  if (!captured(0, 44)) return undecoded(status::l2_snapped);
  std::uint16_t type = u16(6);
  std::uint32_t at = 44;
  if (type == 0) {  // version 3
    if (!captured(0, 56)) return undecoded(status::l2_snapped);
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
  if (!captured(0, 8)) return undecoded(status::l2_snapped);
  const std::uint16_t size = little_endian(p_->data + 2);
  const int link_type = little_endian(p_->data + 4);
  if (!captured(size, 1)) return undecoded(status::l2_snapped);
  switch (link_type) {
    case DLT_EN10MB: return ethernet(size);
    case DLT_IEEE802_11: return wlan(size, {});
    case DLT_RAW:
    case dlt_raw_in_files: name(header::raw); return raw_ip(size);
    case DLT_PPP: return ppp_link(size);
    default: return false;
  }
}

}  // namespace t2
