// The state machine of tcpStates: each way a connection can begin and end, and the timeouts that follow from it.
#include <catch2/catch.hpp>

#include "../../tcpFlags/tests/dialog.hpp"

using namespace t2::test;

namespace {

using Segments = std::vector<Segment>;

Segments handshake(Segments then = {}) {
  Segments all = {{0, 'a', "S", 1000, 0}, {1, 'b', "SA", 5000, 1001}, {2, 'a', "A", 1001, 5001}};
  all.insert(all.end(), then.begin(), then.end());
  return all;
}

const Segments clean_close = {{10, 'a', "FA", 1001, 5001}, {11, 'b', "FA", 5001, 1002}, {12, 'a', "A", 1002, 5002}};

Segments closed(Segments then = {}) {
  Segments all = handshake(clean_close);
  all.insert(all.end(), then.begin(), then.end());
  return all;
}

// Anomalies of a's and of b's row, upper byte and lower byte.
std::int64_t both(const Segments& segments) {
  const Rows rows = run_dialog(segments);
  return rows.a.number("tcpStatesAFlags") << 8 | rows.b.number("tcpStatesAFlags");
}

std::int64_t alone(const Segments& segments) {
  return run_tcp(dialog(segments)).flows.row(0).number("tcpStatesAFlags");
}

std::size_t rows(const Segments& segments) { return run_tcp(dialog(segments)).flows.size(); }

}  // namespace

TEST_CASE("tcpStates: set-up and teardown", "[tcpStates]") {
  CHECK(both(closed()) == 0x0000);
  CHECK(both(handshake()) == 0x0202);
  CHECK(both(handshake({{10, 'a', "PA", 1001, 5001, 5},
                        {11, 'a', "FA", 1006, 5001},
                        {12, 'b', "A", 5001, 1007},
                        {13, 'b', "FA", 5001, 1007},
                        {14, 'a', "A", 1007, 5002}})) == 0x0000);
}

TEST_CASE("tcpStates: simultaneous open", "[tcpStates]") {
  CHECK((both({{0, 'a', "S", 1000, 0}, {1, 'b', "S", 5000, 0}, {2, 'a', "A", 1001, 5001}, {3, 'b', "A", 5001, 1001}}) &
         0x0101) == 0);
}

TEST_CASE("tcpStates: acknowledgements that do not fit", "[tcpStates]") {
  CHECK(both({{0, 'a', "S", 1000, 0}, {1, 'b', "SA", 5000, 7}}) == 0x0303);
  CHECK(both({{0, 'a', "S", 1000, 0}, {1, 'b', "SA", 5000, 1001}, {2, 'a', "A", 1001, 9}}) == 0x0303);
  CHECK((both({{0, 'a', "S", 0xffffffff, 0}, {1, 'b', "SA", 5000, 0}, {2, 'a', "A", 0, 5001}}) & 0x0101) == 0x0101);
}

TEST_CASE("tcpStates: reset", "[tcpStates]") {
  CHECK(both({{0, 'a', "S", 1000, 0}, {1, 'b', "RA", 0, 1001}}) == 0x0343);  // refused
  CHECK(both(handshake({{10, 'b', "R", 5001, 0}})) == 0x0246 + 0x0400);      // no ACK: bad flags on both
  CHECK(both(handshake({{10, 'b', "RA", 5001, 1001}})) == 0x0242);
  CHECK(both(handshake({{10, 'b', "RA", 5001, 1001}, {60, 'a', "A", 1001, 5001}})) == 0x1242);
  CHECK(both(closed({{20, 'a', "R", 1002, 0}})) == 0x4a02);
  CHECK(alone({{0, 'a', "RA", 1, 1}}) == 0xc3);
}

TEST_CASE("tcpStates: scans", "[tcpStates]") {
  CHECK(alone({{0, 'a', "", 1, 0}}) == 0x83);
  CHECK(alone({{0, 'a', "FPU", 1, 0}}) == 0x83);
  CHECK(alone({{0, 'a', "F", 1, 0}}) == 0x83);
  CHECK(alone({{0, 'a', "FA", 1, 1}}) == 0x83);
  CHECK(alone({{0, 'a', "S", 1, 0}}) == 0x03);
}

TEST_CASE("tcpStates: packets after the end", "[tcpStates]") {
  CHECK(both(closed({{30, 'a', "A", 1002, 5002}})) == 0x0800);
  CHECK(both(handshake({{10, 'a', "SA", 1001, 5001}})) == 0x0606);  // SYN in an established connection
}

TEST_CASE("tcpStates: FIN with payload is acknowledged with another number than expected", "[tcpStates]") {
  CHECK(both(handshake({{10, 'a', "FPA", 1001, 5001, 10}, {11, 'b', "FA", 5001, 1012}, {12, 'a', "A", 1012, 5002}})) ==
        0x0202);
}

TEST_CASE("tcpStates: timeouts follow the state", "[tcpStates]") {
  const Segment again_after_reset_soon{60, 'a', "S", 77, 0}, again_after_reset_late{210, 'a', "S", 77, 0};
  const Segments reset = handshake({{10, 'b', "RA", 5001, 1001}});
  Segments soon = reset, late = reset;
  soon.push_back(again_after_reset_soon);
  late.push_back(again_after_reset_late);
  CHECK(rows(soon) == 2);
  CHECK(rows(late) == 3);
  CHECK(rows(closed({{5000, 'a', "S", 77, 0}})) == 2);
  CHECK(rows(closed({{11000, 'a', "S", 77, 0}})) == 3);
  CHECK(rows(handshake({{600000, 'a', "A", 1001, 5001}})) == 2);
  CHECK(rows(handshake({{620000, 'a', "A", 1001, 5001}})) == 3);
  CHECK(rows({{0, 'a', "S", 1000, 0}, {119000, 'a', "S", 1000, 0}}) == 1);
  CHECK(rows({{0, 'a', "S", 1000, 0}, {121000, 'a', "S", 1000, 0}}) == 2);
}

TEST_CASE("tcpStates: other protocols have no state", "[tcpStates]") {
  const Result result = run_tcp(Capture().add(epoch, Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(1, 2).bytes()));
  CHECK(result.flows.row(0)["tcpStatesAFlags"] == "0x00");
  CHECK((result.out + result.err).find("tcpStatesAFlags") == std::string::npos);
}
