// --extract: which packets, and what is refused.
#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "app/extract.hpp"
#include "run.hpp"
#include "t2/error.hpp"

namespace t2::test::extract_test {

namespace {

namespace fs = std::filesystem;
using Catch::Contains;

Frame datagram(std::uint16_t from, std::uint16_t to, std::size_t bytes) {
  return Frame()
      .eth()
      .ip4(from < to ? "10.0.0.2" : "10.0.0.1", from < to ? "10.0.0.1" : "10.0.0.2")
      .udp(from, to)
      .zeros(bytes);
}

// Flow 1: port 5001, both directions; 2: port 5002; 3: port 5001 again, after its timeout.
struct ThreeFlows {
  TempFolder folder;
  std::string plugins = plugin_folder(folder, {"basicFlow", "basicStats", "txtSink"}).string();
  ThreeFlows() {
    Capture all;
    all.add(epoch + 1, datagram(5001, 53, 10))
        .add(epoch + 2, datagram(5002, 53, 20))
        .add(epoch + 3, datagram(53, 5001, 30));
    all.add(epoch + 4, datagram(5002, 53, 20)).add(epoch + 300 * second, datagram(5001, 53, 40));
    write_file(folder / "in.pcap", all.pcap());
  }
  Execution t2(Arguments arguments) const {
    Arguments all{"bash", "-c", "cd \"$0\" && exec \"$@\"", folder.path().string(), binary().string(), "-p", plugins};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return execute(all, folder, {{"HOME", folder.path().string()}});
  }
  // Times behind the epoch, in ns, and payload bytes of the packets that were extracted, joined.
  std::string extracted(const std::string& flows) const {
    const Execution result = t2({"-r", "in.pcap", "--extract", flows, "-w", "out.pcap"});
    INFO(flows << "\n" << result.out << result.err);
    REQUIRE(result.status == 0);
    REQUIRE(t2({"-r", "out.pcap", "-s", "-w", "again"}).status == 0);
    std::string text;
    const Table packets(read_file(folder / "again_packets.txt"));
    for (std::size_t i = 0; i < packets.size(); ++i)
      text += packets.row(i)["time"].substr(packets.row(i)["time"].find('.') + 1) + "/" + packets.row(i)["l7Len"] + " ";
    return text;
  }
};

}  // namespace

TEST_CASE("extract: both directions of the chosen flows, with their times", "[extract]") {
  const ThreeFlows run;
  CHECK(run.extracted("flowInd in (1)") == "000000001/10 000000003/30 ");
  CHECK(run.extracted("flowInd == 2") == "000000002/20 000000004/20 ");
  CHECK(run.extracted(" flowInd  in ( 2-3 , 3 ) ") == "000000002/20 000000004/20 000000000/40 ");
  std::ofstream(run.folder / "numbers") << "3\n1 99\n";
  CHECK(run.extracted("flowInd in (@numbers)") == "000000001/10 000000003/30 000000000/40 ");
}

TEST_CASE("extract: what is wrong is told in one line", "[extract]") {
  const ThreeFlows run;
  const auto refused = [&](Arguments arguments, const std::string& words) {
    const Execution result = run.t2(std::move(arguments));
    INFO(result.out << result.err);
    CHECK(result.status == 1);
    CHECK_THAT(result.err, Catch::StartsWith("[ERR] ") && Contains(words));
    CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
  };
  const auto flows = [&](const std::string& text, const std::string& words) {
    refused({"-r", "in.pcap", "--extract", text, "-w", "out.pcap"}, words);
  };
  flows("dstPort == 80", "'dstPort == 80' is not understood");
  flows("flowInd in 1", "is not understood");
  flows("flowInd in (1, x)", "'x' is no number of a flow");
  flows("flowInd in ()", "'' is no number of a flow");
  flows("flowInd in (7-5)", "empty range");
  flows("flowInd in (@missing)", "missing");
  flows("flowInd in (99)", "no packet belongs to the flows");
  refused({"-r", "in.pcap", "--extract", "flowInd == 1", "-w", "in.pcap"}, "is the input");
  refused({"-r", "in.pcap", "--extract", "flowInd == 1"}, "-w FILE");
  refused({"-r", "-", "--extract", "flowInd == 1", "-w", "x"}, "reads its input twice");
  refused({"-i", "lo", "--extract", "flowInd == 1", "-w", "x"}, "reads its input twice");
  refused({"-r", "in.pcap", "--extract", "flowInd == 1", "-w", "no/such/folder/x"}, "x");
  CHECK_FALSE(fs::exists(run.folder / "out.pcap"));
}

TEST_CASE("extract: packets of another link type are counted as lost", "[extract]") {
  const ThreeFlows run;
  Capture raw;
  raw.add(epoch + 400 * second, Frame().ip4("10.0.0.9", "10.0.0.8").udp(1, 2));
  write_file(run.folder / "raw.pcap", raw.pcap({.link_type = 101}));  // raw IP
  const Execution result = run.t2({"-r", "in.pcap", "raw.pcap", "--extract", "flowInd in (1-9)", "-w", "out.pcap"});
  INFO(result.out << result.err);
  CHECK(result.status == 3);
  CHECK_THAT(result.err, Contains("1 packets have another link type"));
}

TEST_CASE("extract: the file gets its name when it is complete, and what found no room is counted", "[extract]") {
  const ThreeFlows run;
  const Execution full = run.t2({"-r", "in.pcap", "--extract", "flowInd in (1, 2)", "-w", "/dev/full"});
  CHECK(full.status == 1);  // no room for the header
  CHECK_THAT(full.err, Contains("cannot write to /dev/full: No space left"));
  Arguments limited{"bash",
                    "-c",
                    "cd \"$0\" && (ulimit -f 0; trap '' XFSZ; exec \"$@\") 2>&1 | cat",  // not a byte
                    run.folder.path().string(),
                    binary().string(),
                    "-p",
                    run.plugins,
                    "-r",
                    "in.pcap",
                    "--extract",
                    "flowInd == 1",
                    "-w",
                    "small.pcap"};
  CHECK_THAT(execute(limited, run.folder, {{"HOME", run.folder.path().string()}}).out,
             Contains("cannot write to small.pcap: File too large"));
  CHECK_FALSE(fs::exists(run.folder / "small.pcap"));
  CHECK_FALSE(fs::exists(run.folder / "small.pcap.part"));
  REQUIRE(run.t2({"-r", "in.pcap", "--extract", "flowInd == 1", "-w", "whole.pcap"}).status == 0);
  CHECK(run.t2({"-r", "in.pcap", "--extract", "flowInd == 1", "-w", "-"}).out == read_file(run.folder / "whole.pcap"));
}

TEST_CASE("extract: ranges", "[extract]") {
  const FlowChoice choice("flowInd in (5-9, 1, 7-12, 20)");
  for (std::uint64_t flow : {1u, 5u, 9u, 10u, 12u, 20u}) CHECK(choice.contains(flow));
  for (std::uint64_t flow : {0u, 2u, 4u, 13u, 19u, 21u}) CHECK_FALSE(choice.contains(flow));
  CHECK(FlowChoice("flowInd in (0-18446744073709551615)").contains(UINT64_MAX));
  CHECK_THROWS_AS(FlowChoice("flowInd in (18446744073709551616)"), Error);
}

}  // namespace t2::test::extract_test
