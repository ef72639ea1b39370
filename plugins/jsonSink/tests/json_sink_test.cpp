// The JSON file: every line is an object, every value is that of the flow file.
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

#include "run.hpp"

namespace t2::test::json_sink_test {

namespace {

namespace fs = std::filesystem;
using Catch::Contains;

struct Sample {
  TempFolder folder;
  std::string plugins =
      plugin_folder(folder, {"basicFlow", "basicStats", "tcpFlags", "tcpStates", "macRecorder", "jsonSink", "txtSink"})
          .string();
  Execution shell(const std::string& script) const {
    return run_script(script, folder, plugins, {"-r", (source_folder() / "share/samples/office.pcap").string()});
  }
};

// Reads both files and compares each value by the type that the headers file names.
constexpr const char* compare = R"(
import json, sys
types = {}
for line in open(sys.argv[1] + '_headers.txt'):
    if not line.startswith('#'):
        _, code, name, _ = line.rstrip('\n').split('\t')
        types[name] = code
def text(value, code):
    if isinstance(value, list):
        if code.endswith(':R'): return ';'.join(text(v, code[:-2]) for v in value)
        return '_'.join(text(v, c) for v, c in zip(value, code.split('_')))
    if code == 'F': return '%.7g' % value
    if code == 'D': return '%f' % value
    if code == 'S': return json.dumps(value)
    assert isinstance(value, int) == (code[0] in 'UI' and '.' not in code and code != 'IPX'), (code, value)
    return str(value)
rows = open(sys.argv[1] + '_flows.txt').read().splitlines()
names = rows[0].lstrip('%').split('\t')
objects = [json.loads(line) for line in open(sys.argv[2])]
assert len(objects) == len(rows) - 1 > 100
for row, flow in zip(rows[1:], objects):
    cells = dict(zip(names, row.split('\t')))
    assert [n for n in names if cells[n] != ''] == list(flow), list(flow)
    for name, value in flow.items():
        assert text(value, types[name].replace('U64.U32', 'T')) == cells[name], (name, value, cells[name])
print('equal')
)";

}  // namespace

TEST_CASE("jsonSink: every value equals that of the flow file", "[jsonSink]") {
  const Sample run;
  std::ofstream(run.folder / "compare.py") << compare;
  const Execution result = run.shell("$t2 -w x > log && python3 compare.py x x_flows.json");
  INFO(result.out << result.err);
  CHECK(result.out == "equal\n");
}

TEST_CASE("jsonSink: settings at run time", "[jsonSink]") {
  const Sample run;
  const auto first = [&](const std::string& settings, const std::string& file) {
    const Execution result = run.shell("env " + settings + " $t2 -w x > log; cat " + file + " | head -n 1");
    INFO(settings << "\n" << result.err);
    REQUIRE_FALSE(result.out.empty());
    return result.out;
  };
  CHECK_THAT(first("JSON_NO_SPACES=0", "x_flows.json"), Catch::StartsWith("{\"dir\": \"A\", \"flowInd\": "));
  CHECK_THAT(first("JSON_SUPPRESS_EMPTY_ARRAY=0", "x_flows.json"), Contains("\"vlanID\":[],"));
  CHECK_THAT(first("JSON_SUFFIX=.jsonl", "x.jsonl"), Catch::StartsWith("{\"dir\":\"A\",\"flowInd\":"));
  CHECK_THAT(first("JSON_GZ_COMPRESS=1", "x_flows.json.gz | zcat"), Catch::StartsWith("{\"dir\":\"A\","));
  CHECK_THAT(first("JSON_GZ_COMPRESS=2", "x_flows.json.zst"), Catch::StartsWith("\x28\xb5\x2f\xfd"));
  std::ofstream(run.folder / "columns") << "# who\nsrcIP\n\ndstPort  # where\n";
  CHECK_THAT(first("JSON_SELECT=1 JSON_SELECT_FILE=./columns", "x_flows.json"),
             Catch::StartsWith("{\"srcIP\":\"") && Contains("\",\"dstPort\":"));
  std::ofstream(run.folder / "wrong") << "srcIp\n";
  const Execution wrong = run.shell("JSON_SELECT=1 JSON_SELECT_FILE=./wrong $t2 -w x > log");
  CHECK(wrong.status == 1);
  CHECK_THAT(wrong.err, Contains("'srcIp' in './wrong' is no column"));
  CHECK(run.shell("JSON_SELECT=1 $t2 -w x > log").status == 1);
}

TEST_CASE("jsonSink: standard output and parts", "[jsonSink]") {
  const Sample run;
  const Execution parts = run.shell(
      "rm -f plugins/901_txtSink.so; $t2 -W y:50f > log; cat y_flows.json0 | wc -l; $t2 -w z > log; cat y_flows.json? "
      "| cmp - z_flows.json && echo same; $t2 -w - 2>/dev/null | cmp - z_flows.json && echo same");
  INFO(parts.err);
  CHECK(parts.out == "50\nsame\nsame\n");
}

TEST_CASE("jsonSink: each file is one array where JSON_ROOT_NODE asks for it", "[jsonSink]") {
  const Sample run;
  const Execution arrays = run.shell(
      "rm -f plugins/901_txtSink.so; $t2 -w z > log; export JSON_ROOT_NODE=1; $t2 -w a > log; $t2 -W y:50f > log; $t2 "
      "-w - 2>/dev/null | cmp - a_flows.json && echo same; : > e.pcap; head -c 24 $5 > e.pcap; $1 -p $3 -r e.pcap -w e "
      "> "
      "log; JSON_GZ_COMPRESS=1 $t2 -w g > log; zcat g_flows.json.gz | cmp - a_flows.json && echo same\n"
      "python3 -c '\n"
      "import glob, json\n"
      "rows = [json.loads(line) for line in open(\"z_flows.json\")]\n"
      "print(json.load(open(\"a_flows.json\")) == rows, json.load(open(\"e_flows.json\")))\n"
      "parts = [json.load(open(\"y_flows.json%d\" % i)) for i in range(len(glob.glob(\"y_flows.json*\")))]\n"
      "print(sum(parts, []) == rows, {len(part) for part in parts[:-1]})'");
  INFO(arrays.err);
  CHECK(arrays.out == "same\nsame\nTrue []\nTrue {50}\n");
}

}  // namespace t2::test::json_sink_test
