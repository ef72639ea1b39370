// Which flow a fragment belongs to: its datagram's, a flow without ports, or none. Through the program.
#include <catch2/catch.hpp>

#include <algorithm>

#include "run.hpp"

namespace t2::test::fragmented_flows_test {

namespace {

using Lines = std::vector<std::string>;

Buffer udp(std::string_view from, unsigned port, std::string_view to, unsigned to_port, std::size_t size) {
  return Frame().eth().ip4(from, to).udp(port, to_port).zeros(size);
}

// A datagram of 2048 bytes in three fragments.
struct Fragments4 {
  explicit Fragments4(unsigned id) {
    const Buffer datagram = Frame().udp(6000, 7000).zeros(2048);
    const auto part = [&](unsigned from, unsigned size, bool more) {
      const Buffer content(datagram.begin() + from, datagram.begin() + from + size);
      return Frame().eth().ip4("10.0.0.1", "10.0.0.2").next(17).id(id).fragment(from, more).raw(content).bytes();
    };
    f1 = part(0, 1480, true), f2 = part(1480, 400, true), f3 = part(1880, 176, false);
  }
  Buffer f1, f2, f3;
};

// direction, flowInd, flowStat, ports, packets, bytes of all rows
Lines fragment_rows(const std::vector<Buffer>& packets) {
  const Result result = run(Capture().add(epoch, packets, second), {"basicFlow", "basicStats", "txtSink"});
  INFO(result.out << result.err);
  REQUIRE(result.status == 0);
  Lines out;
  for (const auto& row : result.flows.all()) {
    std::string line;
    for (const char* column : {"dir", "flowInd", "flowStat", "srcPort", "dstPort", "pktsSnt", "l7BytesSnt"})
      line += (line.empty() ? "" : "|") + row[column];
    out.push_back(line);
  }
  return out;
}

}  // namespace

TEST_CASE("fragments: IPv4", "[flows]") {
  const Fragments4 a(100), b(101);
  const Buffer whole = udp("10.0.0.1", 6000, "10.0.0.2", 7000, 1), reply = udp("10.0.0.2", 7000, "10.0.0.1", 6000, 1);
  CHECK(fragment_rows({a.f1, a.f2, a.f3}) == Lines{"A|1|0x0400081000004000|6000|7000|3|2048"});
  CHECK(fragment_rows({a.f2, a.f1, a.f3}) ==
        Lines{"A|1|0x0400085000004000|0|0|1|400", "A|2|0x0400081000004000|6000|7000|2|1648"});
  CHECK(fragment_rows({a.f2, a.f3}) == Lines{"A|1|0x0400085000004000|0|0|2|576"});
  CHECK(fragment_rows({a.f1, whole, b.f1, b.f3, whole}) == Lines{"A|1|0x040008b000004000|6000|7000|5|3122"});
  // The last piece before a middle one; a piece is missing; all twice.
  CHECK(fragment_rows({a.f1, reply, a.f3, a.f2}) ==
        Lines{"A|1|0x0400081000004000|6000|7000|3|2048", "B|1|0x0400000000004001|7000|6000|1|1"});
  CHECK(fragment_rows({a.f1, a.f3}) == Lines{"A|1|0x0400089000004000|6000|7000|2|1648"});
  for (const auto& twice :
       {std::vector<Buffer>{a.f1, a.f1, a.f2, a.f2, a.f3, a.f3}, {a.f1, a.f2, a.f3, a.f1, a.f2, a.f3}})
    CHECK(fragment_rows(twice) == Lines{"A|1|0x0400081000004000|6000|7000|6|4096"});
  const auto echo = Frame().eth().ip4("10.0.0.1", "10.0.0.2").icmp(8).zeros(2000).fragments(1480, 7);
  CHECK(fragment_rows(echo) == Lines{"A|1|0x0400081000004000|0|0|2|2000"});
}

TEST_CASE("fragments: IPv6 join the flow of their first", "[flows]") {
  const auto parts = Frame().eth().ip6("2001:db8::1", "2001:db8::2").udp(6000, 7000).zeros(2048).fragments(1440, 9);
  REQUIRE(parts.size() == 2);
  CHECK(fragment_rows(parts) == Lines{"A|1|0x0800001000008000|6000|7000|2|2048"});
  CHECK(fragment_rows({parts[1], parts[0]}) ==
        Lines{"A|1|0x0800005000008000|0|0|1|616", "A|2|0x0800009000008000|6000|7000|1|1432"});
}

TEST_CASE("fragments: IPv6 belong together by addresses and identification, whatever the next headers say", "[flows]") {
  const auto part = [](unsigned at, bool more, const Buffer& content, unsigned next) {
    return Frame()
        .eth()
        .ip6("2001:db8::1", "2001:db8::2")
        .hop_by_hop()
        .fragment6(at, more, 9)
        .next(next)
        .raw(content)
        .bytes();
  };
  const Buffer options = hex("11 00 01 04 00000000"), ports = Frame().udp(6000, 7000).zeros(1000);
  const std::string one = "A|1|0x0800001000008000|6000|7000|3|";
  CHECK(fragment_rows({part(0, true, options + ports, 60), part(1016, true, Buffer(400), 60),
                       part(1416, false, Buffer(20), 60)}) == Lines{one + "1420"});
  CHECK(fragment_rows({part(0, true, options + ports, 60), part(1416, false, Buffer(20), 17),
                       part(1016, true, Buffer(400), 44)}) == Lines{one + "1420"});
}

TEST_CASE("fragments: those of other datagrams and of the other direction do not mix", "[flows]") {
  const Fragments4 a(100), b(101);
  CHECK(fragment_rows({a.f1, b.f2}).size() == 2);
  Buffer back = a.f2;
  std::swap_ranges(back.begin() + 26, back.begin() + 30, back.begin() + 30);
  CHECK(fragment_rows({a.f1, back}).size() == 2);
  Buffer protocol = a.f2;
  protocol[23] = 6;
  CHECK(fragment_rows({a.f1, protocol}).size() == 2);
  const auto parts = Frame().eth().ip6("2001:db8::1", "2001:db8::2").udp(6000, 7000).zeros(2048).fragments(1440, 9);
  const auto others = Frame().eth().ip6("2001:db8::1", "2001:db8::2").udp(6001, 7000).zeros(2048).fragments(1440, 8);
  CHECK(fragment_rows({parts[0], others[0], parts[1], others[1]}).size() == 2);
}

TEST_CASE("fragments: of a tunnel whose content was decoded make no flow", "[flows]") {
  const Frame inner = Frame().ip4("192.168.0.1", "192.168.0.2").udp(6000, 7000).zeros(2000);
  const std::string one = "A|1|0x0400000000004000|6000|7000|1|2000", in_udp = "A|1|0x0400000000404000|6000|7000|1|2000";
  const auto cut = [](const Frame& tunnel) { return tunnel.fragments(1000, 55); };
  const auto without_marks = [](Lines lines) {  // of the tunnel
    for (std::string& line : lines) line.replace(4, 18, "status");
    return lines;
  };
  const Buffer bridged = Buffer(Frame().eth("02:00:00:00:aa:01", "02:00:00:00:aa:02").next(0x0800)) + Buffer(inner);
  const std::vector<Frame> tunnels{
      Frame().eth().ip4("10.0.0.1", "10.0.0.2").next(4).raw(inner),
      Frame().eth().ip6("2001:db8::1", "2001:db8::2").next(4).raw(inner),
      Frame().eth().vlan(5).ip4("10.0.0.1", "10.0.0.2").gre().next(0x0800).raw(inner),
      Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(40000, 4789).raw(hex("08000000 00002a00") + bridged),
      Frame().eth().ip6("2001:db8::1", "2001:db8::2").udp(40000, 4789).raw(hex("08000000 00002a00") + bridged)};
  for (const Frame& tunnel : tunnels) {
    auto parts = cut(tunnel);
    REQUIRE(parts.size() == 3);
    const Lines whole = without_marks(fragment_rows({tunnel.bytes()}));
    CHECK(whole == Lines{"A|1|status|6000|7000|1|2000"});
    CHECK(without_marks(fragment_rows(parts)) == whole);
    CHECK(without_marks(fragment_rows({parts[0], parts[2], parts[1], parts[1]})) == whole);
    CHECK(fragment_rows({parts[1], parts[2]}).at(0).find("|0|0|2|") != std::string::npos);  // the first is missing
    // Another tunnel carries the fragments of this one.
    for (Buffer& part : parts) part = Frame().eth().ip4("10.1.0.1", "10.1.0.2").gre().next(0x6558).raw(part);
    CHECK(without_marks(fragment_rows(parts)) == whole);
  }
  // What is no tunnel keeps its fragments, also with the identification of a tunnel's datagram.
  const auto plain = cut(Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(40000, 4790).zeros(2000));
  auto parts = cut(tunnels[3]);
  CHECK(without_marks(fragment_rows({parts[0], parts[1], parts[2], plain[0], plain[1], plain[2]})) ==
        Lines{"A|1|status|6000|7000|1|2000", "A|2|status|40000|4790|3|2000"});
}

TEST_CASE("fragments: of packets that a tunnel carries whole belong to the inner flow", "[flows]") {
  std::vector<Buffer> parts;
  for (const Buffer& part : Frame()
                                .eth("02:00:00:00:aa:01", "02:00:00:00:aa:02")
                                .ip4("192.168.0.1", "192.168.0.2")
                                .udp(6000, 7000)
                                .zeros(2000)
                                .fragments(1000, 3))
    parts.push_back(Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(40000, 4789).raw(hex("08000000 00002a00") + part));
  const Lines got = fragment_rows(parts);
  REQUIRE(got.size() == 1);
  CHECK(got[0].find("|6000|7000|3|2000") != std::string::npos);
}

}  // namespace t2::test::fragmented_flows_test
