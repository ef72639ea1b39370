// The SQLite table: values are those of the flow file, and no row is lost without a word.
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

#include "run.hpp"

namespace t2::test::sqlite_sink_test {

namespace {

using Catch::Contains;

// show: each value of the table as the flow file has it, which is compared; ask: what a statement gives, a row a line.
constexpr const char* reader = R"(
import sqlite3, sys
base = sqlite3.connect(sys.argv[2])
if sys.argv[1] == 'ask':
    for row in base.execute(sys.argv[3]): print(*row, sep='|')
    sys.exit()
types = {}
for line in open(sys.argv[3] + '_headers.txt'):
    if not line.startswith('#'):
        _, code, name, _ = line.rstrip('\n').split('\t')
        types[name] = code
def text(value, code, name):
    if ':R' in code or '_' in code: return value
    if code == 'F': return '%.7g' % value
    if code == 'D': return '%f' % value
    if code == 'S': return '"' + value + '"'
    if code == 'U64.U32':
        if name == 'duration': return '%.9f' % value
        import datetime
        moment = datetime.datetime.fromisoformat(value[:19] + '+00:00')
        return '%d%s' % (moment.timestamp(), value[19:29])
    assert isinstance(value, int) == (code[0] in 'UI' and code != 'IPX'), (code, value)
    return str(value)
rows = open(sys.argv[3] + '_flows.txt').read().splitlines()
names = rows[0].lstrip('%').split('\t')
found = base.execute('SELECT * FROM flow')
assert names == [column[0] for column in found.description]
found = found.fetchall()
assert len(found) == len(rows) - 1 > 100, len(found)
for row, flow in zip(rows[1:], found):
    for name, cell, value in zip(names, row.split('\t'), flow):
        assert text(value, types[name], name) == cell, (name, value, cell)
print('equal')
)";

struct Sample {
  TempFolder folder;
  std::string plugins = plugin_folder(folder, {"basicFlow", "basicStats", "tcpFlags", "tcpStates", "macRecorder",
                                               "sqliteSink", "txtSink"})
                            .string();
  Sample() {
    std::ofstream(folder / "reader.py") << reader;
    std::filesystem::copy(source_folder() / "share/samples/office.pcap", folder.path());
  }
  Execution shell(const std::string& script) const {
    return run_script(script, folder, plugins, {"-r", "office.pcap", "-w", "x"});
  }
  void check(const std::string& script, const std::string& printed) const {
    const Execution result = shell(script);
    INFO(result.out << result.err);
    CHECK(result.out == printed);
  }
};

const std::string count = "python3 reader.py ask x.db 'SELECT count(*) FROM flow'";

}  // namespace

TEST_CASE("sqliteSink: every value equals that of the flow file", "[sqliteSink]") {
  Sample().check("$t2 > log; echo $?; python3 reader.py show x.db x", "0\nequal\n");
}

TEST_CASE("sqliteSink: flags and times as integers, chosen columns", "[sqliteSink]") {
  const Sample sample;
  std::ofstream(sample.folder / "columns") << "flowInd # comment\ntimeFirst\nflowStat\n";
  sample.check(
      "export SQLITE_SELECT=1 SQLITE_SELECT_FILE=./columns SQLITE_HEX_AS_INT=1 SQLITE_TIME_AS_INT=1; $t2 > log; echo "
      "$?\n"
      "python3 reader.py ask x.db 'SELECT typeof(timeFirst), typeof(flowStat), count(*) FROM flow GROUP BY 1, 2'\n"
      "python3 reader.py ask x.db 'SELECT name FROM pragma_table_info(\"flow\")'",
      "0\ninteger|integer|166\nflowInd\nflowStat\ntimeFirst\n");
  const Execution unknown = sample.shell("echo nothing > columns; SQLITE_SELECT=1 SQLITE_SELECT_FILE=./columns $t2");
  CHECK(unknown.status == 1);
  CHECK_THAT(unknown.err, Contains("'nothing' in './columns' is no column"));
}

TEST_CASE("sqliteSink: what to do with a file and a table that exist", "[sqliteSink]") {
  const Sample sample;
  sample.check("$t2 > log; $t2 > log; echo $?; " + count, "0\n332\n");
  sample.check("SQLITE_OVERWRITE_TABLE=1 $t2 > log; echo $?; " + count, "0\n166\n");
  sample.check("$t2 > log; SQLITE_OVERWRITE_DB=1 $t2 > log; echo $?; " + count, "0\n166\n");
  sample.check("SQLITE_OVERWRITE_DB=0 $t2 2> err > log; echo $?; grep -c 'it exists' err; " + count, "1\n1\n166\n");
  sample.check("SQLITE_OVERWRITE_TABLE=0 $t2 2> err > log; echo $?; grep -c \"table 'flow' exists\" err", "1\n1\n");
  sample.check("SQLITE_HEX_AS_INT=1 $t2 2> err > log; echo $?; grep -c 'flowStat TEXT instead of flowStat INT' err",
               "1\n1\n");
  sample.check(
      "SQLITE_HEX_AS_INT=1 SQLITE_TABLE_NAME='my \"flows\"' $t2 > log; echo $?; "
      "python3 reader.py ask x.db 'SELECT count(*) FROM \"my \"\"flows\"\"\"'",
      "0\n166\n");
  sample.check(
      "echo this is no database, but a text that is long enough to be taken for one > x.db; $t2 2> err > log; echo $?; "
      "grep -c 'file is not a database' err",
      "1\n1\n");
  sample.check("$t2 -w - 2> err > log; echo $?; grep -c 'cannot go to standard output' err", "1\n1\n");
}

TEST_CASE("sqliteSink: rows that cannot be stored are counted, others are there", "[sqliteSink]") {
  const Sample sample;
  SECTION("no room: transactions are stored as a whole or not at all") {
    sample.check("(ulimit -f 130; SQLITE_TRANSACTION_NFLOWS=10 $t2 > log 2> err); echo $?; stored=$(" + count +
                     "); echo $((stored % 10)); grep -o '[0-9]* rows were not stored' log | (IFS=' ' read -r lost "
                     "rest; echo $((lost + stored))); grep -c 'rows are lost: cannot write' log",
                 "3\n0\n166\n1\n");
  }
  SECTION("another program holds the database for longer than the time-out") {
    sample.check(
        "$t2 > log; python3 -c 'import sqlite3, sys; base = sqlite3.connect(\"x.db\", isolation_level=None); "
        "base.execute(\"BEGIN EXCLUSIVE\"); print(\"held\", flush=True); sys.stdin.read()' < <(sleep 8) > held & "
        "until grep -qs held held; do sleep 0.1; done; $t2 > log 2> err; echo $?; grep -c 'database is locked' log err "
        "| "
        "grep -c ':[1-9]'; wait; " +
            count,
        "1\n1\n166\n");
  }
}

}  // namespace t2::test::sqlite_sink_test
