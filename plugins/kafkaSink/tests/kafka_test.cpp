// What kafkaSink makes of its settings and counts, with librdkafka's brokers in its own process and with brokers that
// are not there; `scripts/test sinks` has brokers that fail, and reads what they got.
#include <catch2/catch.hpp>

#include <string>

#include "frame.hpp"
#include "run.hpp"

namespace t2::test::kafka_test {

namespace {

const std::vector<std::string> plugins{"basicFlow", "kafkaSink"};

Capture flows(unsigned count) {  // with an answer each: twice as many rows
  Capture capture;
  for (unsigned i = 0; i < count; ++i) {
    const std::int64_t time = epoch + i * millisecond;
    capture.add(time, Frame().eth().ip4("192.0.2.1", "192.0.2.2").udp(1000 + i, 53).payload("question"));
    capture.add(time + 1, Frame().eth().ip4("192.0.2.2", "192.0.2.1").udp(53, 1000 + i).payload("answer"));
  }
  return capture;
}

Result run_with(const Capture& capture, const Environment& settings) {
  Arguments arguments;
  for (const auto& [name, value] : settings) arguments.insert(arguments.end(), {"--set", name + '=' + value});
  return run(capture, plugins, arguments);
}

// librdkafka plays three brokers itself.
Environment own_brokers(const std::string& more = {}) { return {{"KAFKA_SETTINGS", "test.mock.num.brokers=3" + more}}; }

}  // namespace

TEST_CASE("kafkaSink: all rows are acknowledged, whatever the number of rows of a message", "[kafkaSink]") {
  for (const char* rows : {"1", "2", "3", "50", "1000"}) {
    INFO("KAFKA_ROWS=" << rows);
    Environment settings = own_brokers();
    settings["KAFKA_ROWS"] = rows;
    const Result result = run_with(flows(500), settings);
    CHECK(result.status == 0);
    CHECK_THAT(result.out, Catch::Contains("kafkaSink: Number of rows acknowledged: 1000\n"));
    CHECK_THAT(result.out, !Catch::Contains("rows lost"));
  }
}

TEST_CASE("kafkaSink: rows that no broker takes are lost, with a word and status 3", "[kafkaSink]") {
  const Result result = run_with(flows(20), {{"KAFKA_BROKERS", "127.0.0.1:1"}, {"KAFKA_TIMEOUT", "1"}});
  CHECK(result.status == 3);
  CHECK_THAT(result.out + result.err, Catch::Contains("the brokers at 127.0.0.1:1 take no rows"));
  CHECK_THAT(result.out + result.err, Catch::Contains("40 rows were lost"));
  CHECK_THAT(result.out, Catch::Contains("kafkaSink: Number of rows lost: 40"));
}

TEST_CASE("kafkaSink: a message that is too large is lost, with all of its rows", "[kafkaSink]") {
  Environment settings = own_brokers(";message.max.bytes=1000");
  CHECK(run_with(flows(20), settings).status == 0);  // a row of basicFlow has fewer bytes
  settings["KAFKA_ROWS"] = "50";
  const Result result = run_with(flows(20), settings);
  CHECK(result.status == 3);
  CHECK_THAT(result.out, Catch::Contains("kafkaSink: Number of rows lost: 40"));
}

TEST_CASE("kafkaSink: settings that are wrong end the start, and say which", "[kafkaSink]") {
  const auto says = [](const Environment& settings, const std::string& text) {
    const Result result = run_with(flows(1), settings);
    INFO(text);
    CHECK(result.status == 1);
    CHECK_THAT(result.err, Catch::Contains(text));
  };
  says({{"KAFKA_BROKERS", " , "}}, "KAFKA_BROKERS names no broker");
  says({{"KAFKA_TOPIC", ""}}, "KAFKA_TOPIC '' is no name of a topic");
  says({{"KAFKA_TOPIC", ".."}}, "KAFKA_TOPIC '..' is no name of a topic");
  says({{"KAFKA_TOPIC", std::string(250, 'a')}}, "is no name of a topic");
  says({{"KAFKA_TOPIC", "a b"}}, "KAFKA_TOPIC 'a b' is no name of a topic");
  says({{"KAFKA_PARTITION", "-2"}}, "KAFKA_PARTITION '-2' is neither -1 nor the number of a partition");
  says({{"KAFKA_PARTITION", "1x"}}, "KAFKA_PARTITION '1x'");
  says({{"KAFKA_SETTINGS", "linger.ms"}}, "'linger.ms' in KAFKA_SETTINGS is not NAME=VALUE");
  says({{"KAFKA_SETTINGS", "no.such.name=1"}}, "no.such.name");
  says({{"KAFKA_ROWS", "0"}}, "KAFKA_ROWS");
}

}  // namespace t2::test::kafka_test
