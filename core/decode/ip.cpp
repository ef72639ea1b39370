// IPv4 and IPv6: fixed headers, extension headers, lengths, and which header makes the flow. Reader thread.
#include <algorithm>
#include <utility>

#include "decode/dissector.hpp"
#include "tranalyzer.h"

namespace t2 {

// An IP header of either version, as content of a tunnel.
bool Dissector::ip(std::uint32_t at) {
  switch (u8(at) >> 4) {
    case 4: return ipv4(at);
    case 6: return ipv6(at);
    default: return undecoded();
  }
}

// The fixed part of an IP header. False: no flow can come of it.
bool Dissector::enter_ip(unsigned version, std::uint32_t at) {
  Packet& p = *p_;
  const bool v4 = version == 4, complete = captured(at, v4 ? 20 : 40);
  if (!complete && in_tunnel()) return undecoded();
  name(v4 ? header::ipv4 : header::ipv6);
  set(v4 ? status::ipv4_seen : status::ipv6_seen);
  if (!complete) return undecoded(status::l3_snapped);  // no addresses: no flow
  if (p.data[at] >> 4 != version) {
    name(header::ipvx);
    set(status::bad_ip_version);
    return undecoded();
  }
  if (v4 && (p.data[at] & 0x0f) < 5) {
    set(status::ip_header_short);
    return undecoded();
  }
  if (!descend()) return false;
  ++ip_headers_;
  p.family = v4 ? Family::ipv4 : Family::ipv6;
  p.ether_type = v4 ? ether_type::ipv4 : ether_type::ipv6;
  p.l3 = at;
  p.source_port = p.destination_port = 0;
  p.later_fragment = p.more_fragments = p.has_ports = false;
  return true;
}

bool Dissector::ipv4(std::uint32_t at) {
  if (!enter_ip(4, at)) return false;
  Packet& p = *p_;
  const std::uint16_t length = u16(at + 2), fragment = u16(at + 6);
  p.l3_header = 4u * (p.data[at] & 0x0f);
  p.l3_length = length == 0 || length > max_length(at) ? on_wire(at) : length;
  p.l4 = at + p.l3_header;
  p.protocol = p.data[at + 9];
  p.more_fragments = fragment & 0x2000;
  p.later_fragment = fragment & 0x1fff;
  bool named = false;
  if (p.later_fragment) {
    if (is_tunnel_rest()) return true;
    set(status::stopped);
  } else {
    for (unsigned n = 0; n < MAXHDRCNT && p.protocol == protocol::ah && captured(p.l4, 8); ++n) {
      p.protocol = u8(p.l4);
      p.l4 += extension_header(protocol::ah, p.l4);
    }
    if (carried(named)) return true;
  }
  if (length == 0 && on_wire(at) != 0) set(status::ip_length_mismatch);
  if (p.l3_length < 20) set(status::l3_header_short);
  p.l4_header = p.later_fragment ? 0 : transport_header(std::min(left(p.l4), beyond(p.l3_length, p.l4 - at)));
  set_lengths();
  if (p.later_fragment) name_protocol(p.protocol);
  else transport(named);
  return makes_flow();
}

bool Dissector::ipv6(std::uint32_t at) {
  if (!enter_ip(6, at)) return false;
  Packet& p = *p_;
  const std::uint32_t length = u16(at + 4);
  p.l3_length = length == 0 || length + 40 > max_length(at) ? on_wire(at) : length + 40;
  p.fragment_header = absent;  // options: the last ones of the packet count, whichever IPv6 header they follow
  const bool reached = extension_headers(at);
  bool named = false;
  if (p.later_fragment && is_tunnel_rest()) return true;
  if (reached && carried(named)) return true;
  if (length == 0) set(status::ip_length_mismatch);
  p.l4_header = reached ? transport_header(std::min(left(p.l4), beyond(p.l3_length, p.l3_header))) : 0;
  set_lengths();
  if (reached) transport(named);
  return makes_flow();
}

// What the IP header carries; of a first fragment, the rest comes in other packets.
bool Dissector::carried(bool& named) {
  if (!p_->more_fragments) return content(named);
  const DatagramKey key = datagram_of(*p_);
  const bool outside = std::exchange(continued_, true);
  if (content(named)) {
    tunnel_datagrams_.add(key, p_->at);
    ++(key.family == Family::ipv4 ? counters_.ipv4_fragments : counters_.ipv6_fragments);
    return true;
  }
  tunnel_datagrams_.remove(key);
  continued_ = outside;
  return false;
}

// Whether a later fragment is the rest of a packet that was decoded in the first one: then it makes no flow.
bool Dissector::is_tunnel_rest() {
  if (!tunnel_datagrams_.contains(datagram_of(*p_), p_->at)) return false;
  const bool v4 = p_->family == Family::ipv4;
  set(status::fragment | (v4 ? status::ipv4 : status::ipv6));
  ++(v4 ? counters_.ipv4_fragments : counters_.ipv6_fragments);
  return tunnel_rest_ = true;
}

// From the IPv6 header at `at` to the transport header. False: it is not in this packet, or was not found.
bool Dissector::extension_headers(std::uint32_t at) {
  Packet& p = *p_;
  const std::uint32_t end = at + std::min(left(at), p.l3_length);  // of the packet's captured bytes
  std::uint32_t here = at + 40;
  std::uint8_t next = p.data[at + 6];
  bool reached = false;
  for (unsigned walked = 0; walked < MAXHDRCNT && !p.later_fragment; ++walked) {
    const bool complete = here <= end && end - here >= 8;
    const std::uint32_t size = complete ? extension_header(next, here) : 0;
    if (size == 0) {
      reached = here - at <= p.l3_length && (complete || !is_extension(next));
      break;
    }
    next = u8(here);
    here += size;
  }
  p.protocol = next;
  p.l4 = here;
  p.l3_header = here - at;
  const bool too_many = is_extension(next) && here <= end && end - here >= 8;
  if (!reached && !p.later_fragment && too_many) set(status::stopped);
  return reached;
}

// An extension header whose first eight bytes are captured. Answers its size; 0: it is a transport header.
std::uint32_t Dissector::extension_header(std::uint8_t type, std::uint32_t at) {
  Packet& p = *p_;
  const std::uint32_t size = (u8(at + 1) + 1u) * 8;
  switch (type) {
    case protocol::hop_by_hop:
      name(header::hopopts);
      p.hop_options = at;
      return size;
    case protocol::destination_options:
      name(header::dstopts);
      p.destination_options = at;
      return size;
    case protocol::routing: name(header::routing); return size;
    case protocol::fragment: {
      name(header::fraghdr);
      p.fragment_header = at;
      const std::uint16_t word = u16(at + 2);
      p.later_fragment = word & 0xfff8;
      p.more_fragments = word & 1;
      if (!p.later_fragment && !p.more_fragments) ++counters_.ipv6_fragments;  // atomic: RFC 6946
      return 8;
    }
    case protocol::ah:
      name(header::ah);
      set(status::ipsec_ah);
      return (u8(at + 1) + 2u) * 4;
    case protocol::mobility:
    case protocol::hip:
    case protocol::shim6:
      if (u8(at) == protocol::no_next_header) return 0;  // the message itself, as it usually is
      name_protocol(type);
      return size;
    default: return 0;
  }
}

// The end of the innermost IP header's step, unless its family makes no flows (IPV6_ACTIVATE): then the IP header
// around it does.
bool Dissector::makes_flow() {
  const bool v4 = p_->family == Family::ipv4;
  if (!makes_flows(v4) && ip_headers_ > 1) return false;
  set(v4 ? status::ipv4 : status::ipv6);
  return makes_flows(v4);
}

// Lengths that follow from l3_length, l3_header, l4 and l4_header; none is negative, none counts padding.
void Dissector::set_lengths() {
  Packet& p = *p_;
  const std::uint32_t headers = p.l4 - p.l3;  // with what IPsec put behind an IPv4 header
  p.captured_l3 = std::min(left(p.l3), p.l3_length);
  if (p.captured_l3 < std::min(p.l3_length, on_wire(p.l3))) set(status::l3_snapped);
  p.l4_length = beyond(p.l3_length, headers);
  p.l7_length = beyond(p.l4_length, p.l4_header);
  p.captured_l4 = beyond(p.captured_l3, headers);
  p.captured_l7 = beyond(p.captured_l4, p.l4_header);
  p.l7 = std::min(p.l4 + p.l4_header, p.captured);
  if (p.l4_header > p.l4_length || headers > p.l3_length) set(status::l4_header_short);
  if (p.captured_l3 < p.l3_length && p.captured_l4 < p.l4_header) set(status::l4_header_short);
  set_packet_length(p, p.l3);
  p.padding = 0;
  pad_to(p.l3 + p.l3_length);
}

}  // namespace t2
