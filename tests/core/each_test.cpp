// --each: one output for each input, by several processes.
#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>

#include "run.hpp"

namespace t2::test::each_test {

namespace {

namespace fs = std::filesystem;
using Catch::Contains;

struct Captures {
  TempFolder folder;
  std::string plugins = plugin_folder(folder, {"basicFlow", "basicStats", "txtSink"}).string();

  Captures() {
    fs::create_directories(folder / "in");
    for (unsigned i = 0; i < 5; ++i) write_file(folder / ("in/c" + std::to_string(i) + ".pcap"), capture(i));
    write_file(folder / "in/readme.txt", text("no capture\n"));
  }
  static Buffer capture(unsigned i) {
    Capture c;
    for (unsigned k = 0; k <= i; ++k)
      c.add(epoch + k * second,
            Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(static_cast<std::uint16_t>(5000 + k), 53).zeros(i));
    return c.pcap();
  }
  Execution shell(const std::string& script) const { return run_script(script, folder, plugins); }
  void check(const std::string& script, int status, const std::string& summary) const {
    const Execution result = shell(script);
    INFO(script << "\n" << result.out << result.err);
    CHECK(result.status == status);
    CHECK_THAT(result.out, Contains(summary));
  }
  std::string flows(const std::string& name) const { return read_file(folder / (name + "_flows.txt")); }
  std::size_t files(const std::string& name) const {  // hidden ones, too
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder / name), fs::directory_iterator()));
  }
};

}  // namespace

TEST_CASE("each: outputs are those of runs with one input, and are made once", "[each]") {
  const Captures place;
  place.check("$t2 --each -r in -w out -j 3", 0,
              "5 files: 5 analysed, 0 complete before, 0 damaged, 0 failed, 1 no captures; 15 packets, 15 flows");
  for (unsigned i = 0; i < 5; ++i) {
    const std::string name = "c" + std::to_string(i);
    REQUIRE(place.shell("$t2 -r in/" + name + ".pcap -w one").status == 0);
    CHECK(place.flows("out/" + name) == place.flows("one"));
    CHECK_THAT(read_file(place.folder / ("out/" + name + "_log.txt")),
               Contains("Number of processed packets: " + std::to_string(i + 1) + "\n"));
  }
  CHECK(place.files("out") == 16);  // flows, headers, log; .t2-each
  place.check("$t2 --each -r in -w out/", 0, "0 analysed, 5 complete before");
  place.check("cd in; $t2 --each -r c* -w ../out", 0, "0 analysed, 5 complete before");
  place.check("$t2 --each -r in -w out", 0, "0 analysed, 5 complete before");
  place.check("rm out/c2_flows.txt; $t2 --each -r in -w out", 0, "1 analysed, 4 complete before");
  place.check("touch in/c1.pcap; ls in/c*.pcap | $t2 --each -R - -w out", 0, "1 analysed, 4 complete before");
  place.check("$t2 --each -r in -w out udp port 53", 0, "5 analysed, 0 complete before");  // other settings
  place.check("$t2 --each -r in -w out -s udp port 53", 0, "5 analysed, 0 complete before");
  CHECK(fs::exists(place.folder / "out/c4_packets.txt"));
}

TEST_CASE("each: without -w the output lies beside the input", "[each]") {
  const Captures place;
  place.check("mkdir more; cp in/c4.pcap more; gzip -c in/c3.pcap > in/c3.gz; $t2 --each -r in more -j 2", 0,
              "7 files: 7 analysed");
  for (const char* file : {"in/c0_flows.txt", "more/c4_flows.txt", "in/c3.gz_flows.txt", "in/c3.pcap_log.txt"})
    CHECK(fs::exists(place.folder / file));
  place.check("$t2 --each -r in more", 0, "7 complete before");
  const Execution clash = place.shell("$t2 --each -r in more -w out");
  CHECK(clash.status == 1);
  CHECK_THAT(clash.err, Contains("'in/c4.pcap' and 'more/c4.pcap' would both be written to 'out/c4"));
}

TEST_CASE("each: what cannot be read is told, and tried again", "[each]") {
  const Captures place;
  const Buffer whole = Captures::capture(3);
  write_file(place.folder / "in/cut.pcap", Buffer(whole.begin(), whole.end() - 3));
  place.check("$t2 --each -r in none.pcap -w out", 1, "");  // a filter that is none
  place.check("$t2 --each -r in -r none.pcap -w out", 2, "7 files: 6 analysed, 0 complete before, 1 damaged, 1 failed");
  const Execution again = place.shell("$t2 --each -r in -r none.pcap -w out");
  CHECK(again.status == 2);
  CHECK_THAT(again.out, Contains("7 files: 0 analysed, 6 complete before, 1 damaged, 1 failed"));
  CHECK_THAT(again.err, Contains("cannot open 'none.pcap'"));
  place.check("$t2 --each -r none.pcap", 1, "1 file: 0 analysed, 0 complete before, 0 damaged, 1 failed");
  const Execution filter = place.shell("$t2 --each -r in -j 3 -- no filter");
  CHECK(filter.status == 1);
  CHECK(std::count(filter.err.begin(), filter.err.end(), '\n') == 1);
  for (const char* wrong :
       {"--each -i lo", "--each -r in -w -", "-j 2 -r in", "--each -D in/c0", "--each -r in -W out:5f"})
    CHECK(place.shell(std::string("$t2 ") + wrong).status == 1);
}

TEST_CASE("each: an interrupted run goes on", "[each]") {
  const Captures place;
  place.check(
      "mkfifo wait; $t2 --each -r in -r wait -w out -j 1 & t2=$!\n"
      "for i in {1..100}; do [ \"$(grep -c c out/.t2-each)\" = 5 ] && break; sleep 0.05; done 2> /dev/null\n"
      "sleep 0.2; kill -TERM $t2; wait $t2",
      143, "5 analysed, 0 complete before, 0 damaged, 0 failed");
  CHECK(place.files("out") == 16);  // nothing is left of the one that was begun
  place.check("rm out/c3_log.txt; mkdir out/.t2-each-999999999; $t2 --each -r in -w out", 0,
              "1 analysed, 4 complete before");
  CHECK(place.files("out") == 16);
}

TEST_CASE("each: reports as JSON, a line for each file", "[each]") {
  const Captures place;
  const Execution result = place.shell(
      "cp in/c4.pcap in/cut.pcap; truncate -s -3 in/cut.pcap; $t2 --each -r in -w out -j 3 --report json > lines; echo "
      "$?; "
      "python3 -c 'import json\nfor r in sorted(map(json.loads, open(\"lines\")), key=lambda r: r[\"input\"]): "
      "print(r[\"input\"], r[\"number_of_processed_packets\"], r[\"exit_status\"], len(r[\"warnings\"]))'");
  CHECK(result.out ==
        "2\nin/c0.pcap 1 0 0\nin/c1.pcap 2 0 0\nin/c2.pcap 3 0 0\nin/c3.pcap 4 0 0\nin/c4.pcap 5 0 0\n"
        "in/cut.pcap 4 2 1\n");
  CHECK_THAT(result.err, Contains("6 files: 6 analysed"));
  const Execution again = place.shell("$t2 --each -r in -w out --report json 2> log");
  CHECK(again.out.empty());  // all is done
}

}  // namespace t2::test::each_test
