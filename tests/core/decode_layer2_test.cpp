// Between Ethernet and IP: VLAN tags, LLC, EtherTypes, MPLS, PPPoE, and flows without IP.
#include <catch2/catch.hpp>

#include "decoded.hpp"

namespace t2::test::decode_layer2_test {

namespace {

using namespace status;

Buffer mac_header(std::string_view type) { return hex("020000000002 020000000001") + hex(type); }

}  // namespace

std::vector<DecodeCase> layer2_cases() {
  const Buffer v4 = inner4(), v6 = inner6();
  const std::string_view from_to = "02:00:00:00:00:01 02:00:00:00:00:02 ";
  static std::vector<std::string> keep;  // string_views of made texts
  if (keep.empty()) keep.reserve(64);
  const auto l2 = [&](std::string_view rest) -> std::string_view {
    return keep.emplace_back(std::string(from_to) + std::string(rest));
  };
  return {
      {"one tag", 1, Frame().eth().vlan(100).ip4("192.168.0.1", "192.168.0.2").udp(6000, 7000).payload("inner12345"),
       "eth:vlan:ipv4:udp", seen4 | vlan, "192.168.0.1:6000 192.168.0.2:7000 17 l7 10 vlan 100"},
      {"two tags, the inner one with priority", 1, mac_header("88a8 00c8 8100 3005 0800") + v4, "eth:vlan{2}:ipv4:udp",
       seen4 | vlan, "192.168.0.1:6000 192.168.0.2:7000 17 l7 10 vlan 5"},
      {"tags of the old types", 1, mac_header("9100 0001 9200 0002 0800") + v4, "eth:vlan{2}:ipv4:udp", seen4 | vlan,
       "192.168.0.1:6000 192.168.0.2:7000 17 l7 10 vlan 2"},
      {"tags of all types", 1, mac_header("88a8 0001 9100 0002 9200 0003 9300 0004 8200 0005 8100 0006 86dd") + v6,
       "eth:vlan{6}:ipv6:udp", seen6 | vlan, "2001:db8:2::1:6000 2001:db8:2::2:7000 17 l7 10 vlan 6"},
      {"priority tag inside: the outer tag names the VLAN", 1, mac_header("88a8 0064 8100 6000 0800") + v4,
       "eth:vlan{2}:ipv4:udp", seen4 | vlan | vlan_zero, "192.168.0.1:6000 192.168.0.2:7000 17 l7 10 vlan 100"},
      {"VN-tag", 1, mac_header("8926 80000001 0800") + v4, "eth:vntag:ipv4:udp", seen4, flow4},
      {"VN-tag, VLAN tag", 1, mac_header("8926 00010002 8100 0007 86dd") + v6, "eth:vntag:vlan:ipv6:udp", seen6 | vlan,
       "2001:db8:2::1:6000 2001:db8:2::2:7000 17 l7 10 vlan 7"},
      {"Cisco metadata between VLAN tags", 1, mac_header("8100 0007 8909 0101 00010005 8100 0008 0800") + v4,
       "eth:vlan:cmd:vlan:ipv4:udp", seen4 | vlan, "192.168.0.1:6000 192.168.0.2:7000 17 l7 10 vlan 8"},
      {"Cisco metadata without a length", 1, mac_header("8909 0000 00000000 0800") + v4, "eth:cmd:ipv4:udp", seen4,
       flow4},
      {"VN-tag, cut", 1, mac_header("8926 8000"), "eth:vntag", layer2_flow, l2("0x8926 l7 2")},
      {"priority tag", 1, mac_header("8100 6000 0806") + Buffer(28), "eth:vlan:arp",
       vlan | vlan_zero | arp | layer2_flow, l2("0x0806 l7 28 vlan 0")},
      {"tag, cut behind it", 1, mac_header("8100 0064 0800"), "eth:vlan", vlan | l3_snapped, "none"},
      {"ARP with padding", 1,
       Frame().eth().arp(1, "02:00:00:00:00:01", "10.0.0.1", "00:00:00:00:00:00", "10.0.0.2").pad(), "eth:arp",
       arp | layer2_flow, l2("0x0806 l7 46 pad 18")},
      {"ARP of AppleTalk", 1, mac_header("80f3") + Buffer(28), "eth:aarp", arp | layer2_flow, l2("0x80f3 l7 28")},
      {"RARP", 1, mac_header("8035") + Buffer(28), "eth:rarp", rarp | layer2_flow, l2("0x8035 l7 28")},
      {"LLDP: its payload is no padding", 1, mac_header("88cc") + Buffer(23), "eth:lldp", lldp | layer2_flow,
       l2("0x88cc l7 23")},
      {"slow protocols: LACP", 1, mac_header("8809 01") + Buffer(20), "eth:slow:lacp", layer2_flow, l2("0x8809 l7 21")},
      {"slow protocols: marker", 1, mac_header("8809 02") + Buffer(20), "eth:slow:marker", layer2_flow,
       l2("0x8809 l7 21")},
      {"slow protocols: OAM", 1, mac_header("8809 03") + Buffer(20), "eth:slow:oampdu", layer2_flow,
       l2("0x8809 l7 21")},
      {"slow protocols: OSSP", 1, mac_header("8809 0a") + Buffer(20), "eth:slow:ossp", layer2_flow, l2("0x8809 l7 21")},
      {"slow protocols: another", 1, mac_header("8809 09") + Buffer(20), "eth:slow", layer2_flow, l2("0x8809 l7 21")},
      {"FCoE counts as two headers", 1, mac_header("8906") + Buffer(20), "eth:fcoe:fc", layer2_flow,
       l2("0x8906 l7 20")},
      {"EtherType with a name", 1, mac_header("888e") + Buffer(10), "eth:eapol", layer2_flow, l2("0x888e l7 10")},
      {"EtherType without a name", 1, mac_header("1234") + Buffer(11), "eth:UNK(0x1234)", layer2_flow | stopped,
       l2("0x1234 l7 11")},
      {"version does not fit the type", 1, mac_header("0800 55") + Buffer(28), "eth:ipvx", bad_ip_version | layer2_flow,
       l2("0x0800 l7 29")},
      {"IPv4 announced, IPv6 there", 1, mac_header("0800") + v6, "eth:ipvx", bad_ip_version | layer2_flow,
       l2("0x0800 l7 58")},
      {"PPPoE session, IPv4", 1, mac_header("8864 1100 0001 0028 0021") + v4, "eth:pppoes:ppp:ipv4:udp",
       seen4 | pppoe_session, flow4},
      {"PPPoE session, IPv6", 1, mac_header("8864 1100 0001 003c 0057") + v6, "eth:pppoes:ppp:ipv6:udp",
       seen6 | pppoe_session, flow6},
      {"PPPoE session, protocol of one byte", 1, mac_header("8864 1100 0001 0027 21") + v4, "eth:pppoes:ppp:ipv4:udp",
       seen4 | pppoe_session, flow4},
      {"PPPoE session, address and control", 1, mac_header("8864 1100 0001 003e ff03 0057") + v6,
       "eth:pppoes:ppp:ipv6:udp", seen6 | pppoe_session, flow6},
      {"PPPoE session, LCP", 1, mac_header("8864 1100 0001 0006 c021 01010004"), "eth:pppoes:ppp:lcp",
       pppoe_session | layer2_flow, l2("0x8864 l7 12")},
      {"PPPoE session, unknown", 1, mac_header("8864 1100 0001 0006 c029 01010004"), "eth:pppoes:ppp:UNK(0xc029)",
       pppoe_session | layer2_flow | stopped, l2("0x8864 l7 12")},
      {"PPPoE discovery", 1, mac_header("8863 1109 0000 0004 01010000"), "eth:pppoed", pppoe_discovery | layer2_flow,
       l2("0x8863 l7 10")},
      {"MPLS", 1, mac_header("8847 00010140") + v4, "eth:mpls:ipv4:udp", seen4 | mpls_unicast,
       "192.168.0.1:6000 192.168.0.2:7000 17 l7 10 labels 1"},
      {"MPLS, three labels, multicast", 1, mac_header("8848 00010040 00020040 00030140") + v6, "eth:mpls{3}:ipv6:udp",
       seen6 | mpls_multicast, "2001:db8:2::1:6000 2001:db8:2::2:7000 17 l7 10 labels 3"},
      {"MPLS, pseudo wire with control word", 1, mac_header("8847 00010140 00000000") + bridged4().bytes(),
       "eth:mpls:pwethcw:eth:ipv4:udp", seen4 | mpls_unicast, "192.168.0.1:6000 192.168.0.2:7000 17 l7 10 labels 1"},
      {"MPLS, pseudo wire with a tag", 1,
       mac_header("8847 00010140 00000000 02000000aa02 02000000aa01 8100 0007 0800") + v4,
       "eth:mpls:pwethcw:eth:vlan:ipv4:udp", seen4 | mpls_unicast | vlan,
       "192.168.0.1:6000 192.168.0.2:7000 17 l7 10 vlan 7 labels 1"},
      {"MPLS, pseudo wire without control word", 1, mac_header("8847 00010140") + bridged4().bytes(),
       "eth:mpls:eth:ipv4:udp", seen4 | mpls_unicast, "192.168.0.1:6000 192.168.0.2:7000 17 l7 10 labels 1"},
      {"MPLS, pseudo wire without control word, ARP", 1,
       mac_header("8847 00010140 00aabbccdd01 00aabbccdd02 0806 0001080006040001") + Buffer(20), "eth:mpls:eth:arp",
       mpls_unicast | arp | layer2_flow, "00:aa:bb:cc:dd:02 00:aa:bb:cc:dd:01 0x0806 l7 28 labels 1"},
      {"MPLS, content that nothing is known of", 1, mac_header("8847 00010140") + Buffer(40, 0x11), "eth:mpls",
       mpls_unicast | layer2_flow, l2("0x8847 l7 40 labels 1")},
      {"MPLS, IPv4 whose length and checksum are wrong", 1,
       mac_header("8847 00010140") + Frame()
                                         .ip4("192.168.0.1", "192.168.0.2")
                                         .length(200)
                                         .checksum(1)
                                         .udp(6000, 7000)
                                         .payload("inner12345")
                                         .bytes(),
       "eth:mpls:ipv4:udp", seen4 | mpls_unicast, "192.168.0.1:6000 192.168.0.2:7000 17 l7 10 labels 1"},
      {"MPLS, associated channel", 1, mac_header("8847 00010140 10000021") + v4, "eth:mpls", mpls_unicast | layer2_flow,
       l2("0x8847 l7 42 labels 1")},
      {"MPLS, cut in the stack", 1, mac_header("8847 00010040 0002"), "eth:mpls", mpls_unicast | layer2_flow,
       l2("0x8847 l7 2 labels 1")},
      {"ERSPAN", 1, mac_header("88be 1000000000000000") + bridged4().bytes(), "eth:erspan:eth:ipv4:udp", seen4 | erspan,
       flow4},
      {"ERSPAN, cut", 1, mac_header("88be 1000000000000000 0200"), "eth:erspan", erspan | layer2_flow,
       l2("0x88be l7 2")},
      {"spanning tree", 1, mac_header("0026 424203") + Buffer(35) + Buffer(8), "eth:llc:stp", layer2_flow,
       l2("0x4242 l7 43 pad 8")},
      {"LLC, IPv4", 1, mac_header("0029 060603") + v4, "eth:llc:ipv4:udp", seen4, flow4},
      {"LLC, IPv6 with a long control field", 1, mac_header("003e 06060000") + v6, "eth:llc:ipv6:udp", seen6, flow6},
      {"LLC, wrong IP version", 1, mac_header("0020 060603 70") + Buffer(28), "eth:llc:ipvx",
       bad_ip_version | layer2_flow, l2("0x0606 l7 29")},
      {"LLC, unknown", 1, mac_header("0020 8e8e03") + Buffer(29), "eth:llc:UNK(0x8e)", stopped | layer2_flow,
       l2("0x8e8e l7 29")},
      {"LLC, null SAP has no name", 1, mac_header("0020 000003") + Buffer(29), "eth:llc", layer2_flow,
       l2("0x0000 l7 29")},
      {"SNAP, IPv4", 1, mac_header("002e aaaa03000000 0800") + v4, "eth:llc:ipv4:udp", seen4, flow4},
      {"SNAP, CDP", 1, mac_header("0010 aaaa03 00000c 2000 0102030405060708"), "eth:llc:cdp", layer2_flow,
       l2("0x2000 l7 8")},
      {"SNAP, cut", 1, mac_header("0010 aaaa03 00"), "eth:llc", l2_snapped, "none"},
      {"jumbo LLC type", 1, mac_header("8870 fefe03") + Buffer(1600), "eth:llc:osi", layer2_flow, l2("0xfefe l7 1600")},
      {"jumbo LLC type, SNAP", 1, mac_header("8870 aaaa03000000 0800") + v4, "eth:llc:ipv4:udp", seen4, flow4},
  };
}

TEST_CASE("decode: tags, labels, types and LLC", "[decode]") { check(layer2_cases()); }

TEST_CASE("decode: a pseudo wire's MAC addresses are never taken for IP addresses", "[decode]") {
  for (unsigned first = 0; first < 256; first += 2) {
    for (const bool control_word : {false, true}) {
      for (const Buffer& content : {bridged4().bytes(), bridged6().bytes()}) {
        Buffer frame = content;
        frame[0] = static_cast<std::uint8_t>(first);
        const Decoded d = decode(1, mac_header("8847 00010140") + (control_word ? Buffer(4) : Buffer()) + frame);
        INFO(first << (control_word ? " with" : " without") << " control word");
        CHECK(d.flow.substr(0, d.flow.find(" labels")) == (content[13] == 0 ? flow4 : flow6));
        CHECK(d.packet.bytes(d.packet.destination_mac).u8() == first);
        CHECK(d.headers.find("pwethcw") == (control_word ? 9 : std::string::npos));
        // A frame of an unknown type, and one that only begins like an IP packet.
        frame[12] = 0x12;
        const Decoded unknown = decode(1, mac_header("8847 00010140") + (control_word ? Buffer(4) : Buffer()) + frame);
        CHECK(unknown.packet.family == Family::layer2);
      }
    }
  }
}

TEST_CASE("decode: all names of EtherTypes and of LLC service points", "[decode]") {
  const auto type_name = [](unsigned type) {
    const Decoded d =
        decode(1, mac_header("") + Buffer{static_cast<std::uint8_t>(type >> 8), static_cast<std::uint8_t>(type)} +
                      Buffer(30, 0xff));
    return d.headers.substr(4);
  };
  const std::pair<unsigned, std::string_view> types[] = {
      {0x0600, "idp"},        {0x0bad, "vines_ip"}, {0x2000, "cdp"},     {0x2001, "cgmp"},  {0x2003, "vtp"},
      {0x2004, "dtp"},        {0x6002, "dec_mop"},  {0x6003, "dec_dna"}, {0x6004, "lat"},   {0x6558, "eth"},
      {0x8021, "ipcp"},       {0x8038, "dec_stp"},  {0x809b, "ddp"},     {0x80fd, "ccp"},   {0x8137, "ipx"},
      {0x872d, "wlccp"},      {0x880b, "ppp"},      {0x883e, "wccp"},    {0x886f, "msnlb"}, {0x888e, "eapol"},
      {0x8899, "realtek"},    {0x88a2, "aoe"},      {0x88bb, "lwapp"},   {0x88f7, "ptp"},   {0x8902, "cfm"},
      {0x890d, "wlan"},       {0x9000, "loop"},     {0xc021, "lcp"},     {0xc029, "cbcp"},  {0xc223, "chap"},
      {0xffff, "UNK(0xffff)"}};
  for (const auto& [type, name] : types) CHECK(type_name(type) == name);

  const auto sap_name = [](unsigned sap) {
    return decode(1, mac_header("0020") + Buffer{static_cast<std::uint8_t>(sap), 0, 3} + Buffer(29)).headers;
  };
  const std::pair<unsigned, std::string_view> saps[] = {
      {0x04, ":sna"},      {0x08, ":sna"},       {0x0c, ":sna"},     {0x40, ":sna"},   {0xc8, ":sna"},
      {0x10, ":ipx"},      {0xe0, ":ipx"},       {0x14, ":osi"},     {0x20, ":osi"},   {0x34, ":osi"},
      {0x54, ":osi"},      {0xfe, ":osi"},       {0x42, ":stp"},     {0x7e, ":x25"},   {0x80, ":3comxns"},
      {0x82, ":bacnet"},   {0xbc, ":vines_llc"}, {0xf0, ":netbios"}, {0xf8, ":hpext"}, {0xfc, ":rpl"},
      {0x00, ""},          {0x01, ""},           {0x02, ""},         {0xaa, ""},       {0xff, ""},
      {0x99, ":UNK(0x99)"}};
  for (const auto& [sap, name] : saps) CHECK(sap_name(sap) == "eth:llc" + std::string(name));
}

TEST_CASE("decode: tags and labels can be read at the offsets that the packet tells", "[decode]") {
  const Decoded tags = decode(1, mac_header("88a8 00c8 8100 3005 0800") + inner4().bytes());
  REQUIRE(tags.packet.vlan_count == 2);
  CHECK(tags.packet.bytes(tags.packet.vlans).u16() == 0x00c8);
  CHECK(tags.packet.bytes(tags.packet.vlans + 4).u16() == 0x3005);
  const Decoded labels = decode(1, mac_header("8847 00010040 00020140") + inner4().bytes());
  REQUIRE(labels.packet.mpls_count == 2);
  CHECK(labels.packet.bytes(labels.packet.mpls).u32() == 0x00010040);
  CHECK(labels.packet.bytes(labels.packet.mpls + 4).u32() == 0x00020140);
}

// Tags are looked at many at a time: of each number of them, cut in their midst, with other types and without IDs in
// between.
TEST_CASE("decode: rows of tags", "[decode]") {
  constexpr unsigned types[] = {0x8100, 0x88a8, 0x9100, 0x9200, 0x9300, 0x8200};
  for (unsigned count = 1; count <= 255; count += count < 40 ? 1 : 43) {
    for (unsigned odd = 0; odd <= count; odd += 1 + count / 8) {  // the tag that differs; `count`: none does
      for (const bool no_id : {false, true}) {
        Buffer frame = mac_header("");
        unsigned last = 0;
        for (unsigned i = 0; i < count; ++i) {
          const unsigned type = types[i == odd ? 1 + count % 5 : 0], id = (i == odd) == no_id ? 0 : 1 + i;
          for (const unsigned byte : {type >> 8, type, 0xe0 | id >> 8, id})
            frame.push_back(static_cast<std::uint8_t>(byte));
          if (id != 0) last = id;
        }
        const std::size_t behind = frame.size();
        frame = frame + hex("0800") + inner4();
        INFO(count << " tags, " << odd << " differs, " << no_id);
        const Decoded whole = decode(1, frame);
        CHECK(whole.packet.vlan_count == count);
        CHECK(whole.packet.vlan == last);
        CHECK(((whole.packet.status & vlan_zero) != 0) == (no_id ? odd < count : count > 1 || odd == count));
        CHECK(whole.packet.source_port == 6000);
        if (count > 2) CHECK(decode(1, frame, 0, behind - 5).packet.vlan_count == count - 2);
      }
    }
  }
}

TEST_CASE("decode: flows without IP are told apart by MAC addresses, type and VLAN", "[decode]") {
  const auto key = [](const Buffer& frame) { return decode(1, frame).lookup.key; };
  const Key one = key(mac_header("88cc") + Buffer(20));
  CHECK(one == key(hex("020000000001 020000000002 88cc") + Buffer(20)));  // the other way
  CHECK_FALSE(one == key(mac_header("88b5") + Buffer(20)));
  CHECK_FALSE(one == key(hex("020000000002 020000000003 88cc") + Buffer(20)));
  CHECK_FALSE(one == key(mac_header("8100 0005 88cc") + Buffer(20)));
  CHECK(one == key(mac_header("8100 0000 88cc") + Buffer(20)));  // a priority tag is no VLAN
}

}  // namespace t2::test::decode_layer2_test
