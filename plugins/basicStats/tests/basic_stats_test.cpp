// basicStats: its arithmetic on its own, then the columns of small captures, then the lines of the report.
#include <catch2/catch.hpp>

#include "../src/statistics.hpp"
#include "run.hpp"

namespace t2::test::basic_stats_test {

using namespace t2::basic_stats;

namespace {

const std::vector<std::string> plugins = {"basicFlow", "basicStats", "txtSink"};

Buffer datagram(std::size_t size) { return Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(40000, 50000).zeros(size); }
Buffer answer(std::size_t size) {
  return Frame()
      .eth("02:00:00:00:00:02", "02:00:00:00:00:01")
      .ip4("10.0.0.2", "10.0.0.1")
      .udp(50000, 40000)
      .zeros(size);
}
using Cells = std::vector<std::pair<std::string, std::string>>;
void check(const Table::Row& row, const Cells& cells) {
  for (const auto& [column, value] : cells) {
    INFO(column);
    CHECK(row[column] == value);
  }
}
Result run_datagrams(const std::vector<std::pair<std::int64_t, std::size_t>>& packets) {
  Capture capture;
  for (const auto& [time, size] : packets) capture.add(time, datagram(size));
  return run(capture, plugins);
}

}  // namespace

TEST_CASE("basicStats: moments use the mean before the update", "[basicStats]") {
  Moments of;
  float n = 0;
  for (float value : {0.0f, 100.0f, 50.0f, 1.0f}) update(of, value, ++n);
  CHECK(of.mean == Approx(37.75));
  CHECK(of.variance == Approx(3100.25));
  CHECK(deviation(of) == Approx(55.67989));
}

TEST_CASE("basicStats: intervals and durations in single precision", "[basicStats]") {
  t2::TimeSplitter splitter;
  const auto since = [&](t2::Time from, t2::Time to) { return interval(splitter, from, to); };
  CHECK(since(10 * t2::one_second, 11 * t2::one_second) == 1.0f);
  CHECK(since(10'500'000'000, 10'400'000'000) == -0.1f);
  CHECK(since(10'500'000'000, 9'400'000'000) == Approx(-1.1));
  CHECK(since(10'000'000'001, 10'000'000'002) == 1e-9f);
  CHECK(since(9'999'999'999, 10'000'000'000) ==
        0.0f);  // 1 - 0.999999999: across seconds single precision ends at 64 ns
  CHECK(since(10'000'000'000, 10'000'000'002) == 2e-9f);
  CHECK(since(-2'500'000'000, -500'000'000) == 2.0f);
  CHECK(seconds(-1'250'000'000) == -1.25f);
}

TEST_CASE("basicStats: asymmetry", "[basicStats]") {
  CHECK(asymmetry(4, 1) == 0.6f);
  CHECK(asymmetry(0, 7) == -1.0f);
  CHECK(asymmetry(0, 0) == 0.0f);
}

TEST_CASE("basicStats: a flow and its answer", "[basicStats]") {
  Capture capture;
  capture.add(epoch + 10 * second, datagram(0))
      .add(epoch + 11 * second, datagram(100))
      .add(epoch + 13 * second, datagram(50));
  capture.add(epoch + 16 * second, datagram(1)).add(epoch + 17 * second, answer(0));
  const Result result = run(capture, plugins);
  check(result.flows.find({{"dir", "A"}}), {{"pktsSnt", "4"},
                                            {"pktsRcvd", "1"},
                                            {"padBytesSnt", "0"},
                                            {"l7BytesSnt", "151"},
                                            {"l7BytesRcvd", "0"},
                                            {"minL7PktSz", "0"},
                                            {"maxL7PktSz", "100"},
                                            {"avgL7PktSz", "37.75"},
                                            {"stdL7PktSz", "55.67989"},
                                            {"minIAT", "0"},
                                            {"maxIAT", "3"},
                                            {"avgIAT", "1.5"},
                                            {"stdIAT", "1.346291"},
                                            {"pktps", "0.6666667"},
                                            {"bytps", "25.16667"},
                                            {"pktAsm", "0.6"},
                                            {"bytAsm", "1"}});
  check(result.flows.find({{"dir", "B"}}), {{"pktsSnt", "1"},
                                            {"pktsRcvd", "4"},
                                            {"l7BytesSnt", "0"},
                                            {"l7BytesRcvd", "151"},
                                            {"maxIAT", "0"},
                                            {"pktps", "0"},
                                            {"bytps", "0"},
                                            {"pktAsm", "-0.6"},
                                            {"bytAsm", "-1"}});
}

TEST_CASE("basicStats: two packets, and seven a nanosecond apart", "[basicStats]") {
  check(run_datagrams({{epoch, 10}, {epoch + second, 10}}).flows.row(0),
        {{"avgIAT", "0.5"}, {"stdIAT", "0.7071068"}, {"pktps", "2"}, {"bytps", "20"}});
  Capture capture;
  for (int i = 0; i < 7; ++i) capture.add(epoch + i, datagram(1));
  const Result result = run(capture, plugins);
  check(result.flows.row(0), {{"duration", "0.000000006"},
                              {"minIAT", "0"},
                              {"maxIAT", "1e-09"},
                              {"avgIAT", "8.571429e-10"},
                              {"stdIAT", "4.615794e-10"},
                              {"pktps", "1.166667e+09"}});
}

TEST_CASE("basicStats: time that runs backwards has a sign; rates are those of the whole span", "[basicStats]") {
  check(run_datagrams({{epoch + 10'500 * millisecond, 10}, {epoch + 10'400 * millisecond, 20}}).flows.row(0),
        {{"stdL7PktSz", "7.071068"},
         {"minIAT", "-0.1"},
         {"maxIAT", "0"},
         {"avgIAT", "-0.05"},
         {"stdIAT", "0.07071068"},
         {"pktps", "20"},
         {"bytps", "300"}});
  check(run_datagrams({{epoch + 10'500 * millisecond, 10}, {epoch + 9'400 * millisecond, 20}}).flows.row(0),
        {{"minIAT", "-1.1"}, {"maxIAT", "0"}, {"avgIAT", "-0.55"}});
}

TEST_CASE("basicStats: padding", "[basicStats]") {
  SECTION("of an empty datagram") {
    const Result result =
        run(Capture().add(epoch, Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(40000, 50000).pad()), plugins);
    check(result.flows.row(0), {{"padBytesSnt", "18"}, {"l7BytesSnt", "0"}, {"pktAsm", "1"}, {"bytAsm", "0"}});
  }
  SECTION("of an ARP request, where it also counts as content") {
    const Result result =
        run(Capture().add(epoch,
                          Frame().eth().arp(1, "02:00:00:00:00:01", "10.0.0.1", "00:00:00:00:00:00", "10.0.0.2").pad()),
            plugins);
    check(result.flows.row(0), {{"padBytesSnt", "18"}, {"l7BytesSnt", "46"}});
  }
}

TEST_CASE("basicStats: an answer without a question", "[basicStats]") {
  const Result result =
      run(Capture().add(epoch, Frame().eth().ip4("10.0.0.2", "10.0.0.1").tcp(80, 40000).flags("SA").payload("abc")),
          plugins);
  check(result.flows.row(0), {{"dir", "A"}, {"pktAsm", "-1"}, {"bytAsm", "1"}});
}

TEST_CASE("basicStats: packets", "[basicStats]") {
  Capture capture;
  capture.add(epoch, Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(40000, 50000).zeros(5).pad());
  capture.add(epoch, Frame().eth().arp(1, "02:00:00:00:00:01", "10.0.0.1", "00:00:00:00:00:00", "10.0.0.2").pad());
  const Result result = run(capture, plugins, {"-s"});
  const Table packets(result.file("_packets.txt"));
  check(packets.row(0), {{"pktLen", "60"},
                         {"snapL3Len", "33"},
                         {"snapL4Len", "13"},
                         {"snapL7Len", "5"},
                         {"l3Len", "33"},
                         {"udpLen", "13"},
                         {"l7Len", "5"},
                         {"padLen", "13"}});
  check(packets.row(1), {{"pktLen", "60"},
                         {"snapL3Len", "46"},
                         {"snapL4Len", "46"},
                         {"snapL7Len", "46"},
                         {"l3Len", "0"},
                         {"udpLen", "0"},
                         {"l7Len", "46"},
                         {"padLen", "18"}});
}

TEST_CASE("basicStats: the report names the biggest talkers, the earlier of equals", "[basicStats]") {
  Capture capture;
  for (int host = 1; host <= 3; ++host)
    for (int i = 0; i < 2; ++i)
      capture.add(epoch + (4 * i + host) * second,
                  Frame().eth().ip4("10.0.0." + std::to_string(host), "10.0.1.1").udp(40000, 50000).zeros(100));
  const Result result = run(capture, plugins);
  CHECK(result.out.find("basicStats: Flow max(pktload): 100\n") != std::string::npos);
  CHECK(result.out.find("basicStats: Flow max(b/s), pkts: 400, 2\n") != std::string::npos);
  CHECK(result.out.find("basicStats: Biggest L3 flow talker: 10.0.0.1: 2 [33.33%] packets\n") != std::string::npos);
  CHECK(result.out.find("basicStats: Biggest L3 flow talker: 10.0.0.1: 200 [23.47%] bytes\n") != std::string::npos);
  CHECK(result.out.find("Biggest L2") == std::string::npos);
}

}  // namespace t2::test::basic_stats_test
