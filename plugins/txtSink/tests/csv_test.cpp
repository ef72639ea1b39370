// CSV, dates, and both directions in one row: settings of txtSink at run time.
#include <catch2/catch.hpp>

#include <algorithm>

#include "run.hpp"

namespace t2::test::csv_test {

using Catch::Contains;

namespace {

// Flow 1 in both directions, flow 2 in one.
Capture flows() {
  Capture capture;
  capture.add(epoch, Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(5001, 53).zeros(10));
  capture.add(epoch + second, Frame().eth().ip4("10.0.0.2", "10.0.0.1").udp(53, 5001).zeros(20));
  capture.add(epoch + second, Frame().eth().ip4("10.0.0.3", "10.0.0.2").udp(5002, 53).zeros(30));
  return capture;
}
Result with(Environment settings, const Arguments& arguments = {}) {
  Result result = run(flows(), {"basicFlow", "basicStats", "txtSink"}, arguments, settings);
  INFO(result.err);
  REQUIRE(result.status == 0);
  return result;
}
std::string line(const std::string& text, int number) {
  std::size_t at = 0;
  for (; number > 0; --number) at = text.find('\n', at) + 1;
  return text.substr(at, text.find('\n', at) - at);
}

}  // namespace

TEST_CASE("txtSink: CSV at run time", "[txtSink]") {
  const Result plain = with({});
  const std::string csv = with({{"TFS_CSV", "1"}}).file("_flows.csv");
  std::string expected = plain.flow_file.substr(1);
  for (char& c : expected) c = c == '\t' ? ',' : c;
  CHECK(csv == expected);  // nothing in these flows needs quotes
  CHECK_THAT(with({{"TFS_CSV", "1"}, {"TFS_HDR_MARK", "1"}}).file("_flows.csv"), Catch::StartsWith("%dir,flowInd,"));
  CHECK_THAT(with({{"TFS_HDR_MARK", "0"}}).file("_flows.txt"), Catch::StartsWith("dir\tflowInd\t"));
  CHECK_THAT(with({{"TFS_SEPARATOR", "|"}}).file("_flows.txt"), Catch::StartsWith("%dir|flowInd|"));
  CHECK_THAT(with({{"TFS_CSV", "1"}, {"TFS_FLOWS_TXT_SUFFIX", ".x"}}).file(".x"), Catch::StartsWith("dir,"));
  CHECK(with({{"TFS_GZ_COMPRESS", "1"}}).file("_flows.txt.gz").substr(0, 2) == "\x1f\x8b");
  CHECK(with({{"TFS_GZ_COMPRESS", "2"}}).file("_flows.txt.zst").substr(0, 4) == "\x28\xb5\x2f\xfd");
  CHECK(with({{"TFS_GZ_COMPRESS", "2"}, {"TFS_CSV", "1"}}).file("_flows.csv.zst").substr(0, 4) == "\x28\xb5\x2f\xfd");
}

TEST_CASE("txtSink: times as dates at run time", "[txtSink]") {
  const Result result = with({{"TFS_ISO_TIMES", "1"}});
  CHECK_THAT(result.flows.row(0)["timeFirst"], Contains("T") && Catch::EndsWith("+0000"));
  CHECK_THAT(result.file("_headers.txt"), Contains("\tS\ttimeFirst\t") && Contains("\tU64.U32\tduration\t"));
}

TEST_CASE("txtSink: both directions in one row at run time", "[txtSink]") {
  for (const char* threads : {"0", "2"}) {
    const Result result = with({{"TFS_CSV", "1"}, {"TFS_JOIN_AB", "1"}}, {"-t", threads});
    const std::string csv = result.file("_flows.csv");
    CHECK(std::count(csv.begin(), csv.end(), '\n') == 3);
    CHECK_THAT(line(csv, 0),
               Catch::StartsWith("flowInd,flowStat_A,timeFirst_A,") && Contains(",flowStat_B,timeFirst_B,"));
    const std::string one = line(csv, 1), two = line(csv, 2);
    CHECK_THAT(one + "\n" + two, Contains(",10.0.0.2,53,10.0.0.1,5001,17,"));
    CHECK_THAT(two + one, Contains(",,,,,,"));
    const std::string names = line(csv, 0);
    for (const std::string& row : {one, two})
      CHECK(std::count(row.begin(), row.end(), ',') == std::count(names.begin(), names.end(), ','));
    const std::string headers = result.file("_headers.txt");
    CHECK_THAT(headers,
               Contains("\n1\tU64\tflowInd\t") && Contains("\tIPX\tsrcIP_A\t") && Contains("\tIPX\tsrcIP_B\t"));
  }
}

}  // namespace t2::test::csv_test
