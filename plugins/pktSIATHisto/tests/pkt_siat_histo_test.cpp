// Histograms of lengths and intervals, held against plain counting.
#include <catch2/catch.hpp>

#include <map>
#include <memory>
#include <random>
#include <sstream>

#include "histogram.hpp"
#include "run.hpp"
#include "t2/interval_bins.hpp"

namespace t2::test::pkt_siat_histo_test {

namespace {

using namespace t2::pkt_siat_histo;
const std::vector<std::string> plugins{"basicFlow", "pktSIATHisto", "txtSink"};

struct Sent {
  std::int64_t at;
  std::size_t length;
};

Table::Row row_of(const Result& result) {
  REQUIRE(result.status == 0);
  REQUIRE(result.flows.size() == 1);
  return result.flows.row(0);
}

Result run_sent(const std::vector<Sent>& packets, const Arguments& arguments = {}, std::int64_t begin = epoch) {
  Capture capture;
  for (const Sent& p : packets)
    capture.add(begin + p.at, Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(5000, 6000).zeros(p.length));
  return run(capture, plugins, arguments);
}

std::string cell(const std::vector<Sent>& packets, const Arguments& arguments = {}, std::int64_t begin = epoch) {
  const Result result = run_sent(packets, arguments, begin);
  const auto row = row_of(result);
  return row["tCnt"] + " " + row["Ps_Iat_Cnt_PsCnt_IatCnt"];
}

// What the two columns hold, by plain counting.
std::string expected(const std::vector<Sent>& packets, unsigned sections = 3) {
  const t2::IntervalBins bins(sections);
  std::map<std::pair<std::size_t, unsigned>, unsigned> pairs;
  std::map<std::size_t, unsigned> lengths;
  std::map<unsigned, unsigned> intervals;
  for (std::size_t i = 0; i < packets.size(); ++i) {
    const unsigned ms = bins.lower_edge(bins.of(i == 0 ? 0 : packets[i].at - packets[i - 1].at));
    ++pairs[{packets[i].length, ms}], ++lengths[packets[i].length], ++intervals[ms];
  }
  std::ostringstream out;
  out << pairs.size() << " ";
  const char* between = "";
  for (const auto& [pair, count] : pairs) {
    out << between << pair.first << "_" << pair.second << "_" << count << "_" << lengths[pair.first] << "_"
        << intervals[pair.second];
    between = ";";
  }
  return out.str();
}

}  // namespace

TEST_CASE("pktSIATHisto: bins of all sections", "[pktSIATHisto]") {
  const std::int64_t ms = millisecond;
  constexpr unsigned counts[] = {201, 241, 301, 751, 2551, 11551};
  for (unsigned sections = 1; sections <= 6; ++sections) {
    CAPTURE(sections);
    const t2::IntervalBins bins(sections);
    CHECK(bins.count() == counts[sections - 1]);
    CHECK(bins.of(-5) == 0);
    CHECK(bins.of(ms - 1) == 0);
    CHECK(bins.of(INT64_MAX) == bins.count() - 1);
    for (unsigned bin = 0; bin < bins.count(); ++bin) {
      const std::int64_t edge = bins.lower_edge(bin) * ms;
      if (bins.of(edge) != bin || (bin > 0 && bins.of(edge - 1) != bin - 1)) FAIL_CHECK("bin " << bin);
    }
  }
  CHECK(t2::IntervalBins(3).of(399 * ms) == 239);
  CHECK(t2::IntervalBins(3).lower_edge(300) == 1000);
  CHECK(t2::IntervalBins(4).of(1019 * ms) == 300);
  CHECK(t2::IntervalBins(4).of(1020 * ms) == 301);
  CHECK(t2::IntervalBins(6).lower_edge(2551) == 100'100);
}

TEST_CASE("pktSIATHisto: lengths, intervals and their counts", "[pktSIATHisto]") {
  const std::int64_t ms = millisecond;
  const std::vector<Sent> sent{{0, 10},        {1 * ms, 10}, {2 * ms, 20}, {3 * ms + 500, 10}, {203 * ms + 600, 0},
                               {5000 * ms, 20}};
  CHECK(cell(sent) == "5 0_200_1_1_1;10_0_1_3_1;10_1_2_3_3;20_1_1_2_3;20_1000_1_2_1");
  CHECK(cell(sent) == expected(sent));
  CHECK(cell(sent, {"--set", "HISTO_PRINT_BIN=1"}) == "5 0_200_1_1_1;10_0_1_3_1;10_1_2_3_3;20_1_1_2_3;20_300_1_2_1");
  CHECK(cell(sent, {"--set", "PSI_XCLD=1", "--set", "PSI_XMIN=11"}) == "2 20_1_1_2_1;20_1000_1_2_1");
  CHECK(cell(sent, {"--set", "PSI_XMIN=11"}) == expected(sent));
  CHECK(cell(sent, {"--set", "PSI_MOD=10"}) == "4 0_0_1_6_1;0_1_3_6_3;0_200_1_6_1;0_1000_1_6_1");
  CHECK(cell(sent, {"--set", "PSI_MOD=1"}) == expected(sent));
  CHECK(cell(sent, {"--set", "IATSECMAX=1"}) == expected(sent, 1));
  CHECK(cell(sent, {"--set", "IATSECMAX=4"}) == expected(sent, 4));
  CHECK(run_sent(sent, {"--set", "IATSECMAX=7"}).status == 1);
}

TEST_CASE("pktSIATHisto: a capture that begins at second 0, and time that runs backwards", "[pktSIATHisto]") {
  const std::vector<Sent> sent{{0, 1}, {50 * millisecond, 1}, {700 * millisecond, 1}, {600 * millisecond, 1}};
  CHECK(cell(sent, {}, 0) == expected(sent));
  CHECK(cell(sent) == "3 1_0_2_4_2;1_50_1_4_1;1_650_1_4_1");
}

TEST_CASE("pktSIATHisto: few and many pairs, in any order", "[pktSIATHisto]") {
  std::mt19937 random(7);
  for (const std::size_t n : {1u, 5u, 6u, 30u, 31u, 2000u}) {
    for (const unsigned order : {0u, 1u, 2u}) {
      CAPTURE(n, order);
      std::vector<Sent> sent;
      std::int64_t at = 0;
      for (std::size_t i = 0; i < n; ++i) {
        const std::size_t length = order == 0 ? i % 1400 : order == 1 ? 1400 - i % 1400 : random() % 1400;
        at += static_cast<std::int64_t>(random() % 3) * millisecond;
        sent.push_back({at, length});
      }
      CHECK(cell(sent) == expected(sent));
    }
  }
}

TEST_CASE("pktSIATHisto: the tree holds what a map holds, also when memory ends", "[pktSIATHisto]") {
  for (const unsigned nodes : {1u, 2u, 3u, 30u, 1'000'000u}) {
    CAPTURE(nodes);
    std::mt19937 random(nodes);
    std::vector<std::unique_ptr<std::uint64_t[]>> memory;
    const auto allocate = [&]() -> void* {
      if (memory.size() == nodes) return nullptr;
      memory.push_back(std::make_unique<std::uint64_t[]>(node_bytes / 8));
      return memory.back().get();
    };
    Histogram histogram;
    std::map<std::uint32_t, std::uint32_t> counted;
    for (unsigned i = 0; i < 40'000; ++i) {
      const auto key = static_cast<std::uint32_t>(i % 2 ? random() % 20'000 : i);
      if (!histogram.add(key, 2, allocate)) break;
      counted[key] += 2;
    }
    CHECK((counted.size() > 20'000) == (nodes > 30));
    std::vector<std::pair<std::uint32_t, std::uint32_t>> listed;
    histogram.for_each([&](const Pair& pair) { listed.emplace_back(pair.key, pair.count); });
    CHECK(std::equal(listed.begin(), listed.end(), counted.begin(), counted.end(),
                     [](const auto& a, const auto& b) { return a.first == b.first && a.second == b.second; }));
  }
}

TEST_CASE("pktSIATHisto: what memory was too short for is told", "[pktSIATHisto]") {
  Capture capture;  // of 16384 nodes there are at least; a flow with 900 pairs takes 66
  constexpr unsigned flows = 260;
  for (unsigned length = 0; length < 90; ++length) {
    for (unsigned flow = 0; flow < flows; ++flow) {
      const Buffer frame = Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(1000 + flow, 2).zeros(length);
      for (unsigned i = 0; i < 10; ++i) capture.add(epoch + (45 * length + i * (i + 1) / 2) * millisecond, frame);
    }
  }
  const Result result = run(capture, plugins, {"--max-flows", "1000"});
  REQUIRE(result.status == 0);
  CHECK(result.flows.size() == flows);
  CHECK(result.out.find("pktSIATHisto: Flows whose later packets memory was too short for: ") != std::string::npos);
  for (const auto& row : result.flows.all()) {  // what was counted until then is shown
    const std::int64_t pairs = row.number("tCnt");
    if (pairs < 800 || pairs >= 900) FAIL_CHECK(pairs);
  }
}

}  // namespace t2::test::pkt_siat_histo_test
