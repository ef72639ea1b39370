// Tests of myPlugin. Each builds a capture in code, runs the program on it with the plugins named, and reads what the
// sink wrote.
#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include "run.hpp"

using namespace t2::test;

namespace {

const std::vector<std::string> plugins = {"basicFlow", "myPlugin"};

Capture one_question() {
  Capture c;
  c.add(epoch, Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(6000, 7000));
  return c;
}

}  // namespace

TEST_CASE("myPlugin: a line for each direction, a value for each column", "[myPlugin]") {
  const Result result = run(one_question(), plugins);
  INFO(result.out << result.err);
  REQUIRE(result.status == 0);
  const std::string lines = result.file("_myPlugin.txt");
  INFO(lines);
  CHECK(lines.starts_with("dir=A flowInd=1 "));
  CHECK_THAT(lines, Catch::Contains(" srcIP=10.0.0.1 ") && Catch::Contains(" dstPort=7000 "));
  CHECK(std::count(lines.begin(), lines.end(), '\n') == 1);
  CHECK_THAT(result.out, Catch::Contains("myPlugin: Rows: 1"));
}

TEST_CASE("myPlugin: MY_SUFFIX is read when the program starts", "[myPlugin]") {
  const Result result = run(one_question(), plugins, {}, {{"MY_SUFFIX", ".flows"}});
  REQUIRE(result.status == 0);
  CHECK(result.file(".flows").starts_with("dir=A"));
}
