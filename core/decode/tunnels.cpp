// Tunnels that are recognised by their ports: AYIYA, GTP, VXLAN, GENEVE, CAPWAP, LWAPP, L2TP, MPLS, Teredo. Reader
// thread.
//
// A step that finds something else than its tunnel leaves the packet to the next one. One that finds its tunnel and
// cannot decode the content sets `stopped`: the packet belongs to the flow of the outer header.
#include <algorithm>

#include "decode/dissector.hpp"

namespace t2 {

namespace {

constexpr std::uint16_t privileged = 1024;

enum class Ends {
  other_high,             // either port, if the other one is above 1024
  destination_or_source,  // the destination, whatever the source is, or as above
  destination,
  any
};

bool between(Ends ends, std::uint16_t port, std::uint16_t source, std::uint16_t destination) {
  const bool to = destination == port, from = source == port;
  switch (ends) {
    case Ends::other_high: return (to && source > privileged) || (from && destination > privileged);
    case Ends::destination_or_source: return to || (from && destination > privileged);
    case Ends::destination: return to;
    default: return to || from;
  }
}

}  // namespace

bool Dissector::content(bool& named) {
  Packet& p = *p_;
  std::uint16_t a = 0, b = 0;
  if (has_ports(p.protocol)) {
    a = u16(p.l4);
    b = u16(p.l4 + 2);
    using fast::special_purpose_ports;
    const bool special = special_purpose_ports.hold(a) || special_purpose_ports.hold(b);
    const bool datagram = p.protocol == protocol::udp && fast::may_be_tunnel(u32(p.l4 + 8), a, b);
    if (a == 0 || b == 0 || !(special || datagram)) return false;
  } else if (!carries_packets(p.protocol)) {
    return false;
  }
  const Packet own = p;
  if (a != 0 ? port_tunnel(a, b, named) : protocol_tunnel(named)) return true;
  const status::Word seen = p.status;
  const std::uint16_t headers = p.header_count;
  p = own;  // names and status bits stay
  p.status = seen;
  p.header_count = headers;
  return false;
}

// Tries the tunnels in their order. Ports are not 0.
bool Dissector::port_tunnel(std::uint16_t source, std::uint16_t destination, bool& named) {
  struct Tunnel {
    std::uint16_t ports[3];  // 0: none
    Ends ends;
    bool (Dissector::*decode)(std::uint32_t payload);
    bool udp_only = true;
  };
  static constexpr Tunnel tunnels[] = {
      {{5072}, Ends::other_high, &Dissector::ayiya, false},
      {{2123, 2152, 3386}, Ends::other_high, &Dissector::gtp},
      {{4790}, Ends::destination_or_source, &Dissector::vxlan_gpe},
      {{4789, 8472}, Ends::destination_or_source, &Dissector::vxlan},
      {{6081}, Ends::other_high, &Dissector::geneve},
      {{5246}, Ends::other_high, &Dissector::capwap_control},
      {{5247}, Ends::other_high, &Dissector::capwap_data},
      {{12223}, Ends::other_high, &Dissector::lwapp_control},
      {{12222}, Ends::other_high, &Dissector::lwapp_data},
      {{1701}, Ends::any, &Dissector::l2tp},
      {{6635}, Ends::destination, &Dissector::mpls_in_udp},  // RFC 7510: the source port spreads load
  };
  const Packet& p = *p_;
  const std::uint32_t payload = p.l4 + (p.protocol == protocol::tcp    ? 4u * (u8(p.l4 + 12) >> 4)
                                        : p.protocol == protocol::sctp ? 12
                                                                       : 8);
  const std::uint8_t protocol = p.protocol;
  const bool is_udp = protocol == protocol::udp;
  for (const Tunnel& tunnel : tunnels) {
    if (tunnel.udp_only && !is_udp) continue;
    const auto fits = [&](std::uint16_t port) { return port != 0 && between(tunnel.ends, port, source, destination); };
    if (std::none_of(std::begin(tunnel.ports), std::end(tunnel.ports), fits)) continue;
    if (!named) name_protocol(protocol);
    named = true;
    if ((this->*tunnel.decode)(payload)) return true;
    if (has(status::stopped)) return false;
  }
  if (!is_udp || source <= privileged || destination <= privileged) return false;
  const std::uint32_t ipv6 = teredo_content(payload, source, destination);
  if (ipv6 == absent) return false;
  if (!named) name_protocol(protocol);
  named = true;
  name(header::teredo);
  set(status::teredo);
  return ip(ipv6);
}

// Anything in anything: identity and signature of variable length in front of an IP header.
bool Dissector::ayiya(std::uint32_t at) {
  if (p_->protocol == protocol::sctp) {
    name(header::ayiya);
    return undecoded();
  }
  if (!captured(at, 8)) return false;
  const std::uint32_t size = 8 + (1u << (u8(at) >> 4)) + 4u * (u8(at + 1) >> 4);
  if (!captured(at, size)) return false;
  const std::uint8_t next = u8(at + 3), version = u8(at + size) >> 4;
  const bool carries_ip = (next == protocol::ipv6 && version == 6) || (next == protocol::ipv4 && version == 4);
  if (!carries_ip && next != protocol::no_next_header) return undecoded();
  name(header::ayiya);
  set(status::ayiya);
  return carries_ip ? ip(at + size) : undecoded();
}

// 3GPP TS 29.060, 29.281: user data is message type 255.
bool Dissector::gtp(std::uint32_t at) {
  name(header::gtp);
  set(status::gtp);
  if (!captured(at, 8) || u8(at + 1) != 0xff) return false;
  const std::uint8_t flags = u8(at);
  std::uint32_t size = 8;
  switch (flags >> 5) {
    case 0: size = 20; break;
    case 1:
      if (flags & 7) size += 4;
      if (flags & 4) {
        for (std::uint8_t next = u8(at + size - 1); next != 0 && u8(at + size) != 0; next = u8(at + size - 1))
          size += 4u * u8(at + size);
      }
      break;
    case 2: return undecoded();
    default: break;
  }
  return captured(at, size + 1) && ip(at + size);
}

// RFC 7348: reserved bits are ignored, and group policy (draft-smith-vxlan-group-policy) uses some of them. Without the
// bit that makes the network's identifier valid, all that is reserved has to be 0.
bool Dissector::vxlan_header(std::uint32_t at, bool gpe) {
  constexpr std::uint8_t valid_identifier = 0x08;
  if (!captured(at, 8)) return false;
  const bool reserved_zero = u8(at + 7) == 0 && u8(at + 1) == 0 && (!gpe || u8(at + 2) == 0);
  if (!(u8(at) & valid_identifier) && !reserved_zero) return false;
  name(gpe ? header::vxlan_gpe : header::vxlan);
  set(status::vxlan);
  return true;
}

bool Dissector::vxlan(std::uint32_t at) { return vxlan_header(at, false) && ethernet_frame(at + 8); }

// draft-ietf-nvo3-vxlan-gpe.
bool Dissector::vxlan_gpe(std::uint32_t at) {
  constexpr std::uint8_t next_protocol_given = 0x04;
  if (!vxlan_header(at, true)) return false;
  return u8(at) & next_protocol_given ? next_protocol(u8(at + 3), at + 8) : ethernet_frame(at + 8);
}

// Numbers that VXLAN-GPE and NSH have in common.
bool Dissector::next_protocol(std::uint8_t next, std::uint32_t at) {
  switch (next) {
    case 1:
    case 2: return ip(at);
    case 3: return ethernet_frame(at);
    case 4: return nsh(at);
    case 5: return mpls(ether_type::mpls_unicast, at);
    default: return undecoded();
  }
}

// RFC 8300.
bool Dissector::nsh(std::uint32_t at) {
  name(header::nsh);
  if (!descend()) return false;
  const std::uint32_t size = 4u * (u8(at + 1) & 0x3f);
  if (size < 8 || !captured(at, size)) return layer2(ether_type::nsh, at);
  const std::uint8_t next = u8(at + 3);
  return next >= 1 && next <= 5 ? next_protocol(next, at + size) : layer2(ether_type::nsh, at);
}

// RFC 8926. Other traffic of this port is told from it by version, reserved bits and a type that is no known EtherType.
bool Dissector::geneve(std::uint32_t at) {
  constexpr std::uint8_t version = 0xc0, reserved = 0x3f, options = 0x3f;
  if (!captured(at, 8) || u8(at) & version || u8(at + 1) & reserved) return false;
  const std::uint16_t type = u16(at + 2);
  bool known = true;
  ether_type_name(type, known);
  if (type <= max_llc_length || !known) return false;
  name(header::geneve);
  set(status::geneve);
  return carried_type(type, at + 8 + 4u * (u8(at) & options));
}

// RFC 5415.
bool Dissector::capwap(std::uint32_t at, bool control) {
  if (!captured(at, 8)) return false;
  const std::uint8_t version = u8(at) >> 4, type = u8(at) & 0x0f, last = u8(at + 3);
  const bool native = u8(at + 2) & 1;
  const unsigned binding = u8(at + 2) >> 1 & 0x1f;
  constexpr unsigned ieee80211 = 1;
  const bool encrypted = type == 1;
  if (version != 0 || type > 1) return false;
  if (!encrypted && ((last & 7) != 0 || (u16(at + 6) & 3) != 0 || (native && binding != ieee80211))) return false;
  name(control ? header::capwap : header::capwap_data);
  set(status::capwap);
  if (encrypted) {
    name(header::dtls);
    set(status::dtls);
    return undecoded();
  }
  const bool keep_alive = last & 0x08;
  const std::uint16_t fragment_offset = u16(at + 6) >> 3;
  if (keep_alive || control || fragment_offset != 0) return undecoded();
  const std::uint32_t content = at + 4u * (u8(at + 1) >> 3);
  return native ? wlan(content, {.swapped = true}) : ethernet_frame(content);
}

bool Dissector::capwap_control(std::uint32_t at) { return capwap(at, true); }
bool Dissector::capwap_data(std::uint32_t at) { return capwap(at, false); }

// RFC 5412.
bool Dissector::lwapp(std::uint32_t at, bool control) {
  if (control) at += 6;  // identity of the access point
  if (!captured(at, 6)) return false;
  name(header::lwapp);
  set(status::capwap);
  constexpr std::uint8_t control_flag = 0x04;
  return u8(at) & control_flag ? undecoded() : wlan(at + 6, {.swapped = true});
}

bool Dissector::lwapp_control(std::uint32_t at) { return lwapp(at, true); }
bool Dissector::lwapp_data(std::uint32_t at) { return lwapp(at, false); }

// RFC 2661 (version 2), RFC 3931 (version 3 over UDP).
bool Dissector::l2tp(std::uint32_t at) {
  if (!captured(at, 6) || u8(at + 1) >> 4 != 0) return false;
  const unsigned version = u8(at + 1) & 0x0f;
  if (version != 2 && version != 3) return false;
  name(header::l2tp);
  set(status::l2tp);
  const std::uint8_t flags = u8(at);
  constexpr std::uint8_t is_control = 0x80, with_length = 0x40, with_sequence = 0x08, with_offset = 0x02;
  if (flags & is_control) return undecoded();
  if (version == 3) return l2tp_session(at + 8);
  at += 2;
  if (flags & with_length) at += 2;
  at += 4;  // tunnel and session
  if (flags & with_sequence) at += 4;
  if (flags & with_offset) at += 2u + u16(at);
  set(status::ppp);
  const std::uint16_t first = u16(at);
  if (first == 0x0f00 || first == 0x8f00) return hdlc(at);
  name(header::ppp);
  return ppp(at);
}

// Nothing but its content shows that a datagram to this port carries MPLS.
bool Dissector::mpls_in_udp(std::uint32_t at) { return fits_mpls(at) && mpls(ether_type::mpls_unicast, at); }

// RFC 4380: IPv6 over UDP, with authentication and origin indication in front; one end must belong to Teredo. Answers
// where IPv6 begins, or `absent`.
std::uint32_t Dissector::teredo_content(std::uint32_t at, std::uint16_t source, std::uint16_t destination) const {
  if (u16(at) == 0x0001 && captured(at, 4)) at += 13u + u8(at + 2) + u8(at + 3);
  if (u16(at) == 0x0000 && captured(at, 2)) at += 8;
  if (u8(at) >> 4 != 6 || !captured(at, 40)) return absent;
  constexpr std::uint16_t port = 3544;
  constexpr std::uint32_t prefix = 0x2001'0000;
  const bool teredo = source == port || destination == port || u32(at + 8) == prefix || u32(at + 24) == prefix;
  return teredo ? at : absent;
}

}  // namespace t2
