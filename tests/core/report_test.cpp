// Reports during the run: what they have besides the counts of the end report.
#include <catch2/catch.hpp>

#include "app/report.hpp"
#include "t2/clock.hpp"

namespace t2::test::report_test {

namespace {

using Catch::Contains;

// Text as lines.
class Lines final : public ReportOutput {
 public:
  void fact(std::string_view label, const std::string& text, const std::string&, std::string_view separator) override {
    all += std::string(label) + std::string(separator) + text + '\n';
  }
  void rule(char) override {}
  void text(std::string_view lines) override { all += std::string(lines) + '\n'; }
  void plugin(std::string_view, std::string_view) override {}
  void note(bool, std::string_view) override {}
  std::string all;
};

ReportData a_quarter() {
  ReportData d;
  d.progress = {1'700'000'000 * one_second, "Processing file: x.pcap", 30};
  d.analysis = 10 * one_second;
  d.file_bytes = 1000, d.file_position = 250;
  d.flow_capacity = 200;
  d.input.packets = 5;
  d.input.first = one_second, d.input.last = 4 * one_second;
  return d;
}

std::string text_of(const ReportData& data) {
  Lines lines;
  print_report(lines, data, [] {});
  return lines.all;
}

std::string json_of(const ReportData& data) {
  JsonReport json;
  print_report(json, data, [] {});
  return json.object();
}

}  // namespace

TEST_CASE("report: during the run it says how far it is, at the end how long it took", "[report]") {
  const std::string during = text_of(a_quarter());
  for (const char* line :
       {"PCAP time: 4.000000000 sec", "PCAP duration: 3.000000000 sec\n", "Time: 1700000000.000000000 sec",
        "Elapsed time: 10.000000000 sec\n", "Processing file: x.pcap\n", "Total bytes to process: 1000\n",
        "Percentage completed: 25.00%\n", "Total bytes processed so far: 250\n", "Remaining time: 30.000000000 sec\n",
        "ETF: 1700000030.000000000 sec", "Fill size of main hash map: 30 [30.00%]\n"})
    CHECK_THAT(during, Contains(line));
  CHECK_THAT(during, !Contains("Finished") && !Contains("Dump stop"));

  ReportData end = a_quarter();
  end.progress.reset();
  CHECK_THAT(text_of(end), Contains("Dump stop : 4.0") && Contains("Finished processing. Elapsed time: 10.0") &&
                               !Contains("Remaining") && !Contains("Fill size") && !Contains("so far"));
}

TEST_CASE("report: live there is no end to wait for", "[report]") {
  ReportData d = a_quarter();
  d.file_bytes = d.file_position = 0;
  d.interfaces = {{"eth0", 2, 0, {80, 15, 5, 0}}, {"eth1", 3, 2, {100, 0, 0, 0}}};
  d.unread = 7;
  const std::string text = text_of(d);
  CHECK_THAT(text, !Contains("PCAP") && !Contains("ETF") && !Contains("bytes to process"));
  CHECK_THAT(text, Contains("Number of packets received: 180 [90.00%]\n") &&
                       Contains("Number of packets dropped by the kernel: 15 [7.50%]\n") &&
                       Contains("Number of packets dropped by the interface: 5 [2.50%]\n") &&
                       Contains("Number of packets received and not read: 7 [3.50%]\n"));
  CHECK_THAT(text, Contains("Interfaces:\n    eth0: 80 received, 15 dropped by the kernel, 5 dropped by the interface\n"
                            "    eth1: 100 received, 0 dropped by the kernel, 0 dropped by the interface, "
                            "disappeared 2 times\n"));
  CHECK_THAT(json_of(d), Contains(R"("interfaces":[{"name":"eth0","received":80,"dropped_by_the_kernel":15,)"
                                  R"("dropped_by_the_interface":5,"disappeared":0},{"name":"eth1")"));
}

TEST_CASE("report: as JSON every report is one line and has counts of 0", "[report]") {
  const std::string json = json_of(a_quarter());
  CHECK(json.find('\n') == std::string::npos);
  CHECK_THAT(json, Contains(R"("time":1700000000.000000000,)") && Contains(R"("elapsed_time":10.000000000,)") &&
                       Contains(R"("number_of_tcp_packets":0,)") && Contains(R"("fill_size_of_main_hash_map":30,)") &&
                       Contains(R"("remaining_time":30.000000000,)"));
  CHECK_THAT(text_of(a_quarter()), !Contains("TCP"));
}

}  // namespace t2::test::report_test
