// The lists of nFrstPkts: what is listed, in which order, and where they end.
#include <catch2/catch.hpp>

#include "run.hpp"

namespace t2::test::n_frst_pkts_test {

namespace {

const std::vector<std::string> plugins{"basicFlow", "nFrstPkts", "txtSink"};

// A packet of one conversation, n milliseconds after its begin: from a ('a') or back ('b').
struct Datagram {
  int at;
  char from;
  std::size_t length;
};

Capture capture_of(const std::vector<Datagram>& datagrams) {
  Capture capture;
  for (const Datagram& d : datagrams) {
    Frame frame = d.from == 'a' ? Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(5000, 6000)
                                : Frame().eth().ip4("10.0.0.2", "10.0.0.1").udp(6000, 5000);
    capture.add(epoch + d.at * millisecond, frame.zeros(d.length));
  }
  return capture;
}

Result run_datagrams(const std::vector<Datagram>& datagrams, const Arguments& arguments = {}) {
  return run(capture_of(datagrams), plugins, arguments);
}

std::size_t entries(const std::string& list) {
  return list.empty() ? 0 : static_cast<std::size_t>(std::count(list.begin(), list.end(), ';')) + 1;
}

}  // namespace

TEST_CASE("nFrstPkts: lengths and intervals of each direction", "[nFrstPkts]") {
  const Result result = run_datagrams({{0, 'a', 10}, {5, 'b', 20}, {7, 'a', 0}, {1507, 'a', 30}, {2000, 'b', 1400}});
  REQUIRE(result.status == 0);
  const auto a = result.flows.find({{"dir", "A"}}), b = result.flows.find({{"dir", "B"}});
  CHECK(a["nFpCnt"] == "3");
  CHECK(a["L2L3L4Pl_Iat"] == "10_0.000000000;0_0.007000000;30_1.500000000");
  CHECK(b["nFpCnt"] == "2");
  CHECK(b["L2L3L4Pl_Iat"] == "20_0.000000000;1400_1.995000000");
}

TEST_CASE("nFrstPkts: layer 2, fragments and empty packets are listed", "[nFrstPkts]") {
  Capture capture;
  capture.add(epoch, Frame().eth().arp(1, "02:00:00:00:00:01", "10.0.0.1", "00:00:00:00:00:00", "10.0.0.2"));
  capture.add(epoch + second, Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(1, 2).zeros(100).fragments(48, 7), second);
  const Result result = run(capture, plugins);
  CHECK(result.flows.find({{"ethType", "0x0806"}})["nFpCnt"] == "1");
  CHECK(result.flows.find({{"dstPort", "2"}})["L2L3L4Pl_Iat"] == "40_0.000000000;48_1.000000000;12_1.000000000");
}

TEST_CASE("nFrstPkts: as many as NFRST_PKTCNT says", "[nFrstPkts]") {
  std::vector<Datagram> datagrams;
  for (int i = 0; i < 500; ++i) datagrams.push_back({i, 'a', static_cast<std::size_t>(i % 200)});
  for (const unsigned limit : {1u, 3u, 4u, 20u, 21u, 37u, 38u, 400u, 1000u}) {
    CAPTURE(limit);
    const Result result = run_datagrams(datagrams, {"--set", "NFRST_PKTCNT=" + std::to_string(limit)});
    REQUIRE(result.status == 0);
    const auto row = result.flows.row(0);
    const unsigned wanted = std::min(limit, 500u);
    CHECK(row["nFpCnt"] == std::to_string(wanted));
    CHECK(entries(row["L2L3L4Pl_Iat"]) == wanted);
    const std::string last = ";" + std::to_string((wanted - 1) % 200) + "_0.001000000";
    if (wanted > 1) CHECK(("" + row["L2L3L4Pl_Iat"]).ends_with(last));
  }
  CHECK(run_datagrams(datagrams).flows.row(0)["nFpCnt"] == "20");
}

TEST_CASE("nFrstPkts: time that runs backwards has a sign", "[nFrstPkts]") {
  const Result result = run_datagrams({{1000, 'a', 1}, {500, 'a', 2}, {600, 'a', 3}});
  CHECK(result.flows.row(0)["L2L3L4Pl_Iat"] == "1_0.000000000;2_-0.500000000;3_0.100000000");
}

TEST_CASE("nFrstPkts: lists that memory was too short for are counted", "[nFrstPkts]") {
  // 16384 blocks there are at least; a list of 5000 packets takes 294.
  Capture capture;
  for (unsigned flow = 0; flow < 70; ++flow) {
    const auto frame = Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(1000 + flow, 2);
    for (int i = 0; i < 5000; ++i) capture.add(epoch + i * microsecond, frame);
  }
  const Result result = run(capture, plugins, {"--max-flows", "100", "--set", "NFRST_PKTCNT=5000"});
  INFO(result.out << result.err);
  REQUIRE(result.status == 0);
  const auto rows = result.flows.all();
  REQUIRE(rows.size() == 70);
  std::int64_t cut = 0;
  for (const auto& row : rows) {
    const std::int64_t count = row.number("nFpCnt");
    cut += count < 5000;
    CHECK(entries(row["L2L3L4Pl_Iat"]) == static_cast<std::size_t>(count));
  }
  CHECK(cut == 15);
  CHECK(result.out.find("nFrstPkts: Lists that memory was too short for: 15\n") != std::string::npos);
}

}  // namespace t2::test::n_frst_pkts_test
