// Tests of myPlugin. Each builds a capture in code, runs the program on it with the plugins named, and reads the flow
// file.
#include <catch2/catch.hpp>

#include <cstdint>
#include <vector>

#include "run.hpp"

using namespace t2::test;

namespace {

const std::vector<std::string> plugins = {"basicFlow", "txtSink", "myPlugin"};

// Packets from A to B at these times, milliseconds, and one answer.
Capture questions_at(const std::vector<std::int64_t>& times) {
  Capture c;
  for (const std::int64_t at : times)
    c.add(epoch + at * millisecond, Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(6000, 7000));
  c.add(epoch + (times.back() + 1) * millisecond, Frame().eth().ip4("10.0.0.2", "10.0.0.1").udp(7000, 6000));
  return c;
}

}  // namespace

TEST_CASE("myPlugin: pauses are counted in the direction that makes them", "[myPlugin]") {
  const Result result = run(questions_at({0, 100, 1100, 2099, 5000}), plugins);
  INFO(result.out << result.err);
  REQUIRE(result.status == 0);
  CHECK(result.flows.find({{"dir", "A"}})["myPauses"] == "2");
  CHECK(result.flows.find({{"dir", "B"}})["myPauses"] == "0");
  CHECK_THAT(result.out, Catch::Contains("myPlugin: Pauses: 2, most of a flow: 2"));
}

TEST_CASE("myPlugin: MY_PAUSE is read when the program starts", "[myPlugin]") {
  const Result result = run(questions_at({0, 100, 599, 1099, 1599}), plugins, {}, {{"MY_PAUSE", "500"}});
  INFO(result.out << result.err);
  REQUIRE(result.status == 0);
  CHECK(result.flows.find({{"dir", "A"}})["myPauses"] == "2");
}

TEST_CASE("myPlugin: no pauses, no line in the report", "[myPlugin]") {
  const Result result = run(questions_at({0, 1, 2}), plugins);
  REQUIRE(result.status == 0);
  CHECK(result.out.find("Pauses") == std::string::npos);
}
