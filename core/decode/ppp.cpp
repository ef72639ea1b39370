// PPP, wherever it occurs: on a link, in PPPoE, L2TP, GRE and multilink. Reader thread.
#include "decode/dissector.hpp"

namespace t2 {

// RFC 1661: address and control fields may be left out, and the first octet of the protocol. `session`: where PPPoE's
// header begins; what is not IP makes a layer-2 flow there, and none on a link without addresses.
bool Dissector::ppp(std::uint32_t at, std::uint32_t session) {
  if (!descend()) return false;
  if (u16(at) == 0xff03) at += 2;
  std::uint16_t protocol = u8(at);
  const bool compressed = protocol & 1;
  if (!compressed) protocol = u16(at);
  at += compressed ? 1 : 2;

  const unsigned version = u8(at) >> 4;
  const bool v4 = protocol == ppp_protocol::ipv4, v6 = protocol == ppp_protocol::ipv6;
  if ((v4 && version == 4) || (v6 && version == 6)) return ip(at);
  if (protocol == ppp_protocol::mpls) return mpls(ether_type::mpls_unicast, at);
  if (protocol == ppp_protocol::mpls_multicast) return mpls(ether_type::mpls_multicast, at);
  if ((v4 || v6) && !captured(at, 1)) return undecoded(status::l3_snapped);
  name_ppp(protocol);
  if (v4 || v6) {
    name(header::ipvx);
    set(status::bad_ip_version);
  }
  if (protocol == ppp_protocol::compressed) set(status::ppp_compressed);
  constexpr std::uint8_t beginning = 0x80;  // RFC 1990: a later fragment has no protocol
  if (protocol == ppp_protocol::multilink && u8(at) & beginning) return ppp(at + 4, session);
  return session == absent ? undecoded() : layer2(ether_type::pppoe_session, session);
}

bool Dissector::pppoe_session(std::uint32_t at) {
  name(header::pppoes);
  name(header::ppp);
  set(status::pppoe_session);
  return ppp(at + 6, at);
}

// Cisco's HDLC framing: address, control, an EtherType. Some senders put PPP's numbers there.
bool Dissector::hdlc(std::uint32_t at) {
  name(header::chdlc);
  if (!captured(at, 4)) return undecoded(status::l2_snapped);
  at += 4;
  const std::uint16_t type = tags(u16(at - 2), at);
  if (type == ppp_protocol::ipv4) return announced_ip(ether_type::ipv4, at);
  if (type == ppp_protocol::ipv6) return announced_ip(ether_type::ipv6, at);
  return ether_type(type, at);
}

void Dissector::name_ppp(std::uint16_t protocol) {
  bool known = true;
  const HeaderCode code = ppp_name(protocol, known);
  if (code == header::mp) name(header::ppp);  // multilink counts as two headers
  name(code);
  if (!known) set(status::stopped);
}

}  // namespace t2
