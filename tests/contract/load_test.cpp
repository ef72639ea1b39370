// Loading: plugins that do not fit end the program with one line before the first packet; those that fit come in order.
#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>

#include "run.hpp"

namespace t2::test::load_test {

namespace {

namespace fs = std::filesystem;

struct Loaded : Execution {
  TempFolder folder;
};

const std::string version = T2_VERSION;

fs::path toys() { return built_plugins().parent_path() / "contract"; }

// `files`: "210_good.so", or "210_good.so>211_good.so" to give it another name; real plugins by their plain name.
Loaded load(const std::vector<std::string>& files, const std::vector<std::string>& real = {}) {
  Loaded out;
  const fs::path place = plugin_folder(out.folder, real);
  for (const std::string& file : files) {
    const std::size_t arrow = file.find('>');
    fs::copy_file(toys() / file.substr(0, arrow), place / file.substr(arrow == file.npos ? 0 : arrow + 1));
  }
  Capture c;
  for (int i = 0; i < 3; ++i) c.add(epoch + i, Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(6000, 7000).payload("x"));
  write_file(out.folder / "c.pcap", c.pcap());
  static_cast<Execution&>(out) =
      execute({binary().string(), "-p", place.string(), "-r", (out.folder / "c.pcap").string(), "-w",
               (out.folder / "o").string()},
              out.folder, {{"HOME", out.folder.path().string()}, {"NF_DPORT", "9"}});  // discard
  return out;
}

void check_refused(const Loaded& result, const std::vector<std::string>& words) {
  INFO(result.out << result.err);
  CHECK(result.status == 1);
  CHECK(result.err.starts_with("[ERR] "));
  CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
  for (const std::string& word : words) CHECK_THAT(result.err, Catch::Contains(word));
  CHECK_FALSE(fs::exists(result.folder / "o_flows.txt"));
}

}  // namespace

TEST_CASE("contract: plugins that do not fit", "[contract]") {
  SECTION("cycle") { check_refused(load({"201_ringA.so", "202_ringB.so"}), {"circle", "ringA -> ringB -> ringA"}); }
  SECTION("missing dependency") {
    check_refused(load({"203_lonely.so"}), {"lonely", "nobodyHere", "t2build nobodyHere"});
  }
  SECTION("other build of the core") {
    check_refused(load({"204_stranger.so"}),
                  {"204_stranger.so was built for 0.9/feedfeedfeedfeed",
                   "this core is " + version.substr(0, version.rfind('.')) + "/", "t2build -R"});
  }
  SECTION("column twice") { check_refused(load({"205_twinA.so", "206_twinB.so"}), {"twinA", "twinB", "twinCol"}); }
  SECTION("column of the core") { check_refused(load({"207_shadow.so"}), {"shadow", "flowInd"}); }
  SECTION("no plugin") { check_refused(load({"208_nothing.so"}), {"208_nothing.so", "not a plugin"}); }
  SECTION("name without number") { check_refused(load({"210_good.so>good.so"}), {"good.so", "NNN_name.so"}); }
  SECTION("name with a short number") {
    check_refused(load({"210_good.so>21_goodie.so"}), {"21_goodie.so", "NNN_name.so"});
  }
  SECTION("number differs") { check_refused(load({"210_good.so>211_good.so"}), {"211_good.so", "210_good"}); }
  SECTION("name differs") { check_refused(load({"210_good.so>210_other.so"}), {"210_other.so", "210_good"}); }
  SECTION("built with other flags of the plugin it reads") {
    check_refused(load({"210_good.so", "212_peeker.so"}), {"peeker", "other flags of good", "t2build good peeker"});
  }
  SECTION("twice") { check_refused(load({"210_good.so", "213_good.so"}), {"good", "twice"}); }
  SECTION("throws when it is made") { check_refused(load({"215_thrower.so"}), {"the sky is falling"}); }
  SECTION("columns without create()") { check_refused(load({"217_noCreate.so"}), {"noCreate", "no create()"}); }
  SECTION("create() returns nothing") { check_refused(load({"218_nullPlugin.so"}), {"nullPlugin: create()"}); }
  SECTION("column without type") { check_refused(load({"219_noType.so"}), {"noType", "'noTypeCol' no type"}); }
  SECTION("rows for no sink") { check_refused(load({"224_rowsForNone.so"}), {"rowsForNone", "no create_sink()"}); }
  SECTION("rows without create()") { check_refused(load({"223_rowsOfNone.so"}), {"rowsOfNone", "no create()"}); }
  SECTION("columns of a sink") { check_refused(load({"222_columnSink.so"}), {"columnSink has columns and is a sink"}); }
  SECTION("a sink claims state") { check_refused(load({"221_stateSink.so"}), {"stateSink: State is claimed once"}); }
  SECTION("a sink that cannot open its output") { check_refused(load({"216_badSink.so"}), {"nowhere to write"}); }
}

TEST_CASE("contract: a file that is no shared object", "[contract]") {
  const TempFolder folder;
  fs::create_directories(folder / "p");
  write_file(folder / "p/300_text.so", text("not an ELF file"));
  write_file(folder / "c.pcap", Capture().pcap());
  const Execution result =
      execute({binary().string(), "-p", (folder / "p").string(), "-r", (folder / "c.pcap").string()}, folder,
              {{"HOME", folder.path().string()}});
  CHECK(result.status == 1);
  CHECK_THAT(result.err, Catch::StartsWith("[ERR] ") && Catch::Contains("300_text.so"));
  CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
}

TEST_CASE("contract: every plugin of the project has the version of the core", "[contract]") {
  std::vector<std::string> names;
  for (const fs::directory_entry& file : fs::directory_iterator(built_plugins())) {
    const std::string name = file.path().stem().string();
    if (file.path().extension() == ".so") names.push_back(name.substr(name.find('_') + 1));
  }
  REQUIRE_FALSE(names.empty());
  const TempFolder folder;
  const Execution result = execute({binary().string(), "-p", built_plugins().string(), "--describe"}, folder,
                                   {{"HOME", folder.path().string()}});
  INFO(result.err);
  REQUIRE(result.status == 0);
  for (const std::string& name : names)
    CHECK_THAT("\n" + result.out, Catch::Contains("\n" + name + ", version " + version + ", number "));
}

TEST_CASE("contract: needed plugins come first, the number breaks ties", "[contract]") {
  const Loaded result = load({"220_late.so", "290_early.so", "250_middle.so", "210_good.so"}, {"basicFlow", "txtSink"});
  INFO(result.out << result.err);
  REQUIRE(result.status == 0);
  CHECK_THAT(result.out, Catch::Contains("01: basicFlow, " + version + "\n    02: good, 1\n    03: middle, 1\n" +
                                         "    04: early, 1\n    05: late, 1\n    06: txtSink"));
  const Table flows(read_file(result.folder / "o_flows.txt"));
  const auto& columns = flows.columns();
  CHECK(std::vector<std::string>(columns.end() - 4, columns.end()) ==
        std::vector<std::string>{"goodPkts", "middleCol", "earlyCol", "lateCol"});
  REQUIRE(flows.size() == 1);
  for (const char* column : {"goodPkts", "middleCol", "earlyCol", "lateCol"})
    CHECK(flows.row(0)[column] == "3");  // states do not overlap
}

TEST_CASE("contract: an optional dependency may be absent; what is no .so is left alone", "[contract]") {
  const Loaded result = load({"214_careful.so", "210_good.so>proto.txt"}, {"txtSink"});
  INFO(result.out << result.err);
  CHECK(result.status == 0);
  CHECK(Table(read_file(result.folder / "o_flows.txt")).row(0)["carefulPkts"] == "3");
}

}  // namespace t2::test::load_test
