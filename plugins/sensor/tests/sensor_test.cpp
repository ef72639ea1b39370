// Rows say which probe they come from, and have a key that stays the same.
#include <catch2/catch.hpp>

#include <set>

#include <unistd.h>

#include "run.hpp"

namespace t2::test::sensor_test {

namespace {

Capture two_flows() {
  Capture capture;
  for (unsigned i = 0; i < 4; ++i)
    capture.add(
        epoch + i * second,
        Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(static_cast<std::uint16_t>(40000 + i % 2), 53).payload("x"));
  return capture;
}

}  // namespace

TEST_CASE("sensor: number, host and start of the run are in every row", "[sensor]") {
  const Result result = run(two_flows(), {"basicFlow", "sensor", "txtSink"}, {"-x", "7"}, {{"SENSOR_HOST", "probe-7"}});
  REQUIRE(result.status == 0);
  REQUIRE(result.flows.size() == 2);
  std::set<std::string> keys;
  for (const Table::Row& row : result.flows.all()) {
    CHECK(row["sensor"] == "7");
    CHECK(row["sensorHost"] == "probe-7");
    CHECK(row["runStart"] == result.flows.find({{"flowInd", "1"}})["timeFirst"]);
    CHECK(row["clockOffset"] == "0.000000");
    CHECK(row["clockError"] == "0.000000");
    keys.insert(row["sensor"] + row["runStart"] + row["flowInd"] + row["dir"]);
  }
  CHECK(keys.size() == 2);
}

TEST_CASE("sensor: the host is the system's without a setting", "[sensor]") {
  char name[256] = "";
  REQUIRE(gethostname(name, sizeof name - 1) == 0);
  const Result result = run(two_flows(), {"basicFlow", "sensor", "txtSink"});
  REQUIRE(result.status == 0);
  CHECK(result.flows.row(0)["sensorHost"] == name);
  CHECK(result.flows.row(0)["sensor"] == "666");
}

}  // namespace t2::test::sensor_test
