// Numbers that headers carry, as the registries assign them. A number that is used in one place only may stand there.
#pragma once

#include <cstdint>

namespace t2 {

// IANA, Assigned Internet Protocol Numbers: https://www.iana.org/assignments/protocol-numbers
namespace protocol {
constexpr std::uint8_t hop_by_hop = 0;  // HOPOPT
constexpr std::uint8_t icmp = 1;
constexpr std::uint8_t igmp = 2;
constexpr std::uint8_t ipv4 = 4;  // encapsulated
constexpr std::uint8_t tcp = 6;
constexpr std::uint8_t udp = 17;
constexpr std::uint8_t ipv6 = 41;  // encapsulated
constexpr std::uint8_t routing = 43;
constexpr std::uint8_t fragment = 44;
constexpr std::uint8_t gre = 47;
constexpr std::uint8_t esp = 50;
constexpr std::uint8_t ah = 51;
constexpr std::uint8_t icmpv6 = 58;
constexpr std::uint8_t no_next_header = 59;
constexpr std::uint8_t destination_options = 60;
constexpr std::uint8_t ospf = 89;
constexpr std::uint8_t ether_ip = 97;
constexpr std::uint8_t pim = 103;
constexpr std::uint8_t ipcomp = 108;
constexpr std::uint8_t l2tp = 115;
constexpr std::uint8_t sctp = 132;
constexpr std::uint8_t mobility = 135;
constexpr std::uint8_t udp_lite = 136;
constexpr std::uint8_t mpls = 137;
constexpr std::uint8_t hip = 139;
constexpr std::uint8_t shim6 = 140;
}  // namespace protocol

// Its header begins with two ports.
constexpr bool has_ports(std::uint8_t number) {
  return number == protocol::tcp || number == protocol::udp || number == protocol::sctp || number == protocol::udp_lite;
}

// IEEE and IANA, EtherTypes: https://www.iana.org/assignments/ieee-802-numbers
namespace ether_type {
constexpr std::uint16_t ipv4 = 0x0800;
constexpr std::uint16_t arp = 0x0806;
constexpr std::uint16_t transparent_ethernet = 0x6558;  // a whole frame follows
constexpr std::uint16_t rarp = 0x8035;
constexpr std::uint16_t aarp = 0x80f3;
constexpr std::uint16_t vlan = 0x8100;  // IEEE 802.1Q
constexpr std::uint16_t ipv6 = 0x86dd;
constexpr std::uint16_t ppp = 0x880b;
constexpr std::uint16_t slow_protocols = 0x8809;
constexpr std::uint16_t wccp = 0x883e;  // in GRE: not in the registry
constexpr std::uint16_t mpls_unicast = 0x8847;
constexpr std::uint16_t mpls_multicast = 0x8848;
constexpr std::uint16_t pppoe_discovery = 0x8863;
constexpr std::uint16_t pppoe_session = 0x8864;
constexpr std::uint16_t llc = 0x8870;           // IEEE 802.2 in a frame over 1500 bytes (draft-ietf-isis-ext-eth)
constexpr std::uint16_t service_vlan = 0x88a8;  // IEEE 802.1ad
constexpr std::uint16_t erspan = 0x88be;        // in GRE, types I and II: not in the registry
constexpr std::uint16_t erspan3 = 0x22eb;       // in GRE, type III: not in the registry
constexpr std::uint16_t lldp = 0x88cc;
constexpr std::uint16_t cisco_metadata = 0x8909;  // Cisco TrustSec
constexpr std::uint16_t vntag = 0x8926;           // IEEE 802.1BR
constexpr std::uint16_t nsh = 0x894f;             // RFC 8300
}  // namespace ether_type

// IANA, Service Names and Port Numbers: https://www.iana.org/assignments/service-names-port-numbers
namespace port {
constexpr std::uint16_t l2tp = 1701;
constexpr std::uint16_t ssdp = 1900;
constexpr std::uint16_t gtp_control = 2123;
constexpr std::uint16_t gtp_user = 2152;
constexpr std::uint16_t gtp_prime = 3386;
constexpr std::uint16_t teredo = 3544;
constexpr std::uint16_t ipsec_nat = 4500;  // RFC 3948
constexpr std::uint16_t vxlan = 4789;
constexpr std::uint16_t vxlan_gpe = 4790;
constexpr std::uint16_t ayiya = 5072;
constexpr std::uint16_t capwap_control = 5246;
constexpr std::uint16_t capwap_data = 5247;
constexpr std::uint16_t geneve = 6081;
constexpr std::uint16_t vxlan_linux = 8472;  // before VXLAN had a number; the registry has otv
constexpr std::uint16_t lwapp_data = 12222;
constexpr std::uint16_t lwapp_control = 12223;
}  // namespace port

}  // namespace t2
