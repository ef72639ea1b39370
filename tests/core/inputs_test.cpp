// What is read: several files, folders, lists; how words are told apart from a filter.
#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "run.hpp"

namespace t2::test::inputs_test {

namespace {

namespace fs = std::filesystem;
using Catch::Contains;

// A folder with pieces of one capture, whose names sort in another order than their packets do.
struct Pieces {
  TempFolder folder;
  std::string plugins = plugin_folder(folder, {"basicFlow", "basicStats", "txtSink"}).string();
  Capture whole, pieces[3];

  Pieces() {
    for (unsigned i = 0; i < 30; ++i) {  // flows go on from piece to piece
      const bool reply = i % 3 == 2;
      Frame frame = Frame().eth().ip4(reply ? "10.0.0.2" : "10.0.0.1", reply ? "10.0.0.1" : "10.0.0.2");
      const std::uint16_t port = static_cast<std::uint16_t>(5000 + i % 4);
      frame.udp(reply ? 53 : port, reply ? port : 53).zeros(i);
      whole.add(epoch + i * second, frame);
      pieces[i / 10].add(epoch + i * second, frame);
    }
    fs::create_directories(folder / "d");
    write_file(folder / "whole.pcap", whole.pcap());
    write_file(folder / "d/p1.pcap", pieces[0].pcap());
    write_file(folder / "d/p10.pcap", pieces[2].pcap());
    write_file(folder / "d/p2.pcap", pieces[1].pcap());
    shell("gzip d/p2.pcap");
  }
  Execution shell(const std::string& script) const { return run_script(script, folder, plugins); }
  std::string flows(const std::string& arguments, int status = 0) const {
    fs::remove(folder / "o_flows.txt");
    const Execution result = shell("$t2 -w o " + arguments);
    INFO(arguments << "\n" << result.out << result.err);
    CHECK(result.status == status);
    return fs::exists(folder / "o_flows.txt") ? read_file(folder / "o_flows.txt") : std::string();
  }
};

void check_refused(const Execution& result, const std::string& words) {
  INFO(result.out << result.err);
  CHECK(result.status == 1);
  CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
  CHECK_THAT(result.err, Catch::StartsWith("[ERR] ") && Contains(words));
}

}  // namespace

TEST_CASE("inputs: of each N packets the first is analysed", "[inputs]") {
  constexpr unsigned packets = 1000;  // of several blocks
  Capture c;
  for (unsigned i = 0; i < packets; ++i)
    c.add(epoch + i * millisecond, Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(5000, 53).zeros(i));
  for (const unsigned interval : {1u, 3u, 256u, 1000u, 1001u}) {
    const unsigned chosen = (packets + interval - 1) / interval;
    for (const char* buffering : {"IO_BUFFERING=0", "IO_BUFFERING=1"}) {
      INFO(interval << " " << buffering);
      const Result result = run(c, {"basicFlow", "basicStats", "txtSink"},
                                {"--set", "SAMPLING=" + std::to_string(interval), "--set", buffering, "-s"});
      REQUIRE(result.status == 0);
      CHECK(result.flows.row(0).number("pktsSnt") == chosen);
      const Table table(result.file("_packets.txt"));
      REQUIRE(table.size() == chosen);
      for (unsigned i = 0; i < chosen; ++i) CHECK(table.row(i).number("pktNo") == i * interval + 1);
      if (interval == 1) {
        CHECK_THAT(result.out, !Contains("ampling"));
      } else {
        CHECK_THAT(result.out, Contains("Sampling: one packet in " + std::to_string(interval) + ", by count"));
        CHECK_THAT(result.out,
                   Contains("Number of packets left out by sampling: " + std::to_string(packets - chosen) + " ["));
      }
    }
  }
}

TEST_CASE("inputs: however they are named, several are one capture", "[inputs]") {
  const Pieces place;
  write_file(place.folder / "d/readme.txt", text("no capture\n"));
  write_file(place.folder / "d/.hidden.pcap", place.whole.pcap());
  write_file(place.folder / "d/empty.pcap", Capture().pcap());
  fs::create_directories(place.folder / "d/deeper");
  write_file(place.folder / "d/deeper/x.pcap", place.whole.pcap());
  const std::string wanted = place.flows("-r whole.pcap");
  REQUIRE(Table(wanted).size() > 4);
  for (const char* arguments :
       {"-r d", "-r d/", "-r d/p*", "-r d/p2.pcap.gz d/p10.pcap d/p1.pcap",
        "-r d/p2.pcap.gz -r d/p10.pcap -r d/p1.pcap", "-r d/p10.pcap d/p2.pcap.gz -s -r d/p1.pcap -t 0",
        "--pcap=d/p2.pcap.gz d/p10.pcap d/p1.pcap -t 2", "-r d/p1.pcap - d/p10.pcap < d/p2.pcap.gz",
        "-r <(cat d/p1.pcap) <(cat d/p2.pcap.gz) <(cat d/p10.pcap)",
        "-R - < <(printf 'd/p1.pcap\\n# 2\\nd/p2.pcap.gz\\nd/p10.pcap\\n') -t 0",
        "-R <(printf 'd/p1.pcap\\nd/p2.pcap.gz\\r\\nd/p10.pcap')"}) {
    INFO(arguments);
    CHECK(place.flows(arguments) == wanted);
  }
  const Execution result = place.shell("$t2 -r d -w o");
  CHECK_THAT(result.out, Contains("Processing files: d\nProcessing file no. 1 of 4: d/p1.pcap\nLink layer type: ") &&
                             Contains("Processing file no. 3 of 4: d/p10.pcap\n") &&
                             Contains("[WRN] 1 file in folder 'd' is no capture and left out"));
}

TEST_CASE("inputs: the output is named after the first", "[inputs]") {
  const Pieces place;
  const auto writes = [&](const std::string& arguments, const std::string& file) {
    const Execution result = place.shell(arguments);
    INFO(arguments << "\n" << result.out << result.err);
    CHECK(result.status == 0);
    CHECK(fs::remove(place.folder / file));
  };
  writes("$t2 -r d/p2.pcap.gz whole.pcap", "d/p2.pcap_flows.txt");
  writes("$t2 -r d//", "d_flows.txt");
  writes("$t2 -r ./d whole.pcap", "d_flows.txt");
  writes("mkdir out a.b; cp whole.pcap a.b; $t2 -r a.b whole.pcap -w out", "out/a.b_flows.txt");
  writes("cd a.b; $t2 -r .", "a.b/a.b_flows.txt");
  writes("ls d/p*.pcap | $t2 -R -", "stdin_flows.txt");
}

TEST_CASE("inputs: words behind files are files as long as there are some, then the filter", "[inputs]") {
  const Pieces place;
  const std::string all = place.flows("-r whole.pcap"), some = place.flows("-r whole.pcap src host 10.0.0.2");
  REQUIRE(Table(some).size() < Table(all).size());
  for (const char* arguments : {"-r d/p10.pcap d/p1.pcap d/p2.pcap.gz src host 10.0.0.2", "-r d src host 10.0.0.2",
                                "-r d 'src host 10.0.0.2' -t 0", "-r d src -t 0 host 10.0.0.2",
                                "-r d -- src host 10.0.0.2", "src host 10.0.0.2 -r d"})
    CHECK(place.flows(arguments) == some);
  write_file(place.folder / "udp", text("no capture\n"));
  CHECK(place.flows("-r whole.pcap -- udp") == all);
  CHECK(place.flows("-r whole.pcap -t 0 udp") == all);
  CHECK(place.flows("-r whole.pcap udp", 2) == all);  // the file is told
  check_refused(place.shell("$t2 -r whole.pcap d/p3.pcap"),
                "there is no file or folder 'd/p3.pcap', and as a filter: ");
  check_refused(place.shell("$t2 -r d/p* wohle.pcap d -s"),
                "there is no file or folder 'wohle.pcap', and as a filter: ");
  check_refused(place.shell("$t2 -r whole.pcap -s d/p1.pcap"), "'d/p1.pcap' is a file, but does not stand behind -r");
  check_refused(place.shell("$t2 -r whole.pcap -- no filter"), "'no filter' is not a valid filter");
}

TEST_CASE("inputs: the character in front of the number, and the size of a part, are settings", "[inputs]") {
  const Pieces run;
  const Execution done = run.shell(
      "cp d/p1.pcap s_0; cp d/p10.pcap s_1; $t2 -D s_0,1 -w n > log; echo $?; $t2 --set SCHR=_ -D s_0,1 -w s > log; "
      "$t2 "
      "-r s_0 s_1 -w r > log; cmp s_flows.txt r_flows.txt && echo same; T2_OFRWFILELN=1 $t2 -r s_0 -W w > log; ls "
      "w_flows.txt? | wc -l; expr $($t2 -r s_0 -w s > log; wc -l < s_flows.txt) - 1");
  INFO(done.out << done.err);
  CHECK(done.out == "1\nsame\n7\n7\n");  // with one byte for a part each row has its own
  CHECK_THAT(done.err, Contains("there is no 'p' in 's_0'"));
}

TEST_CASE("inputs: what cannot be read among several is told and counted", "[inputs]") {
  const Pieces place;
  const std::string wanted = place.flows("-r d/p1.pcap");
  write_file(place.folder / "bad.pcap", text("this is no capture at all\n"));
  write_file(place.folder / "none.pcap", {});
  CHECK(place.flows("-r bad.pcap d/p1.pcap", 2) == wanted);
  CHECK(place.flows("-r d/p1.pcap none.pcap bad.pcap", 2) == wanted);
  CHECK(place.flows("-r missing.pcap d/p1.pcap", 2) == wanted);
  const Execution result = place.shell("$t2 -w o -r none.pcap d/p1.pcap bad.pcap");
  CHECK_THAT(result.out, Contains("'none.pcap' is empty") && Contains("'bad.pcap' is not a pcap") &&
                             Contains("2 files could not be read as a whole"));
  check_refused(place.shell("$t2 -r none.pcap bad.pcap"), "none of 2 files can be read: 'none.pcap' is empty");
  fs::create_directories(place.folder / "nothing");
  check_refused(place.shell("$t2 -r nothing"), "there is no capture in the folder 'nothing'");
  check_refused(place.shell("$t2 -R - < whole.pcap"), "standard input is not a list of files");
  check_refused(place.shell("echo - | $t2 -R -"), "cannot name standard input");
}

TEST_CASE("inputs: more files than the process may open", "[inputs]") {
  const Pieces place;
  const Execution result =
      place.shell("mkdir many; for i in {1..200}; do cp d/p1.pcap many/$i.pcap; done; ulimit -n 40; $t2 -r many -w o");
  CHECK(result.status == 0);
  CHECK_THAT(result.out, Contains("Processing file no. 200 of 200: ") && Contains("Number of processed packets: 2000"));
}

TEST_CASE("inputs: --list-inputs prints files in the order of their first packets", "[inputs]") {
  const Pieces run;
  std::ofstream(run.folder / "d/notes") << "no capture";
  const Execution result = run.shell("$t2 --list-inputs -r d whole.pcap");
  CHECK(result.status == 0);
  CHECK(result.out == "d/p1.pcap\nwhole.pcap\nd/p2.pcap.gz\nd/p10.pcap\n");
  CHECK_THAT(result.err, Contains("1 file in folder 'd' is no capture"));
  check_refused(run.shell("$t2 --list-inputs -r missing | grep . ; exit ${PIPESTATUS[0]}"), "missing");
  run.shell("mkdir odd && cd odd && cp ../whole.pcap $'a\\nb' && cp ../whole.pcap $'c\\r' && cp ../whole.pcap d");
  const Execution odd = run.shell("$t2 --list-inputs -r odd");
  CHECK(odd.status == 2);
  CHECK(odd.out == "odd/d\n");
  CHECK_THAT(odd.err, Contains("[ERR] 'odd/a\\nb' is left out: a list cannot hold a name with a line break"));
  CHECK_THAT(odd.err, Contains("[ERR] 'odd/c\\x0d' is left out"));
}

}  // namespace t2::test::inputs_test
