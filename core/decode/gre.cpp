// Encapsulations with an IP protocol number: IP in IP, GRE with ERSPAN, WCCP and PPP, EtherIP, PIM, L2TP, MPLS.
// Reader thread.
#include "decode/dissector.hpp"

namespace t2 {

bool Dissector::protocol_tunnel(bool& named) {
  const std::uint32_t at = p_->l4;
  const bool v4 = p_->family == Family::ipv4;
  switch (p_->protocol) {
    case protocol::ipv4:
      if (v4) set(status::ip_in_ip);  // as Tranalyzer2, which never sets it for IPv4 in IPv6
      return ipv4(at);
    case protocol::ipv6: set(status::ip_in_ip); return ipv6(at);
    case protocol::gre: named = true; return gre(at);
    case protocol::ether_ip:
      if (u8(at) >> 4 < 3) return false;
      named = true;
      return ether_ip(at);
    case protocol::mpls:
      if (!fits_mpls(at)) return false;
      named = true;
      return mpls(ether_type::mpls_unicast, at);
    case protocol::pim:
    case protocol::l2tp: break;
    default: return false;
  }
  named = true;
  name_protocol(p_->protocol);
  if (p_->protocol == protocol::pim) return pim(at);
  set(status::l2tp);
  constexpr std::uint32_t session_identifier = 4;  // 0: a control message
  return u32(at) != 0 && l2tp_session(at + session_identifier);
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
  const std::uint16_t type = u16(at + 2);
  // ERSPAN type I has no sequence number, and no header of its own.
  const bool with_erspan = type == ether_type::erspan3 || (type == ether_type::erspan && flags & sequence);
  return with_erspan ? size + erspan_header(at + size) : size;
}

// draft-foschiano-erspan-03: type II has 8 bytes, type III 12 and maybe a sub-header of 8.
std::uint32_t Dissector::erspan_header(std::uint32_t at) const {
  constexpr std::uint8_t with_subheader = 1;
  if (u8(at) >> 4 != 2) return 8;
  return u8(at + 11) & with_subheader ? 20 : 12;
}

bool Dissector::gre(std::uint32_t at) {
  name(header::gre);
  set(status::gre);
  if (!captured(at, 4)) return undecoded();
  const std::uint16_t type = u16(at + 2);
  const std::uint32_t content = at + gre_header(at);
  switch (type) {
    case ether_type::ppp: {
      name(header::ppp);
      set(status::ppp);
      const bool without_payload = (u8(at + 1) & 7) == 1 && u16(at + 4) == 0;  // an acknowledgement of PPTP
      return without_payload ? undecoded() : ppp(content);
    }
    case ether_type::erspan:
    case ether_type::erspan3:
      name(header::erspan);
      set(status::erspan);
      return ethernet_frame(content);
    case ether_type::wccp:
      name(header::wccp);
      set(status::wccp);
      return ip(u8(content) >> 4 == 4 ? content : content + 4);  // version 1 has no redirect header
    default: return carried_type(type, content);
  }
}

// On Ethernet.
bool Dissector::erspan(std::uint32_t at) {
  name(header::erspan);
  set(status::erspan);
  const std::uint32_t frame = at + erspan_header(at);
  return captured(frame, 14) || in_tunnel() ? ethernet_frame(frame) : layer2(ether_type::erspan, frame);
}

// RFC 3378: two bytes, then a frame.
bool Dissector::ether_ip(std::uint32_t at) {
  name(header::etherip);
  set(status::ether_ip);
  return ethernet_frame(at + 2);
}

bool Dissector::pim(std::uint32_t at) {
  constexpr std::uint8_t register_message = 1;
  return (u8(at) & 0x0f) == register_message && captured(at + 8, 20) && ip(at + 8);
}

// RFC 3931: only the ends know how long the cookie and the sublayer in front of the frame are; the frame itself shows
// where it begins.
bool Dissector::l2tp_session(std::uint32_t at) {
  for (std::uint32_t content = at; content <= at + 12; content += 4) {
    if (ethernet_fit(content) == Fit::checked) return ethernet_frame(content);
    const std::uint32_t address_and_control = u16(content) == 0xff03 ? 2 : 0;
    const std::uint16_t protocol = u16(content + address_and_control);
    const std::uint32_t packet = content + address_and_control + 2;
    if ((protocol == ppp_protocol::ipv4 && fits_ipv4(packet)) ||
        (protocol == ppp_protocol::ipv6 && fits_ipv6(packet))) {
      name(header::ppp);
      set(status::ppp);
      return ppp(content);
    }
  }
  return undecoded();
}

}  // namespace t2
