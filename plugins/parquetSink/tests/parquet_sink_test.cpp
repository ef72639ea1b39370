// Parquet files from outside: names, sizes, what is lost. `scripts/test sinks` reads their values with two programs.
#include <catch2/catch.hpp>

#include "run.hpp"
#include "thrift.hpp"

namespace t2::test::parquet_sink_test {

namespace {

struct Sample {
  TempFolder folder;
  std::string plugins = plugin_folder(folder, {"basicFlow", "basicStats", "parquetSink"}).string();
  void check(const std::string& script, const std::string& printed) const {
    const Execution result = run_script(script, folder, plugins,
                                        {"-r", (source_folder() / "share/samples/office.pcap").string(), "-w", "x"});
    INFO(result.out << result.err);
    CHECK(result.out == printed);
  }
};

}  // namespace

TEST_CASE("parquetSink: a file begins and ends with its mark, and has its name when it is complete", "[parquetSink]") {
  Sample().check("$t2 > log; echo $?; head -c 4 x_flows.parquet; tail -c 4 x_flows.parquet; echo; ls *parquet*",
                 "0\nPAR1PAR1\nx_flows.parquet\n");
}

TEST_CASE("parquetSink: parts, days, settings", "[parquetSink]") {
  const Sample sample;
  sample.check("$t2 -W y:100f > log; echo $?; ls *parquet*", "0\ny_flows_0.parquet\ny_flows_1.parquet\n");
  sample.check("rm *.parquet; PARQUET_DAYS=1 $t2 > log; echo $?; ls *.parquet | sed 's/[0-9]/N/g'",
               "0\nx_flows_NNNN-NN-NN.parquet\n");
  sample.check(
      "rm *.parquet; PARQUET_DAYS=2 $t2 -W y:100f > log; echo $?; ls -d day=*/* | sed 's/=[0-9-]*/=D/'; rm -r day=*; "
      "mkdir new; PARQUET_DAYS=2 $t2 -w new/z > log; echo $?; (cd new; ls day=* | sed 's/=[0-9-]*/=D/'); cp -r "
      "new/day=* .; "
      "touch plain; rm -r day=*; for d in new/day=*; do touch ${d#new/}; done; PARQUET_DAYS=2 $t2 > log; echo $?; "
      "grep -c 'rows are lost: cannot write .day=' log; rm day=*",
      "0\nday=D/y_flows_0.parquet\nday=D/y_flows_1.parquet\n0\nz_flows.parquet\n3\n1\n");
  sample.check(
      "touch a.parquet; rm *.parquet; PARQUET_COMPRESSION=0 $t2 > log; a=$(stat -c %s x_flows.parquet); $t2 > log; "
      "b=$(stat -c %s "
      "x_flows.parquet); echo $((a > 2 * b))",
      "1\n");
  sample.check("$t2 -w - 2> err > log; echo $?; grep -c 'cannot go to standard output' err", "1\n1\n");
}

TEST_CASE("parquetSink: rows that cannot be written are counted", "[parquetSink]") {
  Sample().check(
      "(ulimit -f 8; PARQUET_COMPRESSION=0 PARQUET_GROUP_NFLOWS=20 $t2 > log 2> err); echo $?; grep -q 'rows are lost: "
      "cannot write' log; echo $?; grep -q '[0-9]* rows were not written' log; echo $?; ls *.part 2> /dev/null | wc -l",
      "3\n0\n0\n0\n");
}

TEST_CASE("parquetSink: Thrift's compact protocol", "[parquetSink]") {
  parquet_sink::Thrift thrift;
  thrift.begin();
  thrift.number(1, -3);
  thrift.text(4, "ab");
  thrift.begin_list(5, parquet_sink::Thrift::i32, 2);
  thrift.element(std::int32_t{1});
  thrift.element(std::int32_t{64});
  thrift.begin(6);
  thrift.boolean(1, true);
  thrift.end();
  thrift.end();
  CHECK(thrift.bytes() == std::string("\x15\x05\x38\x02"
                                      "ab\x19\x25\x02\x80\x01\x1c\x11\0\0",
                                      15));
}

}  // namespace t2::test::parquet_sink_test
