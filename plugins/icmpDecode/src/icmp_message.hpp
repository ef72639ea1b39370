// Messages of ICMP (RFC 792) and ICMPv6 (RFC 4443), as far as they were captured.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "t2/plugin.hpp"

namespace t2::icmp_decode {

struct Message {
  bool v6 = false;
  std::uint8_t type = 0, code = 0;
  bool whole = false;                          // the first eight bytes were captured
  std::uint16_t identifier = 0, sequence = 0;  // of echoes and time stamps
  Bytes rest;                                  // behind the first eight bytes

  bool echo_request() const { return type == (v6 ? 128 : 8); }
  bool echo_reply() const { return type == (v6 ? 129 : 0); }
  bool echo() const { return echo_request() || echo_reply(); }
  bool redirection() const { return !v6 && type == 5; }
  bool time_stamp() const { return !v6 && (type == 13 || type == 14); }
  bool error() const { return v6 ? type >= 1 && type <= 4 : (type >= 3 && type <= 5) || type == 11 || type == 12; }
};

inline bool is_icmp(const Packet& p) {
  return (p.protocol == protocol::icmp || p.protocol == protocol::icmpv6) && p.is_ip();
}

// False: there is no header, or its type and code were not captured.
inline bool read_message(const Packet& p, Message& m) {
  if (p.later_fragment || p.captured_l4 < 2 || p.l4_length < 2) return false;
  Bytes in(p.bytes(p.l4).read(std::min(p.captured_l4, p.l4_length)));
  m.v6 = p.protocol == protocol::icmpv6;
  m.type = in.u8(), m.code = in.u8();
  in.skip(2);  // checksum
  m.identifier = in.u16(), m.sequence = in.u16();
  m.whole = in.ok();
  if (m.whole) m.rest = Bytes(in.rest());
  return true;
}

// A flow that begins with anything but an echo request is begun by the side that answers.
inline Opener opener(const Packet& p) {
  Message m;
  if (!is_icmp(p)) return Opener::unknown;
  return read_message(p, m) && m.echo_request() ? Opener::asks : Opener::answers;
}

// Of the packet that an error message quotes.
struct Quoted {
  Family family = Family::layer2;  // no whole IP header was quoted
  std::uint8_t protocol = 0;
  Endpoint source, destination;
};

// Moves `in` behind the extension headers of IPv6, to where `protocol` begins. False: there is no such place in this
// packet, which is a later fragment.
inline bool skip_extensions(Bytes& in, std::uint8_t& protocol) {
  for (;;) {
    Bytes header = in;
    const std::uint8_t next = header.u8();
    const std::size_t length = header.u8();
    const std::uint16_t offset = header.u16();
    std::size_t size = 8 * (length + 1);
    switch (protocol) {
      case protocol::hop_by_hop:
      case protocol::destination_options:
      case protocol::routing: break;
      case protocol::fragment: size = 8; break;
      case protocol::ah: size = 4 * (length + 2); break;
      default: return true;
    }
    if (!header.ok() || in.left() < size) return true;
    const bool later = protocol == protocol::fragment && (offset & 0xfff8) != 0;
    protocol = next;
    in.skip(size);
    if (later) return false;
  }
}

inline Quoted read_quoted(Bytes in) {
  Quoted q;
  bool begins = true;  // the quoted packet has the first bytes of its protocol
  const auto address = [&](Endpoint& end, std::size_t size) { std::ranges::copy(in.read(size), end.address.begin()); };
  const std::uint8_t first = in.u8();
  if (first >> 4 == 4) {
    in.skip(5);
    begins = (in.u16() & 0x1fff) == 0;  // offset of a fragment
    in.skip(1);
    q.protocol = in.u8();
    in.skip(2);
    address(q.source, 4), address(q.destination, 4);
    const unsigned header = 4u * (first & 0xf);
    if (!in.ok() || header < 20) return {};
    q.family = Family::ipv4;
    in.skip(header - 20);
  } else if (first >> 4 == 6) {
    in.skip(5);
    q.protocol = in.u8();
    in.skip(1);
    address(q.source, 16), address(q.destination, 16);
    if (!in.ok()) return {};
    q.family = Family::ipv6;
    begins = skip_extensions(in, q.protocol);
  } else {
    return {};
  }
  if (begins && has_ports(q.protocol)) q.source.port = in.u16(), q.destination.port = in.u16();
  return q;
}

}  // namespace t2::icmp_decode
