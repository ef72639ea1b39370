// Libraries that few runs need are loaded when they are needed, and said by name where they are missing.
#include <catch2/catch.hpp>

#include <cmath>

#include "run.hpp"
#include "t2/library.hpp"

namespace t2::test::library_test {

namespace {

using Catch::Contains;
using Catch::Matches;

struct Libm {
  Library library{"libm.so.6", "libc6"};
  T2_IMPORT(cbrt);
};

// The names of the libraries that the program loads, as the dynamic linker tells them (ld.so(8)).
std::string loaded(const Arguments& more, const Environment& settings = {}) {
  const TempFolder folder;
  Capture capture;
  for (unsigned i = 0; i < 2; ++i)
    capture.add(epoch + i * second, Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(40000, 53).payload("x"));
  write_file(folder / "c.pcap", capture.pcap());
  Arguments command{binary().string(),
                    "-p",
                    plugin_folder(folder, {"basicFlow", "basicStats", "txtSink", "netflowSink"}).string(),
                    "-r",
                    (folder / "c.pcap").string(),
                    "-w",
                    (folder / "out").string()};
  command.insert(command.end(), more.begin(), more.end());
  Environment environment = settings;
  environment.insert({{"HOME", folder.path().string()}, {"LD_DEBUG", "files"}});
  const Execution result = execute(command, folder, environment);
  INFO(result.out << result.err);
  CHECK((result.status == 0 || result.status == 3));  // 3: no collector took the rows
  REQUIRE_THAT(result.err, Contains("libstdc++.so.6"));
  return result.err;
}

}  // namespace

TEST_CASE("library: its functions are called as they are declared") {
  const Libm libm;
  CHECK(libm.cbrt(27.0) == Approx(3));
}

TEST_CASE("library: one that is missing, or has no such function, is an error that says what to install") {
  CHECK_THROWS_WITH(Library("libnot-there.so.7", "libnot-there7"),
                    Matches("cannot use libnot-there\\.so\\.7: .*: install the package libnot-there7"));
  const Library libm("libm.so.6", "libc6");
  CHECK_THROWS_WITH(libm.function<void()>("not_there"),
                    Matches("cannot use libm\\.so\\.6: .*: install the package libc6"));
}

TEST_CASE("library: a run loads those that it needs") {
  const std::string plain = loaded({});
  for (const char* name :
       {"libpcap.so", "libarchive.so", "liblzma.so", "libcrypto.so", "libssl.so", "libmicrohttpd.so"}) {
    INFO(name);
    CHECK_THAT(plain, !Contains(name));
  }
  CHECK_THAT(loaded({"udp"}), Contains("libpcap.so"));
  CHECK_THAT(loaded({"--metrics", "0"}), Contains("libmicrohttpd.so"));
  CHECK_THAT(loaded({}, {{"NF_VER", "10"}, {"NF_SOCKTYPE", "2"}, {"NF_SERVADD", "127.0.0.1"}, {"NF_DPORT", "9"}}),
             Contains("libssl.so"));
}

}  // namespace t2::test::library_test
