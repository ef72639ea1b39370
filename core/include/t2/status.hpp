// The bits of flowStat: what the headers of a packet, and the life of its flow, were like.
//
// A packet, a direction of a flow and the whole run have one such word each; packet bits are OR-ed into the
// direction and into the run. Positions are those users' scripts know and never move.
#pragma once

#include <cstdint>

namespace t2::status {

using Word = std::uint64_t;

constexpr Word bit(unsigned position) { return Word{1} << position; }

constexpr Word inverted = bit(0);     // this direction did not open the conversation
constexpr Word no_ethernet = bit(1);  // link type without an Ethernet header
constexpr Word layer2_flow = bit(2);  // no IP header was reached
constexpr Word pppoe_discovery = bit(3);
constexpr Word pppoe_session = bit(4);
constexpr Word lldp = bit(5);
constexpr Word arp = bit(6);
constexpr Word rarp = bit(7);
constexpr Word vlan = bit(8);
constexpr Word mpls_unicast = bit(9);
constexpr Word mpls_multicast = bit(10);
constexpr Word l2tp = bit(11);
constexpr Word gre = bit(12);
constexpr Word ppp = bit(13);
constexpr Word ipv4 = bit(14);            // the flow's own (innermost) header is IPv4
constexpr Word ipv6 = bit(15);            // ... is IPv6
constexpr Word bad_ip_version = bit(16);  // version nibble does not fit what announced the header
constexpr Word ip_in_ip = bit(17);
constexpr Word ether_ip = bit(18);
constexpr Word teredo = bit(19);
constexpr Word ayiya = bit(20);
constexpr Word gtp = bit(21);
constexpr Word vxlan = bit(22);
constexpr Word capwap = bit(23);  // CAPWAP or LWAPP
constexpr Word sctp = bit(24);
constexpr Word upnp = bit(25);  // SSDP
constexpr Word erspan = bit(26);
constexpr Word wccp = bit(27);
constexpr Word sip_rtp = bit(28);
constexpr Word geneve = bit(29);
constexpr Word ipsec_ah = bit(30);
constexpr Word ipsec_esp = bit(31);
constexpr Word l2_snapped = bit(32);         // captured less than the link type's header
constexpr Word l3_snapped = bit(33);         // captured less than the IP length says
constexpr Word l3_header_short = bit(34);    // IP length smaller than an IP header
constexpr Word l4_header_short = bit(35);    // transport header missing or cut
constexpr Word fragment = bit(36);           // first fragment, or one whose first is unknown
constexpr Word fragment_error = bit(37);     // a datagram began before the one before it was complete
constexpr Word fragment_headless = bit(38);  // later fragment without its first
constexpr Word fragment_pending = bit(39);   // last fragment not seen yet
constexpr Word removed = bit(41);            // ended by FDURLIMIT
constexpr Word evicted = bit(42);            // ended early because the memory bound was reached
constexpr Word stopped = bit(43);            // dissection stopped: later fragment, unknown protocol, clipped content
constexpr Word duplicate_ip_id = bit(44);    // equal IPv4 identification in consecutive packets
constexpr Word ppp_compressed = bit(45);
constexpr Word ip_header_short = bit(46);     // IPv4 header length below 20 bytes
constexpr Word ip_length_mismatch = bit(47);  // length field 0 while there is data
constexpr Word headers_overrun = bit(48);     // header description does not fit
constexpr Word alarm = bit(49);
constexpr Word land_attack = bit(50);  // TCP with source equal to destination
constexpr Word time_jump = bit(51);    // time ran backwards within the flow
constexpr Word vlan_zero = bit(57);    // priority tag (VLAN id 0)
constexpr Word ipv4_seen = bit(58);    // an IPv4 header was met at any level
constexpr Word ipv6_seen = bit(59);
constexpr Word dtls = bit(61);
constexpr Word duration_limit = bit(62);  // FDURLIMIT with FDLSFINDEX: continues a flow that was cut

constexpr Word mpls = mpls_unicast | mpls_multicast;
constexpr Word snapped = l2_snapped | l3_snapped;

}  // namespace t2::status
