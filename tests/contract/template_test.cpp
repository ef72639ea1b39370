// A plugin outside the project's tree: the template that newcomers copy is built against the installed headers and
// runs.
#include <catch2/catch.hpp>

#include <filesystem>

#include "run.hpp"

namespace t2::test::template_test {

TEST_CASE("contract: the plugin template builds outside the tree and runs", "[contract]") {
  namespace fs = std::filesystem;
  const TempFolder folder;
  const auto done = [&](const Arguments& command) {
    const Execution result = execute(command, folder, {}, 300);
    INFO(result.out << result.err);
    REQUIRE(result.status == 0);
  };
  const std::string prefix = (folder / "prefix").string(), copy = (folder / "myPlugin").string(),
                    build = (folder / "build").string();
  done({"cmake", "--install", built_plugins().parent_path().string(), "--prefix", prefix});
  fs::copy(source_folder() / "share/plugin-template", copy, fs::copy_options::recursive);
  done({"cmake", "-G", "Ninja", "-S", copy, "-B", build, "-DCMAKE_PREFIX_PATH=" + prefix});
  done({"cmake", "--build", build, "--target", "plugins"});

  const fs::path plugins = plugin_folder(folder, {"basicFlow", "txtSink"});
  fs::copy_file(fs::path(build) / "plugins/550_myPlugin.so", plugins / "550_myPlugin.so");
  Capture c;
  for (const std::int64_t at : {0, 100, 1100, 2099, 5000})
    c.add(epoch + at * millisecond, Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(6000, 7000));
  c.add(epoch + 5001 * millisecond, Frame().eth().ip4("10.0.0.2", "10.0.0.1").udp(7000, 6000));
  write_file(folder / "c.pcap", c.pcap());
  const auto run_it = [&](const Environment& environment) {
    Environment all = environment;
    all.emplace("HOME", folder.path().string());
    return execute({prefix + "/bin/tranalyzer", "-p", plugins.string(), "-r", (folder / "c.pcap").string(), "-w",
                    (folder / "o").string()},
                   folder, all);
  };
  const Execution result = run_it({});
  INFO(result.out << result.err);
  REQUIRE(result.status == 0);
  const Table flows(read_file(folder / "o_flows.txt"));
  CHECK(flows.find({{"dir", "A"}})["myPauses"] == "2");
  CHECK(flows.find({{"dir", "B"}})["myPauses"] == "0");
  CHECK_THAT(result.out, Catch::Contains("myPlugin: Pauses: 2, most of a flow: 2"));
  CHECK(run_it({{"MY_PAUSE", "500"}}).status == 0);
  CHECK(Table(read_file(folder / "o_flows.txt")).find({{"dir", "A"}})["myPauses"] == "3");
}

}  // namespace t2::test::template_test
