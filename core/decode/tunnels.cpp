// Tunnels that are recognised by their ports: AYIYA, GTP, VXLAN, GENEVE, CAPWAP, LWAPP, L2TP, Teredo.
//
// Where the content cannot be decoded the packet belongs to the flow of the outer header, and usually has `stopped`
// set.
#include <optional>

#include "decode/dissector.hpp"

namespace t2 {

namespace {

constexpr std::uint8_t tcp = 6, udp = 17, sctp = 132;
constexpr std::uint16_t bridged_ethernet = 0x6558;
constexpr std::uint16_t privileged = 1024;

}  // namespace

// An IP header by its version nibble; nothing, if its fixed part was not captured.
Dissector::Inner Dissector::ip_at(std::uint32_t at) {
  switch (u8(at) >> 4) {
    case 4:
      if (captured(at, 20)) return inner(ipv4(at));
      break;
    case 6:
      if (captured(at, 40)) return inner(ipv6(at));
      break;
    default: break;
  }
  set(status::stopped);
  return Inner::outer;
}

// The content of an Ethernet-like header inside a tunnel. Anything but IP leaves its name.
Dissector::Inner Dissector::inner_type(std::uint16_t type, std::uint32_t at) {
  if ((type == type_ipv4 && u8(at) >> 4 == 4) || (type == type_ipv6 && u8(at) >> 4 == 6)) return ip_at(at);
  if (type == 0x8864) {
    name(header::pppoes);
    name(header::ppp);
    set(status::pppoe_session);
    const std::uint16_t protocol = u16(at + 6);
    if (protocol == 0x0021 || protocol == 0x0057) return ip_at(at + 8);
    name_ppp(protocol);
  } else {
    if (type == 0x8863) set(status::pppoe_discovery);
    name_type(type);
  }
  set(status::stopped);
  return Inner::outer;
}

Dissector::Inner Dissector::inner_ethernet(std::uint32_t at) {
  name(header::eth);
  if (!captured(at, 14)) return set(status::stopped), Inner::outer;
  const Packet before = *p_;
  macs(at);
  at += 14;
  const std::uint16_t type = vlan_tags(u16(at - 2), at);
  const Inner result = inner_type(type, at);
  if (result == Inner::outer) {  // the outer flow keeps its own link layer
    p_->l2 = before.l2;
    p_->destination_mac = before.destination_mac;
    p_->source_mac = before.source_mac;
    p_->vlans = before.vlans;
    p_->vlan_count = before.vlan_count;
    p_->vlan = before.vlan;
  }
  return result;
}

Dissector::Inner Dissector::inner_wlan(std::uint32_t at, bool swapped) {
  const Packet before = *p_;
  std::uint16_t type = 0;
  Inner result = Inner::outer;
  if (wlan_frame(at, swapped, type)) {
    type = vlan_tags(type, at);
    result = inner_type(type, at);
  }
  if (result == Inner::outer) {
    p_->l2 = before.l2;
    p_->destination_mac = before.destination_mac;
    p_->source_mac = before.source_mac;
    set(status::stopped);
  }
  return result;
}

// Tries the tunnels in their order. `at`: the IPv4 header; its ports are read and not 0.
Dissector::Inner Dissector::port_tunnel(std::uint32_t at, std::uint32_t l3_header) {
  const Packet& p = *p_;
  const std::uint16_t a = p.source_port, b = p.destination_port;
  const auto between = [&](std::uint16_t port) {
    return (a == port && b > privileged) || (b == port && a > privileged);
  };
  const std::uint32_t l4 = at + l3_header;
  bool named = false;
  const auto transport = [&] {
    if (!named) name_protocol(p.protocol);
    named = true;
  };
  Inner result = Inner::outer;
  const auto done = [&] { return result != Inner::outer || has(status::stopped); };
  if (between(5072)) {
    transport();
    if (p.protocol == sctp) {
      name(header::ayiya);
      set(status::stopped);
    } else {
      result = ayiya(p.protocol == tcp ? l4 + 4u * (u8(l4 + 12) >> 4) : l4 + 8);
    }
    if (done()) return transport_named_ = true, result;
  }
  if (p.protocol != udp) return transport_named_ = named, Inner::outer;
  const std::uint32_t payload = l4 + 8;
  if (between(2123) || between(2152) || between(3386)) {
    transport();
    result = gtp(payload);
  }
  const auto vx = [&](std::uint16_t port) { return b == port || (a == port && b > privileged); };
  if (!done() && (vx(4789) || vx(8472) || vx(4790))) {
    transport();
    result = vxlan(payload, vx(4790));
  }
  if (!done() && between(6081)) {
    transport();
    result = geneve(payload);
  }
  if (!done() && (between(5246) || between(5247))) {
    transport();
    result = capwap(payload, between(5246));
  }
  if (!done() && (between(12222) || between(12223))) {
    transport();
    result = lwapp(payload, between(12223));
  }
  if (!done() && (a == 1701 || b == 1701)) {
    transport();
    result = l2tp(payload);
  }
  if (!done() && a > privileged && b > privileged) {
    const std::uint32_t prefix = u32(payload);
    if (prefix >> 28 == 6 || prefix >> 16 <= 1) {
      const bool before = named;
      const HeaderStacks::Id stack = stack_;
      const std::uint16_t count = p_->header_count;
      transport();
      result = teredo(payload);
      if (result == Inner::outer && !before && !has(status::teredo)) {  // it was none: nothing was said
        stack_ = stack;
        p_->header_count = count;
        named = false;
      }
    }
  }
  transport_named_ = named;
  return result;
}

// Anything in anything: identity and signature of variable length in front of an IP header.
Dissector::Inner Dissector::ayiya(std::uint32_t at) {
  if (!captured(at, 8)) return Inner::outer;
  const std::uint32_t size = 8 + (1u << (u8(at) >> 4)) + 4u * (u8(at + 1) >> 4);
  if (!captured(at, size)) return Inner::outer;
  const std::uint8_t next = u8(at + 3), version = u8(at + size) >> 4;
  if ((next == 41 && version == 6) || (next == 4 && version == 4)) {
    name(header::ayiya);
    set(status::ayiya);
    return ip_at(at + size);
  }
  if (next == 59) {
    name(header::ayiya);
    set(status::ayiya);
  }
  set(status::stopped);
  return Inner::outer;
}

// 3GPP TS 29.060, 29.281: user data is message type 255.
Dissector::Inner Dissector::gtp(std::uint32_t at) {
  name(header::gtp);
  set(status::gtp);
  if (!captured(at, 8) || u8(at + 1) != 0xff) return Inner::outer;
  const std::uint8_t flags = u8(at);
  std::uint32_t size = 8;
  switch (flags >> 5) {
    case 0: size = 20; break;
    case 1:
      if (flags & 7) size += 4;
      if (flags & 4) {
        for (std::uint8_t next = u8(at + size - 1); next != 0 && captured(at, size + 1) && u8(at + size) != 0;) {
          size += 4u * u8(at + size);
          next = u8(at + size - 1);
        }
      }
      break;
    case 2: return set(status::stopped), Inner::outer;
    default: break;
  }
  if (!captured(at, size + 1)) return Inner::outer;
  return ip_at(at + size);
}

// RFC 7348, and draft-ietf-nvo3-vxlan-gpe.
Dissector::Inner Dissector::vxlan(std::uint32_t at, bool gpe) {
  if (!captured(at, 8) || u8(at + 7) != 0 || u8(at + 1) != 0 || (gpe && u8(at + 2) != 0)) return Inner::outer;
  name(gpe ? header::vxlan_gpe : header::vxlan);
  set(status::vxlan);
  constexpr std::uint8_t next_protocol_given = 0x04, in_ipv4 = 1, in_ipv6 = 2, in_ethernet = 3, in_nsh = 4, in_mpls = 5;
  std::uint8_t next = gpe && u8(at) & next_protocol_given ? u8(at + 3) : in_ethernet;
  at += 8;
  if (next == in_nsh) {  // RFC 8300
    name(header::nsh);
    next = u8(at + 3);
    at += 4u * (u8(at + 1) & 0x3f);
  }
  switch (next) {
    case in_ipv4:
    case in_ipv6: return ip_at(at);
    case in_ethernet: return inner_ethernet(at);
    case in_mpls:
      name(header::mpls);
      set(status::mpls);
      return Inner::outer;
    default: return set(status::stopped), Inner::outer;
  }
}

// RFC 8926.
Dissector::Inner Dissector::geneve(std::uint32_t at) {
  if (!captured(at, 8) || (u8(at + 1) & 0x3f) != 0) return Inner::outer;
  if (u16(at + 2) != bridged_ethernet) return set(status::stopped), Inner::outer;
  name(header::geneve);
  set(status::geneve);
  return inner_ethernet(at + 8 + 4u * (u8(at) & 0x3f));
}

// RFC 5415.
Dissector::Inner Dissector::capwap(std::uint32_t at, bool control) {
  if (!captured(at, 8)) return Inner::outer;
  const std::uint8_t version = u8(at) >> 4, type = u8(at) & 0x0f, last = u8(at + 3);
  const bool native = u8(at + 2) & 1;
  const unsigned binding = u8(at + 2) >> 1 & 0x1f;
  if (version != 0 || type > 1) return Inner::outer;
  const auto accept = [&] {
    name(control ? header::capwap : header::capwap_data);
    set(status::capwap);
  };
  if (type == 1) {
    accept();
    name(header::dtls);
    set(status::dtls | status::stopped);
    return Inner::outer;
  }
  if ((last & 7) != 0 || (u16(at + 6) & 3) != 0 || (native && binding != 1)) return Inner::outer;
  accept();
  const bool keep_alive = last & 0x08;
  const std::uint16_t fragment_offset = u16(at + 6) >> 3;
  if (keep_alive || control || fragment_offset != 0) return set(status::stopped), Inner::outer;
  const std::uint32_t content = at + 4u * (u8(at + 1) >> 3);
  return native ? inner_wlan(content, true) : inner_ethernet(content);
}

// RFC 5412.
Dissector::Inner Dissector::lwapp(std::uint32_t at, bool control) {
  if (control) at += 6;  // identity of the access point
  if (!captured(at, 6)) return Inner::outer;
  name(header::lwapp);
  set(status::capwap);
  constexpr std::uint8_t control_flag = 0x04;
  if (u8(at) & control_flag) return set(status::stopped), Inner::outer;
  return inner_wlan(at + 6, true);
}

// RFC 2661 (version 2), RFC 3931 (version 3 over UDP).
Dissector::Inner Dissector::l2tp(std::uint32_t at) {
  if (!captured(at, 6) || u8(at + 1) >> 4 != 0) return Inner::outer;
  const unsigned version = u8(at + 1) & 0x0f;
  if (version != 2 && version != 3) return Inner::outer;
  name(header::l2tp);
  set(status::l2tp);
  const std::uint8_t flags = u8(at);
  constexpr std::uint8_t is_control = 0x80, with_length = 0x40, with_sequence = 0x08, with_offset = 0x02;
  if (flags & is_control) return set(status::stopped), Inner::outer;
  if (version == 2) {
    at += 2;
    if (flags & with_length) at += 2;
    at += 4;  // tunnel and session
    if (flags & with_sequence) at += 4;
    if (flags & with_offset) at += 2u + u16(at);
  } else {
    at += 6;
  }
  const std::uint8_t first = u8(at);
  name(first == 0x0f || first == 0x8f ? header::chdlc : header::ppp);
  set(status::ppp);
  at += 2;  // address and control
  std::uint16_t protocol = u16(at);
  at += 2;
  if (protocol == 0x003d) {  // multilink
    name(header::ppp);
    name(header::mp);
    at += 4;
    protocol = u16(at);
    at += 2;
  }
  if (protocol == 0x0021 || protocol == 0x0057) return ip_at(at);
  name_ppp(protocol);
  set(status::stopped);
  return Inner::outer;
}

// RFC 4380: IPv6 over UDP, with authentication and origin indication in front; one end must belong to Teredo.
Dissector::Inner Dissector::teredo(std::uint32_t at) {
  if (u16(at) == 0x0001 && captured(at, 4)) at += 13u + u8(at + 2) + u8(at + 3);
  if (u16(at) == 0x0000 && captured(at, 2)) at += 8;
  if (u8(at) >> 4 != 6 || !captured(at, 40)) return Inner::outer;
  constexpr std::uint16_t port = 3544;
  constexpr std::uint32_t prefix = 0x2001'0000;
  if (p_->source_port != port && p_->destination_port != port && u32(at + 8) != prefix && u32(at + 24) != prefix)
    return Inner::outer;
  name(header::teredo);
  set(status::teredo);
  return ip_at(at);
}

}  // namespace t2
