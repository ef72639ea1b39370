// IPv4 and IPv6: lengths, extension headers, fragments, and the transport header behind them.
#include <algorithm>

#include "decode/dissector.hpp"
#include "tranalyzer.h"

namespace t2 {

namespace {

constexpr unsigned deepest_nesting = 16;  // IP in IP in ...
constexpr std::uint8_t icmp = 1, igmp = 2, in_ipv4 = 4, tcp = 6, udp = 17, in_ipv6 = 41, routing = 43, fragmented = 44, esp = 50, ah = 51,
                       icmpv6 = 58, no_next = 59, destination_options = 60, ospf = 89, sctp = 132, udplite = 136;

bool with_ports(std::uint8_t protocol) { return protocol == tcp || protocol == udp || protocol == udplite || protocol == sctp; }

}  // namespace

bool Dissector::ipv4(std::uint32_t at) {
  Packet& p = *p_;
  name(header::ipv4);
  set(status::ipv4_seen);
  if (++nesting_ > deepest_nesting) return set(status::stopped), false;
  if (!captured(at, 20)) return set(status::l3_snapped), false;  // no addresses: no flow
  const std::uint32_t l3_header = 4u * (p.data[at] & 0x0f);
  if (l3_header < 20) return set(status::ip_header_short), false;
  p.family = Family::ipv4;
  p.ether_type = 0x0800;
  p.protocol = p.data[at + 9];
  const std::uint16_t fragment = u16(at + 6);
  p.more_fragments = fragment & 0x2000;
  p.later_fragment = fragment & 0x1fff;
  if (p.later_fragment) set(status::stopped);
  ipv4_lengths(at, l3_header);
  if (p.later_fragment) {
    name_protocol(p.protocol);
  } else {
    ipv4_transport(at);
  }
  set(status::ipv4);
  return IPV6_ACTIVATE != 1;
}

void Dissector::ipv4_lengths(std::uint32_t at, std::uint32_t l3_header) {
  Packet& p = *p_;
  const std::uint32_t on_wire = p.wire > at ? p.wire - at : 0;
  const std::uint32_t field = u16(at + 2);
  p.l3 = at;
  p.l3_header = l3_header;
  p.l3_length = field == 0 || field > on_wire ? on_wire : field;
  if (field == 0 && on_wire != 0) set(status::ip_length_mismatch);
  if (p.l3_length < 20) set(status::l3_header_short);
  p.l4 = at + l3_header;
  pad_to(at + p.l3_length);

  const std::uint32_t l4_captured = std::min(left(p.l4), p.l3_length > l3_header ? p.l3_length - l3_header : 0);
  const bool snapped = left(at) < p.l3_length;
  p.l4_header = 8;
  if (p.later_fragment) {
    p.l4_header = 0;
  } else {
    switch (p.protocol) {
      case tcp: p.l4_header = l4_captured > 12 ? 4u * (u8(p.l4 + 12) >> 4) : 20; break;
      case in_ipv4: p.l4_header = l3_header; break;
      case ospf: p.l4_header = u8(p.l4) == 2 ? 24 : 16; break;
      case sctp: p.l4_header = 12; break;
      default: break;
    }
    if (p.protocol == tcp && snapped && l4_captured < 20) p.l4_header = 20;
    if (snapped && l4_captured < p.l4_header) set(status::l4_header_short);
  }
  set_lengths(at);
}

// Lengths that follow from l3_length, l3_header and l4_header; none is negative, none counts padding.
void Dissector::set_lengths(std::uint32_t at) {
  Packet& p = *p_;
  p.captured_l3 = std::min(left(at), p.l3_length);
  if (p.captured_l3 < p.l3_length) set(status::l3_snapped);
  const auto beyond = [](std::uint32_t whole, std::uint32_t part) { return whole > part ? whole - part : 0; };
  p.l4_length = beyond(p.l3_length, p.l3_header);
  p.l7_length = beyond(p.l4_length, p.l4_header);
  p.captured_l4 = beyond(p.captured_l3, p.l3_header);
  p.captured_l7 = beyond(p.captured_l4, p.l4_header);
  p.l7 = std::min(p.l4 + p.l4_header, p.captured);
  if (p.l4_header > p.l4_length || p.l3_header > p.l3_length) set(status::l4_header_short);
  switch (PACKETLENGTH) {
    case 0: p.length = p.family == Family::ipv4 ? p.l3_length + at : p.wire; break;
    case 1: p.length = p.l3_length; break;
    case 2: p.length = p.l4_length; break;
    default: p.length = p.l7_length; break;
  }
  if (PACKETLENGTH < 2 && FRGIPPKTLENVIEW && p.later_fragment && p.family == Family::ipv4) p.length = beyond(p.length, p.l3_header);
}

void Dissector::read_ports() {
  Packet& p = *p_;
  p.source_port = u16(p.l4);
  p.destination_port = u16(p.l4 + 2);
  p.has_ports = true;
}

void Dissector::ipv4_transport(std::uint32_t at) {
  Packet& p = *p_;
  if (with_ports(p.protocol)) {
    const std::uint32_t least = p.protocol == tcp ? 40 : p.protocol == sctp ? 36 : 28;
    if (p.l3_length >= least) {
      read_ports();
    } else {
      set(status::l4_header_short);
    }
  }
  name_protocol(p.protocol);
  switch (p.protocol) {
    case sctp: set(status::sctp); break;
    case esp: set(status::ipsec_esp); break;
    case ah: {
      set(status::ipsec_ah);
      if (captured(p.l4, 1)) name_protocol(u8(p.l4));
      break;
    }
    case igmp:
      switch (u8(p.l4)) {
        case 0x13: name(header::dvmrp); break;
        case 0x14: name(header::pim); break;
        case 0xfc: case 0xfd: case 0xfe: case 0xff:
          if (u32(at + 16) == 0xe0000019) name(header::rgmp);
          break;
        default: break;
      }
      break;
    case tcp:
    case udp:
    case udplite: name_udp_payload(p.l4); break;
    default: break;
  }
}

// Names of what is recognised by port or first bytes in TCP and UDP payloads.
void Dissector::name_udp_payload(std::uint32_t at) {
  Packet& p = *p_;
  const std::uint16_t a = p.source_port, b = p.destination_port;
  if (p.protocol != tcp && !has(status::stopped)) dtls_records(at + 8);
  if ((a == 1900 && b > 1024) || (b == 1900 && a > 1024)) {
    name(header::ssdp);
    set(status::upnp);
  } else if (p.protocol != tcp && p.family == Family::ipv4 && (a == 4500 || b == 4500)) {  // RFC 3948
    name(header::udpencap);
    const bool keep_alive = u8(at + 8) == 0xff && u16(at + 4) == 9;
    if (!keep_alive && captured(at + 8, 4)) {
      if (u32(at + 8) != 0) {
        name(header::esp);
        set(status::ipsec_esp);
      } else {
        name(header::isakmp);
      }
    }
  }
}

void Dissector::dtls_records(std::uint32_t at) {
  const std::uint32_t end = std::min(p_->captured, p_->l3 + p_->l3_length);
  while (at < end && end - at >= 13) {
    const std::uint8_t content = u8(at);
    const std::uint16_t version = u16(at + 1);
    if (content < 0x14 || content > 0x3f) return;
    if (version == 0xfefd) {
      name(header::dtls12);
    } else if (version == 0xfeff || version == 0x0100) {
      name(header::dtls10);
    } else {
      return;
    }
    set(status::dtls);
    ++counters_.dtls;
    at += 13u + u16(at + 11);
  }
}

void Dissector::name_protocol(std::uint8_t protocol) {
  bool known = true;
  const HeaderCode code = protocol_name(protocol, known);
  if (code != header::names_end) name(code);
  if (!known) set(status::stopped);
}

bool Dissector::ipv6(std::uint32_t at) {
  Packet& p = *p_;
  name(header::ipv6);
  set(status::ipv6_seen);
  if (++nesting_ > deepest_nesting) return set(status::stopped), false;
  if (!captured(at, 40)) return set(status::l3_snapped), false;
  p.family = Family::ipv6;
  p.ether_type = 0x86dd;
  p.later_fragment = p.more_fragments = false;
  const std::uint32_t on_wire = p.wire > at ? p.wire - at : 0;
  const std::uint32_t field = u16(at + 4);
  p.l3 = at;
  p.l3_length = field == 0 || field + 40 > on_wire ? on_wire : field + 40;
  if (field == 0) set(status::ip_length_mismatch);
  pad_to(at + p.l3_length);
  const std::uint32_t end = at + std::min(left(at), p.l3_length);  // of the packet's captured bytes

  std::uint32_t here = at + 40;
  std::uint8_t next = p.data[at + 6];
  p.l4_header = 0;
  for (unsigned walked = 0; walked < MAXHDRCNT; ++walked) {
    if (here > end || end - here < 8 || next == no_next) break;
    bool extension = true;
    switch (next) {
      case 0: name(header::hopopts); p.hop_options = here; break;
      case destination_options: name(header::dstopts); p.destination_options = here; break;
      case routing: name(header::routing); break;
      case fragmented: name(header::fraghdr); break;
      case ah: name(header::ah); set(status::ipsec_ah); break;
      default: extension = false;
    }
    if (!extension) {
      p.protocol = next;
      p.l4 = here;
      p.l3_header = here - at;
      const std::uint32_t there = end - here;
      name_protocol(next);
      switch (next) {
        case tcp:
          if (there >= 20) {
            p.l4_header = 4u * (u8(here + 12) >> 4);
            read_ports();
          } else {
            set(status::l4_header_short);
            if (left(at) < p.l3_length) p.l4_header = 20;
          }
          break;
        case udp:
        case udplite: p.l4_header = 8; read_ports(); break;
        case icmpv6: p.l4_header = 8; break;
        case sctp:
          p.l4_header = 12;
          set(status::sctp);
          if (there >= 16) read_ports();
          else set(status::l4_header_short);
          break;
        case ospf: p.l4_header = u8(here) == 2 ? 24 : 16; break;
        case esp: set(status::ipsec_esp); break;
        default: break;
      }
      if (with_ports(next)) name_udp_payload(here);
      break;
    }
    const std::uint8_t code = next;
    next = u8(here);
    if (code == fragmented) {
      p.fragment_header = here;
      ++counters_.ipv6_fragments;
      const std::uint16_t offset = u16(here + 2);
      p.later_fragment = offset & 0xfff8;
      p.more_fragments = offset & 1;
      here += 8;
      if (p.later_fragment) break;
    } else {
      here += code == ah ? (u8(here + 1) + 2u) * 4 : (u8(here + 1) + 1u) * 8;
    }
  }
  if (p.l4 == absent || p.l4 < at + 40) {
    p.protocol = next;
    p.l4 = here;
    p.l3_header = here - at;
  }
  set_lengths(at);
  set(status::ipv6);
  return IPV6_ACTIVATE != 0;
}

}  // namespace t2
