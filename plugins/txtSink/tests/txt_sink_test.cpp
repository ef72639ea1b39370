// The files that txtSink writes, and what it does when they cannot be written.
#include <catch2/catch.hpp>

#include <algorithm>

#include "run.hpp"

namespace t2::test::txt_sink_test {

namespace {

const std::vector<std::string> plugins = {"basicFlow", "txtSink"};

Capture two_flows() {
  return Capture().add(epoch, {Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(1, 2),
                               Frame().eth().ip4("10.0.0.3", "10.0.0.4").udp(3, 4)});
}

}  // namespace

TEST_CASE("txtSink: flow file and headers file", "[txtSink]") {
  const Result result = run(two_flows(), plugins);
  REQUIRE(result.status == 0);
  CHECK(result.flow_file.find("%dir\tflowInd\tflowStat\t") == 0);
  CHECK(result.flows.size() == 2);
  CHECK(result.flow_file.back() == '\n');
  const std::string headers = result.file("_headers.txt");
  CHECK(headers.find("# Date: ") == 0);
  CHECK(headers.find("\n#\n# Col No.\tType\tName\tDescription\n1\tC\tdir\tFlow direction\n2\tU64\tflowInd\tFlow "
                     "index\n3\tH64\tflowStat\t") != std::string::npos);
  CHECK(headers.find("\tU64.U32\ttimeFirst\t") != std::string::npos);
  CHECK(headers.find("\tSC:R\thdrDesc\t") != std::string::npos);
  CHECK(headers.find("\tIPX\tsrcIP\t") != std::string::npos);
}

TEST_CASE("txtSink: suffixes from the environment", "[txtSink]") {
  const Result result =
      run(two_flows(), plugins, {}, {{"TFS_FLOWS_TXT_SUFFIX", ".tsv"}, {"TFS_HEADER_SUFFIX", ".columns"}});
  CHECK(result.status == 0);
  CHECK(result.file(".tsv").find("%dir\t") == 0);
  CHECK(result.file(".columns").find("# Date: ") == 0);
  CHECK(result.file("_flows.txt").empty());
}

TEST_CASE("txtSink: an empty capture has column names only", "[txtSink]") {
  const Result result = run(Capture(), plugins);
  CHECK(result.flows.size() == 0);
  CHECK(result.flow_file.find("%dir\tflowInd\t") == 0);
}

TEST_CASE("txtSink: a headers file that cannot be made is a warning where flows go to standard output", "[txtSink]") {
  const TempFolder folder;
  write_file(folder / "capture.pcap", two_flows().pcap());
  std::filesystem::create_directory(folder / "capture_headers.txt");
  const std::string linked = plugin_folder(folder, plugins).string();
  const auto run_to = [&](const std::string& output) {
    return execute({binary().string(), "-p", linked, "-r", (folder / "capture.pcap").string(), "-w", output}, folder);
  };
  const Execution piped = run_to("-");
  CHECK(piped.status == 0);
  CHECK(piped.out.starts_with("%dir\t"));
  CHECK_THAT(piped.err, Catch::Contains("[WRN] txtSink: cannot open "));
  const Execution file = run_to((folder / "capture").string());
  CHECK(file.status == 1);
  CHECK_THAT(file.err, Catch::Contains("[ERR] txtSink: cannot open "));
}

TEST_CASE("txtSink: parts of the flow file", "[txtSink]") {
  Capture capture;
  for (unsigned port = 1; port <= 5; ++port)
    capture.add(epoch + port * second, Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(10000 + port, 20000));
  const TempFolder folder;
  const auto captured = folder / "capture.pcap";
  write_file(captured, capture.pcap());
  const std::string linked = plugin_folder(folder, plugins).string();
  const auto run_parts = [&](const std::string& limits) {
    return execute(
        {binary().string(), "-p", linked, "-r", captured.string(), "-W", (folder / "parts").string() + limits}, folder);
  };
  const auto part = [&](int n) { return read_file(folder / ("parts_flows.txt" + std::to_string(n))); };
  const auto lines = [](const std::string& text) { return std::count(text.begin(), text.end(), '\n'); };
  SECTION("of two flows each, from number 7 on") {
    REQUIRE(run_parts(":2f,7").status == 0);
    CHECK(lines(part(7)) == 3);
    CHECK(part(7).find("%dir\t") == 0);
    CHECK(lines(part(8)) == 3);
    CHECK(part(8).find("%dir\t") == 0);
    CHECK(part(8).find("\nA\t3\t") != std::string::npos);
    CHECK(lines(part(9)) == 2);
    CHECK(part(10).empty());
  }
  SECTION("of one byte: a row each") {
    REQUIRE(run_parts(":1").status == 0);
    for (int n = 0; n < 5; ++n) {
      INFO(part(n));
      CHECK(lines(part(n)) == 2);
      CHECK(part(n).find("\nA\t" + std::to_string(n + 1) + "\t") != std::string::npos);
    }
    CHECK(part(5).empty());
  }
  SECTION("of so many bytes, column names included") {
    run_parts(":1f");
    const std::size_t header = part(0).find('\n') + 1, row = part(0).size() - header;
    REQUIRE(run_parts(":" + std::to_string(header + row + 1) + ",20").status == 0);  // full with the second row
    CHECK(lines(part(20)) == 3);
    CHECK(lines(part(21)) == 3);
    CHECK(lines(part(22)) == 2);
    CHECK(part(23).empty());
    std::string rows;
    for (int n = 20; n < 23; ++n) rows += part(n).substr(header);
    const Execution whole =
        execute({binary().string(), "-p", linked, "-r", captured.string(), "-w", (folder / "whole").string()}, folder);
    REQUIRE(whole.status == 0);
    CHECK(read_file(folder / "whole_flows.txt").substr(header) == rows);
  }
}

TEST_CASE("txtSink: parts of the flow file by time", "[txtSink]") {
  Capture capture;  // these flows end at :12, :13 and a minute after that, FLOW_TIMEOUT later than their packets
  const std::int64_t start = (epoch / (60 * second) + 1) * 60 * second + 10 * second;
  unsigned port = 0;
  for (const std::int64_t offset : {0, 1, 60, 61, 300})
    capture.add(start + offset * second, Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(10000 + ++port, 20000));
  const TempFolder folder;
  const auto captured = folder / "capture.pcap";
  write_file(captured, capture.pcap());
  const std::string linked = plugin_folder(folder, plugins).string();
  const auto rows_of_parts = [&](const std::string& limits) {
    const std::string prefix = (folder / "timed").string();
    REQUIRE(execute({binary().string(), "-p", linked, "-r", captured.string(), "-W", prefix + limits}, folder).status ==
            0);
    std::vector<std::size_t> rows;
    for (int n = 0; std::filesystem::exists(prefix + "_flows.txt" + std::to_string(n)); ++n) {
      const std::filesystem::path part = prefix + "_flows.txt" + std::to_string(n);
      rows.push_back(Table(read_file(part)).size());
      std::filesystem::remove(part);
    }
    CHECK_FALSE(std::filesystem::exists(prefix + "_flows.txt0.part"));
    return rows;
  };
  CHECK(rows_of_parts(":1min") == std::vector<std::size_t>{2, 2, 1});
  CHECK(rows_of_parts(":60s,0") == std::vector<std::size_t>{2, 2, 1});
  CHECK(rows_of_parts(":1h:3f").size() == 2);
  CHECK(rows_of_parts(":1min:1f") == std::vector<std::size_t>{1, 1, 1, 1, 1});
  CHECK(rows_of_parts(":365d") == std::vector<std::size_t>{5});
  for (const char* wrong : {":0s", ":s", ":1sf", ":1x", ":-1min", ":1m", ":1e300d"}) {
    const Execution refused = execute(
        {binary().string(), "-p", linked, "-r", captured.string(), "-W", (folder / "no").string() + wrong}, folder);
    INFO(wrong << refused.err);
    CHECK(refused.status == 1);
    CHECK(refused.err.find("Option '-W'") != std::string::npos);
  }
}

TEST_CASE("txtSink: packets", "[txtSink]") {
  const Result result = run(two_flows(), plugins, {"-s"});
  REQUIRE(result.status == 0);
  const std::string packets = result.file("_packets.txt");
  CHECK(packets.find("%pktNo\tflowInd\tflowStat\t") == 0);
  CHECK(std::count(packets.begin(), packets.end(), '\n') == 3);
  CHECK(packets.find("\n1\t1\t0x0400000000004001\t") != std::string::npos);
}

TEST_CASE("txtSink: the content of packets is one cell of one line", "[txtSink]") {
  const Capture capture =
      Capture().add(epoch, {Frame()
                                .eth()
                                .ip4("10.0.0.1", "10.0.0.2")
                                .udp(1, 2)
                                .payload(std::string_view("\b\f\n\r\t\v\\\"\0\x7f\xc3\xbc a~", 15)),
                            Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(1, 2),
                            Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("trailer").length(8).pad()});
  const Result result = run(capture, plugins, {"-s"});
  const Table packets(result.file("_packets.txt"));
  REQUIRE(packets.size() == 3);
  CHECK(packets.row(0)["l7Content"] == "\\b\\f\\n\\r\\t\\v\\\\\".... a~");
  CHECK(packets.row(1)["l7Content"].empty());
  CHECK(packets.columns().back() == "l7Content");
}

TEST_CASE("txtSink: the flow file does not depend on -s", "[txtSink]") {
  const std::vector<std::string> all = {"basicFlow", "basicStats", "macRecorder", "tcpFlags", "tcpStates", "txtSink"};
  const std::filesystem::path office = source_folder() / "share/samples/office.pcap";
  const Result without = run_file(office, all), with = run_file(office, all, {"-s"});
  REQUIRE(without.status == 0);
  REQUIRE(with.status == 0);
  CHECK(without.flow_file == with.flow_file);
  CHECK(without.file("_packets.txt").empty());
  const Table packets(with.file("_packets.txt"));
  std::map<std::string, std::int64_t> bytes, counted;  // by flow
  for (const Table::Row& packet : packets.all())
    bytes[packet["flowInd"]] += packet.number("l7Len"), ++counted[packet["flowInd"]];
  for (const Table::Row& flow : with.flows.all())
    bytes[flow["flowInd"]] -= flow.number("l7BytesSnt"), counted[flow["flowInd"]] -= flow.number("pktsSnt");
  for (const auto& [flow, rest] : bytes) {
    INFO("flow " << flow);
    CHECK(rest == 0);
    CHECK(counted[flow] == 0);
  }
}

TEST_CASE("txtSink: -s needs a sink that writes packets", "[txtSink]") {
  const Result result = run(two_flows(), {"basicFlow"}, {"-s"});
  CHECK(result.status == 1);
  CHECK(result.err.find("Option '-s' needs a plugin that writes packets") != std::string::npos);
}

}  // namespace t2::test::txt_sink_test
