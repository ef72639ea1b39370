// The program from outside: options, output prefix, configuration, report, exit status, signals.
#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>

#include <unistd.h>

#include "base/log.hpp"
#include "run.hpp"

namespace t2::test::program_test {

namespace {

namespace fs = std::filesystem;
using Catch::Contains;

const std::vector<std::string> plugins{"basicFlow", "basicStats", "txtSink"};

Capture capture() {
  Capture c;
  c.add(epoch, Frame().eth().ip4("10.0.0.1", "10.0.0.2").tcp(40000, 80).flags("S"));
  c.add(epoch + second, Frame().eth().ip4("10.0.0.2", "10.0.0.1").tcp(80, 40000).flags("SA"));
  c.add(epoch + 70 * second,
        Frame().eth().arp(1, "02:00:00:00:00:01", "10.0.0.1", "00:00:00:00:00:00", "10.0.0.2").pad());
  c.add(epoch + 71 * second, Frame().eth().vlan(7).ip6("2001:db8::1", "2001:db8::2").udp(40000, 53).payload("x"));
  return c;
}

// A folder with a capture and plugins, in which the program is run.
struct Place {
  TempFolder folder;
  std::string plugin_path = plugin_folder(folder, plugins).string();
  Place() { write_file(folder / "c.pcap", capture().pcap()); }
  Execution call(const Arguments& arguments, const Environment& environment = {}) const {
    Arguments command{binary().string()};
    command.insert(command.end(), arguments.begin(), arguments.end());
    Environment all = environment;
    all.emplace("HOME", folder.path().string());
    return execute(command, folder, all);
  }
  Execution analyse(const Arguments& arguments, const Environment& environment = {}) const {
    Arguments all{"-p", plugin_path, "-r", (folder / "c.pcap").string()};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return call(all, environment);
  }
  Execution shell(const std::string& script) const { return run_script(script, folder, plugin_path); }
  bool exists(const std::string& name) const { return fs::exists(folder / name); }
  void text_file(const std::string& name, const std::string& content) const {
    write_file(folder / name, text(content));
  }
};

void check_error(const Execution& result, const std::string& words) {
  INFO(result.out << result.err);
  CHECK(result.status == 1);
  CHECK_THAT(result.err, Catch::StartsWith("[ERR] ") && Contains(words));
  CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
}

}  // namespace

TEST_CASE("program: help and version", "[program]") {
  const Place place;
  for (const char* option : {"-h", "--help"}) {
    const Execution result = place.call({option});
    CHECK(result.status == 0);
    CHECK_THAT(result.out, Contains("Usage:") && Contains("--pcap FILE") && Contains("--output-prefix"));
    CHECK(result.err == "");
  }
  for (const char* option : {"-V", "--version"}) {
    const Execution result = place.call({option});
    CHECK(result.status == 0);
    CHECK_THAT(result.out, Catch::StartsWith("Tranalyzer "));
    CHECK(std::count(result.out.begin(), result.out.end(), '\n') == 1);
  }
  const Execution nothing = place.call({});
  CHECK(nothing.status == 1);
  CHECK_THAT(nothing.out, Contains("Usage:"));
}

TEST_CASE("program: options that are wrong end it with one line", "[program]") {
  const Place place;
  const std::string file = (place.folder / "c.pcap").string();
  check_error(place.call({"-w", "x"}), "option is required");
  check_error(place.call({"-r", file, "-i", "lo"}), "exclusively");
  check_error(place.call({"-R", file, "-r", file}), "exclusively");
  check_error(place.call({"-r"}), "requires an argument");
  for (const char* option : {"-r", "-R", "-w", "-W", "-p", "-b", "-C", "-F", "-x", "-M", "--set", "--plugins",
                             "--report", "--extract", "--user"})
    check_error(place.call({"-r", file, option, ""}), "Option '" + std::string(option) + "': the value is empty");
  check_error(place.call({"-r", file, "--config="}), "Option '--config': the value is empty");
  check_error(place.call({"-r", file, "-Q"}), "Unknown option '-Q'");
  check_error(place.call({"-r", file, "--no-such"}), "Unknown option '--no-such'");
  for (const char* option : {"-S", "-B", "-f", "-x", "-c", "-P", "--batch", "--hash-seed", "--max-flows", "-M"}) {
    for (const char* value : {"abc", "", "12x", "-999999999999999999999"})
      check_error(place.analyse({option, value}), std::string("Option '") + option + "'");
  }
  check_error(place.analyse({"-f", "0"}), "'-f'");
  check_error(place.analyse({"--batch", "0"}), "'--batch'");
  check_error(place.analyse({"-S", "0"}), "'-S'");
  check_error(place.call({"-r", file, "-p", (place.folder / "none").string()}), "plugin folder");
  check_error(place.analyse({"-b", (place.folder / "none").string()}), "plugin list");
  check_error(place.analyse({"-C", (place.folder / "none").string()}), "configuration");
}

TEST_CASE("program: names and values print no control characters", "[program]") {
  const Place place;
  const std::string name =
                        "a\nb\x1b[31mc\xc2\x9b"
                        "31m\xc3\xa9\x7f",
                    shown = "a\\nb\\x1b[31mc\\x9b31m\xc3\xa9\\x7f";
  CHECK(printable(name) == shown);
  check_error(place.analyse({"-b", name}), shown.c_str());
  check_error(place.analyse({"-C", name}), shown.c_str());
  check_error(place.analyse({"-t", name}), shown.c_str());
  CHECK_THAT(place.analyse({"-w", (place.folder / name).string()}).out, !Contains("\x1b"));
}

TEST_CASE("program: sensor id, numbers in hexadecimal, list of plugins", "[program]") {
  const Place place;
  CHECK_THAT(place.analyse({"-w", (place.folder / "a").string(), "-x", "0x10"}).out, Contains("SID: 16"));
  CHECK_THAT(place.analyse({"-w", (place.folder / "a").string()}).out, Contains("SID: 666"));
  for (const char* list :
       {"# comment\nbasicFlow\ntxtSink\n", "100_basicFlow\n901_txtSink.so\n", "basicFlow.so\r\ntxtSink"}) {
    place.text_file("list", list);
    const Execution result =
        place.analyse({"-w", (place.folder / "a").string(), "-b", (place.folder / "list").string()});
    CHECK(result.status == 0);
    CHECK_THAT(result.out, Contains("01: basicFlow") && Contains("02: txtSink") && !Contains("basicStats"));
  }
  place.text_file("plugins/plugins.txt", "txtSink\n");  // the default list
  CHECK_THAT(place.analyse({"-w", (place.folder / "a").string()}).out,
             Contains("01: txtSink") && !Contains("basicFlow"));
}

TEST_CASE("program: without plugins it says what to type, unless an empty list asks for it", "[program]") {
  const Place place;
  const std::string empty = (place.folder / "empty").string(), file = (place.folder / "c.pcap").string();
  fs::create_directories(empty);
  check_error(place.call({"-p", empty, "-r", file}), "run t2build -p " + empty);
  place.text_file("none", "");
  const Execution result = place.analyse({"-b", (place.folder / "none").string()});
  CHECK(result.status == 0);
  CHECK_THAT(result.out, Contains("[WRN] No plugins") && Contains("Number of processed packets: 4"));
}

TEST_CASE("program: problems are told alone, before the banner", "[program]") {
  const Place place;
  place.text_file("text", "no capture");
  fs::create_directories(place.folder / "o_flows.txt");
  for (const char* arguments :
       {"-r none.pcap", "-r text", "-r c.pcap no filter", "-r c.pcap -w o", "-r c.pcap -w no/such/",
        "-r c.pcap --set FLOW_TIMEOUT=0", "-r c.pcap --set NONE=1", "-D none -w o", "-i none0"}) {
    const Execution result = place.shell(std::string("$t2 ") + arguments);
    INFO(arguments);
    check_error(result, "");
    CHECK(result.out == "");
    CHECK_FALSE(place.exists("c_log.txt"));
  }
}

TEST_CASE("program: a reader that goes ends the run without a word", "[program]") {
  const Place place;
  Capture c;
  for (unsigned i = 0; i < 20000; ++i)
    c.add(epoch + i, Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(static_cast<std::uint16_t>(i), 53));
  write_file(place.folder / "many.pcap", c.pcap());
  for (const char* threads : {"0", "2"}) {
    const Execution result =
        place.shell(std::string("$t2 -r many.pcap -w - -t ") + threads + " 2> err | head -n 2; echo ${PIPESTATUS[0]}");
    CHECK_THAT(result.out, Catch::StartsWith("%dir\t") && Catch::EndsWith("\n141\n"));
    CHECK_THAT(read_file(place.folder / "err"), !Contains("[ERR]") && !Contains("[WRN]"));
  }
}

TEST_CASE("program: the end report as JSON", "[program]") {
  const Place place;
  const Execution result = place.shell(
      "$t2 -r c.pcap -w o --report json | python3 -c 'import json, sys; r = json.load(sys.stdin); "
      "print(r[\"number_of_processed_packets\"], r[\"number_of_processed_a_flows\"], r[\"dump_stop\"], "
      "r[\"headers_count\"][\"max\"], r[\"aggregated_flowstat\"], r[\"exit_status\"], list(r[\"plugins\"]), "
      "r[\"notes\"][0])'");
  CHECK(result.out == "4 3 1600000071.0 4 0x0c0000000000c144 0 ['basicStats'] Layer 2 flows\n");
  CHECK_THAT(result.err, Contains("Tranalyzer ") && !Contains("Number of"));
  check_error(place.analyse({"--report", "xml"}), "neither text nor json");
  check_error(place.analyse({"--report", "json", "-w", "-"}), "'--report json'");
}

TEST_CASE("program: plugins are described by their descriptors", "[program]") {
  const Place place;
  const Execution text = place.shell("$t2 --describe basicStats --set BS_XMIN=3");
  CHECK(text.status == 0);
  CHECK_THAT(text.out, Catch::StartsWith("basicStats, version "));
  CHECK_THAT(text.out,
             Contains("bytes for each direction of a flow") &&
                 Contains("    pktsSnt              U64          packets    Number of") &&
                 Contains("    BS_XMIN              3            BS_XCLD: lower limit, bytes [0-65535] (run time)\n"));
  const Execution json = place.shell(
      "$t2 --describe --report json | python3 -c 'import json, sys; p = json.load(sys.stdin)[\"plugins\"]; "
      "print([x[\"name\"] for x in p]); c = p[0][\"flags\"]; print([f[\"allowed\"] for f in c if f[\"name\"] == "
      "\"FLOW_TIMEOUT\"]); "
      "print(p[1][\"columns_of_flows\"][0], p[0][\"columns_of_flows\"][1][\"name\"])'");
  CHECK_THAT(json.out, Catch::StartsWith(
                           "['tranalyzer2', 'basicFlow', 'basicStats', 'txtSink']\n['1-4294967']\n{'name': 'flowStat', "
                           "'type': 'H64', 'list': False, ") &&
                           Catch::EndsWith("} flowInd\n"));
  check_error(place.shell("$t2 --describe basicstats"), "no plugin 'basicstats' is loaded: did you mean basicStats?");
}

TEST_CASE("program: output prefix", "[program]") {
  const Place place;
  fs::create_directories(place.folder / "a.b");
  fs::copy(place.folder / "c.pcap", place.folder / "noext");
  fs::copy(place.folder / "c.pcap", place.folder / "a.b/noext");
  fs::copy(place.folder / "c.pcap", place.folder / "two.dots.pcap");
  const auto writes = [&](const std::string& arguments, const std::string& file) {
    const Execution result = place.shell("$t2 " + arguments);
    INFO(arguments << "\n" << result.out << result.err);
    CHECK(result.status == 0);
    CHECK(place.exists(file));
    fs::remove(place.folder / file);
  };
  writes("-r c.pcap", "c_flows.txt");
  writes("-r two.dots.pcap", "two.dots_flows.txt");
  writes("-r ./noext", "noext_flows.txt");  // no dot in the name itself
  writes("-r a.b/noext", "a.b/noext_flows.txt");
  writes("-r - < c.pcap", "stdin_flows.txt");
  writes("-r c.pcap -w other", "other_flows.txt");
  writes("-r c.pcap -w a.b", "a.b/c_flows.txt");  // a directory
  writes("-r c.pcap -w new/", "new/c_flows.txt");
  writes("-r c.pcap -w new/deep/x", "new/deep/x_flows.txt");  // of missing folders one is made
  check_error(place.shell("$t2 -r c.pcap -w no/such/x"), "there is no folder 'no' to make 'no/such' in");
  check_error(place.shell("$t2 -r c.pcap -w no/such/"), "there is no folder 'no' to make 'no/such' in");
  check_error(place.shell("$t2 -r c.pcap -w /dev/null"), "'/dev/null' is a device or a pipe");
  check_error(place.shell("mkfifo fifo; $t2 -r c.pcap -w fifo"), "'fifo' is a device or a pipe");
  writes("-r - -w a.b < c.pcap", "a.b/stdin_flows.txt");
  writes("-r c.pcap -w x.y", "x.y_flows.txt");
  place.text_file("plain", "");
  check_error(place.analyse({"-w", (place.folder / "plain/x").string()}), "'-w'");
}

TEST_CASE("program: standard output or standard error that is full, closed or gone ends nothing", "[program]") {
  const Place place;
  const std::string analysis = "$t2 -r c.pcap -w x", none = "$t2 -r none.pcap -w x";
  const auto status = [&](const std::string& command) { return place.shell(command + "; exit $?").status; };
  REQUIRE(place.analyse({"-w", (place.folder / "whole").string()}).status == 0);
  const std::string file = read_file(place.folder / "whole_flows.txt");
  REQUIRE(file.size() > 100);
  for (const std::string command :
       {"$1 -V", "$1 -h", "$t2 --describe", "$t2 --describe --report json", "$t2 -r c.pcap --list-inputs",
        "$t2 -r c.pcap -w x", "$t2 -r c.pcap -w x --report json", "$t2 -r c.pcap --extract 'flowInd == 1' -w e.pcap"}) {
    INFO(command);
    const Execution full = place.shell(command + " > /dev/full");
    CHECK(full.status == 3);
    CHECK_THAT(full.err, Contains("[ERR] cannot write to standard output: No space left on device\n"));
    CHECK(status(command + " > /dev/full 2>&1") == 3);
    CHECK(status(command + " 2> /dev/full") == 0);
    CHECK(status(command + " <&- >&- 2>&-") == 0);
  }
  CHECK(status("exec 3> >(:); wait $!; " + analysis + " >&3") == 0);  // who read the log wanted no more
  CHECK(read_file(place.folder / "x_flows.txt") == file);
  CHECK(status(none + " 2> /dev/full") == 1);
  CHECK(status(none + " > /dev/full 2>&1") == 1);
  CHECK(status("$t2 -r c.pcap --each --report json -w each/ > /dev/full 2>&1") == 3);
}

TEST_CASE("program: flows to standard output, the log elsewhere", "[program]") {
  const Place place;
  const Execution result = place.shell("$t2 -r c.pcap -w -");
  CHECK(result.status == 0);
  CHECK_THAT(result.out, Catch::StartsWith("%dir\tflowInd"));
  CHECK(Table(result.out).size() == 4);
  CHECK_THAT(result.out, !Contains("===") && !Contains("[INF]"));
  const Execution logged = place.analyse({"-l", "-w", (place.folder / "o").string()});
  CHECK(logged.status == 0);
  CHECK(logged.out == "");
  CHECK_THAT(read_file(place.folder / "o_log.txt"),
             Contains("Number of processed packets: 4") && Contains("Tranalyzer "));
}

TEST_CASE("program: lines of the report", "[program]") {
  const Place place;
  const Execution result = place.analyse({"-w", (place.folder / "o").string()});
  REQUIRE(result.status == 0);
  for (const char* line : {"Processing file: ",
                           "Link layer type: Ethernet [EN10MB/1]",
                           "Snapshot length: 65535 (65.53 K)",
                           "Dump start: 1600000000.000000000 sec (Sun 13 Sep 2020 12:26:40 GMT)",
                           "Dump stop : 1600000071.000000000 sec",
                           "Total dump duration: 71.000000000 sec (1m 11s)",
                           "Finished processing. Elapsed time: ",
                           "Finished unloading flow memory. Time: ",
                           "Percentage completed: 100.00%",
                           "Number of processed packets: 4",
                           "Number of processed bytes: ",
                           "Number of raw bytes: ",
                           "Number of pad bytes: ",
                           "Number of pcap bytes: ",
                           "Number of L2 packets: 1 [25.00%]",
                           "Number of IPv4 packets: 2 [50.00%]",
                           "Number of IPv6 packets: 1 [25.00%]",
                           "Number of A packets: 3 [75.00%]",
                           "Number of B packets: 1 [25.00%]",
                           "Number of A bytes: ",
                           "Number of B bytes: ",
                           "<A packet load>: ",
                           "<B packet load>: ",
                           "Headers count: min: 2, max: 4, avg: 3.00",
                           "Max VLAN header count: 1",
                           "Number of ARP packets: 1 [25.00%]",
                           "Number of TCP packets: 2 [50.00%]",
                           "Number of TCP bytes: ",
                           "Number of UDP packets: 1 [25.00%]",
                           "Number of UDP bytes: ",
                           "Number of processed      flows: 4",
                           "Number of processed L2   flows: 1 [25.00%]",
                           "Number of processed IPv4 flows: 2 [50.00%]",
                           "Number of processed IPv6 flows: 1 [25.00%]",
                           "Number of processed A    flows: 3 [75.00%]",
                           "Number of processed B    flows: 1 [25.00%]",
                           "Number of request        flows: 3 [75.00%]",
                           "Number of reply          flows: 1 [25.00%]",
                           "Total   A/B    flow asymmetry: 0.50",
                           "Total req/rply flow asymmetry: 0.50",
                           "Number of processed A+B packets/A+B flows: 1.00",
                           "Number of processed total packets/s: 0.06",
                           "<Number of processed flows/s>: 0.06",
                           "<Bandwidth>: ",
                           "<Raw bandwidth>: ",
                           "Max number of flows in memory: 4 [",
                           "Memory usage: ",
                           "Aggregated flowStat=0x0c0000000000c144",
                           "[INF] Layer 2 flows",
                           "[INF] IPv4 flows",
                           "[INF] IPv6 flows",
                           "[INF] ARP",
                           "[INF] VLAN encapsulation"}) {
    CHECK_THAT(result.out, Contains(std::string("\n") + line));
  }
  CHECK(result.err == "");
  CHECK(result.out.find('\033') == std::string::npos);  // colours are for terminals
}

TEST_CASE("program: packets without data and all kinds of fragments are counted in the report", "[program]") {
  Capture c;
  for (unsigned i = 0; i < 12; ++i) c.add(epoch + i, Buffer{}, 60);
  const Frame v6 = Frame().eth().ip6("2001:db8::1", "2001:db8::2");
  c.add(epoch + second, Frame(v6).fragment6(0, false, 7).udp(1, 2).zeros(8));                                 // atomic
  for (const Buffer& part : Frame(v6).udp(3, 4).zeros(2000).fragments(1000, 8)) c.add(epoch + second, part);  // 3
  const Buffer inner = Frame().ip4("10.0.0.1", "10.0.0.2").udp(5, 6).zeros(2000);
  const Frame tunnel = Frame().eth().ip4("10.1.0.1", "10.1.0.2").next(4).raw(inner);
  for (const Buffer& part : tunnel.fragments(1000, 9)) c.add(epoch + second, part);  // 3
  const Result result = run(c, plugins);
  CHECK(result.status == 0);
  for (const char* line :
       {"[WRN] No data available for packet 1\n", "[WRN] No data available for packet 10\n",
        "[WRN] further packets without data are only counted", "Number of packets without data: 12 [63.16%]",
        "Number of IPv4 fragmented packets: 3 [100.00%]", "Number of IPv6 fragmented packets: 4 [100.00%]",
        "Number of packets without flow: 14 [73.68%]"})
    CHECK_THAT(result.out, Contains(line));
  CHECK_THAT(result.out, !Contains("packet 11"));
}

TEST_CASE("program: configuration, environment before file before compiled value", "[program]") {
  const Place place;
  const std::string out = (place.folder / "o").string(), config = (place.folder / "c.toml").string();
  place.text_file("c.toml", "[txtSink]\nTFS_FLOWS_TXT_SUFFIX = \".file\"\n[netflowSink]\nNF_DPORT = 3\n");
  CHECK(place.analyse({"-w", out}).status == 0);
  CHECK(place.exists("o_flows.txt"));
  CHECK(place.analyse({"-w", out, "-C", config}).status == 0);
  CHECK(place.exists("o.file"));
  CHECK(place.analyse({"-w", out, "-C", config}, {{"TFS_FLOWS_TXT_SUFFIX", ".env"}}).status == 0);
  CHECK(place.exists("o.env"));
  fs::create_directories(place.folder / ".tranalyzer");
  place.text_file(".tranalyzer/t2.toml", "[txtSink]\nTFS_FLOWS_TXT_SUFFIX = \".home\"\n");
  CHECK(place.analyse({"-w", out}).status == 0);
  CHECK(place.exists("o.home"));
}

TEST_CASE("program: configuration errors name file and line", "[program]") {
  const Place place;
  const auto with = [&](const std::string& content) {
    place.text_file("c.toml", content);
    return place.analyse({"-C", (place.folder / "c.toml").string(), "-w", (place.folder / "o").string()});
  };
  check_error(with("[txtSink]\n\nNO_SUCH_FLAG = 1\n"), "c.toml:3: ");
  check_error(with("[txtSink]\nTFS_FLOWS_TXT_SUFFIX = [1, 2]\n"), "c.toml:2: ");
  check_error(with("[txtSink]\nTFS_FLOWS_TXT_SUFFIX = 1.5\n"), "c.toml:2: ");
  check_error(with("# nothing\nTFS_FLOWS_TXT_SUFFIX = \"x\"\n"), "c.toml:2: ");
  check_error(with("[txtSink]\nTFS_PRI_HDR = 0\n"), "c.toml:2: ");  // compiled in
  check_error(with("[txtSink\n"), "c.toml:1: ");
  CHECK_FALSE(place.exists("o_flows.txt"));
}

TEST_CASE("program: flags of the core and a choice of plugins for one run", "[program]") {
  const Place place;
  const std::string out = (place.folder / "o").string();
  Capture c;  // three packets of a flow, 0, 20 and 70 s
  for (const unsigned at : {0u, 20u, 70u})
    c.add(epoch + at * second, Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(5000, 53));
  write_file(place.folder / "t.pcap", c.pcap());
  const auto rows = [&](const std::string& before, const std::string& arguments) {
    const Execution result = place.shell(before + " $t2 -r t.pcap -w o " + arguments);
    INFO(before << arguments << "\n" << result.out << result.err);
    CHECK(result.status == 0);
    return Table(read_file(place.folder / "o_flows.txt")).size();
  };
  CHECK(rows("", "") == 1);
  CHECK(rows("", "--set FLOW_TIMEOUT=30") == 2);
  CHECK(rows("", "--set tranalyzer2.FLOW_TIMEOUT=10 -t 2") == 3);
  CHECK(rows("T2_FLOW_TIMEOUT=30", "") == 2);
  CHECK(rows("T2_FLOW_TIMEOUT=30", "--set FLOW_TIMEOUT=182") == 1);
  CHECK(rows("FLOW_TIMEOUT=30", "") == 1);
  CHECK(rows("", "--set FDURLIMIT=50") == 2);
  place.text_file("c.toml", "[tranalyzer2]\nFLOW_TIMEOUT = 30\nIO_BUFFERING = true\nLOG_SUFFIX = \".log\"\n");
  CHECK(rows("", "-l -C c.toml") == 2);
  CHECK(place.exists("o.log"));
  CHECK(place.analyse({"-w", out, "--set", "VERBOSE=0"}).out == "");
  CHECK_THAT(place.analyse({"-w", out, "--set", "T2_SENSORID=7"}).out, Contains("SID: 7"));
  CHECK_THAT(place.analyse({"-w", out, "--set", "T2_SENSORID=7", "-x", "8"}).out, Contains("SID: 8"));
  check_error(place.analyse({"-w", out, "--set", "FLOW_TIMEOUT=0"}), "FLOW_TIMEOUT=0 (--set) is not allowed");
  check_error(place.analyse({"--pluginss", "x"}), "Unknown option '--pluginss': did you mean --plugins?");

  const Execution few = place.analyse({"-w", out, "--plugins", "txtSink,basicFlow"});
  CHECK_THAT(few.out, Contains("01: basicFlow") && Contains("02: txtSink") && !Contains("basicStats"));
  check_error(place.analyse({"--plugins", "txtsink"}), "there is no plugin 'txtsink' in the folder");
  check_error(place.analyse({"--plugins", "txtsink"}), "did you mean txtSink?");
  check_error(place.analyse({"--plugins", "netflowSink"}), "run t2build netflowSink");
  check_error(place.analyse({"--plugins", ","}), "name plugins");
}

TEST_CASE("program: --plugins loads what the plugins need", "[program]") {
  const TempFolder folder;
  write_file(folder / "c.pcap", capture().pcap());
  const std::string all =
      plugin_folder(folder, {"basicFlow", "basicStats", "macRecorder", "netflowSink", "tcpFlags", "txtSink"}).string();
  const auto call = [&](const std::string& names) {
    return execute({binary().string(), "-p", all, "-r", (folder / "c.pcap").string(), "-w", (folder / "o").string(),
                    "--plugins", names},
                   folder);
  };
  const Execution result = call("netflowSink");
  CHECK_THAT(result.out, Contains("basicFlow") && Contains("basicStats") && !Contains("tcpFlags") &&
                             !Contains("txtSink") && !Contains("macRecorder"));
  fs::remove(fs::path(all) / "120_basicStats.so");
  CHECK_THAT(call("netflowSink").err,
             Contains("netflowSink needs basicStats, which is not in the plugin folder: run t2build basicStats"));
}

TEST_CASE("program: output that cannot be opened", "[program]") {
  const Place place;
  fs::create_directories(place.folder / "o_flows.txt");
  check_error(place.analyse({"-w", (place.folder / "o").string()}), "o_flows.txt");
}

TEST_CASE("program: a full disk has its own exit status", "[program]") {
  const Place place;
  fs::create_symlink("/dev/full", place.folder / "o_flows.txt");
  const Execution result = place.analyse({"-w", (place.folder / "o").string()});
  CHECK((result.status == 1 || result.status == 3));  // the header line may already fail
  CHECK_THAT(result.err, Contains("[ERR]"));
}

// A fifo that stays open after its packets: the program waits for more until a signal comes.
TEST_CASE("program: signals end the run, all flows are written", "[program]") {
  const Place place;
  write_file(place.folder / "part.pcap", capture().pcap());
  const auto run_with = [&](const std::string& signals) {
    fs::remove(place.folder / "o_flows.txt");
    const Execution result = place.shell(
        "mkfifo fifo; (cat part.pcap; exec sleep 20) > fifo & feeder=$!\n"
        "$t2 -r fifo -w o & t2=$!\n"
        "for i in {1..100}; do sleep 0.05; [[ -s o_headers.txt ]] && break; done; sleep 0.5\n" +
        signals +
        "\nfor i in {1..60}; do kill -0 $t2 2> /dev/null || break; sleep 0.05; done\n"
        "kill -0 $t2 2> /dev/null && { echo STILL RUNNING; kill -9 $t2; }\n"
        "wait $t2; status=$?; kill $feeder; rm fifo o_headers.txt; exit $status");
    INFO(signals << "\n" << result.out << result.err);
    CHECK(result.status == 0);
    CHECK_THAT(result.out, !Contains("STILL RUNNING"));
    CHECK(Table(read_file(place.folder / "o_flows.txt")).size() == 4);
    return result.out;
  };
  CHECK_THAT(run_with("kill -TERM $t2"), Contains("[INF] SIGTERM"));
  CHECK_THAT(run_with("kill -INT $t2; sleep 0.3; kill -INT $t2"),
             Contains("[INF] SIGINT: Stop flow creation") && Contains("[INF] SIGINT: A second one (Ctrl-C) ends now") &&
                 Contains("[INF] SIGINT: Remove all flows and exit"));
}

}  // namespace t2::test::program_test
