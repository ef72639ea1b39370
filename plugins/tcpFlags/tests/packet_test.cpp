// Rows of packets (-s): the connection of the worked example packet by packet, and cells of packets that have no TCP,
// no IP, options or fragments.
#include <catch2/catch.hpp>

#include <algorithm>

#include "example.hpp"

namespace t2::test::packet_test {

namespace {

const std::vector<std::string> of_example[] = {
    {"ipIDDiff", "0", "0", "1", "1", "1", "1", "1", "1", "1", "1"},
    {"seqMax", "1000", "9000", "1001", "1001", "9001", "9001", "1101", "1101", "9501", "1102"},
    {"seqDiff", "0", "0", "1", "0", "1", "0", "100", "0", "500", "1"},
    {"ackDiff", "0", "0", "0", "0", "100", "0", "500", "0", "1", "1"},
    {"seqLen", "0", "0", "0", "0", "0", "0", "100", "0", "500", "0"},
    {"ackLen", "0", "0", "0", "0", "100", "0", "500", "0", "0", "0"},
    {"seqFlowLen", "0", "0", "0", "0", "0", "0", "100", "100", "500", "100"},
    {"ackFlowLen", "0", "0", "0", "0", "100", "100", "500", "500", "100", "500"},
    {"tcpMLen", "0", "0", "0", "100", "0", "500", "100", "100", "500", "100"},
    {"tcpBFlgt", "0", "0", "0", "100", "0", "500", "0", "0", "0", "0"},
    {"tcpFStat", "0x0012", "0x0012", "0x0a13", "0x0a13", "0x0213", "0x0213", "0x0213", "0x0a13", "0x0213", "0x0a13"},
    {"tcpFlags", "0x0002", "0x0212", "0x0010", "0x0018", "0x0010", "0x0018", "0x0010", "0x0111", "0x0111", "0x0010"},
    {"tcpAnomaly", "0x0000", "0x0000", "0x0000", "0x0000", "0x0000", "0x0000", "0x0000", "0x0000", "0x0000", "0x0000"},
    {"tcpWin", "64240", "65160", "64256", "64256", "65152", "65152", "64128", "64128", "65152", "64128"},
    {"tcpWS", "0", "0", "128", "128", "128", "128", "128", "128", "128", "128"},
    {"tcpStatesAFlags", "0x00", "0x00", "0x00", "0x00", "0x00", "0x00", "0x00", "0x00", "0x00", "0x00"},
    {"ipID", "101", "201", "102", "103", "202", "203", "104", "105", "204", "106"},
    {"seq", "1000", "9000", "1001", "1001", "9001", "9001", "1101", "1101", "9501", "1102"},
    {"ack", "0", "1001", "9001", "9001", "1101", "1101", "9501", "9501", "1102", "9502"},
    {"tcpTmS", "5000", "7000", "5010", "5011", "7011", "7020", "5030", "5031", "7031", "5041"},
    {"tcpMSS", "1460", "1460", "1460", "1460", "1460", "1460", "1460", "1460", "1460", "1460"}};

const std::vector<std::string> plugins = {"basicFlow", "tcpFlags", "tcpStates", "txtSink"};

// The rows point into it: not copied, not moved.
struct Packets {
  explicit Packets(const Capture& capture) : result(run(capture, plugins, {"-s"})), table(result.file("_packets.txt")) {
    INFO(result.err);
    REQUIRE(result.status == 0);
  }
  Packets(const Packets&) = delete;
  Table::Row operator[](std::size_t packet) const { return table.row(packet); }
  const Result result;
  const Table table;
};

}  // namespace

TEST_CASE("tcpFlags and tcpStates: the packets of a clean connection", "[tcpFlags][tcpStates][packets]") {
  const Packets packets(example());
  REQUIRE(packets.table.size() == 10);
  for (const std::vector<std::string>& column : of_example) {
    INFO(column[0]);
    for (std::size_t i = 0; i < 10; ++i) {
      INFO("packet " << i + 1);
      CHECK(packets[i][column[0]] == column[i + 1]);
    }
  }
}

TEST_CASE("tcpFlags: header fields and checksums of packets", "[tcpFlags][packets]") {
  const Packets packets(example());
  const Table::Row first = packets[0];
  CHECK(first["ipToS"] == "0x00");
  CHECK(first["ipTTL"] == "64");
  CHECK(first["ipFrag"] == "0x4000");
  CHECK(first["ipFlags"] == "0x0040");
  CHECK(first["tcpOptLen"] == "20");
  CHECK(first["tcpOpts"].find("0x02;0x04;0x05;0xb4;0x04;0x02;0x08;0x0a;0x00;0x00;0x13;0x88;") == 0);
  CHECK(packets[2]["tcpOptLen"] == "12");
  for (std::size_t i = 0; i < 10; ++i) {
    CHECK(packets[i]["ipHdrChkSum"] == packets[i]["ipCalChkSum"]);
    CHECK(packets[i]["l4HdrChkSum"] == packets[i]["l4CalChkSum"]);
    CHECK(packets[i]["l4CalChkSum"] != "0x0000");
  }
}

TEST_CASE("tcpFlags: what the checksums of packets should be", "[tcpFlags][packets]") {
  Frame udp = Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("abc");
  const Buffer right = udp;
  Buffer wrong = right;
  wrong[14 + 10] ^= 0x12, wrong[14 + 20 + 6] ^= 0x12;
  const Buffer unused = Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(1, 2).checksum(0).payload("abc");
  const Packets packets(Capture().add(epoch, {right, wrong, unused}));
  CHECK(packets[0]["ipHdrChkSum"] == packets[0]["ipCalChkSum"]);
  CHECK(packets[0]["l4HdrChkSum"] == packets[0]["l4CalChkSum"]);
  CHECK(packets[1]["ipHdrChkSum"] != packets[0]["ipHdrChkSum"]);
  CHECK(packets[1]["ipCalChkSum"] == packets[0]["ipHdrChkSum"]);
  CHECK(packets[1]["l4HdrChkSum"] != packets[0]["l4HdrChkSum"]);
  CHECK(packets[1]["l4CalChkSum"] == packets[0]["l4HdrChkSum"]);
  CHECK(packets[2]["l4HdrChkSum"] == "0x0000");
  CHECK(packets[2]["l4CalChkSum"] == "0x0000");
}

TEST_CASE("tcpFlags: the checksum of a datagram stands with its first and last fragment", "[tcpFlags][packets]") {
  const std::vector<Buffer> fragments = Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(1, 2).zeros(100).fragments(48, 7);
  REQUIRE(fragments.size() == 3);
  const Packets packets(Capture().add(epoch, fragments));
  CHECK(packets[0]["l4HdrChkSum"] != "0x0000");
  CHECK(packets[0]["l4CalChkSum"] == "0x0000");
  CHECK(packets[1]["l4HdrChkSum"] == "0x0000");
  CHECK(packets[1]["l4CalChkSum"] == "0x0000");
  CHECK(packets[2]["l4HdrChkSum"] == packets[0]["l4HdrChkSum"]);
  CHECK(packets[2]["l4CalChkSum"] == packets[0]["l4HdrChkSum"]);
  CHECK(packets[0]["ipFrag"] == "0x2000");
  CHECK(packets[1]["ipFrag"] == "0x2006");
  CHECK(packets[2]["ipFrag"] == "0x000c");
}

TEST_CASE("tcpFlags: cells of packets without TCP and without IP", "[tcpFlags][tcpStates][packets]") {
  const Packets packets(
      Capture().add(epoch, {Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(1, 2),
                            Frame().eth().arp(1, "02:00:00:00:00:01", "10.0.0.1", "02:00:00:00:00:02", "10.0.0.2")}));
  REQUIRE(packets.table.size() == 2);
  const std::vector<std::string>& columns = packets.table.columns();
  const auto at = [&](std::string_view name) {
    return static_cast<std::size_t>(std::find(columns.begin(), columns.end(), name) - columns.begin());
  };
  const std::size_t first = at("ipToS"), numbers = at("seq"), last = at("tcpOpts");
  REQUIRE(last < columns.size());
  CHECK(last - first + 1 == 41);
  for (std::size_t i = first; i <= last; ++i) {
    INFO(columns[i]);
    CHECK(packets[1].cells()[i].empty());
    if (i < numbers) continue;
    const std::string expected = columns[i] == "tcpFStat" ? "0x0000" : columns[i] == "tcpOptLen" ? "0" : "";
    CHECK(packets[0].cells()[i] == expected);
  }
  CHECK(packets[0]["ipOptLen"] == "0");
  CHECK(packets[0]["ipOpts"].empty());
  CHECK(packets[0]["ip6HHOptLen"] == "0");
  CHECK(packets[0]["tcpStatesAFlags"] == "0x00");
  CHECK(packets[1]["tcpStatesAFlags"] == "0x00");
}

TEST_CASE("tcpFlags: IP options of packets", "[tcpFlags][packets]") {
  const Packets packets(
      Capture().add(epoch, {Frame().eth().ip4("10.0.0.1", "10.0.0.2").options(hex("94 04 00 00")).udp(1, 2),
                            Frame()
                                .eth()
                                .ip6("2001:db8::1", "2001:db8::2")
                                .ttl(3)
                                .tos(0xb8)
                                .hop_by_hop(hex("05 02 00 00 01 00"))
                                .destination_options(hex("01 04 00 00 00 00"))
                                .udp(1, 2),
                            Frame().eth().ip6("2001:db8::1", "2001:db8::2").fragment6(8, true, 9).zeros(16)}));
  CHECK(packets[0]["ipOptLen"] == "4");
  CHECK(packets[0]["ipOpts"] == "0x94;0x04;0x00;0x00");
  const Table::Row six = packets[1];
  CHECK(six["ip6HHOptLen"] == "6");
  CHECK(six["ip6HHOpts"] == "0x05;0x02;0x00;0x00;0x01;0x00");
  CHECK(six["ip6DOptLen"] == "6");
  CHECK(six["ip6DOpts"] == "0x01;0x04;0x00;0x00;0x00;0x00");
  CHECK(six["ipOptLen"] == "0");
  CHECK(six["ipToS"] == "0xb8");
  CHECK(six["ipTTL"] == "3");
  CHECK(six["ipID"] == "0");
  CHECK(six["ipHdrChkSum"] == "0x0000");
  CHECK(six["ipCalChkSum"] == "0x0000");
  CHECK(six["ipFrag"] == "0x0000");
  CHECK(packets[2]["ipFrag"] == "0x0009");
}

TEST_CASE("tcpFlags: multipath TCP of packets", "[tcpFlags][packets]") {
  const auto segment = [](const Buffer& options) {
    return Frame().eth().ip4("10.0.0.1", "10.0.0.2").tcp(1, 2).flags("A").options(options);
  };
  const Packets packets(
      Capture().add(epoch, {segment(hex("1e 04 01 81")), segment(hex("1e 04 50 07")), segment(nop(4))}));
  CHECK(packets[0]["tcpMPTyp"] == "0");
  CHECK(packets[0]["tcpMPF"] == "0x81");
  CHECK(packets[1]["tcpMPTyp"] == "5");
  CHECK(packets[1]["tcpMPAID"] == "7");
  CHECK(packets[1]["tcpMPF"] == "0x00");
  CHECK(packets[2]["tcpMPAID"] == "0");
  CHECK(packets[2]["tcpOptLen"] == "4");
}

TEST_CASE("tcpStates: what is known so far stands with the packet, the rest with the flow", "[tcpStates][packets]") {
  const Packets packets(
      dialog({{0, 'a', "S", 100}, {1, 'b', "SA", 500, 101}, {2, 'a', "R", 101}, {3, 'b', "A", 501, 101}}));
  CHECK(packets[1]["tcpStatesAFlags"] == "0x00");
  CHECK(packets[2]["tcpStatesAFlags"] == "0x41");
  CHECK(packets[3]["tcpStatesAFlags"] == "0x11");
  CHECK(packets.result.flows.find({{"dir", "A"}})["tcpStatesAFlags"] == "0x43");
}

}  // namespace t2::test::packet_test
