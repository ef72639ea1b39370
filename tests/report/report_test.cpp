// The sums of t2report: time series, lists, distributions, the text that a page may hold.
#include <catch2/catch.hpp>

#include <cstdint>
#include <fstream>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "counters.hpp"
#include "flow_file.hpp"
#include "page.hpp"
#include "run.hpp"
#include "summary.hpp"
#include "time_series.hpp"

namespace t2::report {

namespace {

double total(const std::vector<double>& sums) { return std::accumulate(sums.begin(), sums.end(), 0.0); }

std::vector<std::string> values(std::string_view cell) {
  std::vector<std::string> out;
  list_values(cell, out);
  return out;
}

}  // namespace

TEST_CASE("report: a series keeps its sum, whatever the times and their order", "[report]") {
  std::mt19937_64 random(7);
  for (const Time range : {Time{1000}, one_second, 3600 * one_second, 400 * 86400 * one_second}) {
    TimeSeries series(one_second / 100);
    double sum = 0;
    for (int i = 0; i < 500; ++i) {
      const Time from = 1'700'000'000 * one_second + static_cast<Time>(random() % static_cast<std::uint64_t>(range));
      const Time to = from + static_cast<Time>(random() % static_cast<std::uint64_t>(range));
      const auto amount = static_cast<double>(random() % 100000);
      series.add(from, to, amount);
      sum += amount;
    }
    CHECK(total(series.sums()) == Approx(sum));
    CHECK(series.size() <= TimeSeries::most_bins);
  }
  TimeSeries ends(one_second / 100);  // 1970 and 2255
  ends.add(0, 0, 1);
  ends.add(9'000'000'000'000'000'000 - 1, 9'000'000'000'000'000'000 - 1, 2);
  CHECK(total(ends.sums()) == Approx(3));
}

TEST_CASE("report: a flow is spread evenly over its duration", "[report]") {
  TimeSeries series(one_second);
  series.add(10 * one_second + one_second / 2, 14 * one_second + one_second / 2, 400);
  const std::vector<double> sums = series.sums();
  REQUIRE(sums.size() == 5);
  CHECK(sums[0] == Approx(50));
  for (int i = 1; i < 4; ++i) CHECK(sums[static_cast<std::size_t>(i)] == Approx(100));
  CHECK(sums[4] == Approx(50));
  CHECK(series.start(0) == 10 * one_second);
}

TEST_CASE("report: values of lists lose their quotes and escapes, and come once", "[report]") {
  CHECK(values("") == std::vector<std::string>{});
  CHECK(values("a;b;a") == std::vector<std::string>{"a", "b"});
  CHECK(values(R"("a;b";"c\"d\\")") == std::vector<std::string>{"a;b", R"(c"d\)"});
  CHECK(values(R"("";"")") == std::vector<std::string>{});
  CHECK(values("\"open") == std::vector<std::string>{"open"});
}

TEST_CASE("report: times are seconds or dates", "[report]") {
  CHECK(time_of("1700000000.750000000") == 1'700'000'000'750'000'000);
  CHECK(time_of("1700000000.75") == 1'700'000'000'750'000'000);
  CHECK(time_of("1700000000") == 1'700'000'000'000'000'000);
  CHECK(time_of("2023-11-14T22:13:20.750000000+0000") == 1'700'000'000'750'000'000);
  CHECK(time_of("2023-11-14T23:13:20.75+0100") == 1'700'000'000'750'000'000);
  CHECK_FALSE(time_of("never"));
  CHECK_FALSE(time_of("99999999999999999999"));
  CHECK_FALSE(time_of(""));
}

TEST_CASE("report: quantiles are right to 3 %", "[report]") {
  Distribution d;
  for (int i = 1; i <= 1000; ++i) d.add(i * 1e-3);
  CHECK(d.quantile(0.5) == Approx(0.5).epsilon(0.035));
  CHECK(d.quantile(0.95) == Approx(0.95).epsilon(0.035));
}

TEST_CASE("report: sums by name are bounded, and ordered by weight, then by name", "[report]") {
  ByName<std::uint64_t> sums(2);
  sums["b"] = 5;
  sums["a"] = 5;
  sums["c"] = 9;
  CHECK(sums.size() == 2);
  CHECK(sums.overflowed());
  const auto top = sums.top(9, [](std::uint64_t n) { return n; });
  REQUIRE(top.size() == 2);
  CHECK(top[0].first == "a");
  CHECK(top[1].first == "b");
}

TEST_CASE("report: text cannot leave its place on the page", "[report]") {
  CHECK(script_json("a\"b\\c") == R"("a\"b\\c")");
  CHECK(script_json("</script><!--&\n") == R"("\u003c/script\u003e\u003c!--\u0026\u000a")");
  CHECK(script_json("\xc3\xa9") == "\"\xc3\xa9\"");
  for (const char* bad : {"\xff", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc0\xaf"})
    CHECK(script_json(bad).find("\xef\xbf\xbd") == 1);
  CHECK(html_text("<a href=\"x\">&") == "&lt;a href=&quot;x&quot;&gt;&amp;");
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  CHECK(script_json(all).find_first_of("<>&\n") == std::string::npos);
}

TEST_CASE("report: flow files are found by their prefix, and damage is named with its line", "[report]") {
  const test::TempFolder folder;
  const auto path = [&](const std::string& name) { return (folder / name).string(); };
  for (const char* name : {"x_flows.txt10", "x_flows.txt9", "x_flows.txt0", "y_flows.csv", "xx_flows.txt"})
    std::ofstream(folder / name) << "%dir\tflowInd\nA\t1\n";
  CHECK(flow_files(path("x")) ==
        std::vector<std::string>{path("x_flows.txt0"), path("x_flows.txt9"), path("x_flows.txt10")});
  CHECK(flow_files(path("y")) == std::vector<std::string>{path("y_flows.csv")});
  CHECK_THROWS_WITH(flow_files(path("z")), Catch::Contains("there is no flow file"));
  CHECK(prefix_of("a/x_flows.txt.gz3") == "a/x");
  const auto read = [&](const std::string& text) {
    std::ofstream(folder / "f") << text;
    FlowFile file(path("f"));
    std::string cells;
    file.read([&](FlowFile::Row row) {
      for (const std::string_view cell : row) cells += std::string(cell) + "|";
    });
    return cells;
  };
  CHECK(read("%dir\tflowInd\nA\t1\n\nB\t1") == "A|1|B|1|");
  CHECK(read("dir,flowInd,x\nA,1,\"a,\"\"b\"\"\"\n") == "A|1|a,\"b\"|");
  CHECK_THROWS_WITH(read("%dir\tflowInd\nA\t1\nA\n"), Catch::Contains(":3: 1 cells, but 2 columns"));
  CHECK_THROWS_WITH(read("hello\n"), Catch::Contains("is no flow file"));
  CHECK_THROWS_WITH(read("flowInd,srcIP_A\n1,2\n"), Catch::Contains("TFS_JOIN_AB"));
}

}  // namespace t2::report
