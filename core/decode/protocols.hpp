// Numbers that headers announce their content with: IANA's protocol numbers, EtherTypes, PPP protocols.
#pragma once

#include <cstdint>

namespace t2 {

namespace ip_protocol {
constexpr std::uint8_t hop_by_hop = 0, igmp = 2, ipv4 = 4, tcp = 6, udp = 17, ipv6 = 41, routing = 43, fragment = 44,
                       gre = 47, esp = 50, ah = 51, icmpv6 = 58, no_next = 59, destination_options = 60, ospf = 89,
                       ether_ip = 97, pim = 103, l2tp = 115, sctp = 132, mobility = 135, udplite = 136, mpls = 137,
                       hip = 139, shim6 = 140;
constexpr bool has_ports(std::uint8_t n) { return n == tcp || n == udp || n == udplite || n == sctp; }
constexpr bool is_extension(std::uint8_t n) {  // RFC 8200 and IANA's list, without ESP: what follows that is encrypted
  return n == hop_by_hop || n == routing || n == fragment || n == ah || n == destination_options || n == mobility ||
         n == hip || n == shim6;
}
constexpr bool carries_packets(std::uint8_t n) {
  return n == ipv4 || n == ipv6 || n == gre || n == ether_ip || n == pim || n == l2tp || n == mpls;
}
}  // namespace ip_protocol

constexpr std::uint16_t type_ipv4 = 0x0800, type_ipv6 = 0x86dd;  // EtherTypes
namespace ethertype {
constexpr std::uint16_t arp = 0x0806, bridged = 0x6558, rarp = 0x8035, aarp = 0x80f3, slow = 0x8809, ppp = 0x880b,
                        wccp = 0x883e, mpls = 0x8847, mpls_multicast = 0x8848, pppoe_discovery = 0x8863,
                        pppoe_session = 0x8864, llc = 0x8870, erspan = 0x88be, erspan3 = 0x22eb, lldp = 0x88cc,
                        cisco_metadata = 0x8909, vntag = 0x8926, nsh = 0x894f;
}
constexpr std::uint16_t max_llc_length = 1500;  // IEEE 802.3: up to here the type is a length

namespace ppp_protocol {
constexpr std::uint16_t ipv4 = 0x0021, multilink = 0x003d, ipv6 = 0x0057, compressed = 0x00fd, mpls = 0x0281,
                        mpls_multicast = 0x0283;
}

}  // namespace t2
