// Tunnels that are recognised by their ports.
#include <catch2/catch.hpp>

#include "decoded.hpp"

namespace t2::test::decode_tunnel_test {

namespace {

using namespace status;

Buffer udp(unsigned from, unsigned to, const Buffer& content) { return over4().udp(from, to).raw(content); }
Buffer wlan_swapped(const Buffer& content) {  // control bytes exchanged, as CAPWAP and LWAPP carry them
  return hex("0108 0000 020202020202 040404040404 060606060606 0000 aaaa03 000000 0800") + content;
}
Buffer ayiya(const Buffer& content, unsigned next) {
  return hex("4452 01") + Buffer{static_cast<std::uint8_t>(next)} + hex("00000000") + Buffer(16 + 20) + content;
}
Buffer vxlan(const Buffer& content) { return hex("08000000 00002a00") + content; }
Buffer gpe(unsigned next, const Buffer& content) {
  return hex("0c0000") + Buffer{static_cast<std::uint8_t>(next)} + hex("00002a00") + content;
}

}  // namespace

std::vector<DecodeCase> tunnel_cases() {
  const Buffer i4 = inner4(), i6 = inner6(), b4 = bridged4(), b6 = bridged6();
  const Buffer arp_frame = Frame().eth().arp(1, "02:00:00:00:00:01", "10.0.0.1", "00:00:00:00:00:00", "10.0.0.2");
  const Buffer tagged = Frame()
                            .eth("02:00:00:00:aa:01", "02:00:00:00:aa:02")
                            .vlan(55)
                            .ip4("192.168.0.1", "192.168.0.2")
                            .udp(6000, 7000)
                            .payload("inner12345");
  const Buffer pppoe = hex("02000000aa02 02000000aa01 8864 1100 0001 0028 0021") + i4;
  const Buffer teredo = Frame().ip6("2001::1", "fe80::1").udp(1, 2).payload("abc");
  const auto outer = [](unsigned from, unsigned to, unsigned l7, unsigned protocol = 17) -> std::string_view {
    static std::vector<std::string> keep;
    if (keep.capacity() == 0) keep.reserve(1000);
    return keep.emplace_back("10.0.0.1:" + std::to_string(from) + " 10.0.0.2:" + std::to_string(to) + " " +
                             std::to_string(protocol) + " l7 " + std::to_string(l7));
  };
  const status::Word in6 = seen6 | ipv4_seen;
  return {
      {"AYIYA, IPv6", 1, udp(40000, 5072, ayiya(i6, 41)), "eth:ipv4:udp:ayiya:ipv6:udp", in6 | status::ayiya, flow6},
      {"AYIYA, IPv4, the other way", 1, udp(5072, 40000, ayiya(i4, 4)), "eth:ipv4:udp:ayiya:ipv4:udp",
       seen4 | status::ayiya, flow4},
      {"AYIYA over TCP", 1, over4().tcp(40000, 5072).raw(ayiya(i6, 41)), "eth:ipv4:tcp:ayiya:ipv6:udp",
       in6 | status::ayiya, flow6},
      {"AYIYA, heartbeat", 1, udp(40000, 5072, ayiya(Buffer(4), 59)), "eth:ipv4:udp:ayiya",
       seen4 | status::ayiya | stopped, outer(40000, 5072, 48)},
      {"AYIYA, something else", 1, udp(40000, 5072, ayiya(Buffer(4), 17)), "eth:ipv4:udp", seen4 | stopped,
       outer(40000, 5072, 48)},
      {"AYIYA from a low port is none", 1, udp(1000, 5072, ayiya(i6, 41)), "eth:ipv4:udp", seen4,
       outer(1000, 5072, 102)},
      {"GTP version 1", 1, udp(2152, 2152, hex("30ff0026 00000001") + i4), "eth:ipv4:udp:gtp:ipv4:udp",
       seen4 | status::gtp, flow4},
      {"GTP version 1, sequence", 1, udp(2152, 40000, hex("32ff002a 00000001 00010000") + i6),
       "eth:ipv4:udp:gtp:ipv6:udp", in6 | status::gtp, flow6},
      {"GTP version 1, extension", 1, udp(2152, 2152, hex("34ff002e 00000001 00000085 01000000") + i4),
       "eth:ipv4:udp:gtp:ipv4:udp", seen4 | status::gtp, flow4},
      {"GTP version 0", 1, udp(3386, 3386, hex("1eff0026") + Buffer(16) + i4), "eth:ipv4:udp:gtp:ipv4:udp",
       seen4 | status::gtp, flow4},
      {"GTP version 2 is signalling", 1, udp(2123, 2123, hex("48ff0008 00000001 00000100")), "eth:ipv4:udp:gtp",
       seen4 | status::gtp | stopped, outer(2123, 2123, 12)},
      {"GTP, echo request", 1, udp(2152, 2152, hex("32010004 00000000 00010000")), "eth:ipv4:udp:gtp",
       seen4 | status::gtp, outer(2152, 2152, 12)},
      {"GTP, no IP inside", 1, udp(2152, 2152, hex("30ff0004 00000001 ffffffff")), "eth:ipv4:udp:gtp",
       seen4 | status::gtp | stopped, outer(2152, 2152, 12)},
      {"VXLAN, IPv4", 1, udp(40000, 4789, vxlan(b4)), "eth:ipv4:udp:vxlan:eth:ipv4:udp", seen4 | status::vxlan, flow4},
      {"VXLAN, Linux's old port, IPv6", 1, udp(40000, 8472, vxlan(b6)), "eth:ipv4:udp:vxlan:eth:ipv6:udp",
       in6 | status::vxlan, flow6},
      {"VXLAN, source port", 1, udp(4789, 40000, vxlan(b4)), "eth:ipv4:udp:vxlan:eth:ipv4:udp", seen4 | status::vxlan,
       flow4},
      {"VXLAN, tag inside", 1, udp(40000, 4789, vxlan(tagged)), "eth:ipv4:udp:vxlan:eth:vlan:ipv4:udp",
       seen4 | status::vxlan | vlan, "192.168.0.1:6000 192.168.0.2:7000 17 l7 10 vlan 55"},
      {"VXLAN, ARP belongs to the outer flow", 1, udp(40000, 4789, vxlan(arp_frame)), "eth:ipv4:udp:vxlan:eth:arp",
       seen4 | status::vxlan | stopped, outer(40000, 4789, 50)},
      {"VXLAN, PPPoE session", 1, udp(40000, 4789, vxlan(pppoe)), "eth:ipv4:udp:vxlan:eth:pppoes:ppp:ipv4:udp",
       seen4 | status::vxlan | pppoe_session, flow4},
      {"VXLAN, cut", 1, udp(40000, 4789, vxlan(Buffer(12))), "eth:ipv4:udp:vxlan:eth", seen4 | status::vxlan | stopped,
       outer(40000, 4789, 20)},
      {"VXLAN, reserved bits are ignored", 1, udp(40000, 4789, hex("0f0102ff 00002a01") + b4),
       "eth:ipv4:udp:vxlan:eth:ipv4:udp", seen4 | status::vxlan, flow4},
      {"VXLAN, group policy", 1, udp(40000, 4789, hex("88400123 00002a00") + b6), "eth:ipv4:udp:vxlan:eth:ipv6:udp",
       in6 | status::vxlan, flow6},
      {"VXLAN, no network identifier and reserved bits", 1, udp(40000, 4789, hex("00010000 00002a01") + b4),
       "eth:ipv4:udp", seen4, outer(40000, 4789, 60)},
      {"VXLAN over IPv6", 1, over6().udp(40000, 4789).raw(vxlan(b4)), "eth:ipv6:udp:vxlan:eth:ipv4:udp",
       seen4 | ipv6_seen | status::vxlan, flow4},
      {"VXLAN, LLC", 1, udp(40000, 4789, vxlan(hex("0180c2000000 020000000001 0026 424203") + Buffer(35))),
       "eth:ipv4:udp:vxlan:eth:llc:stp", seen4 | status::vxlan | stopped, outer(40000, 4789, 60)},
      {"VXLAN-GPE, IPv4", 1, udp(40000, 4790, gpe(1, i4)), "eth:ipv4:udp:vxlan_gpe:ipv4:udp", seen4 | status::vxlan,
       flow4},
      {"VXLAN-GPE, IPv6", 1, udp(40000, 4790, gpe(2, i6)), "eth:ipv4:udp:vxlan_gpe:ipv6:udp", in6 | status::vxlan,
       flow6},
      {"VXLAN-GPE, Ethernet", 1, udp(40000, 4790, gpe(3, b4)), "eth:ipv4:udp:vxlan_gpe:eth:ipv4:udp",
       seen4 | status::vxlan, flow4},
      {"VXLAN-GPE, NSH", 1, udp(40000, 4790, gpe(4, hex("00060101 00000000") + Buffer(16) + i4)),
       "eth:ipv4:udp:vxlan_gpe:nsh:ipv4:udp", seen4 | status::vxlan, flow4},
      {"VXLAN-GPE, MPLS", 1, udp(40000, 4790, gpe(5, hex("00010140") + i4)), "eth:ipv4:udp:vxlan_gpe:mpls:ipv4:udp",
       seen4 | status::vxlan | mpls_unicast, "192.168.0.1:6000 192.168.0.2:7000 17 l7 10 labels 1"},
      {"VXLAN-GPE, NSH, MPLS, pseudo wire", 1,
       udp(40000, 4790, gpe(4, hex("00060105 00000000") + Buffer(16) + hex("00010140 00000000") + b6)),
       "eth:ipv4:udp:vxlan_gpe:nsh:mpls:pwethcw:eth:ipv6:udp", in6 | status::vxlan | mpls_unicast,
       "2001:db8:2::1:6000 2001:db8:2::2:7000 17 l7 10 labels 1"},
      {"VXLAN-GPE, unknown", 1, udp(40000, 4790, gpe(9, i4)), "eth:ipv4:udp:vxlan_gpe", seen4 | status::vxlan | stopped,
       outer(40000, 4790, 46)},
      {"GENEVE", 1, udp(40000, 6081, hex("00006558 00002a00") + b4), "eth:ipv4:udp:geneve:eth:ipv4:udp",
       seen4 | status::geneve, flow4},
      {"GENEVE, options, large network number", 1, udp(40000, 6081, hex("02006558 ff002a00 0102030400000001") + b6),
       "eth:ipv4:udp:geneve:eth:ipv6:udp", in6 | status::geneve, flow6},
      {"GENEVE, ARP", 1, udp(40000, 6081, hex("00006558 00002a00") + arp_frame), "eth:ipv4:udp:geneve:eth:arp",
       seen4 | status::geneve | stopped, outer(40000, 6081, 50)},
      {"GENEVE, IPv4", 1, udp(40000, 6081, hex("00000800 00002a00") + i4), "eth:ipv4:udp:geneve:ipv4:udp",
       seen4 | status::geneve, flow4},
      {"GENEVE, critical options, IPv6", 1, udp(6081, 40000, hex("014086dd 00002a00 01020300") + i6),
       "eth:ipv4:udp:geneve:ipv6:udp", in6 | status::geneve, flow6},
      {"no GENEVE: another version", 1, udp(40000, 6081, hex("40006558 00002a00") + b4), "eth:ipv4:udp", seen4,
       outer(40000, 6081, 60)},
      {"no GENEVE: reserved bits", 1, udp(40000, 6081, hex("00016558 00002a00") + b4), "eth:ipv4:udp", seen4,
       outer(40000, 6081, 60)},
      {"no GENEVE: no EtherType", 1, udp(40000, 6081, hex("00001234 00002a00") + b4), "eth:ipv4:udp", seen4,
       outer(40000, 6081, 60)},
      {"no GENEVE: Teredo", 1, udp(6081, 3544, i6), "eth:ipv4:udp:teredo:ipv6:udp", in6 | status::teredo, flow6},
      {"no GENEVE: IKE", 1, udp(4500, 6081, Buffer(28)), "eth:ipv4:udp:udpencap:isakmp", seen4, outer(4500, 6081, 28)},
      {"no GENEVE: SSDP", 1, udp(6081, 1900, text("N@TIFY * HTTP/1.1")), "eth:ipv4:udp:ssdp", seen4 | upnp,
       outer(6081, 1900, 17)},
      {"no GENEVE: RTP", 1, udp(20000, 6081, hex("80001234 51223344 aabbccdd") + Buffer(40, 0xd5)), "eth:ipv4:udp",
       seen4, outer(20000, 6081, 52)},
      {"no GENEVE: DTLS", 1, udp(6081, 40000, hex("16fefd 0000000000000000 0003 010203")), "eth:ipv4:udp:dtls1.2",
       seen4 | status::dtls, outer(6081, 40000, 16)},
      {"MPLS in UDP", 1, udp(50000, 6635, hex("00010040 00020140") + i4), "eth:ipv4:udp:mpls{2}:ipv4:udp",
       seen4 | mpls_unicast, "192.168.0.1:6000 192.168.0.2:7000 17 l7 10 labels 2"},
      {"MPLS in UDP over IPv6, pseudo wire", 1, over6().udp(50000, 6635).raw(hex("00010140 00000000") + b6),
       "eth:ipv6:udp:mpls:pwethcw:eth:ipv6:udp", seen6 | mpls_unicast,
       "2001:db8:2::1:6000 2001:db8:2::2:7000 17 l7 10 labels 1"},
      {"no MPLS in UDP", 1, udp(50000, 6635, hex("00010140") + Buffer(40, 0x41)), "eth:ipv4:udp", seen4,
       outer(50000, 6635, 44)},
      {"GTP over IPv6", 1, over6().udp(2152, 2152).raw(hex("30ff0026 00000001") + i4), "eth:ipv6:udp:gtp:ipv4:udp",
       seen4 | ipv6_seen | status::gtp, flow4},
      {"CAPWAP data, 802.3", 1, udp(40000, 5247, hex("00100000 00000000") + b4),
       "eth:ipv4:udp:capwap.data:eth:ipv4:udp", seen4 | status::capwap, flow4},
      {"CAPWAP data, 802.11", 1, udp(5247, 40000, hex("00100300 00000000") + wlan_swapped(i4)),
       "eth:ipv4:udp:capwap.data:wlan:llc:ipv4:udp", seen4 | status::capwap, flow4},
      {"CAPWAP data, 802.11 in the standard's order", 1,
       udp(5247, 40000,
           hex("00100300 00000000 0801 0000 020202020202 040404040404 060606060606 0000 aaaa03 000000 0800") + i4),
       "eth:ipv4:udp:capwap.data:wlan:llc:ipv4:udp", seen4 | status::capwap, flow4},
      {"CAPWAP data, keep alive", 1, udp(40000, 5247, hex("00100008 00000000 0000")), "eth:ipv4:udp:capwap.data",
       seen4 | status::capwap | stopped, outer(40000, 5247, 10)},
      {"CAPWAP data, later fragment", 1, udp(40000, 5247, hex("00100080 00010100") + Buffer(20)),
       "eth:ipv4:udp:capwap.data", seen4 | status::capwap | stopped, outer(40000, 5247, 28)},
      {"CAPWAP, DTLS", 1, udp(40000, 5247, hex("01000000 16fefd00") + Buffer(20)), "eth:ipv4:udp:capwap.data:dtls",
       seen4 | status::capwap | status::dtls | stopped, outer(40000, 5247, 28)},
      {"CAPWAP control", 1, udp(40000, 5246, hex("00100000 00000000") + Buffer(20)), "eth:ipv4:udp:capwap",
       seen4 | status::capwap | stopped, outer(40000, 5246, 28)},
      {"LWAPP data", 1, udp(40000, 12222, hex("00000000 0000") + wlan_swapped(i4)),
       "eth:ipv4:udp:lwapp:wlan:llc:ipv4:udp", seen4 | status::capwap, flow4},
      {"LWAPP control", 1, udp(40000, 12223, hex("020000000009 04000000 0000") + Buffer(20)), "eth:ipv4:udp:lwapp",
       seen4 | status::capwap | stopped, outer(40000, 12223, 32)},
      {"L2TP version 2", 1, udp(1701, 1701, hex("0002 0001 0002 ff03 0021") + i4), "eth:ipv4:udp:l2tp:ppp:ipv4:udp",
       seen4 | l2tp | ppp, flow4},
      {"L2TP version 2, length, sequence, offset", 1,
       udp(1701, 1701, hex("4a02 0036 0001 0002 0000 0000 0002 0000 ff03 0057") + i6), "eth:ipv4:udp:l2tp:ppp:ipv6:udp",
       in6 | l2tp | ppp, flow6},
      {"L2TP, Cisco framing", 1, udp(1701, 1701, hex("0002 0001 0002 0f00 0021") + i4),
       "eth:ipv4:udp:l2tp:chdlc:ipv4:udp", seen4 | l2tp | ppp, flow4},
      {"L2TP, Cisco framing with an EtherType", 1, udp(1701, 1701, hex("0002 0001 0002 0f00 0800") + i4),
       "eth:ipv4:udp:l2tp:chdlc:ipv4:udp", seen4 | l2tp | ppp, flow4},
      {"L2TP, PPP without address and control", 1, udp(1701, 1701, hex("0002 0001 0002 0021") + i4),
       "eth:ipv4:udp:l2tp:ppp:ipv4:udp", seen4 | l2tp | ppp, flow4},
      {"L2TP, PPP, protocol of one byte", 1, udp(1701, 1701, hex("0002 0001 0002 57") + i6),
       "eth:ipv4:udp:l2tp:ppp:ipv6:udp", in6 | l2tp | ppp, flow6},
      {"L2TP, multilink, a later fragment", 1, udp(1701, 1701, hex("0002 0001 0002 ff03 003d 40000002 0021") + i4),
       "eth:ipv4:udp:l2tp:ppp:ppp:mp", seen4 | l2tp | ppp | stopped, outer(1701, 1701, 54)},
      {"L2TP version 3 over UDP, Ethernet", 1, udp(1701, 1701, hex("0003 0000 00000007 a1a2a3a4") + b4),
       "eth:ipv4:udp:l2tp:eth:ipv4:udp", seen4 | l2tp, flow4},
      {"L2TP, multilink", 1, udp(1701, 1701, hex("0002 0001 0002 ff03 003d 80000001 0021") + i4),
       "eth:ipv4:udp:l2tp:ppp:ppp:mp:ipv4:udp", seen4 | l2tp | ppp, flow4},
      {"L2TP, LCP", 1, udp(1701, 1701, hex("0002 0001 0002 ff03 c021 01010004")), "eth:ipv4:udp:l2tp:ppp:lcp",
       seen4 | l2tp | ppp | stopped, outer(1701, 1701, 14)},
      {"L2TP, control message", 1, udp(1701, 1701, hex("c802 000c 0001 0002 0000 0000")), "eth:ipv4:udp:l2tp",
       seen4 | l2tp | stopped, outer(1701, 1701, 12)},
      {"L2TP, another version", 1, udp(1701, 1701, hex("0001 000c 0001 0002 0000 0000")), "eth:ipv4:udp", seen4,
       outer(1701, 1701, 12)},
      {"L2TP over IPv6", 1, over6().udp(1701, 1701).raw(hex("0002 0001 0002 ff03 0021") + i4),
       "eth:ipv6:udp:l2tp:ppp:ipv4:udp", seen4 | ipv6_seen | l2tp | ppp, flow4},
      {"Teredo, by prefix", 1, udp(40000, 40001, teredo), "eth:ipv4:udp:teredo:ipv6:udp", in6 | status::teredo,
       "2001::1:1 fe80::1:2 17 l7 3"},
      {"Teredo, by port", 1, udp(40000, 3544, i6), "eth:ipv4:udp:teredo:ipv6:udp", in6 | status::teredo, flow6},
      {"Teredo, origin indication", 1, udp(3545, 40000, hex("0000 0001 02030405") + teredo),
       "eth:ipv4:udp:teredo:ipv6:udp", in6 | status::teredo, "2001::1:1 fe80::1:2 17 l7 3"},
      {"Teredo, authentication and origin", 1,
       udp(3544, 40000, hex("0001 02 01 0102 03 0000000000000000 00 0000 0001 02030405") + teredo),
       "eth:ipv4:udp:teredo:ipv6:udp", in6 | status::teredo, "2001::1:1 fe80::1:2 17 l7 3"},
      {"IPv6 in UDP that is not Teredo", 1, udp(40000, 40001, i6), "eth:ipv4:udp", seen4, outer(40000, 40001, 58)},
  };
}

TEST_CASE("decode: tunnels", "[decode]") { check(tunnel_cases()); }

// All fields but what was seen on the way: names, and status bits.
Packet without_marks(Packet p, const Packet& like) {
  p.status = like.status;
  p.headers = like.headers;
  p.header_count = like.header_count;
  p.data = like.data;
  return p;
}

TEST_CASE("decode: a tunnel whose content is not IP leaves the outer flow untouched", "[decode]") {
  const Buffer arp = Frame()
                         .eth("02:00:00:00:aa:01", "02:00:00:00:aa:02")
                         .vlan(9)
                         .arp(1, "02:00:00:00:00:01", "10.0.0.1", "00:00:00:00:00:00", "10.0.0.2");
  const Buffer llc = Frame().eth().vlan(9).llc(0x42, 0x42).zeros(35);
  const Buffer labels = hex("02000000aa02 02000000aa01 8847 00010140 ffffffff") + Buffer(20, 0xff);
  const Buffer session = hex("02000000aa02 02000000aa01 8864 1100 0001 0028 c021") + Buffer(20);
  const Buffer half = inner4();
  const auto outer = [] { return Frame().eth().vlan(5).mpls(77).ip4("10.0.0.1", "10.0.0.2"); };
  const auto outer6 = [] { return Frame().eth().vlan(5).mpls(77).ip6("2001:db8::1", "2001:db8::2").hop_by_hop(); };
  const auto check = [&](auto begin) {
    for (const Buffer& frame : {arp, llc, labels, session, Buffer(half.begin(), half.begin() + 10), Buffer(40, 0xff)}) {
      const auto number = [&](unsigned port, const Buffer& content) {
        const Decoded tunnel = decode(1, begin().udp(40000, port).raw(content));
        const Decoded plain = decode(1, begin().udp(40000, 9999).raw(content));
        CHECK(without_marks(tunnel.packet, plain.packet) == [&] {
          Packet p = plain.packet;
          p.destination_port = static_cast<std::uint16_t>(port);
          return p;
        }());
        CHECK(tunnel.has_flow);
      };
      number(4789, vxlan(frame));
      number(4790, gpe(3, frame));
      number(6081, hex("00006558 00002a00") + frame);
      number(5247, hex("00100000 00000000") + frame);
      number(5247, hex("00100300 00000000") + wlan_swapped(frame));
      number(6635, hex("00010140 00000000") + frame);
      number(2152, hex("30ff0026 00000001") + frame);
      number(1701, hex("0002 0001 0002 ff03 0281 00010140") + frame);
    }
  };
  check(outer);
  check(outer6);
}

TEST_CASE("decode: the innermost Ethernet header counts", "[decode]") {
  const Decoded d = decode(1, udp(40000, 4789, vxlan(bridged4())));
  CHECK(d.packet.l2 == 14 + 20 + 8 + 8);
  CHECK(d.packet.destination_mac == d.packet.l2);
  CHECK(d.packet.bytes(d.packet.source_mac).u32() == 0x0200'0000);
}

}  // namespace t2::test::decode_tunnel_test
