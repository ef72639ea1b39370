// The program on captures that are damaged, empty, missing, piped in or listed: what it says and its exit status.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "run.hpp"

namespace t2::test::damage_test {

namespace {

const std::vector<std::string> plugins{"basicFlow", "basicStats", "txtSink"};
const Buffer frame = Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(6000, 7000).payload("abcdefgh");

Capture three() { return Capture().add(epoch, frame).add(epoch + second, frame).add(epoch + 2 * second, frame); }
Buffer first(Buffer file, std::size_t size) { return file.resize(size), file; }

std::size_t lines_with(const std::string& text, const std::string& word) {
  std::size_t n = 0;
  for (std::size_t at = text.find(word); at != text.npos; at = text.find(word, at + 1)) ++n;
  return n;
}

// What could be read was analysed, one warning names the byte, the exit status tells.
void check_damaged(const Buffer& file, std::size_t at_byte, const std::string& packets) {
  const Result result = run(file, plugins);
  INFO(result.out << result.err);
  CHECK(result.status == 2);
  const std::string all = result.out + result.err;
  CHECK(lines_with(all, "[WRN] '") == 1);
  CHECK_THAT(all, Catch::Contains("is damaged at byte " + std::to_string(at_byte) + ": "));
  REQUIRE(result.flows.size() == (packets == "0" ? 0 : 1));
  if (packets != "0") CHECK(result.flows.row(0)["pktsSnt"] == packets);
}

void check_refused(const Execution& result) {
  INFO(result.out << result.err);
  CHECK(result.status == 1);
  CHECK(lines_with(result.err, "[ERR]") == 1);
  CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
}

}  // namespace

TEST_CASE("damage: pcap", "[capture]") {
  const Buffer file = three().pcap();
  const std::size_t record = 16 + frame.size(), third = 24 + 2 * record;
  check_damaged(first(file, third + 5), third, "2");       // in a packet header
  check_damaged(first(file, third + 16 + 7), third, "2");  // in a packet
  Buffer impossible = file;
  std::memset(impossible.data() + third + 8, 0x7f, 4);  // captured length
  check_damaged(impossible, third, "2");
  Buffer at_once = file;
  std::memset(at_once.data() + 24 + 8, 0xff, 4);
  check_damaged(at_once, 24, "0");
}

TEST_CASE("damage: pcapng", "[capture]") {
  const Buffer file = three().pcapng();
  const std::size_t block = 32 + (frame.size() + 3) / 4 * 4, third = file.size() - block;
  check_damaged(first(file, third + 5), third, "2");
  check_damaged(first(file, third + 40), third, "2");
  Buffer length = file;
  length[third + 4] = 3;  // not a multiple of 4, too short
  check_damaged(length, third, "2");
  Buffer interface = file;
  interface[third + 8] = 9;
  check_damaged(interface, third, "2");
  Buffer captured = file;
  std::memset(captured.data() + third + 20, 0x7f, 4);
  check_damaged(captured, third, "2");
}

TEST_CASE("damage: pcap cut in its file header", "[capture]") {
  check_refused(run(first(three().pcap(), 20), plugins));
}

TEST_CASE("damage: what is no capture", "[capture]") {
  check_refused(run(Buffer{}, plugins));
  check_refused(run(text("this is a text, and long enough to be more than a header\n"), plugins));
  const TempFolder folder;
  check_refused(run_file(folder.path(), plugins));
  check_refused(run_file(folder / "missing.pcap", plugins));
  CHECK_FALSE(std::filesystem::exists(folder / "out_flows.txt"));
}

TEST_CASE("damage: a capture without packets is none", "[capture]") {
  for (const Buffer& file : {Capture().pcap(), Capture().pcapng()}) {
    const Result result = run(file, plugins);
    CHECK(result.status == 0);
    CHECK(result.flows.size() == 0);
    CHECK(result.flows.has("flowInd"));
    CHECK_THAT(result.out, !Catch::Contains("Dump st") && !Catch::Contains("nan") && !Catch::Contains("inf"));
  }
}

TEST_CASE("input: standard input and a fifo give what the file gives", "[capture]") {
  const TempFolder folder;
  write_file(folder / "c.pcap", three().pcap());
  const std::string expected = run_file(folder / "c.pcap", plugins).flow_file;
  REQUIRE(expected.find("10.0.0.1") != std::string::npos);
  const auto shell = [&](const std::string& script) {
    const TempFolder place;
    write_file(place / "c.pcap", three().pcap());
    const Execution result = run_script(script, place, plugin_folder(place, plugins).string());
    INFO(result.out << result.err);
    CHECK(result.status == 0);
    return read_file(place / "out_flows.txt");
  };
  CHECK(shell("$t2 -r - -w out < c.pcap") == expected);
  CHECK(shell("cat c.pcap | $t2 -r - -w out") == expected);
  CHECK(shell("mkfifo fifo && { cat c.pcap > fifo & $t2 -r fifo -w out; }") == expected);
}

TEST_CASE("input: standard input that breaks off is damage", "[capture]") {
  const TempFolder folder;
  write_file(folder / "c.pcap", first(three().pcap(), three().pcap().size() - 5));
  const Execution result = run_script("$t2 -r - -w out < c.pcap", folder, plugin_folder(folder, plugins).string());
  INFO(result.out << result.err);
  CHECK(result.status == 2);
  CHECK(Table(read_file(folder / "out_flows.txt")).row(0)["pktsSnt"] == "2");
}

TEST_CASE("input: a list of files is one capture", "[capture]") {
  const TempFolder folder;
  write_file(folder / "a.pcap", Capture().add(epoch, frame).pcap());
  write_file(folder / "b.pcapng", Capture().add(epoch + second, frame).pcapng());
  write_file(folder / "cut.pcap", first(Capture().add(epoch + 2 * second, frame).add(epoch + 3 * second, frame).pcap(),
                                        24 + 16 + frame.size() + 3));
  const auto list = [&](const std::string& content, const Arguments& more = {}) {
    write_file(folder / "list", text(content));
    const TempFolder place;
    Arguments command{
        binary().string(),        "-p", plugin_folder(place, plugins).string(), "-R", (folder / "list").string(), "-w",
        (folder / "out").string()};
    command.insert(command.end(), more.begin(), more.end());
    return execute(command, place, {{"HOME", place.path().string()}});
  };
  const std::string a = (folder / "a.pcap").string(), b = (folder / "b.pcapng").string(),
                    cut = (folder / "cut.pcap").string();
  const auto packets = [&] { return Table(read_file(folder / "out_flows.txt")).row(0)["pktsSnt"]; };
  CHECK(list("# a comment\n" + a + "\r\n\n" + b).status == 0);
  CHECK(packets() == "2");
  CHECK(Table(read_file(folder / "out_flows.txt")).row(0)["duration"] == "1.000000000");
  CHECK(list(a + "\n" + cut + "\n" + b + "\n").status == 2);  // reading goes on behind the damaged file
  CHECK(packets() == "3");
  CHECK(list(a + "\n" + b + "\n", {"src", "host", "10.0.0.1"}).status == 0);
  CHECK(packets() == "2");
  check_refused(list(""));
  check_refused(list("# nothing\n"));
  const Execution without = list(a + "\n/no/such/file\n");  // said and skipped
  CHECK(without.status == 2);
  CHECK(packets() == "1");
  CHECK_THAT(without.out + without.err, Catch::Contains("/no/such/file"));
  check_refused(list("/no/such/file\n/nor/this/one\n"));
}

TEST_CASE("input: numbered files are one capture", "[capture]") {
  const TempFolder folder;
  for (int i = 1; i <= 3; ++i)
    write_file(folder / ("s.pcap" + std::to_string(i)), Capture().add(epoch + i * second, frame).pcap());
  const Execution result = execute({binary().string(), "-p", plugin_folder(folder, plugins).string(), "-D",
                                    (folder / "s.pcap1,3").string(), "-w", (folder / "out").string()},
                                   folder, {{"HOME", folder.path().string()}});
  INFO(result.out << result.err);
  REQUIRE(result.status == 0);
  CHECK(Table(read_file(folder / "out_flows.txt")).row(0)["pktsSnt"] == "3");
}

TEST_CASE("input: filters from words and from a file", "[capture]") {
  Capture capture;
  for (const unsigned port : {53u, 80u, 443u})
    capture.add(epoch, Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(40000, port));
  CHECK(run(capture, plugins, {"udp", "port", "53"}).flows.size() == 1);
  CHECK(run(capture, plugins, {"udp port 53 or udp port 80"}).flows.size() == 2);
  const TempFolder folder;
  write_file(folder / "filter", text("# names and web\nport 53 # DNS\n or port 80\n\n"));
  CHECK(run(capture, plugins, {"-F", (folder / "filter").string()}).flows.size() == 2);
  write_file(folder / "empty", text("# nothing\n"));
  check_refused(run(capture, plugins, {"-F", (folder / "empty").string()}));
  check_refused(run(capture, plugins, {"-F", (folder / "none").string()}));
  const Result wrong = run(capture, plugins, {"udp", "prot", "53"});
  check_refused(wrong);
  CHECK_FALSE(std::filesystem::exists(wrong.prefix() + "_flows.txt"));  // before anything is written
}

}  // namespace t2::test::damage_test
