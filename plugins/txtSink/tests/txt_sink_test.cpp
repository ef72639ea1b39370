// The files that txtSink writes, and what it does when they cannot be written.
#include <catch2/catch.hpp>

#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "../src/file.cpp"
#include "run.hpp"

using namespace t2::test;
using t2::text::RowFile;

namespace {

const std::vector<std::string> plugins = {"basicFlow", "txtSink"};

Capture two_flows() {
  return Capture().add(epoch, {Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(1, 2), Frame().eth().ip4("10.0.0.3", "10.0.0.4").udp(3, 4)});
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
  CHECK(headers.find("\n#\n# Col No.\tType\tName\tDescription\n1\tC\tdir\tFlow direction\n2\tU64\tflowInd\tFlow index\n3\tH64\tflowStat\t") != std::string::npos);
  CHECK(headers.find("\tU64.U32\ttimeFirst\t") != std::string::npos);
  CHECK(headers.find("\tSC:R\thdrDesc\t") != std::string::npos);
  CHECK(headers.find("\tIPX\tsrcIP\t") != std::string::npos);
}

TEST_CASE("txtSink: suffixes from the environment", "[txtSink]") {
  const Result result = run(two_flows(), plugins, {}, {{"TFS_FLOWS_TXT_SUFFIX", ".tsv"}, {"TFS_HEADER_SUFFIX", ".columns"}});
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
  for (unsigned port = 1; port <= 5; ++port) capture.add(epoch + port * second, Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(10000 + port, 20000));
  const TempFolder folder;
  const auto captured = folder / "capture.pcap";
  write_file(captured, capture.pcap());
  const auto run_parts = [&](const std::string& limits) {
    return execute({T2_BINARY, "-p", plugin_folder(folder, plugins).string(), "-r", captured.string(), "-W", (folder / "parts").string() + limits}, folder);
  };
  const auto part = [&](int n) { return read_file(folder / ("parts_flows.txt" + std::to_string(n))); };
  const auto lines = [](const std::string& text) { return std::count(text.begin(), text.end(), '\n'); };
  SECTION("of two flows each, from number 7 on") {
    REQUIRE(run_parts(":2f,7").status == 0);
    CHECK(lines(part(7)) == 3);
    CHECK(part(7).find("%dir\t") == 0);
    CHECK(lines(part(8)) == 2);
    CHECK(part(8).find("A\t3\t") == 0);
    CHECK(lines(part(9)) == 1);
    CHECK(part(10).empty());
  }
  SECTION("of one byte: a row each, the column names in the first") {
    REQUIRE(run_parts(":1").status == 0);
    CHECK(lines(part(0)) == 1);
    CHECK(lines(part(1)) == 1);
    CHECK(part(5).find("A\t5\t") == 0);
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
  CHECK_THROWS_WITH(file.open("/no/such/folder/x"), Catch::Contains("cannot open /no/such/folder/x for writing: No such file"));
}
