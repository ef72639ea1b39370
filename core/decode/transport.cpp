// Transport headers and what is named behind them, in the header that makes the flow. Reader thread.
#include <algorithm>

#include "decode/dissector.hpp"

namespace t2 {

// Bytes of the transport header, of which so many were captured. What has no ports counts 8 behind IPv4, as ICMP does,
// and none behind IPv6.
std::uint32_t Dissector::transport_header(std::uint32_t captured_l4) const {
  const Packet& p = *p_;
  const bool v4 = p.family == Family::ipv4;
  switch (p.protocol) {
    case protocol::tcp: {
      const bool cut = left(p.l3) < p.l3_length && captured_l4 < 20;
      return captured_l4 > 12 && !cut ? 4u * (u8(p.l4 + 12) >> 4) : 20;
    }
    case protocol::udp:
    case protocol::udp_lite:
    case protocol::icmpv6: return 8;
    case protocol::sctp: return 12;
    case protocol::ospf: return u8(p.l4) == 2 ? 24 : 16;
    case protocol::gre: return v4 ? gre_header(p.l4) : 0;
    case protocol::ipv4: return v4 ? p.l3_header : 0;
    default: return v4 ? 8 : 0;
  }
}

void Dissector::transport(bool named) {
  Packet& p = *p_;
  const bool v4 = p.family == Family::ipv4;
  if (has_ports(p.protocol)) read_ports();
  if (p.protocol == protocol::l2tp) set(status::l2tp);
  if (p.protocol == protocol::sctp) set(status::sctp);
  if (has(status::stopped)) return;
  if (!named) name_protocol(p.protocol);
  switch (p.protocol) {
    case protocol::esp:
      if (v4) set(status::ipsec_esp);
      break;
    case protocol::ah: set(status::ipsec_ah); break;
    case protocol::igmp:
      if (v4) igmp();
      break;
    case protocol::tcp:
    case protocol::udp:
    case protocol::udp_lite: name_payload(); break;
    default: break;
  }
}

// Ports that were not captured are 0. IPv4 options do not count here: an old rule that flow files rest on.
void Dissector::read_ports() {
  Packet& p = *p_;
  const std::uint32_t needed = p.protocol == protocol::tcp ? 20 : p.protocol == protocol::sctp ? 16 : 8;
  if (p.l3_length < needed + (p.family == Family::ipv4 ? 20 : p.l3_header)) return set(status::l4_header_short);
  p.source_port = u16(p.l4);
  p.destination_port = u16(p.l4 + 2);
  p.has_ports = true;
}

void Dissector::igmp() {
  constexpr std::uint32_t rgmp_group = 0xe0000019;  // 224.0.0.25
  const std::uint8_t type = u8(p_->l4);
  if (type == 0x13) name(header::dvmrp);
  else if (type == 0x14) name(header::pim);
  else if (type >= 0xfc && u32(p_->l3 + 16) == rgmp_group) name(header::rgmp);
}

// Names of what is recognised by port or first bytes in TCP and UDP payloads.
void Dissector::name_payload() {
  Packet& p = *p_;
  const bool datagram = p.protocol != protocol::tcp;
  const std::uint16_t a = p.source_port, b = p.destination_port;
  const std::uint32_t at = p.l4 + 8;
  if (datagram) dtls_records(at);
  if ((a == 1900 && b > 1024) || (b == 1900 && a > 1024)) {
    name(header::ssdp);
    set(status::upnp);
  } else if (datagram && p.family == Family::ipv4 && (a == 4500 || b == 4500)) {  // RFC 3948
    name(header::udpencap);
    const bool keep_alive = u8(at) == 0xff && u16(p.l4 + 4) == 9;
    if (keep_alive || !captured(at, 4)) return;
    if (u32(at) != 0) {
      name(header::esp);
      set(status::ipsec_esp);
    } else {
      name(header::isakmp);
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

}  // namespace t2
