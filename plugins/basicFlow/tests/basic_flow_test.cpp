// basicFlow, column by column: what a flow file says about frames whose every byte is known.
#include <catch2/catch.hpp>

#include "run.hpp"

namespace t2::test::basic_flow_test {

namespace {

const std::vector<std::string> plugins = {"basicFlow", "txtSink"};

Frame udp() { return Frame().ip4("10.0.0.1", "10.0.0.2").udp(40000, 50000).payload("x"); }
Frame tagged(std::initializer_list<unsigned> tags) {  // tag control words
  Frame frame;
  frame.eth();
  for (unsigned tag : tags)
    frame.vlan(tag & 0xfff, tag >> 13).poke(0, {static_cast<std::uint8_t>(tag >> 8), static_cast<std::uint8_t>(tag)});
  return frame.ip4("10.0.0.1", "10.0.0.2").udp(40000, 50000).payload("x");
}
Frame labelled(unsigned depth) {
  Frame frame;
  frame.eth();
  for (unsigned i = 0; i < depth; ++i) frame.mpls(16 + i);
  return frame.ip4("10.0.0.1", "10.0.0.2").udp(40000, 50000).payload("x");
}
Result run_frames(const std::vector<Buffer>& frames) { return run(Capture().add(epoch, frames, second), plugins); }

}  // namespace

TEST_CASE("basicFlow: columns and their order", "[basicFlow]") {
  const Result result = run_frames({Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(40000, 50000)});
  REQUIRE(result.status == 0);
  CHECK(result.flows.columns() == std::vector<std::string>{"dir", "flowInd", "flowStat", "timeFirst", "timeLast",
                                                           "duration", "numHdrDesc", "numHdrs", "hdrDesc", "srcMac",
                                                           "dstMac", "ethType", "vlanID", "srcIP", "srcPort", "dstIP",
                                                           "dstPort", "l4Proto"});
  CHECK(result.flows.row(0).cells() ==
        std::vector<std::string>{"A", "1", "0x0400000000004000", "1600000000.000000000", "1600000000.000000000",
                                 "0.000000000", "1", "3", "eth:ipv4:udp", "02:00:00:00:00:01", "02:00:00:00:00:02",
                                 "0x0800", "", "10.0.0.1", "40000", "10.0.0.2", "50000", "17"});
}

TEST_CASE("basicFlow: both directions, times", "[basicFlow]") {
  Capture capture;
  capture.add(epoch, Frame().eth().ip4("10.0.0.1", "10.0.0.2").tcp(40000, 80).flags("S"));
  capture.add(
      epoch + 250 * millisecond,
      Frame().eth("02:00:00:00:00:02", "02:00:00:00:00:01").ip4("10.0.0.2", "10.0.0.1").tcp(80, 40000).flags("SA"));
  capture.add(epoch + 1250 * millisecond, Frame().eth().ip4("10.0.0.1", "10.0.0.2").tcp(40000, 80).flags("A"));
  const Result result = run(capture, plugins);
  const auto a = result.flows.find({{"dir", "A"}}), b = result.flows.find({{"dir", "B"}});
  CHECK(a["duration"] == "1.250000000");
  CHECK(b["timeFirst"] == "1600000000.250000000");
  CHECK(b["srcIP"] == "10.0.0.2");
  CHECK(b["srcPort"] == "80");
  CHECK(b["srcMac"] == "02:00:00:00:00:02");
  CHECK(b["flowStat"] == "0x0400000000004001");
}

TEST_CASE("basicFlow: a duration is never negative", "[basicFlow]") {
  const Buffer frame = Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(40000, 50000);
  const Result result =
      run(Capture().add(epoch + 1500 * millisecond, frame).add(epoch + 250 * millisecond, frame), plugins);
  CHECK(result.flows.row(0)["timeFirst"] == "1600000000.250000000");
  CHECK(result.flows.row(0)["timeLast"] == "1600000001.500000000");
  CHECK(result.flows.row(0)["duration"] == "1.250000000");
}

TEST_CASE("basicFlow: VLAN tags are printed whole", "[basicFlow]") {
  struct {
    std::initializer_list<unsigned> tags;
    const char *vlan, *headers, *count, *status;
  } const cases[] = {
      {{0xa064}, "41060", "eth:vlan:ipv4:udp", "4", "0x0400000000004100"},
      {{0x1001, 0xe002}, "4097;57346", "eth:vlan{2}:ipv4:udp", "5", "0x0400000000004100"},
      {{1, 2, 3, 4}, "1;2;3", "eth:vlan{4}:ipv4:udp", "7", "0x0400000000004100"},
      {{0}, "0", "eth:vlan:ipv4:udp", "4", "0x0600000000004100"},
  };
  for (const auto& c : cases) {
    const Result result = run_frames({tagged(c.tags)});
    const auto row = result.flows.row(0);
    CHECK(row["vlanID"] == c.vlan);
    CHECK(row["hdrDesc"] == c.headers);
    CHECK(row["numHdrs"] == c.count);
    CHECK(row["flowStat"] == c.status);
  }
}

TEST_CASE("basicFlow: header descriptions, until their list is full", "[basicFlow]") {
  SECTION("exactly full is no overrun") {
    const Result result = run_frames({labelled(1), labelled(2), labelled(3), labelled(4)});
    const auto row = result.flows.row(0);
    CHECK(row["numHdrDesc"] == "4");
    CHECK(row["numHdrs"] == "4;5;6;7");
    CHECK(row["hdrDesc"] == "eth:mpls:ipv4:udp;eth:mpls{2}:ipv4:udp;eth:mpls{3}:ipv4:udp;eth:mpls{4}:ipv4:udp");
    CHECK(row["flowStat"] == "0x0400000000004200");
  }
  SECTION("one packet more is, even with a known stack") {
    const Result result = run_frames({labelled(1), labelled(2), labelled(3), labelled(4), labelled(1)});
    CHECK(result.flows.row(0)["flowStat"] == "0x0401000000004200");
    CHECK(result.flows.row(0)["numHdrs"] == "4;5;6;7");
  }
}

TEST_CASE("basicFlow: distinct MAC addresses, three at most", "[basicFlow]") {
  std::vector<Buffer> frames;
  for (const char* mac :
       {"02:00:00:00:00:0a", "02:00:00:00:00:0b", "02:00:00:00:00:0a", "02:00:00:00:00:0c", "02:00:00:00:00:0d"})
    frames.push_back(Frame().eth(mac, "02:00:00:00:00:ff").ip4("10.0.0.1", "10.0.0.2").udp(1, 2));
  const Result result = run_frames(frames);
  CHECK(result.flows.row(0)["srcMac"] == "02:00:00:00:00:0a;02:00:00:00:00:0b;02:00:00:00:00:0c");
  CHECK(result.flows.row(0)["dstMac"] == "02:00:00:00:00:ff");
}

TEST_CASE("basicFlow: no Ethernet, no MAC addresses", "[basicFlow]") {
  const Result result = run(Capture().add(epoch, udp()).pcap({.link_type = 101}), plugins);
  const auto row = result.flows.row(0);
  CHECK(row["srcMac"] == "");
  CHECK(row["dstMac"] == "");
  CHECK(row["hdrDesc"] == "raw:ipv4:udp");
  CHECK(row["flowStat"] == "0x0400000000004002");
}

TEST_CASE("basicFlow: flows without IP have no addresses and ports", "[basicFlow]") {
  const Result result = run_frames({Frame()
                                        .eth("02:00:00:00:00:01", "ff:ff:ff:ff:ff:ff")
                                        .arp(1, "02:00:00:00:00:01", "10.0.0.1", "00:00:00:00:00:00", "10.0.0.2")
                                        .pad()});
  const auto row = result.flows.row(0);
  CHECK(row["srcIP"] == "-");
  CHECK(row["dstIP"] == "-");
  CHECK(row["srcPort"] == "0");
  CHECK(row["l4Proto"] == "0");
  CHECK(row["ethType"] == "0x0806");
}

TEST_CASE("basicFlow: IPv6", "[basicFlow]") {
  const Result result = run_frames({Frame().eth().ip6("2001:db8::1", "ff02::fb").udp(5353, 5353)});
  const auto row = result.flows.row(0);
  CHECK(row["srcIP"] == "2001:db8::1");
  CHECK(row["dstIP"] == "ff02::fb");
  CHECK(row["ethType"] == "0x86dd");
  CHECK(row["hdrDesc"] == "eth:ipv6:udp");
}

TEST_CASE("basicFlow: packets", "[basicFlow]") {
  Capture capture;
  capture.add(epoch, Frame().eth().vlan(100, 5).ip4("10.0.0.1", "10.0.0.2").tcp(40000, 80).flags("S"));
  capture.add(epoch + 250 * millisecond, Frame()
                                             .eth("02:00:00:00:00:02", "02:00:00:00:00:01")
                                             .vlan(100)
                                             .ip4("10.0.0.2", "10.0.0.1")
                                             .tcp(80, 40000)
                                             .flags("SA"));
  capture.add(epoch + 1250 * millisecond,
              Frame().eth().vlan(100).ip4("10.0.0.1", "10.0.0.2").tcp(40000, 80).flags("A"));
  capture.add(epoch + 2 * second, Frame().eth().ip4("10.0.0.1", "10.0.0.2").icmp(8));
  capture.add(epoch + 3 * second,
              Frame().eth().arp(1, "02:00:00:00:00:01", "10.0.0.1", "00:00:00:00:00:00", "10.0.0.2"));
  const Result result = run(capture, plugins, {"-s"});
  REQUIRE(result.status == 0);
  const Table packets(result.file("_packets.txt"));
  REQUIRE(packets.size() == 5);
  const std::vector<std::string> third = {"3",
                                          "1",
                                          "0x0400000000004100",
                                          "1600000001.250000000",
                                          "1.250000000",
                                          "1.000000000",
                                          "1.250000000",
                                          "4",
                                          "eth:vlan:ipv4:tcp",
                                          "100",
                                          "02:00:00:00:00:01",
                                          "02:00:00:00:00:02",
                                          "0x0800",
                                          "10.0.0.1",
                                          "40000",
                                          "10.0.0.2",
                                          "80",
                                          "6"};
  CHECK(std::vector<std::string>(packets.row(2).cells().begin(), packets.row(2).cells().end() - 1) == third);
  CHECK(packets.row(0)["vlanID"] == "41060");
  CHECK(packets.row(0)["pktTrip"] == "0.000000000");
  CHECK(packets.row(1)["pktTrip"] == "0.250000000");
  CHECK(packets.row(3)["srcPort"] == "");
  CHECK(packets.row(3)["l4Proto"] == "1");
  CHECK(packets.row(4)["srcIP"] == "");
  CHECK(packets.row(4)["l4Proto"] == "");
  CHECK(packets.row(4)["ethType"] == "0x0806");
}

}  // namespace t2::test::basic_flow_test
