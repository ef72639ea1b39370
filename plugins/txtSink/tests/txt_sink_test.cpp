// The files that txtSink writes, and what it does when they cannot be written.
#include <catch2/catch.hpp>

#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "../src/file.hpp"
#include "run.hpp"

using namespace t2::test;
using t2::txt_sink::RowFile;

namespace {

const std::vector<std::string> plugins = {"basicFlow", "txtSink"};

Capture two_flows() {
  return Capture().add(epoch, {Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(1, 2),
                               Frame().eth().ip4("10.0.0.3", "10.0.0.4").udp(3, 4)});
}
void put_row(RowFile& file, std::string_view text) {
  char* at = file.reserve(text.size());
  for (char c : text) *at++ = c;
  file.row(at);
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

TEST_CASE("txtSink: parts of the flow file", "[txtSink]") {
  Capture capture;
  for (unsigned port = 1; port <= 5; ++port)
    capture.add(epoch + port * second, Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(10000 + port, 20000));
  const TempFolder folder;
  const auto captured = folder / "capture.pcap";
  write_file(captured, capture.pcap());
  const std::string linked = plugin_folder(folder, plugins).string();
  const auto run_parts = [&](const std::string& limits) {
    return execute({T2_BINARY, "-p", linked, "-r", captured.string(), "-W", (folder / "parts").string() + limits},
                   folder);
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
        execute({T2_BINARY, "-p", linked, "-r", captured.string(), "-w", (folder / "whole").string()}, folder);
    REQUIRE(whole.status == 0);
    CHECK(read_file(folder / "whole_flows.txt").substr(header) == rows);
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
  const std::filesystem::path office = std::filesystem::path(T2_SOURCE) / "share/samples/office.pcap";
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

TEST_CASE("txtSink: a file counts what it could not write", "[txtSink]") {
  RowFile file;
  file.open("/dev/full");
  put_row(file, "one\n"), put_row(file, "two\n");
  CHECK(file.error().empty());
  file.flush();
  CHECK(file.error().find("cannot write to /dev/full: ") == 0);
  CHECK(file.lost() == 2);
  put_row(file, "three\n");
  file.close();
  CHECK(file.lost() == 3);
}

TEST_CASE("txtSink: a reader that went away", "[txtSink]") {
  std::signal(SIGPIPE, SIG_IGN);
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  close(ends[0]);
  RowFile file;
  file.open("/dev/fd/" + std::to_string(ends[1]));
  put_row(file, "one\n");
  file.close();
  CHECK(file.lost() == 1);
  close(ends[1]);
}

TEST_CASE("txtSink: rows larger than the buffer, and text that is written over", "[txtSink]") {
  const TempFolder folder;
  RowFile file;
  file.open((folder / "rows").string());
  file.text("% 0000\n");
  const std::string large(3 << 20, 'x');
  put_row(file, large + "\n"), put_row(file, "end\n");
  CHECK(file.replace(2, "42"));
  file.close();
  CHECK(file.lost() == 0);
  CHECK(read_file(folder / "rows") == "% 4200\n" + large + "\nend\n");
}

TEST_CASE("txtSink: a file that cannot be opened", "[txtSink]") {
  RowFile file;
  CHECK_THROWS_WITH(file.open("/no/such/folder/x"),
                    Catch::Contains("cannot open /no/such/folder/x for writing: No such file"));
}

TEST_CASE("txtSink: compressed rows, and a full disk under them", "[txtSink]") {
  const TempFolder folder;
  const std::string path = (folder / "rows.gz").string();
  RowFile file;
  file.open(path, true);
  std::string expected = "% names\n";
  file.text(expected);
  for (unsigned i = 0; i < 50'000; ++i) {
    const std::string row = "A\t" + std::to_string(i * 7919) + "\n";
    put_row(file, row);
    expected += row;
  }
  CHECK_FALSE(file.replace(2, "NAMES"));
  file.close();
  CHECK(file.error().empty());
  CHECK(file.lost() == 0);
  CHECK(read_file(path).size() < expected.size() / 2);
  std::string text(expected.size() + 1, '\0');
  const gzFile in = gzopen(path.c_str(), "rb");
  REQUIRE(in);
  text.resize(static_cast<std::size_t>(std::max(0, gzread(in, text.data(), static_cast<unsigned>(text.size())))));
  gzclose(in);
  CHECK((text == expected));

  RowFile full;
  full.open("/dev/full", true);
  put_row(full, "one\n"), put_row(full, "two\n");
  full.flush();
  CHECK(full.error().find("cannot write to /dev/full: ") == 0);
  CHECK(full.lost() == 2);
}
