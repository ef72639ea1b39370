// Link types: every one that the decoder knows, with a frame in it, and frames that make no flow.
#include <catch2/catch.hpp>

#include "decoded.hpp"

namespace t2::test::decode_link_test {

namespace {

using namespace status;

Buffer swapped32(std::uint32_t value) {
  return {static_cast<std::uint8_t>(value), static_cast<std::uint8_t>(value >> 8),
          static_cast<std::uint8_t>(value >> 16), static_cast<std::uint8_t>(value >> 24)};
}

Buffer snap(unsigned type) {
  return hex("aa aa 03 00 00 00") + Buffer{static_cast<std::uint8_t>(type >> 8), static_cast<std::uint8_t>(type)};
}

constexpr std::string_view a = "020202020202", b = "040404040404", c = "060606060606", d = "080808080808";
Buffer wlan(std::string_view control, bool four = false) {
  Buffer out = hex(control) + hex("0000") + hex(a) + hex(b) + hex(c) + hex("0000");
  return four ? out + hex(d) : out;
}

Buffer radiotap(std::size_t length) {
  Buffer out(length);
  out[2] = static_cast<std::uint8_t>(length);
  return out;
}

Buffer ppi(int link_type, const Buffer& fields = {}) {
  const auto length = static_cast<std::uint8_t>(8 + fields.size());
  return Buffer{0, 0, length, 0, static_cast<std::uint8_t>(link_type), 0, 0, 0} + fields;
}

constexpr std::string_view e1 = "02:00:00:00:00:01", e2 = "02:00:00:00:00:02";

}  // namespace

std::vector<DecodeCase> link_cases() {
  const Buffer v4 = inner4(), v6 = inner6(), eth4 = over4().udp(53, 5000).payload("x");
  const std::string_view eth_flow = "10.0.0.1:53 10.0.0.2:5000 17 l7 1";
  return {
      {"Ethernet", 1, eth4, "eth:ipv4:udp", seen4, eth_flow},
      {"Ethernet, shorter than its header", 1, Buffer(eth4.begin(), eth4.begin() + 15), "", l2_snapped, "none"},
      {"Cisco's inter-switch link", 1, hex("01000c000000 0000000000000000000000000000000000000000") + eth4,
       "isl:eth:ipv4:udp", seen4, eth_flow},
      {"inter-switch link, cut", 1, hex("03000c000000 0000000000000000000000000000000000000000") + hex("020000000002"),
       "isl", l2_snapped, "none"},
      {"Ethernet with preamble", 274, hex("55555555555555d5") + eth4, "fpp:eth:ipv4:udp", seen4, eth_flow},
      {"null, little endian", 0, swapped32(2) + v4, "null:ipv4:udp", seen4 | no_ethernet, flow4},
      {"null, big endian", 0, hex("00000002") + v4, "null:ipv4:udp", seen4 | no_ethernet, flow4},
      {"null, IPv6 of NetBSD", 0, swapped32(24) + v6, "null:ipv6:udp", seen6 | no_ethernet, flow6},
      {"null, IPv6 of FreeBSD", 0, hex("0000001c") + v6, "null:ipv6:udp", seen6 | no_ethernet, flow6},
      {"null, IPv6 of macOS", 0, swapped32(30) + v6, "null:ipv6:udp", seen6 | no_ethernet, flow6},
      {"null, another family", 0, hex("00000007") + v4, "null", no_ethernet, "none"},
      {"loop", 108, hex("00000002") + v4, "null:ipv4:udp", seen4 | no_ethernet, flow4},
      {"raw IPv4", 101, v4, "raw:ipv4:udp", seen4 | no_ethernet, flow4},
      {"raw IPv6", 12, v6, "raw:ipv6:udp", seen6 | no_ethernet, flow6},
      {"raw, neither", 101, hex("f0000000"), "raw", no_ethernet, "none"},
      {"link type IPv4", 228, v4, "ipv4:udp", seen4 | no_ethernet, flow4},
      {"link type IPv6", 229, v6, "ipv6:udp", seen6 | no_ethernet, flow6},
      {"link type IPv4, IPv6 in it", 228, v6, "ipv6:udp", seen6 | no_ethernet, flow6},
      {"link type IPv6, IPv4 in it", 229, v4, "ipv4:udp", seen4 | no_ethernet, flow4},
      {"Linux cooked", 113, hex("0000 0001 0006 020000000007 0000 0800") + v4, "sll:ipv4:udp", seen4, flow4},
      {"Linux cooked, VLAN tag", 113, hex("0000 0001 0006 020000000007 0000 8100 0064 0800") + v4, "sll:vlan:ipv4:udp",
       seen4 | vlan, "192.168.0.1:6000 192.168.0.2:7000 17 l7 10 vlan 100"},
      {"Linux cooked, ARP", 113, hex("0000 0001 0006 020000000007 0000 0806") + Buffer(28), "sll:arp",
       arp | layer2_flow, "02:00:00:00:00:07 - 0x0806 l7 28"},
      {"Linux cooked, version 2", 276, hex("86dd 0000 00000003 0001 00 06 020000000007 0000") + v6, "sll2:ipv6:udp",
       seen6, flow6},
      {"Linux cooked, cut", 113, hex("0000 0001 0006 0200"), "", l2_snapped, "none"},
      {"PPP, address and control", 9, hex("ff03 0021") + v4, "ppp:ipv4:udp", seen4 | no_ethernet | ppp, flow4},
      {"PPP, compressed", 9, hex("0057") + v6, "ppp:ipv6:udp", seen6 | no_ethernet | ppp, flow6},
      {"PPP, serial", 50, hex("ff03 0021") + v4, "ppp:ipv4:udp", seen4 | no_ethernet | ppp, flow4},
      {"PPP, direction", 204, hex("00 ff03 0021") + v4, "ppp:ipv4:udp", seen4 | no_ethernet | ppp, flow4},
      {"PPP, Cisco framing", 50, hex("0f00 0800") + v4, "ppp:chdlc:ipv4:udp", seen4 | no_ethernet | ppp, flow4},
      {"PPP, MPLS", 9, hex("ff03 0281 00014140") + v4, "ppp:mpls:ipv4:udp", seen4 | no_ethernet | ppp | mpls_unicast,
       "192.168.0.1:6000 192.168.0.2:7000 17 l7 10 labels 1"},
      {"PPP, protocol of one byte", 9, hex("ff03 21") + v4, "ppp:ipv4:udp", seen4 | no_ethernet | ppp, flow4},
      {"PPP, neither address nor a protocol of two bytes", 9, hex("57") + v6, "ppp:ipv6:udp", seen6 | no_ethernet | ppp,
       flow6},
      {"PPP, multilink", 9, hex("ff03 003d c0000001 21") + v4, "ppp:ppp:mp:ipv4:udp", seen4 | no_ethernet | ppp, flow4},
      {"PPP, wrong IP version", 9, hex("ff03 0021") + v6, "ppp:ipv4:ipvx", no_ethernet | ppp | bad_ip_version, "none"},
      {"PPP, LCP", 9, hex("ff03 c021 01010004"), "ppp:lcp", no_ethernet | ppp, "none"},
      {"PPP, unknown protocol", 9, hex("ff03 c029 01010004"), "ppp:UNK(0xc029)", no_ethernet | ppp | stopped, "none"},
      {"Cisco HDLC", 104, hex("0f00 0800") + v4, "chdlc:ipv4:udp", seen4 | no_ethernet, flow4},
      {"Cisco HDLC, direction", 205, hex("01 0f00 86dd") + v6, "chdlc:ipv6:udp", seen6 | no_ethernet, flow6},
      {"frame relay", 107, hex("1841 0800") + v4, "fr:ipv4:udp", seen4 | no_ethernet, flow4},
      {"frame relay, NLPID, IPv4", 107, hex("1861 03cc") + v4, "fr:ipv4:udp", seen4 | no_ethernet, flow4},
      {"frame relay, NLPID, IPv6", 107, hex("1861 038e") + v6, "fr:ipv6:udp", seen6 | no_ethernet, flow6},
      {"frame relay, four bytes of address, padding", 107, hex("18608061 0300cc") + v4, "fr:ipv4:udp",
       seen4 | no_ethernet, flow4},
      {"frame relay, SNAP", 107, hex("1861 030080 000000 86dd") + v6, "fr:llc:ipv6:udp", seen6 | no_ethernet, flow6},
      {"frame relay, SNAP, bridged", 107, hex("1861 030080 0080c2 0007") + bridged4().bytes(), "fr:llc:eth:ipv4:udp",
       seen4 | no_ethernet, flow4},
      {"frame relay, PPP", 206, hex("00 1861 03cf 0021") + v4, "fr:ppp:ipv4:udp", seen4 | no_ethernet | ppp, flow4},
      {"frame relay, IS-IS", 107, hex("1861 0383") + Buffer(20), "fr:osi", no_ethernet | layer2_flow,
       "- - 0x0383 l7 20"},
      {"frame relay, another NLPID", 107, hex("1861 03b0") + Buffer(20), "fr:UNK(0xb0)",
       no_ethernet | layer2_flow | stopped, "- - 0x03b0 l7 20"},
      {"frame relay, direction", 206, hex("00 1841 0800") + v4, "fr:ipv4:udp", seen4 | no_ethernet, flow4},
      {"Juniper, Ethernet", 178, hex("4d4743 00") + eth4, "juniper:eth:ipv4:udp", seen4, eth_flow},
      {"Juniper, extension", 178, hex("4d4743 80 0003 010203") + eth4, "juniper:eth:ipv4:udp", seen4, eth_flow},
      {"Juniper, no layer 2", 178, hex("4d4743 02") + swapped32(2) + v4, "juniper:ipv4:udp", seen4 | no_ethernet,
       flow4},
      {"Juniper, no layer 2, IPv6", 178, hex("4d4743 02") + hex("00000006") + v6, "juniper:ipv6:udp",
       seen6 | no_ethernet, flow6},
      {"Juniper, bridged", 178, hex("4d4743 02") + swapped32(204) + eth4, "juniper:eth:ipv4:udp", seen4, eth_flow},
      {"Juniper, ATM cookie", 137, hex("4d4743 00 00000000") + v4, "juniper:ipv4:udp", seen4 | no_ethernet, flow4},
      {"Juniper, wrong cookie", 167, hex("4d4744 00") + eth4, "juniper", 0, "none"},
      {"Symantec, version 2", 99, hex("000000000000 0800") + Buffer(36) + v4, "symantec:ipv4:udp", seen4 | no_ethernet,
       flow4},
      {"Symantec, version 3", 99, hex("000000000000 0000 0000 86dd") + Buffer(44) + v6, "symantec:ipv6:udp",
       seen6 | no_ethernet, flow6},
      {"Symantec, neither", 99, Buffer(60), "symantec", no_ethernet, "none"},
      {"802.11, to the access point", 105, wlan("0801") + snap(0x0800) + v4, "wlan:llc:ipv4:udp", seen4, flow4},
      {"802.11, quality of service", 105, wlan("8802") + hex("0000") + snap(0x86dd) + v6, "wlan:llc:ipv6:udp", seen6,
       flow6},
      {"802.11, HT control", 105, wlan("8881") + hex("0000 ffffffff") + snap(0x0800) + v4, "wlan:llc:ipv4:udp", seen4,
       flow4},
      {"802.11, HT control, bridge", 105, wlan("8883", true) + hex("0000 ffffffff") + snap(0x86dd) + v6,
       "wlan:llc:ipv6:udp", seen6, flow6},
      {"802.11, A-MSDU", 105, wlan("8801") + hex("8000 0a0a0a0a0a0a 0b0b0b0b0b0b 0030") + snap(0x0800) + v4,
       "wlan:llc:ipv4:udp", seen4, flow4},
      {"802.11, mesh control", 105, wlan("8803", true) + hex("0001 00 1f 00000001") + snap(0x0800) + v4,
       "wlan:llc:ipv4:udp", seen4, flow4},
      {"802.11, mesh control, proxied", 105,
       wlan("8803", true) + hex("0001 02 1f 00000001 0a0a0a0a0a0a 0b0b0b0b0b0b") + snap(0x86dd) + v6,
       "wlan:llc:ipv6:udp", seen6, flow6},
      {"802.11, the bit of mesh control means something else", 105, wlan("8802") + hex("0001") + snap(0x0800) + v4,
       "wlan:llc:ipv4:udp", seen4, flow4},
      {"802.11, LLC without SNAP", 105, wlan("0801") + hex("424203") + Buffer(35), "wlan:llc:stp", layer2_flow,
       "04:04:04:04:04:04 06:06:06:06:06:06 0x4242 l7 35"},
      {"802.11, bridge", 105, wlan("0803", true) + snap(0x0806) + Buffer(28), "wlan:llc:arp", arp | layer2_flow,
       "08:08:08:08:08:08 06:06:06:06:06:06 0x0806 l7 28"},
      {"802.11, padded header", 105, wlan("0802") + hex("0000") + snap(0x0800) + v4, "wlan:llc:ipv4:udp", seen4, flow4},
      {"802.11, protected", 105, wlan("0841") + Buffer(40), "wlan", 0, "none"},
      {"802.11, beacon", 105, wlan("8000") + Buffer(40), "wlan", 0, "none"},
      {"802.11, no data", 105, wlan("4801") + Buffer(40), "wlan", 0, "none"},
      {"802.11, cut", 105, hex("0801 0000 0202"), "wlan", l2_snapped, "none"},
      {"Prism", 119, Buffer(144) + wlan("0801") + snap(0x0800) + v4, "prism:wlan:llc:ipv4:udp", seen4, flow4},
      {"radiotap", 127, radiotap(24) + wlan("0801") + snap(0x0800) + v4, "radiotap:wlan:llc:ipv4:udp", seen4, flow4},
      {"radiotap, data padding", 127,
       hex("0000 0900 02000000 20") + wlan("8801") + hex("0000 aaaa") + snap(0x0800) + v4, "radiotap:wlan:llc:ipv4:udp",
       seen4, flow4},
      {"radiotap, time stamp, two words of presence, data padding", 127,
       hex("0000 1900 03000080 00000000 00000000 0000000000000000 20") + wlan("8882") + hex("0000 ffffffff abab") +
           snap(0x86dd) + v6,
       "radiotap:wlan:llc:ipv6:udp", seen6, flow6},
      {"PPI, 802.11", 192, ppi(105) + wlan("0801") + snap(0x0800) + v4, "ppi:wlan:llc:ipv4:udp", seen4, flow4},
      {"PPI, Ethernet", 192, ppi(1, hex("0200 0400 00000000")) + eth4, "ppi:eth:ipv4:udp", seen4, eth_flow},
      {"PPI, raw IP", 192, ppi(101) + v4, "ppi:raw:ipv4:udp", seen4 | no_ethernet, flow4},
      {"PPI, header longer than the frame", 192, hex("0000 ff00 01000000") + eth4, "ppi", l2_snapped, "none"},
  };
}

TEST_CASE("decode: link types", "[decode]") { check(link_cases()); }

TEST_CASE("decode: MAC addresses are those of the ends, by link type", "[decode]") {
  const auto macs = [](const Decoded& decoded) {
    const auto at = [&](std::uint32_t offset) {
      return offset == absent ? Buffer() : Buffer(decoded.data.get() + offset, decoded.data.get() + offset + 6);
    };
    return std::pair(at(decoded.packet.source_mac), at(decoded.packet.destination_mac));
  };
  const Buffer v4 = inner4();
  CHECK(macs(decode(1, over4().udp(1, 2))) == std::pair(mac(e1), mac(e2)));
  CHECK(macs(decode(105, wlan("0801") + snap(0x0800) + v4)) ==
        std::pair(hex(b), hex(c)));  // address 1 is the access point
  CHECK(macs(decode(105, wlan("0802") + snap(0x0800) + v4)) == std::pair(hex(c), hex(a)));
  CHECK(macs(decode(105, wlan("0800") + snap(0x0800) + v4)) == std::pair(hex(b), hex(a)));  // no access point
  CHECK(macs(decode(105, wlan("0803", true) + snap(0x0800) + v4)) == std::pair(hex(d), hex(c)));
  CHECK(macs(decode(105, wlan("8801") + hex("8000 0a0a0a0a0a0a 0b0b0b0b0b0b 0030") + snap(0x0800) + v4)) ==
        std::pair(hex("0b0b0b0b0b0b"), hex("0a0a0a0a0a0a")));  // A-MSDU: those of its first frame
  CHECK(macs(decode(105, wlan("8803", true) + hex("0001 02 1f 00000001 0a0a0a0a0a0a 0b0b0b0b0b0b") + snap(0x0800) +
                             v4)) == std::pair(hex("0b0b0b0b0b0b"), hex("0a0a0a0a0a0a")));  // a mesh's proxied ends
  CHECK(macs(decode(113, hex("0000 0001 0006 020000000007 0000 0800") + v4)) ==
        std::pair(mac("02:00:00:00:00:07"), Buffer()));
  CHECK(macs(decode(113, hex("0000 0200 0000 000000000000 0000 0800") + v4)) ==
        std::pair(Buffer(), Buffer()));  // no MAC addresses there
  CHECK(macs(decode(101, v4)) == std::pair(Buffer(), Buffer()));
}

TEST_CASE("decode: link types that are not known make no flow", "[decode]") {
  for (const int other : {3, 6, 177, 203, 239, 249, 999}) {
    INFO(other);
    CHECK_FALSE(Dissector::supports(other));
    CHECK(decode(other, over4().udp(1, 2)).flow == "none");
  }
  for (const DecodeCase& one : link_cases()) CHECK(Dissector::supports(one.link_type));
}

}  // namespace t2::test::decode_link_test
