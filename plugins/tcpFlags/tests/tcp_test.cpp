// What tcpFlags says about TCP: flags and scans, windows, sequence numbers, options.
#include <algorithm>
#include <catch2/catch.hpp>

#include "dialog.hpp"

namespace t2::test::tcp_test {

namespace {

std::int64_t anomaly(const Table::Row& row) { return row.number("tcpAnomaly"); }
std::int64_t status(const Table::Row& row) { return row.number("tcpFStat"); }

// Handshake without options; a then stands at 1001, b at 5001.
std::vector<Segment> connected(std::vector<Segment> then) {
  std::vector<Segment> all = {{0, 'a', "S", 1000, 0}, {10, 'b', "SA", 5000, 1001}, {20, 'a', "A", 1001, 5001}};
  all.insert(all.end(), then.begin(), then.end());
  return all;
}

}  // namespace

TEST_CASE("tcpFlags: handshake without options", "[tcpFlags]") {
  const Rows rows = run_dialog(connected({{30, 'a', "PA", 1001, 5001, 10}, {40, 'b', "A", 5001, 1011}}));
  CHECK(rows.a["tcpISeqN"] == "1000");
  CHECK(rows.a["tcpJA4T"] == "1000_00_00_00");
  CHECK(rows.a["tcpWS"] == "0");
  CHECK(rows.a["tcpOptPktCnt"] == "0");
  CHECK(rows.a["tcpBtm"] == "0.000000000");
  CHECK(rows.a["tcpSSASAATrip"] == "0.01");
  CHECK(rows.b["tcpFlags"] == "0x0212");
  CHECK(rows.b["tcpFlwLssAckRcvdBytes"] == "10");
  CHECK(rows.a["tcpBFlgtMx"] == "10");
}

TEST_CASE("tcpFlags: a SYN that comes again is a retry after 0.9 s, a scan before", "[tcpFlags]") {
  const Result result = run_tcp(dialog({{0, 'a', "S", 1000, 0}, {3000, 'a', "S", 1000, 0}}));
  CHECK(result.flows.row(0)["tcpAnomaly"] == "0x0001");
  const Result fast = run_tcp(dialog({{0, 'a', "S", 1000, 0}, {500, 'a', "S", 1000, 0}}));
  CHECK(fast.flows.row(0)["tcpAnomaly"] == "0x1000");
}

TEST_CASE("tcpFlags: a refused connection counts as an answered scan", "[tcpFlags]") {
  const Rows rows = run_dialog({{0, 'a', "S", 1000, 0}, {5, 'b', "RA", 0, 1001}});
  CHECK(rows.b["tcpFlags"] == "0x0414");
  CHECK(rows.a["tcpAnomaly"] == "0x3000");
  CHECK(rows.b["tcpAnomaly"] == "0x2000");
  CHECK((rows.result.out + rows.result.err).find("Number of TCP scans attempted, successful: 1, 1 [100.00%]") !=
        std::string::npos);
}

TEST_CASE("tcpFlags: null and Xmas packets", "[tcpFlags]") {
  CHECK(run_tcp(dialog({{0, 'a', "", 1, 0}})).flows.row(0)["tcpFlags"] == "0x0800");
  const Result xmas = run_tcp(dialog({{0, 'a', "FPU", 1, 0}}));
  CHECK(xmas.flows.row(0)["tcpFlags"] == "0x8029");
  CHECK(xmas.flows.row(0)["tcpAnomaly"] == "0x1000");
}

TEST_CASE("tcpFlags: odd combinations", "[tcpFlags]") {
  CHECK(run_tcp(dialog({{0, 'a', "SF", 1, 0}})).flows.row(0)["tcpFlags"] == "0x1003");
  CHECK(run_tcp(dialog({{0, 'a', "SFR", 1, 0}})).flows.row(0)["tcpFlags"] == "0x2007");
  CHECK(run_tcp(dialog({{0, 'a', "RF", 1, 0}})).flows.row(0)["tcpFlags"] == "0x4005");
}

TEST_CASE("tcpFlags: SYN with payload", "[tcpFlags]") {
  CHECK(anomaly(run_tcp(dialog({{0, 'a', "S", 1000, 0, 5}})).flows.row(0)) & 0x4000);
  CHECK_FALSE(anomaly(run_tcp(Capture().add(epoch, tcp_frame({0, 'a', "S", 1000, 0}).pad().bytes())).flows.row(0)) &
              0x4000);
}

TEST_CASE("tcpFlags: FIN takes a sequence number besides its payload", "[tcpFlags]") {
  const Rows rows =
      run_dialog(connected({{30, 'a', "FPA", 1001, 5001, 50}, {40, 'b', "A", 5001, 1052}, {50, 'a', "A", 1052, 5001}}));
  CHECK(rows.a["tcpPSeqCnt"] == "3");
  CHECK(rows.a["tcpSeqSntBytes"] == "51");
  CHECK(rows.a["tcpBFlgtMx"] == "0");  // only packets with ACK alone count
}

TEST_CASE("tcpFlags: zero window, probe and answer", "[tcpFlags]") {
  const Rows rows = run_dialog(connected(
      {{30, 'b', "A", 5001, 1001, 0, 0}, {1000, 'a', "A", 1001, 5001, 1}, {1010, 'b', "A", 5001, 1001, 0, 0}}));
  CHECK((status(rows.a) & 0x0040) != 0);
  CHECK((status(rows.b) & 0x0180) == 0x0180);
  CHECK(rows.b["tcpMinWinSz"] == "0");
  CHECK(rows.b["tcpWinSzThRt"] == "0.6666667");
  CHECK(rows.a["tcpPAckCnt"] == "1");  // probes are left out of the analysis
}

TEST_CASE("tcpFlags: window update and duplicate ACKs", "[tcpFlags]") {
  const Rows update = run_dialog(connected({{30, 'a', "A", 1001, 5001, 0, 2000}}));
  CHECK((status(update.a) & 0x0020) != 0);
  CHECK(update.a["tcpAckFaultCnt"] == "0");
  const Rows again =
      run_dialog(connected({{30, 'a', "A", 1001, 5001}, {31, 'a', "A", 1001, 5001}, {32, 'a', "A", 1001, 5001}}));
  CHECK((anomaly(again.a) & 0x0008) != 0);
  CHECK(again.a["tcpAckFaultCnt"] == "3");
}

TEST_CASE("tcpFlags: fast retransmission after duplicate ACKs", "[tcpFlags]") {
  const Rows rows = run_dialog(connected({{30, 'a', "A", 1001, 5001, 100},
                                          {31, 'a', "A", 1101, 5001, 100},
                                          {40, 'b', "A", 5001, 1001},
                                          {41, 'b', "A", 5001, 1001},
                                          {42, 'b', "A", 5001, 1001},
                                          {50, 'a', "A", 1001, 5001, 100}}));
  CHECK((anomaly(rows.a) & 0x0004) != 0);
  CHECK((anomaly(rows.a) & 0x0040) != 0);
  CHECK(rows.a["tcpSeqFaultCnt"] == "1");
  CHECK(rows.b["tcpAckFaultCnt"] == "3");
}

TEST_CASE("tcpFlags: keep-alive without and with a byte, and its answer", "[tcpFlags]") {
  for (const unsigned payload : {0u, 1u}) {
    const Rows rows = run_dialog(connected({{1000, 'a', "A", 1000, 5001, payload}, {1010, 'b', "A", 5001, 1001}}));
    CHECK((anomaly(rows.a) & 0x0010) != 0);
    CHECK(rows.a["tcpAckFaultCnt"] == "0");
  }
}

TEST_CASE("tcpFlags: a gap, and data that was never seen", "[tcpFlags]") {
  const Rows rows = run_dialog(
      connected({{30, 'a', "A", 1001, 5001, 10}, {40, 'a', "A", 1111, 5001, 10}, {50, 'b', "A", 5001, 9001}}));
  CHECK((anomaly(rows.a) & 0x0200) != 0);
  CHECK((anomaly(rows.b) & 0x0100) != 0);
}

TEST_CASE("tcpFlags: numbers step over the end of the sequence space", "[tcpFlags]") {
  const Rows rows = run_dialog({{0, 'a', "S", 0xffffff00, 0},
                                {10, 'b', "SA", 5000, 0xffffff01},
                                {20, 'a', "A", 0xffffff01, 5001},
                                {30, 'a', "A", 0xffffff01, 5001, 1000},
                                {40, 'a', "A", 745, 5001, 1000},
                                {50, 'b', "A", 5001, 1745}});
  CHECK(rows.a["tcpSeqSntBytes"] == "1000");
  CHECK(rows.b["tcpFlwLssAckRcvdBytes"] == "2000");
  CHECK((anomaly(rows.a) & 0x0040) != 0);  // comparisons do not know of the wrap
}

TEST_CASE("tcpFlags: data offsets that cannot be", "[tcpFlags]") {
  const Result small = run_tcp(Capture().add(epoch, tcp_frame({0, 'a', "A", 1000, 1}).header_words(3).bytes()));
  CHECK(small.status == 0);
  CHECK(small.flows.row(0)["tcpOptPktCnt"] == "0");
  const Result large = run_tcp(Capture().add(epoch, tcp_frame({0, 'a', "S", 1000, 0}).header_words(15).bytes()));
  CHECK((status(large.flows.row(0)) & 0x0008) != 0);
  CHECK(large.flows.row(0)["tcpOptCnt"] == "0");
  CHECK(large.flows.row(0)["tcpSeqSntBytes"] == "0");
}

TEST_CASE("tcpFlags: options that end too early or have no length", "[tcpFlags]") {
  const Result zero = run_tcp(dialog({{0, 'a', "S", 1000, 0, 0, 1000, hex("02 00 05 b4")}}));
  CHECK((status(zero.flows.row(0)) & 0x0008) != 0);
  CHECK(zero.flows.row(0)["tcpMSS"] == "0");
  const Result cut = run_tcp(dialog({{0, 'a', "S", 1000, 0, 8, 1000, hex("01 01 08 0a")}}));
  CHECK((status(cut.flows.row(0)) & 0x0008) != 0);
  CHECK(cut.flows.row(0)["tcpTmS"] == "0");
}

TEST_CASE("tcpFlags: clock of the sender from its time stamps", "[tcpFlags]") {
  const auto stamped = [](std::uint32_t value) { return nop(2) + timestamps(value, 1); };
  const Rows rows = run_dialog({{0, 'a', "S", 1000, 0, 0, 1000, stamped(100000)},
                                {1, 'b', "SA", 5000, 1001, 0, 1000, stamped(7)},
                                {1000, 'a', "A", 1001, 5001, 0, 1000, stamped(100250)},
                                {1001, 'a', "A", 1001, 5001, 0, 900, stamped(100000)}});
  CHECK((status(rows.a) & 0x0006) == 0x0006);
  CHECK(rows.a["tcpTmS"] == "100000");
  CHECK(rows.b["tcpEcI"] == "0.004");  // did not move: told by the TTL
  CHECK(rows.b["tcpUtm"] == "0.028000");
  CHECK(rows.b["tcpBtm"] == "1599999999.972999999");
}

TEST_CASE("tcpFlags: the clock runs between the packets that have a time stamp", "[tcpFlags]") {
  const auto stamped = [](std::uint32_t value) { return nop(2) + timestamps(value, 1); };
  const Result inside = run_tcp(dialog({{0, 'a', "S", 1000, 0, 0, 1000},
                                        {500, 'a', "A", 1001, 1, 0, 1000, stamped(1000)},
                                        {1500, 'a', "A", 1001, 1, 0, 1000, stamped(1100)},
                                        {3000, 'a', "A", 1001, 1, 0, 1000},
                                        {9000, 'a', "R", 1001, 1, 0, 1000}}));
  CHECK(inside.flows.row(0)["tcpEcI"] == "0.01");  // 100 ticks in a second
  CHECK(inside.flows.row(0)["tcpUtm"] == "11.000000");
  CHECK(inside.flows.row(0)["tcpBtm"].substr(0, 14) == "1599999990.500");
  const Result outside = run_tcp(dialog({{0, 'a', "A", 1000, 1, 0, 1000, stamped(1000)},
                                         {500, 'a', "A", 1001, 1, 0, 1000},
                                         {1000, 'a', "A", 1001, 1, 0, 1000, stamped(1100)}}));
  CHECK(outside.flows.row(0)["tcpEcI"] == "0.01");
  CHECK(outside.flows.row(0)["tcpBtm"].substr(0, 14) == "1599999990.000");
}

TEST_CASE("tcpFlags: option kinds of all SYN packets, ordinary and unusual ones", "[tcpFlags]") {
  const Buffer usual = mss(1460) + sack_permitted() + timestamps(1, 0) + nop() + window_scale(7);
  const auto fingerprint = [](const std::vector<Segment>& segments) {
    return std::string(run_tcp(dialog(segments)).flows.row(0)["tcpJA4T"]);
  };
  CHECK(fingerprint({{0, 'a', "S", 1, 0, 0, 1000, usual}}) == "1000_2-4-8-1-31460_00");
  CHECK(fingerprint({{0, 'a', "S", 1, 0, 0, 1000, usual}, {1000, 'a', "S", 1, 0, 0, 1000, usual}}) ==
        "1000_2-4-8-1-3-2-4-8-1-31460_00");
  CHECK(fingerprint({{0, 'a', "S", 1, 0, 0, 1000, mss(1460) + hex("22 02 0f 02 10 02 01 01")}}) ==
        "1000_2-34-15-16-1-11460_00");
  std::vector<Segment> often;
  for (int i = 0; i < 5; ++i) often.push_back({i * 1000.0, 'a', "S", 1, 0, 0, 1000, usual});
  CHECK(fingerprint(often) == "1000_2-4-8-1-3-2-4-8-1-3-2-4-8-1-3-2-4-8-1-31460_00");  // twenty are kept
}

TEST_CASE("tcpFlags: window scale is used if both sides offer it", "[tcpFlags]") {
  const Rows both = run_dialog({{0, 'a', "S", 1, 0, 0, 1000, window_scale(3)},
                                {1, 'b', "SA", 1, 2, 0, 500, window_scale(0)},
                                {2, 'a', "A", 2, 2, 0, 10}});
  CHECK(both.a["tcpWS"] == "8");
  CHECK(both.a["tcpMinWinSz"] == "80");
  CHECK(both.a["tcpInitWinSz"] == "1000");
  CHECK(both.b["tcpWS"] == "1");
  CHECK(both.b["tcpJA4T"] == "500_300_0");
  const Rows one = run_dialog(
      {{0, 'a', "S", 1, 0, 0, 1000, window_scale(3)}, {1, 'b', "SA", 1, 2, 0, 500}, {2, 'a', "A", 2, 2, 0, 10}});
  CHECK(one.a["tcpWS"] == "0");
  CHECK(one.a["tcpMinWinSz"] == "10");
}

TEST_CASE("tcpFlags: a window scale above 14 counts as 14", "[tcpFlags]") {
  const struct {
    unsigned sent, factor;
  } cases[] = {{0, 1},      {1, 2},      {13, 8192},  {14, 16384}, {15, 16384},
               {16, 16384}, {31, 16384}, {32, 16384}, {255, 16384}};
  for (const auto& [sent, factor] : cases) {
    CAPTURE(sent);
    const Rows rows = run_dialog({{0, 'a', "S", 1, 0, 0, 1000, window_scale(static_cast<std::uint8_t>(sent))},
                                  {1, 'b', "SA", 1, 2, 0, 500, window_scale(2)},
                                  {2, 'a', "A", 2, 2, 0, 10}});
    CHECK(rows.a["tcpWS"] == std::to_string(factor));
    CHECK(rows.a["tcpMinWinSz"] == std::to_string(std::min(1000u, 10 * factor)));
    CHECK(rows.a["tcpMaxWinSz"] == std::to_string(std::max(1000u, 10 * factor)));
    CHECK(rows.a["tcpJA4T"] == "1000_300_" + std::to_string(sent));  // the fingerprint shows what was sent
    CHECK(rows.b["tcpWS"] == "4");
  }
}

TEST_CASE("tcpFlags: subtypes of multipath TCP", "[tcpFlags]") {
  const char* options[] = {"1e 0c 00 81 0102030405060708",
                           "1e 0c 11 05 01020304 05060708",
                           "1e 04 20 1f",
                           "1e 08 34 07 0a000001",
                           "1e 04 40 09",
                           "1e 04 51 03",
                           "1e 0c 60 00 0102030405060708",
                           "1e 0c 70 00 0102030405060708",
                           "1e 04 f0 00"};
  std::vector<Segment> segments;
  for (std::uint32_t i = 0; i < std::size(options); ++i)
    segments.push_back({i * 1.0, 'a', "A", 1000 + i, 1, 0, 1000, hex(options[i])});
  const Result result = run_tcp(dialog(segments));
  const auto row = result.flows.row(0);
  CHECK(row["tcpMPTBF"] == "0x80ff");
  CHECK(row["tcpMPF"] == "0x81");
  CHECK(row["tcpMPAID"] == "3");
  CHECK(row["tcpMPDSSF"] == "0x1f");
  CHECK((status(row) & 0x8000) != 0);
  CHECK(row["tcpOptions"] == "0x40000000");
  CHECK((result.out + result.err).find("Number of MPTCP packets: 9 [100.00%]") != std::string::npos);
}

TEST_CASE("tcpFlags: options of a header that goes on in the next fragment are read as far as they go", "[tcpFlags]") {
  const Buffer options =
      mss(1460) + window_scale(7) + nop() + timestamps(1, 2) + sack_permitted() + nop(2);  // 24 bytes
  const struct {
    std::size_t size;  // of the first fragment, from the TCP header on
    std::string kinds, mss, options, count, stamp;
  } cases[] = {{24, "2", "1460", "0x00000004", "1", "0"},           // segment size alone
               {32, "2-3-1-8", "1460", "0x0000010e", "4", "0"},     // the time stamp is cut
               {40, "2-3-1-8-4", "1460", "0x0000011e", "5", "1"}};  // only the last two NOP are missing
  for (const auto& c : cases) {
    CAPTURE(c.size);
    for (const bool v6 : {false, true}) {
      Frame frame;
      frame.eth();
      if (v6) frame.ip6("2001:db8::1", "2001:db8::2");
      else frame.ip4("10.0.0.1", "10.0.0.2");
      frame.tcp(40000, 80).flags("S").seq(1).window(1000).options(options);
      Capture capture;
      for (const Buffer& piece : frame.fragments(c.size, 7)) capture.add(epoch, piece);
      const Result result = run_tcp(capture);
      REQUIRE(result.flows.size() == 1);
      const Table::Row row = result.flows.row(0);
      CHECK(row["tcpMSS"] == c.mss);
      CHECK(row["tcpOptions"] == c.options);
      CHECK(row["tcpOptPktCnt"] == "1");
      CHECK(row["tcpOptCnt"] == c.count);
      CHECK(row["tcpJA4T"] == "1000_" + c.kinds + "1460_00");
      CHECK(row["tcpTmS"] == c.stamp);
      CHECK((status(row) & 0x0008) != 0);
    }
  }
}

TEST_CASE("tcpFlags: options that the snapshot length cuts are read up to there", "[tcpFlags]") {
  const Buffer options = mss(1460) + sack_permitted() + timestamps(5, 6) + nop() + window_scale(7);  // 20 bytes
  const struct {
    std::size_t captured;  // of the options
    std::string kinds, count, stamp;
  } cases[] = {{0, "00_00", "0", "0"},      {1, "200", "1", "0"},          {3, "200", "1", "0"},
               {4, "21460", "1", "0"},      {6, "2-41460", "2", "0"},      {15, "2-4-81460", "3", "0"},
               {16, "2-4-81460", "3", "5"}, {17, "2-4-8-11460", "4", "5"}, {20, "2-4-8-1-31460", "5", "5"}};
  for (const auto& c : cases) {
    CAPTURE(c.captured);
    Buffer frame = tcp_frame({0, 'a', "S", 1, 0, 0, 1000, options}).bytes();
    const auto wire = static_cast<std::uint32_t>(frame.size());
    frame.resize(14 + 20 + 20 + c.captured);
    const Result result = run_tcp(Capture().add(epoch, frame, wire));
    const Table::Row row = result.flows.row(0);
    CHECK(row["tcpJA4T"] == "1000_" + c.kinds + "_00");
    CHECK(row["tcpOptCnt"] == c.count);
    CHECK(row["tcpTmS"] == c.stamp);
    CHECK(((status(row) & 0x0008) != 0) == (c.captured < options.size()));
  }
}

TEST_CASE("tcpFlags: a header that was cut before the window is no header", "[tcpFlags]") {
  Buffer frame = tcp_frame({0, 'a', "S", 1000, 0}).bytes();
  const std::uint32_t wire = static_cast<std::uint32_t>(frame.size());
  frame.resize(14 + 20 + 12);
  const Result result = run_tcp(Capture().add(epoch, frame, wire));
  CHECK(result.flows.row(0)["tcpFlags"] == "0x0000");
  CHECK((result.flows.row(0).number("ipFlags") & 0x1800) == 0x1800);
}

}  // namespace t2::test::tcp_test
