// Statistics of lengths and intervals, held against plain computations over all values.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "distribution.hpp"
#include "run.hpp"

namespace t2::test::descriptive_stats_test {

namespace {

using namespace t2::descriptive_stats;
const std::vector<std::string> plugins{"basicFlow", "descriptiveStats", "txtSink"};

struct Sent {
  std::int64_t at;
  std::size_t length;
};

Result run_sent(const std::vector<Sent>& packets, std::int64_t begin = epoch, const Arguments& arguments = {}) {
  Capture capture;
  for (const Sent& p : packets)
    capture.add(begin + p.at, Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(5000, 6000).zeros(p.length));
  return run(capture, plugins, arguments);
}

std::vector<double> cells(const Table::Row& row, const std::string& of) {
  std::vector<double> out;
  for (const char* name : {"Min", "Max", "Mean", "LowQuartile", "Median", "UppQuartile", "Iqd", "Mode", "Range", "Std",
                           "RobStd", "Skew", "Exc"})
    out.push_back(std::stod(row["ds" + std::string(name) + of]));
  return out;
}

bool close(double a, double b) { return std::abs(a - b) <= 1e-5 * std::max(1., std::max(std::abs(a), std::abs(b))); }

}  // namespace

TEST_CASE("descriptiveStats: quartiles and mode", "[descriptiveStats]") {
  const Statistics lengths = of_lengths({{10, 1}, {20, 2}, {40, 1}});
  CHECK(lengths[3] == 15);  // position 1.5 of 10 20 20 40
  CHECK(lengths[4] == 20);  // 2.5
  CHECK(lengths[5] == 30);  // 3.5
  CHECK(lengths[7] == 20);
  CHECK(of_lengths({{7, 1}})[4] == 7);
  CHECK(of_lengths({{7, 2}, {9, 2}})[7] == 7);
  const Statistics intervals = of_intervals({{0.5, 1}, {1.5, 1}, {9.5, 1}});
  CHECK(intervals[3] == 1.5f);  // position 1.5: the next value
  CHECK(intervals[4] == 1.5f);  // 2: the value itself
  CHECK(intervals[5] == 9.5f);  // 2.5
  CHECK(close(of_intervals({{1, 1}, {2, 1}, {3, 1}})[12], -1.5));
  CHECK(of_intervals({{1, 5}})[9] == 0);
  CHECK(of_intervals({{1, 5}})[12] == 0);
  CHECK(of_lengths({}) == Statistics{});
}

TEST_CASE("descriptiveStats: bins of intervals", "[descriptiveStats]") {
  const std::int64_t ms = millisecond;
  CHECK(bins.of(0) == 0);
  CHECK(bins.of(-5) == 0);
  CHECK(bins.of(ms - 1) == 0);
  CHECK(bins.of(199 * ms) == 199);
  CHECK(bins.of(200 * ms) == 200);
  CHECK(bins.of(399 * ms) == 239);
  CHECK(bins.of(400 * ms) == 240);
  CHECK(bins.of(999 * ms) == 299);
  CHECK(bins.of(1000 * ms) == 300);
  CHECK(bins.of(INT64_MAX) == 300);
  for (unsigned bin = 0; bin + 1 < bins.count(); ++bin)
    CHECK(bins.of(static_cast<std::int64_t>(middle_of_bin(bin) * 1e6)) == bin);
  CHECK(middle_of_bin(300) == 1000);
}

TEST_CASE("descriptiveStats: few and many packets, of all lengths", "[descriptiveStats]") {
  std::mt19937 random(3);
  for (const std::size_t n : {1u, 2u, 3u, 5u, 6u, 7u, 8u, 40u, 700u}) {
    CAPTURE(n);
    std::vector<Sent> sent;
    std::vector<double> lengths, intervals;
    std::int64_t at = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const std::size_t length = random() % 3 == 0 ? 0 : random() % 1400;
      sent.push_back({at, length});
      lengths.push_back(static_cast<double>(length));
      const auto gap = static_cast<std::int64_t>(random() % 5 == 0 ? random() % 2000 : random() % 30) * millisecond;
      if (i + 1 < n) intervals.push_back(n == 2 ? bins.lower_edge(bins.of(gap)) : middle_of_bin(bins.of(gap)));
      at += gap;
    }
    const Result result = run_sent(sent);
    REQUIRE(result.status == 0);
    std::sort(lengths.begin(), lengths.end());
    const auto shown = cells(result.flows.row(0), "Pl");
    const double mean = std::accumulate(lengths.begin(), lengths.end(), 0.) / static_cast<double>(n);
    double square = 0;
    for (const double one : lengths) square += (one - mean) * (one - mean);
    CHECK(shown[0] == lengths.front());
    CHECK(shown[1] == lengths.back());
    CHECK(close(shown[2], mean));
    CHECK(close(shown[9], std::sqrt(square / static_cast<double>(n))));
    const auto times = cells(result.flows.row(0), "Iat");
    std::sort(intervals.begin(), intervals.end());
    if (intervals.empty()) {
      CHECK(times == std::vector<double>(13));
    } else {
      CHECK(close(times[0], intervals.front()));
      CHECK(close(times[1], intervals.back()));
      CHECK(close(times[2],
                  std::accumulate(intervals.begin(), intervals.end(), 0.) / static_cast<double>(intervals.size())));
      const auto k = static_cast<std::size_t>(std::ceil(static_cast<double>(intervals.size() - 1) * 0.75));
      CHECK(close(times[5], intervals[k]));
    }
  }
}

TEST_CASE("descriptiveStats: intervals below a millisecond", "[descriptiveStats]") {
  const Result result = run_sent({{0, 1}, {100, 1}, {200, 1}, {300, 1}});
  const auto times = cells(result.flows.row(0), "Iat");
  CHECK(times == std::vector<double>{0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0, 0.5, 0, 0, 0, 0, 0});
}

TEST_CASE("descriptiveStats: a capture that begins at second 0", "[descriptiveStats]") {
  const std::vector<Sent> sent{{0, 1}, {50 * millisecond, 1}, {700 * millisecond, 1}};
  CHECK(cells(run_sent(sent, 0).flows.row(0), "Iat") == cells(run_sent(sent).flows.row(0), "Iat"));
}

TEST_CASE("descriptiveStats: what memory was too short for is told", "[descriptiveStats]") {
  Capture capture;  // of 16384 leaves there are at least; a flow with 900 lengths takes 29
  for (unsigned flow = 0; flow < 600; ++flow) {
    const auto frame = Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(1000 + flow, 2);
    for (unsigned i = 0; i < 30; ++i) capture.add(epoch + i * microsecond, Frame(frame).zeros(32 * i));
  }
  const Result result = run(capture, plugins, {"--max-flows", "1000"});
  REQUIRE(result.status == 0);
  CHECK(result.flows.size() == 600);
  CHECK(result.out.find("descriptiveStats: Flows whose later packets memory was too short for: ") != std::string::npos);
  for (const auto& row : result.flows.all()) CHECK(row["dsMinPl"] == "0");
}

}  // namespace t2::test::descriptive_stats_test
