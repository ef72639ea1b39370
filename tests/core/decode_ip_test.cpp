// IPv4 and IPv6: extension headers, IP in IP, GRE and EtherIP, transport headers and what is named behind them.
#include <catch2/catch.hpp>

#include "decoded.hpp"

namespace t2::test::decode_ip_test {

namespace {

using namespace status;

Buffer v4(unsigned protocol, const Buffer& content) { return over4().next(protocol).raw(content); }
Buffer v6(unsigned protocol, const Buffer& content) { return over6().next(protocol).raw(content); }
Buffer dtls(std::string_view version, std::uint8_t content = 22) {
  return Buffer{content} + hex(version) + Buffer(8) + hex("0003 010203");
}

}  // namespace

std::vector<DecodeCase> ip_cases() {
  const Buffer i4 = inner4(), i6 = inner6(), b4 = bridged4(), b6 = bridged6();
  const Buffer arp_frame = Frame().eth().arp(1, "02:00:00:00:00:01", "10.0.0.1", "00:00:00:00:00:00", "10.0.0.2");
  const Buffer udp = Frame().udp(6000, 7000).payload("abc");
  const std::string_view outer_gre = "10.0.0.1:0 10.0.0.2:0 47 l7 ";
  static std::vector<std::string> keep;
  keep.reserve(256);
  const auto join = [&](std::string_view x, unsigned n) -> std::string_view {
    return keep.emplace_back(std::string(x) + std::to_string(n));
  };
  return {
      {"TCP", 1, over4().tcp(40000, 80).flags("S").options(mss(1460)).payload("abc"), "eth:ipv4:tcp", seen4,
       "10.0.0.1:40000 10.0.0.2:80 6 l7 3"},
      {"UDP-Lite", 1, over4().udplite(6000, 7000).payload("abc"), "eth:ipv4:udplite", seen4,
       "10.0.0.1:6000 10.0.0.2:7000 136 l7 3"},
      {"SCTP", 1, over4().sctp(6000, 7000).chunk(1, 0, Buffer(16)), "eth:ipv4:sctp", seen4 | status::sctp,
       "10.0.0.1:6000 10.0.0.2:7000 132 l7 20"},
      {"ICMP has no ports", 1, over4().icmp(8).payload("abcd"), "eth:ipv4:icmp", seen4, "10.0.0.1:0 10.0.0.2:0 1 l7 4"},
      {"IPv4 options", 1, over4().options(hex("94040000")).udp(6000, 7000).payload("ab"), "eth:ipv4:udp", seen4,
       "10.0.0.1:6000 10.0.0.2:7000 17 l7 2"},
      {"IGMP", 1, v4(2, hex("16000000 e0000001")), "eth:ipv4:igmp", seen4, "10.0.0.1:0 10.0.0.2:0 2 l7 0"},
      {"DVMRP", 1, v4(2, hex("13010000 00000000")), "eth:ipv4:igmp:dvmrp", seen4, "10.0.0.1:0 10.0.0.2:0 2 l7 0"},
      {"PIM version 1", 1, v4(2, hex("14000000 00000000")), "eth:ipv4:igmp:pim", seen4, "10.0.0.1:0 10.0.0.2:0 2 l7 0"},
      {"RGMP", 1, Frame().eth().ip4("10.0.0.1", "224.0.0.25").next(2).raw(hex("fc000000 00000000")),
       "eth:ipv4:igmp:rgmp", seen4, "10.0.0.1:0 224.0.0.25:0 2 l7 0"},
      {"ESP", 1, v4(50, Buffer(24)), "eth:ipv4:esp", seen4 | ipsec_esp, "10.0.0.1:0 10.0.0.2:0 50 l7 16"},
      {"AH, UDP behind it", 1, v4(51, hex("11040000") + Buffer(20) + udp), "eth:ipv4:ah:udp", seen4 | ipsec_ah,
       "10.0.0.1:6000 10.0.0.2:7000 17 l7 3"},
      {"AH, IP behind it", 1, v4(51, hex("04040000") + Buffer(20) + i4), "eth:ipv4:ah:ipv4:udp",
       seen4 | ipsec_ah | ip_in_ip, flow4},
      {"AH, cut", 1, v4(51, hex("110400")), "eth:ipv4:ah", seen4 | ipsec_ah | l4_header_short,
       "10.0.0.1:0 10.0.0.2:0 51 l7 0"},
      {"OSPF", 1, v4(89, hex("02010030") + Buffer(44)), "eth:ipv4:ospf", seen4, "10.0.0.1:0 10.0.0.2:0 89 l7 24"},
      {"L2TP version 3, control", 1, v4(115, Buffer(20)), "eth:ipv4:l2tp", seen4 | l2tp,
       "10.0.0.1:0 10.0.0.2:0 115 l7 12"},
      {"unknown protocol", 1, v4(253, Buffer(20)), "eth:ipv4:UNK(253)", seen4 | stopped,
       "10.0.0.1:0 10.0.0.2:0 253 l7 12"},
      {"PIM hello", 1, v4(103, hex("20000000") + Buffer(8)), "eth:ipv4:pim", seen4, "10.0.0.1:0 10.0.0.2:0 103 l7 4"},
      {"PIM register", 1, v4(103, hex("21000000 00000000") + i4), "eth:ipv4:pim:ipv4:udp", seen4, flow4},
      {"SSDP", 1, over4().udp(40000, 1900).payload("M-SEARCH"), "eth:ipv4:udp:ssdp", seen4 | upnp,
       "10.0.0.1:40000 10.0.0.2:1900 17 l7 8"},
      {"SSDP over TCP", 1, over4().tcp(1900, 40000), "eth:ipv4:tcp:ssdp", seen4 | upnp,
       "10.0.0.1:1900 10.0.0.2:40000 6 l7 0"},
      {"ESP in UDP", 1, over4().udp(4500, 4500).raw(hex("01020304 00000001")), "eth:ipv4:udp:udpencap:esp",
       seen4 | ipsec_esp, "10.0.0.1:4500 10.0.0.2:4500 17 l7 8"},
      {"IKE in UDP", 1, over4().udp(4500, 4500).raw(Buffer(20)), "eth:ipv4:udp:udpencap:isakmp", seen4,
       "10.0.0.1:4500 10.0.0.2:4500 17 l7 20"},
      {"keep alive in UDP", 1, over4().udp(4500, 4500).raw(hex("ff")), "eth:ipv4:udp:udpencap", seen4,
       "10.0.0.1:4500 10.0.0.2:4500 17 l7 1"},
      {"DTLS, two records", 1, over4().udp(40000, 443).raw(dtls("fefd") + dtls("feff")), "eth:ipv4:udp:dtls1.2:dtls1.0",
       seen4 | status::dtls, "10.0.0.1:40000 10.0.0.2:443 17 l7 32"},
      {"IP in IP", 1, v4(4, i4), "eth:ipv4:ipv4:udp", seen4 | ip_in_ip, flow4},
      {"IP in IP in IP", 1, v4(4, Frame().ip4("10.9.9.1", "10.9.9.2").next(4).raw(i4)), "eth:ipv4:ipv4:ipv4:udp",
       seen4 | ip_in_ip, flow4},
      {"IPv6 in IP", 1, v4(41, i6), "eth:ipv4:ipv6:udp", seen6 | ipv4_seen | ip_in_ip, flow6},
      {"IPv6 in IP in IP", 1, v4(4, Frame().ip4("10.9.9.1", "10.9.9.2").next(41).raw(i6)), "eth:ipv4:ipv4:ipv6:udp",
       seen6 | ipv4_seen | ip_in_ip, flow6},
      {"IP in IP, cut", 1, v4(4, Buffer(i4.begin(), i4.begin() + 12)), "eth:ipv4",
       seen4 | ip_in_ip | stopped | l4_header_short, "10.0.0.1:0 10.0.0.2:0 4 l7 0"},
      {"IP in IP, wrong version", 1, v4(4, hex("75") + Buffer(30)), "eth:ipv4:ipv4:ipvx",
       seen4 | ip_in_ip | bad_ip_version | stopped, "10.0.0.1:0 10.0.0.2:0 4 l7 11"},
      {"IP in IP, header length too short", 1, v4(4, hex("44") + Buffer(30)), "eth:ipv4:ipv4",
       seen4 | ip_in_ip | ip_header_short | stopped, "10.0.0.1:0 10.0.0.2:0 4 l7 11"},
      {"GRE, IPv4", 1, v4(47, hex("0000 0800") + i4), "eth:ipv4:gre:ipv4:udp", seen4 | gre, flow4},
      {"GRE, checksum, key and sequence", 1, v4(47, hex("b000 0800 00000000 00000001 00000002") + i4),
       "eth:ipv4:gre:ipv4:udp", seen4 | gre, flow4},
      {"GRE, checksum and routing bits share a word", 1, v4(47, hex("c000 0800 00000000") + i4),
       "eth:ipv4:gre:ipv4:udp", seen4 | gre, flow4},
      {"GRE, Ethernet, IPv4", 1, v4(47, hex("0000 6558") + b4), "eth:ipv4:gre:eth:ipv4:udp", seen4 | gre, flow4},
      {"GRE, Ethernet, IPv6", 1, v4(47, hex("2000 6558 00000001") + b6), "eth:ipv4:gre:eth:ipv6:udp",
       seen6 | ipv4_seen | gre, flow6},
      {"GRE, Ethernet, ARP", 1, v4(47, hex("0000 6558") + arp_frame), "eth:ipv4:gre:eth:arp", seen4 | gre | stopped,
       join(outer_gre, 42)},
      {"GRE, ERSPAN", 1, v4(47, hex("1000 88be 00000001 1001000000000000") + b4), "eth:ipv4:gre:erspan:eth:ipv4:udp",
       seen4 | gre | erspan, flow4},
      {"GRE, WCCP", 1, v4(47, hex("0000 883e 00000000") + i4), "eth:ipv4:gre:wccp:ipv4:udp", seen4 | gre | wccp, flow4},
      {"GRE, PPP", 1, v4(47, hex("3001 880b 002a 0001 00000001 ff03 0021") + i4), "eth:ipv4:gre:ppp:ipv4:udp",
       seen4 | gre | ppp, flow4},
      {"GRE, PPP, protocol of one byte", 1, v4(47, hex("3001 880b 0027 0001 00000001 21") + i4),
       "eth:ipv4:gre:ppp:ipv4:udp", seen4 | gre | ppp, flow4},
      {"GRE, PPP, protocol of two bytes", 1, v4(47, hex("3001 880b 0028 0001 00000001 0021") + i4),
       "eth:ipv4:gre:ppp:ipv4:udp", seen4 | gre | ppp, flow4},
      {"GRE, PPP, IPv6, protocol of one byte", 1, v4(47, hex("3001 880b 0027 0001 00000001 57") + i6),
       "eth:ipv4:gre:ppp:ipv6:udp", seen6 | ipv4_seen | gre | ppp, flow6},
      {"GRE, PPP, IPv6", 1, v4(47, hex("3001 880b 002a 0001 00000001 ff03 0057") + i6), "eth:ipv4:gre:ppp:ipv6:udp",
       seen6 | ipv4_seen | gre | ppp, flow6},
      {"GRE, PPP, LCP", 1, v4(47, hex("3001 880b 0008 0001 00000001 ff03 c021 01010004")), "eth:ipv4:gre:ppp:lcp",
       seen4 | gre | ppp | stopped, join(outer_gre, 8)},
      {"GRE, PPP, compressed", 1, v4(47, hex("3001 880b 0008 0001 00000001 fd010203 04050607")),
       "eth:ipv4:gre:ppp:comp_data", seen4 | gre | ppp | ppp_compressed | stopped, join(outer_gre, 8)},
      {"GRE, PPP, acknowledgement only", 1, v4(47, hex("2081 880b 0000 0001 00000001")), "eth:ipv4:gre:ppp",
       seen4 | gre | ppp | stopped, join(outer_gre, 0)},
      {"GRE, IPv6", 1, v4(47, hex("0000 86dd") + i6), "eth:ipv4:gre:ipv6:udp", seen6 | ipv4_seen | gre, flow6},
      {"GRE, MPLS", 1, v4(47, hex("0000 8847 00010140") + i4), "eth:ipv4:gre:mpls:ipv4:udp", seen4 | gre | mpls_unicast,
       "192.168.0.1:6000 192.168.0.2:7000 17 l7 10 labels 1"},
      {"GRE, MPLS with nothing behind it", 1, v4(47, hex("0000 8847 00010140")), "eth:ipv4:gre:mpls",
       seen4 | gre | mpls_unicast | stopped, join(outer_gre, 4)},
      {"GRE in GRE", 1,
       v4(47, hex("0000 0800") + Frame().ip4("10.9.9.1", "10.9.9.2").next(47).raw(hex("0000 86dd") + i6).bytes()),
       "eth:ipv4:gre:ipv4:gre:ipv6:udp", seen6 | ipv4_seen | gre, flow6},
      {"GRE, another protocol", 1, v4(47, hex("0000 88b5 00010140")), "eth:ipv4:gre:UNK(0x88b5)", seen4 | gre | stopped,
       join(outer_gre, 4)},
      {"GRE, Ethernet, spanning tree", 1, v4(47, hex("0000 6558 0180c2000000 020000000001 0026 424203") + Buffer(35)),
       "eth:ipv4:gre:eth:llc:stp", seen4 | gre | stopped, join(outer_gre, 52)},
      {"GRE, Ethernet, per-VLAN spanning tree", 1,
       v4(47, hex("0000 6558 01000ccccccd 020000000001 8100 0064 002c aaaa03 00000c 010b") + Buffer(36)),
       "eth:ipv4:gre:eth:vlan:llc:stp", seen4 | gre | stopped | vlan, join(outer_gre, 62)},
      {"GRE, ERSPAN, CDP", 1,
       v4(47,
          hex("1000 88be 00000001 1001000000000000 01000ccccccc 020000000001 001e aaaa03 00000c 2000") + Buffer(22)),
       "eth:ipv4:gre:erspan:eth:llc:cdp", seen4 | gre | erspan | stopped, join(outer_gre, 44)},
      {"GRE, ERSPAN type I", 1, v4(47, hex("0000 88be") + b4), "eth:ipv4:gre:erspan:eth:ipv4:udp", seen4 | gre | erspan,
       flow4},
      {"GRE, ERSPAN type III", 1, v4(47, hex("1000 22eb 00000001 2001000000000000 00000000") + b6),
       "eth:ipv4:gre:erspan:eth:ipv6:udp", seen6 | ipv4_seen | gre | erspan, flow6},
      {"GRE, ERSPAN type III with a platform's sub-header", 1,
       v4(47, hex("1000 22eb 00000001 2001000000000000 00000001") + Buffer(8) + b4), "eth:ipv4:gre:erspan:eth:ipv4:udp",
       seen4 | gre | erspan, flow4},
      {"GRE, WCCP without a redirect header", 1, v4(47, hex("0000 883e") + i4), "eth:ipv4:gre:wccp:ipv4:udp",
       seen4 | gre | wccp, flow4},
      {"MPLS in IP", 1, v4(137, hex("00010140") + i4), "eth:ipv4:mpls:ipv4:udp", seen4 | mpls_unicast,
       "192.168.0.1:6000 192.168.0.2:7000 17 l7 10 labels 1"},
      {"L2TP version 3, Ethernet", 1, v4(115, hex("00000007") + b4), "eth:ipv4:l2tp:eth:ipv4:udp", seen4 | l2tp, flow4},
      {"L2TP version 3, cookie, sublayer, Ethernet", 1, v6(115, hex("00000007 a1a2a3a4 40000000") + b6),
       "eth:ipv6:l2tp:eth:ipv6:udp", seen6 | l2tp, flow6},
      {"L2TP version 3, PPP", 1, v4(115, hex("00000007 a1a2a3a4a5a6a7a8 ff03 0021") + i4), "eth:ipv4:l2tp:ppp:ipv4:udp",
       seen4 | l2tp | ppp, flow4},
      {"GRE over IPv6, IPv4", 1, v6(47, hex("0000 0800") + i4), "eth:ipv6:gre:ipv4:udp", seen4 | ipv6_seen | gre,
       flow4},
      {"GRE over IPv6, IPv6", 1, v6(47, hex("0000 86dd") + i6), "eth:ipv6:gre:ipv6:udp", seen6 | gre, flow6},
      {"GRE over IPv6, Ethernet", 1, v6(47, hex("0000 6558") + b6), "eth:ipv6:gre:eth:ipv6:udp", seen6 | gre, flow6},
      {"EtherIP, IPv4", 1, v4(97, hex("3000") + b4), "eth:ipv4:etherip:eth:ipv4:udp", seen4 | ether_ip, flow4},
      {"EtherIP, IPv6", 1, v4(97, hex("3000") + b6), "eth:ipv4:etherip:eth:ipv6:udp", seen6 | ipv4_seen | ether_ip,
       flow6},
      {"EtherIP over IPv6, IPv6", 1, v6(97, hex("3000") + b6), "eth:ipv6:etherip:eth:ipv6:udp", seen6 | ether_ip,
       flow6},
      {"IPv6, TCP", 1, over6().tcp(40000, 80).flags("S").payload("abc"), "eth:ipv6:tcp", seen6,
       "2001:db8::1:40000 2001:db8::2:80 6 l7 3"},
      {"IPv6, ICMP", 1, over6().icmp6(128).payload("abc"), "eth:ipv6:icmpv6", seen6,
       "2001:db8::1:0 2001:db8::2:0 58 l7 3"},
      {"IPv6, SCTP", 1, over6().sctp(6000, 7000).chunk(1, 0, Buffer(16)), "eth:ipv6:sctp", seen6 | status::sctp,
       "2001:db8::1:6000 2001:db8::2:7000 132 l7 20"},
      {"IPv6, UDP-Lite", 1, over6().udplite(6000, 7000).payload("abc"), "eth:ipv6:udplite", seen6,
       "2001:db8::1:6000 2001:db8::2:7000 136 l7 3"},
      {"IPv6, SSDP", 1, over6().udp(40000, 1900).payload("abc"), "eth:ipv6:udp:ssdp", seen6 | upnp,
       "2001:db8::1:40000 2001:db8::2:1900 17 l7 3"},
      {"IPv6, DTLS", 1, over6().udp(40000, 443).raw(dtls("fefd")), "eth:ipv6:udp:dtls1.2", seen6 | status::dtls,
       "2001:db8::1:40000 2001:db8::2:443 17 l7 16"},
      {"IPv6, ESP", 1, v6(50, Buffer(24)), "eth:ipv6:esp", seen6, "2001:db8::1:0 2001:db8::2:0 50 l7 24"},
      {"IPv6, AH", 1,
       over6().next(51).raw(hex("11040000") + Buffer(20) + Frame().udp(6000, 7000).payload("abc").bytes()),
       "eth:ipv6:ah:udp", seen6 | ipsec_ah, "2001:db8::1:6000 2001:db8::2:7000 17 l7 3"},
      {"IPv6, OSPF", 1, v6(89, hex("03010024") + Buffer(32)), "eth:ipv6:ospf", seen6,
       "2001:db8::1:0 2001:db8::2:0 89 l7 20"},
      {"IPv6, no next header", 1, v6(59, Buffer(20)), "eth:ipv6", seen6, "2001:db8::1:0 2001:db8::2:0 59 l7 20"},
      {"IPv6, unknown protocol", 1, v6(253, Buffer(20)), "eth:ipv6:UNK(253)", seen6 | stopped,
       "2001:db8::1:0 2001:db8::2:0 253 l7 20"},
      {"IPv6, extension headers", 1, over6().hop_by_hop().destination_options().routing().udp(6000, 7000).payload("ab"),
       "eth:ipv6:ipv6.hopopts:ipv6.dstopts:ipv6.routing:udp", seen6, "2001:db8::1:6000 2001:db8::2:7000 17 l7 2"},
      {"IPv6, atomic fragment", 1, over6().fragment6(0, false, 7).udp(6000, 7000).payload("ab"),
       "eth:ipv6:ipv6.fraghdr:udp", seen6, "2001:db8::1:6000 2001:db8::2:7000 17 l7 2"},
      {"IPv6 in IPv6", 1, v6(41, i6), "eth:ipv6:ipv6:udp", seen6 | ip_in_ip, flow6},
      {"IPv4 in IPv6", 1, v6(4, i4), "eth:ipv6:ipv4:udp", seen4 | ipv6_seen, flow4},
      {"IPv4 in IPv4 in IPv6", 1, v6(4, Frame().ip4("10.9.9.1", "10.9.9.2").next(4).raw(i4)), "eth:ipv6:ipv4:ipv4:udp",
       seen4 | ipv6_seen | ip_in_ip, flow4},
      {"IPv6, PIM register", 1, v6(103, hex("21000000 00000000") + i6), "eth:ipv6:pim:ipv6:udp", seen6, flow6},
  };
}

TEST_CASE("decode: IP and transport", "[decode]") { check(ip_cases()); }

TEST_CASE("decode: all names of IP protocols", "[decode]") {
  const std::pair<unsigned, std::string_view> names[] = {
      {8, "egp"},   {9, "igp"},      {33, "dccp"},  {36, "xtp"},      {37, "ddp"},        {45, "idrp"},   {46, "rsvp"},
      {48, "dsr"},  {53, "swipe"},   {54, "nhrp"},  {58, "icmpv6"},   {80, "osi"},        {83, "vines"},  {88, "eigrp"},
      {93, "ax25"}, {108, "ipcomp"}, {112, "vrrp"}, {113, "pgm"},     {134, "rsvp-e2ei"}, {135, "mipv6"}, {137, "mpls"},
      {139, "hip"}, {140, "shim6"},  {3, "UNK(3)"}, {255, "UNK(255)"}};
  for (const auto& [protocol, name] : names)
    CHECK(decode(1, v4(protocol, Buffer(20))).headers == "eth:ipv4:" + std::string(name));
  CHECK(decode(1, v4(59, Buffer(20))).headers == "eth:ipv4");
}

TEST_CASE("decode: a later fragment has no transport header", "[decode]") {
  const auto fragments = over4().udp(6000, 7000).zeros(2000).fragments(1480, 100);
  REQUIRE(fragments.size() == 2);
  const Decoded first = decode(1, fragments[0]), later = decode(1, fragments[1]);
  CHECK(first.flow == "10.0.0.1:6000 10.0.0.2:7000 17 l7 1472");
  CHECK(first.packet.more_fragments);
  CHECK_FALSE(first.packet.later_fragment);
  CHECK(first.lookup.identification == 100);
  CHECK(later.flow == "10.0.0.1:0 10.0.0.2:0 17 l7 528");
  CHECK(later.packet.later_fragment);
  CHECK_FALSE(later.packet.more_fragments);
  CHECK(later.packet.l4_header == 0);
  CHECK(later.packet.status == (seen4 | stopped));
  CHECK(later.headers == "eth:ipv4:udp");

  const auto v6_fragments = over6().udp(6000, 7000).zeros(2000).fragments(1440, 0x12345678);
  const Decoded first6 = decode(1, v6_fragments[0]), later6 = decode(1, v6_fragments[1]);
  CHECK(first6.flow == "2001:db8::1:6000 2001:db8::2:7000 17 l7 1432");
  CHECK(first6.packet.more_fragments);
  CHECK(first6.lookup.identification == 0x12345678);
  CHECK(later6.flow == "2001:db8::1:0 2001:db8::2:0 17 l7 568");
  CHECK(later6.packet.later_fragment);
  CHECK(later6.lookup.identification == 0x12345678);
  CHECK(later6.headers == "eth:ipv6:ipv6.fraghdr");
}

TEST_CASE("decode: RFC 8200's order of extension headers, and more", "[decode]") {
  const std::string_view flow = "2001:db8::1:6000 2001:db8::2:7000 17 l7 2";
  const Frame all = over6().hop_by_hop().destination_options().routing().fragment6(0, false, 1);
  const Buffer udp = Frame().udp(6000, 7000).payload("ab");
  const Buffer ah = hex("8b040000") + Buffer(20);  // then HIP, Shim6, options
  const Buffer rest = hex("8c00 0000 00000000") + hex("3c00 0000 00000000") + hex("1100 0104 00000000") + udp;
  const Decoded d = decode(1, Frame(all).next(51).raw(ah + rest));
  CHECK(d.flow == flow);
  CHECK(d.headers.substr(0, 80) == "eth:ipv6:ipv6.hopopts:ipv6.dstopts:ipv6.routing:ipv6.fraghdr:ah:hip:shim6:ipv6.d");
  Frame many = over6();
  for (unsigned i = 1; i < MAXHDRCNT; ++i) many.destination_options();
  CHECK(decode(1, Frame(many).udp(6000, 7000).payload("ab")).flow == flow);
  const Decoded too_many = decode(1, many.destination_options().destination_options().udp(6000, 7000).payload("ab"));
  CHECK_FALSE(too_many.packet.has_ports);
  CHECK((too_many.packet.status & stopped) != 0);
}

TEST_CASE("decode: messages of mobility are no extension headers", "[decode]") {
  CHECK(decode(1, v6(135, hex("3b00 0500 00000000"))).headers == "eth:ipv6:mipv6");
  CHECK(decode(1, v6(135, hex("3b00 0500 00000000"))).packet.protocol == 135);
}

TEST_CASE("decode: the last extension headers of a kind can be read", "[decode]") {
  const Decoded d = decode(1, over6()
                                  .hop_by_hop(hex("05 02 00 00 00 00"))
                                  .destination_options(hex("01 04 00 00 00 00"))
                                  .fragment6(0, true, 9)
                                  .udp(1, 2)
                                  .payload("abcdefgh"));
  CHECK(d.packet.hop_options == 14 + 40);
  CHECK(d.packet.destination_options == 14 + 48);
  CHECK(d.packet.fragment_header == 14 + 56);
  CHECK(d.packet.l3_header == 64);
}

TEST_CASE("decode: endless nesting ends", "[decode]") {
  Buffer content = inner4();
  for (int i = 0; i < 60; ++i) content = Frame().ip4("10.0.0.1", "10.0.0.2").next(4).raw(content);
  const Decoded d = decode(1, ethernet().next(0x0800).raw(content));
  CHECK((d.packet.status & (stopped | ip_in_ip)) != 0);
  Buffer bridged = inner6();
  for (int i = 0; i < 60; ++i) bridged = Frame().ip6("2001:db8::1", "2001:db8::2").next(41).raw(bridged);
  CHECK((decode(1, ethernet().next(0x86dd).raw(bridged)).packet.status & stopped) != 0);
}

TEST_CASE("decode: descriptions that do not fit are cut, and only their end is lost", "[decode]") {
  Buffer content = inner6();
  for (int i = 0; i < 9; ++i) content = Frame().ip6("2001:db8::1", "2001:db8::2").hop_by_hop().next(41).raw(content);
  const Decoded d = decode(1, ethernet().next(0x86dd).raw(content));
  CHECK(d.headers.size() == 127);
  CHECK(d.headers.substr(0, 40) == "eth:ipv6:ipv6.hopopts:ipv6:ipv6.hopopts:");
  CHECK(d.headers.substr(124) == "...");
  CHECK((d.packet.status & headers_overrun) != 0);
  CHECK(d.packet.header_count == 1 + 2 * 9 + 2);
}

}  // namespace t2::test::decode_ip_test
