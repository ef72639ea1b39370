// Every byte of templates and records, against texts written by hand and a decoder that shares nothing with the
// encoder.
#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "../src/message.hpp"
#include "decoder.hpp"
#include "frame.hpp"
#include "tcpFlags_state.h"

namespace t2::test::message_test {

using namespace t2::netflow_sink;
using namespace t2::test::netflow9;

namespace {

constexpr MessageHeader head{0x01020304, 0x5f5e1000, 7, 666};

FlowRecord tcp_record() {
  FlowRecord r{};
  r.times.earliest = 1'600'000'000'123'999'999;
  r.times.latest = 1'600'000'001'000'000'000;
  r.packets = 0x1122334455667788;
  r.payload_octets = 37;
  r.ip_octets = 0x26;
  r.frame_octets = 0x27;
  r.min_ip_length = 40;
  r.max_ip_length = 70'000;
  r.identification = 0x000abcde;
  r.interface = 0x01020304;
  r.source_port = 40000;
  r.destination_port = 80;
  r.vlan = 4095;
  for (unsigned i = 0; i < 16; ++i) {
    r.source[i] = static_cast<std::uint8_t>(0xa0 + i);
    r.destination[i] = static_cast<std::uint8_t>(0xb0 + i);
  }
  for (unsigned i = 0; i < 6; ++i) {
    r.source_mac[i] = static_cast<std::uint8_t>(0xc0 + i);
    r.destination_mac[i] = static_cast<std::uint8_t>(0xd0 + i);
  }
  r.family = t2::Family::ipv4;
  r.protocol = 6;
  r.tos = 0x2e;
  r.tcp_flags = 0x01db;
  r.responder = 1;
  r.min_ttl = 63;
  r.max_ttl = 64;
  r.icmp_type = 8;
  r.icmp_code = 5;
  r.isn = 0xfedcba98;
  r.window = 64240;
  r.tcp_options = 1 << 2 | 1 << 4 | 1 << 8;
  r.ip_options = 1 << 7;
  r.extensions = t2::tcp_flags::extension::hop_by_hop | t2::tcp_flags::extension::destination |
                 t2::tcp_flags::extension::later_fragment;
  r.mpls[0] = 0x00010a3f;  // label 16, traffic class 5, time to live 63
  r.mpls[1] = 0xfffff140;  // label 1048575, bottom of the stack
  r.outer_tag = 0x6064;
  r.inner_tag = 0xeffe;
  r.end = FlowEndReason::detected;
  return r;
}

FlowRecord icmp_record(t2::Family family) {
  FlowRecord r = tcp_record();
  r.family = family;
  r.protocol = family == t2::Family::ipv4 ? 1 : 58;
  return r;
}

constexpr std::uint64_t flow_id = 0x0102030405060708;

Template ipv4_fields(const RecordLayout& layout) { return Template(layout, RecordKind::ipv4); }
Template ipv6_fields(const RecordLayout& layout) { return Template(layout, RecordKind::ipv6); }

void add(DataMessage& message, const FlowRecord& r, const FlowRecord& reverse = {}) {
  std::vector<std::uint8_t> bytes(message.layout().record_size);
  message.layout().put(bytes.data(), r, reverse);
  message.add(bytes, flow_id);
}

Message filled(const Template& layout, const std::vector<FlowRecord>& records, const FlowRecord& reverse = {}) {
  DataMessage message(layout, 1400, 200);
  for (const FlowRecord& r : records) add(message, r, reverse);
  const auto bytes = message.finish(head);
  return {bytes.begin(), bytes.end()};
}

Message templates_of(const RecordLayout& layout, bool labels = true) {
  std::vector<Template> all;
  for (const RecordKind kind : sent_kinds(layout)) {
    if (labels || !has_labels(kind)) all.emplace_back(layout, kind);
  }
  MessageWriter message(layout.version);
  message.add_templates(all);
  const auto bytes = message.finish(head);
  return {bytes.begin(), bytes.end()};
}
Message templates_of(bool macs) { return templates_of({.macs = macs}); }

constexpr RecordLayout ipfix{.version = Version::ipfix};

// IANA: element and its natural length. Integers may be sent shorter, everything else may not.
const std::map<unsigned, unsigned> iana = {
    {1, 8},   {2, 8},   {4, 1},   {5, 1},   {6, 2},   {7, 2},   {8, 4},   {10, 4},  {11, 2},  {12, 4},  {14, 4},
    {25, 8},  {26, 8},  {27, 16}, {28, 16}, {31, 4},  {32, 2},  {33, 1},  {64, 4},  {70, 3},  {71, 3},  {72, 3},
    {200, 1}, {52, 1},  {53, 1},  {54, 4},  {56, 6},  {58, 2},  {60, 1},  {61, 1},  {80, 6},  {85, 8},  {136, 1},
    {139, 2}, {148, 8}, {152, 8}, {153, 8}, {178, 1}, {179, 1}, {184, 4}, {186, 2}, {208, 4}, {209, 8}, {239, 1},
    {243, 2}, {244, 1}, {245, 2}, {246, 1}, {256, 2}, {352, 8}, {401, 8}};
const std::set<unsigned> not_reducible = {8, 12, 27, 28, 56, 64, 70, 71, 72, 80, 152, 153};
// RFC 5103: what identifies a flow or a record, or belongs to both directions at once.
const std::set<unsigned> not_reversible = {4, 7, 8, 11, 12, 27, 28, 33, 58, 60, 61, 136, 148, 239, 256};

}  // namespace

TEST_CASE("netflowSink: templates, byte by byte", "[netflowSink]") {
  const Message expected =
      hex("0009 0002 01020304 5f5e1000 00000007 0000029a"
          "0000 0100"
          "0100 001e 0098 0008 0099 0008 0001 0008 0002 0008 0008 0004 000c 0004 0020 0002 0021 0001 0007 0002 000b "
          "0002 0004 0001 0005 0001 0006 0001 003c 0001 003d 0001"
          "          000a 0004 000e 0004 0034 0001 0035 0001 0019 0002 001a 0002 00f3 0002 00f4 0001 00f5 0002 00f6 "
          "0001 003a 0002 0088 0001 0038 0006 0050 0006"
          "          0036 0002"
          "0101 001f 0098 0008 0099 0008 0001 0008 0002 0008 001b 0010 001c 0010 00b2 0001 00b3 0001 0007 0002 000b "
          "0002 0004 0001 0005 0001 0006 0001 003c 0001"
          "          003d 0001 000a 0004 000e 0004 0034 0001 0035 0001 0019 0002 001a 0002 00f3 0002 00f4 0001 00f5 "
          "0002 00f6 0001 003a 0002 0088 0001 0038 0006"
          "          0050 0006 001f 0003 0040 0004");
  CHECK(templates_of({.macs = true}, false) == expected);
}

TEST_CASE("netflowSink: templates hold what IANA allows, each element once", "[netflowSink]") {
  for (unsigned variant = 0; variant < 96; ++variant) {
    const bool nine = variant % 3 == 0, macs = variant & 16;
    const RecordLayout layout{.version = nine ? Version::netflow9 : Version::ipfix,
                              .macs = macs,
                              .tcp_flags = (variant & 32) != 0,
                              .tcp_states = (variant & 8) != 0,
                              .ip_octets = (variant & 1) != 0,
                              .layer2 = (variant & 2) != 0,
                              .biflow = nine ? Biflow::off : static_cast<Biflow>(variant % 3),
                              .enterprise = variant & 4 ? 32473u : 0u};
    const DecodedMessage d = Decoder().decode(templates_of(layout));
    REQUIRE(d.templates.size() == (layout.layer2 ? 3u : 2u) * (layout.biflow == Biflow::off ? 1 : 2) * 2);
    for (const auto& [id, fields] : d.templates) {
      std::set<unsigned> seen;
      for (const auto& [element, length] : fields) {
        INFO("template " << id << " element " << element);
        CHECK(seen.insert(element).second);
        if (element >= enterprise_element && element < reverse_element) continue;
        const unsigned plain = element % enterprise_element;
        REQUIRE(iana.contains(plain));
        CHECK(length <= iana.at(plain));
        if (not_reducible.contains(plain)) CHECK(length == iana.at(plain));
        if (element < reverse_element) continue;
        CHECK(is_pair(static_cast<RecordKind>(id - 256)));
        CHECK(seen.contains(plain));
        CHECK_FALSE(not_reversible.contains(plain));
      }
      for (const unsigned label : {70u, 71u, 72u})
        CHECK(seen.contains(label) == has_labels(static_cast<RecordKind>(id - 256)));
      if (family_of(static_cast<RecordKind>(id - 256)) != t2::Family::layer2)
        CHECK((seen.contains(56) && seen.contains(80)) == macs);
      CHECK(fields.size() <= 120);
      if (layout.enterprise == 0 && !has_labels(static_cast<RecordKind>(id - 256)))
        CHECK(fields.size() <= 60);  // more is too much for tshark as it comes
    }
  }
}

TEST_CASE("netflowSink: an IPv4 record, byte by byte", "[netflowSink]") {
  const Template layout = ipv4_fields({.macs = true});
  CHECK(layout.record_size == 89);
  CHECK(
      filled(layout, {tcp_record()}) ==
      hex("0009 0001 01020304 5f5e1000 00000007 0000029a"
          "0100 0060"
          "00000174876e807b 00000174876e83e8 0000000000000025 1122334455667788"
          "a0a1a2a3 b0b1b2b3 0000 00 9c40 0050 06 2e db 04 01 01020304 01020304 3f 40 0028 ffff 0064 03 0ffe 07 0fff 03"
          "c0c1c2c3c4c5 d0d1d2d3d4d5 bcde"
          "000000"));
}

TEST_CASE("netflowSink: an IPv6 record, byte by byte", "[netflowSink]") {
  FlowRecord r = icmp_record(t2::Family::ipv6);
  r.source_port = r.destination_port = 0;
  r.tcp_flags = 0;
  const Template layout = ipv6_fields({.macs = true});
  CHECK(layout.record_size == 117);
  CHECK(filled(layout, {r}) ==
        hex("0009 0001 01020304 5f5e1000 00000007 0000029a"
            "0101 007c"
            "00000174876e807b 00000174876e83e8 0000000000000025 1122334455667788"
            "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf b0b1b2b3b4b5b6b7b8b9babbbcbdbebf"
            "08 05 0000 0000 3a 2e 00 06 01 01020304 01020304 3f 40 0028 ffff 0064 03 0ffe 07 0fff 03"
            "c0c1c2c3c4c5 d0d1d2d3d4d5 0abcde c2000000"
            "000000"));
}

TEST_CASE("netflowSink: an IPFIX record for IPv4, byte by byte", "[netflowSink]") {
  const Template layout = ipv4_fields(ipfix);
  CHECK(layout.record_size == 131);
  CHECK(
      filled(layout, {tcp_record()}) ==
      hex("000a 0097 5f5e1000 00000007 0000029a"
          "0100 0087"
          "00000174876e807b 00000174876e83e8 0000000000000026 0000000000000025 0000000000000025 1122334455667788"
          "a0a1a2a3 b0b1b2b3 0000 00 9c40 0050 06 2e db 04 01 01020304 01020304 3f 40 0028 ffff 0064 03 0ffe 07 0fff 03"
          "c0c1c2c3c4c5 d0d1d2d3d4d5 bcde"
          "0102030405060708 fedcba98 faf0 1401000000000000 80000000"));
}

TEST_CASE("netflowSink: an IPFIX record for IPv6, byte by byte, and no padding", "[netflowSink]") {
  FlowRecord r = icmp_record(t2::Family::ipv6);
  r.source_port = r.destination_port = 0;
  r.tcp_flags = 0;
  r.isn = r.tcp_options = r.window = 0;
  const Template layout = ipv6_fields(ipfix);
  CHECK(layout.record_size == 156);
  CHECK(filled(layout, {r}) ==
        hex("000a 00b0 5f5e1000 00000007 0000029a"
            "0101 00a0"
            "00000174876e807b 00000174876e83e8 0000000000000026 0000000000000025 0000000000000025 1122334455667788"
            "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf b0b1b2b3b4b5b6b7b8b9babbbcbdbebf"
            "0805 0000 0000 3a 2e 00 06 01 01020304 01020304 3f 40 0028 ffff 0064 03 0ffe 07 0fff 03"
            "c0c1c2c3c4c5 d0d1d2d3d4d5 000abcde c2000000"
            "0102030405060708 00000000 0000 0000000000000000"));
}

TEST_CASE("netflowSink: octetDeltaCount is one of two counts; IPFIX has the other one as well", "[netflowSink]") {
  FlowRecord r = tcp_record();
  r.payload_octets = 100;
  r.ip_octets = 140;
  r.frame_octets = 154;
  for (const bool ip : {false, true}) {
    Decoder decoder;
    const RecordLayout layout{.version = Version::ipfix, .ip_octets = ip, .layer2 = true, .enterprise = 32473};
    CHECK(decoder.decode(templates_of(layout)).enterprises == std::set<std::uint32_t>{32473});
    for (const Template& t : {ipv4_fields(layout), ipv6_fields(layout)}) {
      const Values values = decoder.decode(filled(t, {r, r})).records.at(1).second;
      CHECK(number(values.at(1)) == (ip ? 140u : 100u));
      if (ip) CHECK_FALSE(values.contains(85));
      else CHECK(number(values.at(85)) == 140);
      CHECK(number(values.at(401)) == 100);
      CHECK(number(values.at(352)) == 154);
      CHECK(number(values.at(enterprise_element + 1)) == 100);
    }
    Decoder nine;
    nine.decode(templates_of({.ip_octets = ip, .enterprise = 32473}));
    const Values values =
        nine.decode(filled(ipv4_fields({.ip_octets = ip, .enterprise = 32473}), {r})).records.at(0).second;
    CHECK(number(values.at(1)) == (ip ? 140u : 100u));
    CHECK_FALSE((values.contains(85) || values.contains(401) || values.contains(enterprise_element + 1)));
  }
}

TEST_CASE("netflowSink: both directions in one record, byte by byte", "[netflowSink]") {
  FlowRecord a{}, b{};
  a.family = b.family = t2::Family::layer2;
  a.times.earliest = t2::one_second;
  a.times.latest = 2 * t2::one_second;
  a.packets = 3;
  a.frame_octets = 180;
  a.ether_type = 0x88cc;
  a.interface = 1;
  a.vlan = 5;
  a.outer_tag = 0x2005;
  a.end = FlowEndReason::idle;
  std::fill_n(a.source_mac, 6, std::uint8_t{0xa1});
  std::fill_n(a.destination_mac, 6, std::uint8_t{0xb1});
  b.packets = 1;
  b.frame_octets = 60;
  const RecordLayout layout{.version = Version::ipfix, .layer2 = true, .biflow = Biflow::counters};
  const Template pair(layout, RecordKind::layer2_pair);
  DataMessage message(pair, 1400, 200);
  add(message, a, b);
  const auto bytes = message.finish(head);
  CHECK(Message(bytes.begin(), bytes.end()) ==
        hex("000a 006d 5f5e1000 00000007 0000029a"
            "0105 005d"
            "00000000000003e8 00000000000007d0 00000000000000b4 0000000000000003"
            "88cc 00 00000001 00000001 0005 01 0000 00 0005 01 a1a1a1a1a1a1 b1b1b1b1b1b1"
            "0102030405060708 01"
            "000000000000003c 0000000000000001"));
}

TEST_CASE("netflowSink: reverse elements are those of the other direction, counters alone or all", "[netflowSink]") {
  FlowRecord a = tcp_record(), b = tcp_record();
  b.packets = 9;
  b.ip_octets = 900;
  b.tos = 7;
  b.times.earliest += t2::one_second;
  b.anomaly = 0x1234;
  for (const Biflow biflow : {Biflow::counters, Biflow::all}) {
    const RecordLayout layout{.version = Version::ipfix, .ip_octets = true, .biflow = biflow, .enterprise = 32473};
    Decoder decoder;
    CHECK(decoder.decode(templates_of(layout)).enterprises == std::set<std::uint32_t>{rfc5103, 32473});
    const Template pair(layout, RecordKind::ipv4_pair);
    const Values values = decoder.decode(filled(pair, {a}, b)).records.at(0).second;
    CHECK(number(values.at(2)) == a.packets);
    CHECK(number(values.at(reverse_element + 2)) == 9);
    CHECK(number(values.at(reverse_element + 1)) == 900);
    CHECK(number(values.at(5)) == 0x2e);
    CHECK(values.contains(reverse_element + 5) == (biflow == Biflow::all));
    CHECK(values.contains(enterprise_element + 0x4000 + 33) == (biflow == Biflow::all));
    CHECK(number(values.at(239)) == 2);  // the source of this record answers
    if (biflow == Biflow::counters) continue;
    CHECK(number(values.at(reverse_element + 5)) == 7);
    CHECK(number(values.at(reverse_element + 152)) == number(values.at(152)) + 1000);
    CHECK(number(values.at(enterprise_element + 0x4000 + 33)) == 0x1234);
  }
}

TEST_CASE("netflowSink: enterprise elements", "[netflowSink]") {
  FlowRecord r = tcp_record();
  r.status = 0x0400000000004000;
  r.anomaly = 0xaaaa;
  r.mss = 1460;
  r.round_trip = 77e-6f;
  r.state_anomalies = 0x40;
  const RecordLayout all{.version = Version::ipfix, .enterprise = 32473};
  RecordLayout bare = all;
  bare.tcp_flags = bare.tcp_states = false;
  Decoder decoder, other;
  decoder.decode(templates_of(all));
  other.decode(templates_of(bare));
  const Values values = decoder.decode(filled(ipv6_fields(all), {r})).records.at(0).second;
  const auto own = [&](unsigned element) { return number(values.at(enterprise_element + element)); };
  CHECK(own(2) == 0x0400000000004000);
  CHECK(own(32) == 0x01db);
  CHECK(own(33) == 0xaaaa);
  CHECK(own(34) == 1460);
  CHECK(own(23) == 77);
  CHECK(own(48) == 0x40);
  const Values few = other.decode(filled(ipv6_fields(bare), {r})).records.at(0).second;
  CHECK(number(few.at(enterprise_element + 2)) == 0x0400000000004000);
  for (const unsigned element : {5u, 6u, 52u, 139u, 31u, 184u, enterprise_element + 16, enterprise_element + 48})
    CHECK_FALSE(few.contains(element));
  CHECK(number(few.at(11)) == 80);
}

TEST_CASE("netflowSink: the short way to put a record puts what all its fields put", "[netflowSink]") {
  std::mt19937 random(5);
  unsigned short_ways = 0;
  for (const Version version : {Version::netflow9, Version::ipfix}) {
    for (const bool macs : {true, false}) {
      for (unsigned kind = 0; kind < record_kinds; ++kind) {
        const Template layout({.version = version, .macs = macs}, static_cast<RecordKind>(kind));
        if (!layout.usual_put) continue;
        ++short_ways;
        Template all = layout;
        all.usual_put = nullptr;
        for (int i = 0; i < 20; ++i) {
          FlowRecord record{};
          std::generate_n(reinterpret_cast<std::uint8_t*>(&record), sizeof record,
                          [&] { return static_cast<std::uint8_t>(random()); });
          record.family = layout.family();
          std::vector<std::uint8_t> a(layout.record_size), b(layout.record_size);
          layout.put(a.data(), record, record);
          all.put(b.data(), record, record);
          CHECK(a == b);
        }
      }
    }
  }
  CHECK(short_ways == 4);
}

TEST_CASE("netflowSink: records have the sizes that the README tells", "[netflowSink]") {
  const RecordLayout pairs{.version = Version::ipfix, .biflow = Biflow::all};
  CHECK(Template(pairs, RecordKind::ipv4_pair).record_size == 222);
  CHECK(Template(pairs, RecordKind::ipv6_pair).record_size == 249);
  const auto most = [](const Template& t) {
    DataMessage message(t, 1400, 200);
    unsigned n = 0;
    for (; !message.full(); ++n) add(message, tcp_record());
    return n;
  };
  CHECK(most(ipv4_fields({})) == 15);
  CHECK(most(ipv6_fields({})) == 11);
  CHECK(most(ipv4_fields(ipfix)) == 10);
  CHECK(most(ipv6_fields(ipfix)) == 8);
  const std::size_t plain = ipv4_fields(ipfix).record_size;
  CHECK(ipv4_fields({.version = Version::ipfix, .enterprise = 32473}).record_size == plain + 82);
}

TEST_CASE("netflowSink: without macRecorder there are no addresses to send", "[netflowSink]") {
  CHECK(ipv4_fields({.macs = false}).record_size == 77);
  CHECK(ipv6_fields({.macs = false}).record_size == 105);
}

TEST_CASE("netflowSink: ICMP type and code are those of ICMP alone", "[netflowSink]") {
  Decoder decoder;
  decoder.decode(templates_of(true));
  const auto four = [&](const FlowRecord& r) {
    return decoder.decode(filled(ipv4_fields({.macs = true}), {r})).records.at(0).second;
  };
  const auto six = [&](const FlowRecord& r) {
    return decoder.decode(filled(ipv6_fields({.macs = true}), {r})).records.at(0).second;
  };
  CHECK(number(four(icmp_record(t2::Family::ipv4)).at(32)) == 8 * 256 + 5);
  CHECK(number(four(tcp_record()).at(32)) == 0);
  CHECK(number(six(icmp_record(t2::Family::ipv6)).at(178)) == 8);
  CHECK(number(six(icmp_record(t2::Family::ipv6)).at(179)) == 5);
  CHECK(number(six(tcp_record()).at(178)) == 0);
  CHECK(number(six(tcp_record()).at(179)) == 0);
}

TEST_CASE("netflowSink: IGMP type is that of IGMP alone", "[netflowSink]") {
  Decoder decoder;
  decoder.decode(templates_of(true));
  FlowRecord r = tcp_record();
  const auto type = [&] {
    return number(decoder.decode(filled(ipv4_fields({.macs = true}), {r})).records.at(0).second.at(33));
  };
  CHECK(type() == 0);
  r.protocol = 2;
  r.icmp_type = 0x16;
  CHECK(type() == 0x16);
}

// IANA: DST HOP - UNK FRA0 RH FRA1 - | - - - - MOB ESP AH PAY | ...
TEST_CASE("netflowSink: extension headers of IPv6 have IANA's bits", "[netflowSink]") {
  namespace seen = t2::tcp_flags::extension;
  Decoder decoder;
  decoder.decode(templates_of(true));
  FlowRecord r{};
  r.family = t2::Family::ipv6;
  const auto bits = [&](std::uint8_t extensions, std::uint8_t protocol) {
    r.extensions = extensions;
    r.protocol = protocol;
    return number(decoder.decode(filled(ipv6_fields({.macs = true}), {r})).records.at(0).second.at(64));
  };
  CHECK(bits(0, 6) == 0);
  CHECK(bits(seen::destination, 6) == 0x80000000);
  CHECK(bits(seen::hop_by_hop, 6) == 0x40000000);
  CHECK(bits(seen::first_fragment, 17) == 0x08000000);
  CHECK(bits(seen::routing, 6) == 0x04000000);
  CHECK(bits(seen::later_fragment, 17) == 0x02000000);
  CHECK(bits(seen::authentication, 6) == 0x00020000);
  CHECK(bits(0, 135) == 0x00080000);                    // mobility
  CHECK(bits(seen::authentication, 50) == 0x10060000);  // ESP hides what follows
  CHECK(bits(0, 108) == 0x10010000);
}

TEST_CASE("netflowSink: records with MPLS labels, byte by byte", "[netflowSink]") {
  FlowRecord r = tcp_record();
  for (const RecordLayout& layout : {RecordLayout{}, ipfix}) {
    const Template plain(layout, RecordKind::ipv4), labelled(layout, RecordKind::ipv4_mpls);
    CHECK(labelled.id == 262);
    const unsigned more = layout.version == Version::ipfix ? 10 : 9;
    REQUIRE(labelled.record_size == plain.record_size + more);
    std::vector<std::uint8_t> without(plain.record_size), with(labelled.record_size);
    plain.put(without.data(), r, r);
    labelled.put(with.data(), r, r);
    CHECK(std::equal(without.begin(), without.end(), with.begin()));
    const auto labels = hex(layout.version == Version::ipfix ? "00010a fffff1 000000 3f" : "00010a fffff1 000000");
    CHECK(std::equal(labels.begin(), labels.end(), with.end() - more, with.end()));
  }
}

TEST_CASE("netflowSink: times before 1970 are sent as 1970", "[netflowSink]") {
  Decoder decoder;
  decoder.decode(templates_of(true));
  FlowRecord r = tcp_record();
  r.times.earliest = -5 * t2::one_second;
  const DecodedMessage d = decoder.decode(filled(ipv4_fields({.macs = true}), {r}));
  CHECK(number(d.records.at(0).second.at(152)) == 0);
  CHECK(number(d.records.at(0).second.at(153)) == 1'600'000'001'000);
}

TEST_CASE("netflowSink: messages are as full as they may be, and padded with zeros", "[netflowSink]") {
  for (const bool macs : {true, false}) {
    for (const Template& layout : {ipv4_fields({.macs = macs}), ipv6_fields({.macs = macs})}) {
      Decoder decoder;
      decoder.decode(templates_of(macs));
      for (std::size_t limit = 512; limit <= 3000; limit += 1) {
        DataMessage message(layout, limit, 200);
        unsigned n = 0;
        while (!message.full()) {
          add(message, tcp_record());
          ++n;
        }
        const auto bytes = message.finish(head);
        CHECK(bytes.size() <= limit);
        CHECK(24 + ((n + 1) * layout.record_size + 3) / 4 * 4 > limit);
        if (limit > 600) continue;
        const DecodedMessage d = decoder.decode({bytes.begin(), bytes.end()});
        CHECK(d.records.size() == n);
        CHECK(d.padding.at(0) == (4 - n * layout.record_size % 4) % 4);
      }
    }
  }
  const Template layout = ipv6_fields(ipfix);
  for (std::size_t limit = 512; limit <= 3000; limit += 1) {
    DataMessage message(layout, limit, 200);
    while (!message.full()) add(message, tcp_record());
    const std::size_t size = message.finish(head).size();
    CHECK(size <= limit);
    CHECK(size + layout.record_size > limit);
  }
}

TEST_CASE("netflowSink: NF_NUM4FLWS and NF_NUM6FLWS are upper bounds", "[netflowSink]") {
  const Template layout = ipv4_fields({.macs = true});
  DataMessage three(layout, 1400, 3);
  for (unsigned i = 0; i < 3; ++i) {
    CHECK_FALSE(three.full());
    add(three, tcp_record());
  }
  CHECK(three.full());
  DataMessage large(layout, 65507, 1000);
  while (!large.full()) add(large, tcp_record());
  CHECK(large.count() == (65507 - 24) / 89);
}

TEST_CASE("netflowSink: a message carries nothing of the one before", "[netflowSink]") {
  const Template layout = ipv6_fields({.macs = true});
  DataMessage message(layout, 1400, 100);
  for (unsigned i = 0; i < 3; ++i) add(message, icmp_record(t2::Family::ipv6));
  message.finish(head);
  message.clear();
  add(message, tcp_record());
  const auto bytes = message.finish(head);
  CHECK(Message(bytes.begin(), bytes.end()) == filled(layout, {tcp_record()}));
}

}  // namespace t2::test::message_test
