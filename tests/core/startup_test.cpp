// What the program says when it is started with something of the wrong kind: one line on standard error with the way
// out, status 1, nothing written. And what it says when it can run, but not as its user may think.
#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "run.hpp"

namespace t2::test::startup_test {

namespace {

namespace fs = std::filesystem;
using Catch::Contains;

class Start {
 public:
  Start() : plugins_(plugin_folder(folder_, {"basicFlow", "txtSink"})) {
    fs::permissions(folder_.path(), fs::perms::all | fs::perms::sticky_bit);  // also for users without a passwd entry
    Capture c;
    c.add(epoch, Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(6000, 7000).payload("x"));
    write_file(path("c.pcap"), c.pcap());
    std::ofstream(path("list")) << path("c.pcap") << "\n";
    std::ofstream(path("toml")) << "";
    fs::create_directories(path("folder"));
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  const std::string plugins() const { return plugins_.string(); }
  Execution operator()(const Arguments& arguments, const Environment& environment = {}) const {
    Arguments command{binary().string()};
    command.insert(command.end(), arguments.begin(), arguments.end());
    Environment all = environment;
    all.emplace("HOME", path("folder"));
    return execute(command, folder_, all);
  }
  Execution with_plugins(Arguments arguments) const {
    arguments.insert(arguments.begin(), {"-p", plugins()});
    return (*this)(arguments);
  }

 private:
  TempFolder folder_;
  fs::path plugins_;
};

void check_refused(const Execution& result, const std::string& words) {
  INFO(result.out << result.err);
  CHECK(result.status == 1);
  CHECK(result.err.starts_with("[ERR] "));
  CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
  CHECK(std::all_of(result.err.begin(), result.err.end(), [](unsigned char c) { return c >= ' ' || c == '\n'; }));
  CHECK_THAT(result.err, Contains(words));
}

}  // namespace

TEST_CASE("start: an option that names a thing of the wrong kind", "[start]") {
  const Start t2;
  const std::string folder = t2.path("folder"), capture = t2.path("c.pcap"), list = t2.path("list");
  const auto refused = [&](const Arguments& arguments, const std::string& words) {
    check_refused(t2.with_plugins(arguments), words);
  };
  refused({"-R", capture}, "'" + capture + "' is a capture, not a list of captures: use -r");
  refused({"-R", binary().string()}, "is not a list of files");
  refused({"-R", folder}, "the list of -R: '" + folder + "': it is a directory");
  refused({"-R", t2.path("none")}, "no such file");
  refused({"-r", folder}, "there is no capture in the folder '" + folder + "'");
  refused({"-r", list}, "it is a text; -R reads a list of captures");
  refused({"-D", folder}, "'" + folder + "' is a directory: name the first of the numbered files");
  refused({"-D", folder + ",7"}, "'" + folder + "' is a directory");
  refused({"-i", capture}, "-r reads it");
  refused({"-r", capture, "-C", folder}, "the configuration of -C: '" + folder + "': it is a directory");
  refused({"-r", capture, "-C", t2.path("none")}, "no such file");
  refused({"-r", capture, "-b", folder}, "the plugin list of -b: '" + folder + "': it is a directory");
  refused({"-r", capture, "-F", folder}, "the filter of -F: '" + folder + "': it is a directory");
  refused({"-r", capture, "-w", capture + "/out"}, "Option '-w'");
  check_refused(t2({"-p", capture, "-r", capture}), "'" + capture + "' is not a folder");
  check_refused(t2({"-p", t2.path("none"), "-r", capture}), "there is no plugin folder");
}

TEST_CASE("start: a compressed capture in place of a list is recognised", "[start]") {
  const Start t2;
  const TempFolder folder;
  REQUIRE(execute({"gzip", "-k", t2.path("c.pcap")}, folder).status == 0);
  check_refused(t2.with_plugins({"-R", t2.path("c.pcap.gz")}), "is a capture, not a list of captures: use -r");
}

TEST_CASE("start: without a home folder", "[start]") {
  const Start t2;
  const std::string capture = t2.path("c.pcap");
  // The build folder may lie where other users may not go (/root): they run a copy of the program.
  const TempFolder reachable;
  const fs::path program = reachable.path() / "tranalyzer";
  fs::permissions(reachable.path(), fs::perms::all);
  fs::copy_file(binary(), program);
  const auto as_user_without_passwd_entry = [&](const Arguments& more) {
    Arguments command{"setpriv", "--reuid=54321", "--clear-groups"};
    command.insert(command.end(), more.begin(), more.end());
    return execute(command, reachable);
  };
  if (as_user_without_passwd_entry({"test", "-r", capture, "-a", "-x", program.string()}).status == 0) {
    const Arguments start{"env", "-u", "HOME", program.string(), "-r", capture, "-w", t2.path("out")};
    check_refused(as_user_without_passwd_entry(start), "-p, or set HOME");
    check_refused(as_user_without_passwd_entry(start), "54321 has no passwd entry");
  } else {
    std::cout << " skipped: a user without a passwd entry: setpriv cannot make one that reaches the test's folder\n";
  }
  // A home that cannot be used is named, and another plugin folder works.
  check_refused(t2({"-r", capture}, {{"HOME", "/proc/self/none"}}), "'/proc/self/none/.tranalyzer/plugins/'");
  const Execution run = t2({"-p", t2.plugins(), "-r", capture}, {{"HOME", "/proc/self/none"}});
  INFO(run.out << run.err);
  CHECK(run.status == 0);
}

TEST_CASE("start: no sink among the plugins is a warning", "[start]") {
  const Start t2;
  const Execution with = t2.with_plugins({"-r", t2.path("c.pcap")});
  CHECK(with.status == 0);
  CHECK_THAT(with.out, !Contains("No sink"));
  fs::remove(fs::path(t2.plugins()) / "901_txtSink.so");
  const Execution without = t2.with_plugins({"-r", t2.path("c.pcap")});
  INFO(without.out << without.err);
  CHECK(without.status == 0);
  CHECK_THAT(without.out, Contains("[WRN] No sink among the plugins in folder '") && Contains("t2build txtSink"));
}

}  // namespace t2::test::startup_test
