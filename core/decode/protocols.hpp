// Numbers that only the decoder knows, and groups of IP protocols; t2/protocol.hpp has the others.
#pragma once

#include <cstdint>

#include "t2/protocol.hpp"

namespace t2 {

// Extension headers of RFC 8200 and IANA's list, without ESP: what follows that is encrypted.
constexpr bool is_extension(std::uint8_t number) {
  using namespace protocol;
  return number == hop_by_hop || number == routing || number == fragment || number == ah ||
         number == destination_options || number == mobility || number == hip || number == shim6;
}

// Protocols whose payload can be a packet or a frame.
constexpr bool carries_packets(std::uint8_t number) {
  using namespace protocol;
  return number == ipv4 || number == ipv6 || number == gre || number == ether_ip || number == pim || number == l2tp ||
         number == mpls;
}

// Link types, as libpcap numbers them (DLT_).
constexpr int ethernet_link = 1, raw_link = 12, cooked_link = 113, cooked_2_link = 276;

// Whether Linux cooked capture gives a MAC address: six bytes, of Ethernet or the loopback interface (ARPHRD_ values).
constexpr bool has_cooked_mac(unsigned hardware, unsigned length) {
  return length == 6 && (hardware == 1 || hardware == 772);
}

// EtherTypes of VLAN tags: 802.1Q, 802.1ad, and what was used before it.
constexpr bool is_vlan_tag(std::uint16_t type) {
  return type == 0x8100 || type == 0x88a8 || type == 0x9100 || type == 0x9200 || type == 0x9300 || type == 0x8200;
}

constexpr std::uint16_t max_llc_length = 1500;  // IEEE 802.3: up to here the type is a length

// IANA, PPP Data Link Layer Protocol Numbers: https://www.iana.org/assignments/ppp-numbers
namespace ppp_protocol {
constexpr std::uint16_t ipv4 = 0x0021, multilink = 0x003d, ipv6 = 0x0057, compressed = 0x00fd, mpls = 0x0281,
                        mpls_multicast = 0x0283;
}

}  // namespace t2
