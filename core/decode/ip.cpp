// IPv4 and IPv6: lengths, extension headers, fragments, and the transport header behind them.
#include <algorithm>

#include "decode/dissector.hpp"
#include "tranalyzer.h"

namespace t2 {

namespace {

constexpr unsigned deepest_nesting = 16;  // IP in IP in ...
constexpr std::uint8_t igmp = 2, in_ipv4 = 4, tcp = 6, udp = 17, in_ipv6 = 41, routing = 43, gre_protocol = 47,
                       fragmented = 44, esp = 50, ah = 51, icmpv6 = 58, no_next = 59, destination_options = 60,
                       ospf = 89, ether_ip_protocol = 97, pim = 103, l2tp_protocol = 115, sctp = 132, udplite = 136;

bool with_ports(std::uint8_t protocol) {
  return protocol == tcp || protocol == udp || protocol == udplite || protocol == sctp;
}

}  // namespace

// Takes over the fixed fields of an IPv4 header whose 20 bytes are captured. False: no flow can come of it.
bool Dissector::ipv4_header(std::uint32_t at) {
  Packet& p = *p_;
  name(header::ipv4);
  if (p.data[at] >> 4 != 4) {
    name(header::ipvx);
    set(status::bad_ip_version);
    return false;
  }
  if ((p.data[at] & 0x0f) < 5) return set(status::ip_header_short), false;
  p.family = Family::ipv4;
  p.ether_type = 0x0800;
  p.protocol = p.data[at + 9];
  const std::uint16_t fragment_word = u16(at + 6);
  p.more_fragments = fragment_word & 0x2000;
  p.later_fragment = fragment_word & 0x1fff;
  p.source_port = p.destination_port = 0;
  p.has_ports = false;
  return true;
}

bool Dissector::ipv4(std::uint32_t at) {
  Packet& p = *p_;
  set(status::ipv4_seen);
  if (++nesting_ > deepest_nesting) return set(status::stopped), false;
  if (!captured(at, 20)) {  // no addresses: no flow
    name(header::ipv4);
    return set(status::l3_snapped), false;
  }
  if (!ipv4_header(at)) return false;
  if (p.later_fragment) {
    set(status::stopped);
    return ipv4_end(at, false);
  }
  const auto l4 = [&] { return at + 4u * (p.data[at] & 0x0f); };
  bool named = false;
  if (with_ports(p.protocol)) {
    p.source_port = u16(l4());
    p.destination_port = u16(l4() + 2);
    if (p.source_port != 0 && p.destination_port != 0) {
      if (const Inner result = port_tunnel(at, l4() - at); result != Inner::outer) return result == Inner::flow;
      named = transport_named_;
    }
    p.source_port = p.destination_port = 0;
  }
  // Encapsulations with a protocol number: each may lead one IPv4 header further.
  const auto step = [&](const Stepped& to) {
    if (to.result != Inner::outer) return to.result;
    if (to.ipv4 == absent) return named = true, Inner::outer;
    at = to.ipv4;
    set(status::ipv4_seen);
    return ipv4_header(at) ? Inner::outer : Inner::no_flow;
  };
  if (p.protocol == gre_protocol && !has(status::stopped)) {
    if (const Inner result = step(gre(l4(), true)); result != Inner::outer) return result == Inner::flow;
  }
  if (!named && p.protocol == ether_ip_protocol && !has(status::stopped) && u8(l4()) >> 4 >= 3) {
    if (const Inner result = step(ether_ip(l4())); result != Inner::outer) return result == Inner::flow;
  }
  if (!named && !has(status::stopped) && !p.later_fragment) {
    if (p.protocol == in_ipv4) {
      set(status::ip_in_ip);
      if (!captured(l4(), 20)) {
        set(status::stopped);
      } else if (const Inner result = step({Inner::outer, l4()}); result != Inner::outer) {
        return false;
      }
    } else if (p.protocol == in_ipv6) {
      set(status::ip_in_ip);
      if (captured(l4(), 40)) return ipv6(l4());
      set(status::stopped);
    }
  }
  return ipv4_end(at, named);
}

// The IPv4 header at `at` decides the flow, unless a second level of encapsulation leads further.
bool Dissector::ipv4_end(std::uint32_t at, bool named) {
  Packet& p = *p_;
  ipv4_lengths(at, 4u * (p.data[at] & 0x0f));
  if (p.later_fragment) {
    name_protocol(p.protocol);
  } else if (const Inner result = ipv4_transport(at, named); result != Inner::outer) {
    return result == Inner::flow;
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
      case gre_protocol: p.l4_header = gre_header(p.l4); break;
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
  set_packet_length(p, at);
}

void Dissector::read_ports() {
  Packet& p = *p_;
  p.source_port = u16(p.l4);
  p.destination_port = u16(p.l4 + 2);
  p.has_ports = true;
}

Dissector::Inner Dissector::ipv4_transport(std::uint32_t at, bool named) {
  Packet& p = *p_;
  if (with_ports(p.protocol)) {
    const std::uint32_t least = p.protocol == tcp ? 40 : p.protocol == sctp ? 36 : 28;
    if (p.l3_length >= least) {
      read_ports();
    } else {
      set(status::l4_header_short);
    }
  }
  if (p.protocol == l2tp_protocol) set(status::l2tp);
  if (p.protocol == sctp) set(status::sctp);
  if (has(status::stopped)) return Inner::outer;
  if (p.protocol == gre_protocol) {
    if (named) return Inner::outer;
    // GRE below another encapsulation: IPv4 in it is named only, a bridged or PPP frame is followed.
    const Stepped to = gre(p.l4, true);
    if (to.result != Inner::outer || to.ipv4 == absent) return to.result;
    if (u16(p.l4 + 2) == 0x0800) return name(header::ipv4), Inner::outer;
    return inner(ipv4(to.ipv4));
  }
  if (p.protocol == in_ipv4) {
    set(status::ip_in_ip);
    if (captured(p.l4, 20)) return inner(ipv4(p.l4));
  }
  if (p.protocol == in_ipv6) {
    set(status::ip_in_ip);
    if (captured(p.l4, 40)) return inner(ipv6(p.l4));
  }
  if (!named) name_protocol(p.protocol);
  switch (p.protocol) {
    case esp: set(status::ipsec_esp); break;
    case ah:
      set(status::ipsec_ah);
      if (captured(p.l4, 1)) name_protocol(u8(p.l4));
      break;
    case pim: {
      constexpr std::uint8_t register_message = 1;
      if ((u8(p.l4) & 0x0f) == register_message && captured(p.l4 + 8, 20)) {
        const HeaderStacks::Id stack = stack_;
        if (const Inner result = ip_at(p.l4 + 8); result != Inner::outer || stack != stack_) return result;
      }
      break;
    }
    case igmp:
      switch (u8(p.l4)) {
        case 0x13: name(header::dvmrp); break;
        case 0x14: name(header::pim); break;
        case 0xfc:
        case 0xfd:
        case 0xfe:
        case 0xff:
          if (u32(at + 16) == 0xe0000019) name(header::rgmp);
          break;
        default: break;
      }
      break;
    case tcp:
    case udp:
    case udplite: name_payload(p.l4); break;
    default: break;
  }
  return Inner::outer;
}

// Names of what is recognised by port or first bytes in TCP and UDP payloads.
void Dissector::name_payload(std::uint32_t at) {
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
  if (!captured(at, 40)) return set(status::l3_snapped), false;  // no addresses: no flow
  p.family = Family::ipv6;
  p.ether_type = 0x86dd;
  p.later_fragment = p.more_fragments = p.has_ports = false;
  p.source_port = p.destination_port = 0;
  p.fragment_header = absent;  // options: the last ones of the packet count, whichever IPv6 header they follow
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
  bool reached = false;
  for (unsigned walked = 0; walked < MAXHDRCNT && !reached; ++walked) {
    if (here > end || end - here < 8 || next == no_next) break;
    switch (next) {
      case 0:
        name(header::hopopts);
        p.hop_options = here;
        break;
      case destination_options:
        name(header::dstopts);
        p.destination_options = here;
        break;
      case routing: name(header::routing); break;
      case fragmented:
        name(header::fraghdr);
        p.fragment_header = here;
        break;
      case ah:
        name(header::ah);
        set(status::ipsec_ah);
        break;
      default: reached = true;
    }
    if (reached) break;
    const std::uint8_t code = next;
    next = u8(here);
    if (code != fragmented) {
      here += code == ah ? (u8(here + 1) + 2u) * 4 : (u8(here + 1) + 1u) * 8;
      continue;
    }
    const std::uint16_t word = u16(here + 2);
    p.later_fragment = word & 0xfff8;
    p.more_fragments = word & 1;
    here += 8;
    if (p.later_fragment) break;
  }
  p.protocol = next;
  p.l4 = here;
  p.l3_header = here - at;
  if (reached) {
    if (const Inner result = ipv6_transport(at, here, end); result != Inner::outer) return result == Inner::flow;
    p.family = Family::ipv6;
    p.ether_type = 0x86dd;
  }
  set_lengths(at);
  set(status::ipv6);
  return IPV6_ACTIVATE != 0;
}

Dissector::Inner Dissector::ipv6_transport(std::uint32_t at, std::uint32_t here, std::uint32_t end) {
  Packet& p = *p_;
  const std::uint32_t there = end - here;
  const auto follow = [this](const Stepped& to) { return to.ipv4 == absent ? to.result : inner(ipv4(to.ipv4)); };
  switch (p.protocol) {
    case in_ipv6:
      set(status::ip_in_ip);
      if (captured(here, 40)) return inner(ipv6(here));
      set(status::stopped);
      break;
    case in_ipv4:
      if (captured(here, 20)) return inner(ipv4(here));
      set(status::stopped);
      break;
    case gre_protocol: return follow(gre(here, false));
    case ether_ip_protocol:
      if (u8(here) >> 4 >= 3) return follow(ether_ip(here));
      break;
    default: break;
  }
  name_protocol(p.protocol);
  switch (p.protocol) {
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
    case udplite:
      p.l4_header = 8;
      read_ports();
      if (p.protocol == udp && (p.source_port == 1701 || p.destination_port == 1701)) {
        if (const Inner result = l2tp(here + 8); result != Inner::outer) return result;
      }
      break;
    case icmpv6: p.l4_header = 8; break;
    case sctp:
      p.l4_header = 12;
      set(status::sctp);
      if (there >= 16) read_ports();
      else set(status::l4_header_short);
      break;
    case ospf: p.l4_header = u8(here) == 2 ? 24 : 16; break;
    case l2tp_protocol: set(status::l2tp); break;
    case pim: {
      constexpr std::uint8_t register_message = 1;
      if ((u8(here) & 0x0f) == register_message && captured(here + 8, 20)) return ip_at(here + 8);
      break;
    }
    default: break;
  }
  if (with_ports(p.protocol) && !has(status::stopped)) name_payload(here);
  return Inner::outer;
}

}  // namespace t2
