// The state machine of tcpStates: each way a connection can begin and end, and the timeouts that follow from it.
#include <catch2/catch.hpp>

#include "../../tcpFlags/tests/dialog.hpp"

namespace t2::test::tcpStates_test {

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
  const Segment after_reset_soon{60, 'a', "A", 1001, 5001}, after_reset_late{210, 'a', "A", 1001, 5001};
  const Segments reset = handshake({{10, 'b', "RA", 5001, 1001}});
  Segments soon = reset, late = reset;
  soon.push_back(after_reset_soon);
  late.push_back(after_reset_late);
  CHECK(rows(soon) == 2);
  CHECK(rows(late) == 3);
  CHECK(rows(closed({{5000, 'a', "A", 1002, 5002}})) == 2);
  CHECK(rows(closed({{11000, 'a', "A", 1002, 5002}})) == 3);
  CHECK(rows(handshake({{600000, 'a', "A", 1001, 5001}})) == 2);
  CHECK(rows(handshake({{620000, 'a', "A", 1001, 5001}})) == 3);
  CHECK(rows({{0, 'a', "S", 1000, 0}, {119000, 'a', "S", 1000, 0}}) == 1);
  CHECK(rows({{0, 'a', "S", 1000, 0}, {121000, 'a', "S", 1000, 0}}) == 2);
}

TEST_CASE("tcpStates: a new SYN on a connection that is over begins another flow", "[tcpStates]") {
  const Segments again{{5000, 'a', "S", 77, 0}, {5001, 'b', "SA", 900, 78}, {5002, 'a', "A", 78, 901}};
  const auto after = [&](Segments before, double ms = 5000) {
    for (Segment next : again) {
      next.ms += ms - 5000;
      before.push_back(next);
    }
    return rows(before);
  };
  CHECK(after(closed()) == 4);
  CHECK(after(closed(), 13) == 4);                                                           // in the same batch
  CHECK(after(handshake({{10, 'a', "FA", 1001, 5001}, {11, 'b', "FA", 5001, 1002}})) == 4);  // last ACK is missing
  CHECK(after(handshake({{10, 'b', "RA", 5001, 1001}}), 11) == 4);
  CHECK(rows({{0, 'a', "S", 1000, 0}, {1, 'b', "RA", 0, 1001}, {2, 'a', "S", 1001, 0}, {3, 'b', "RA", 0, 1002}}) == 4);
  CHECK(after(handshake(), 300'000) == 4);  // silent for more than FLOW_TIMEOUT
  // Of one direction alone.
  CHECK(rows({{0, 'a', "S", 1, 0}, {1, 'a', "A", 2, 9}, {2, 'a', "FA", 2, 9}, {3, 'a', "S", 77, 0}}) == 2);
  // The other end begins.
  CHECK(rows(closed({{5000, 'b', "S", 77, 0}, {5001, 'a', "SA", 900, 78}})) == 4);
  // The first connection has its own end, the second one its own beginning.
  Segments both_connections = closed();
  both_connections.insert(both_connections.end(), again.begin(), again.end());
  const Result result = run_tcp(dialog(both_connections));
  CHECK(result.flows.find({{"flowInd", "1"}, {"dir", "A"}})["tcpStatesAFlags"] == "0x00");
  CHECK(result.flows.find({{"flowInd", "2"}, {"dir", "A"}})["tcpStatesAFlags"] == "0x02");
}

TEST_CASE("tcpStates: other SYNs belong to their connection", "[tcpStates]") {
  CHECK(rows(closed({{13, 'a', "S", 1000, 0}})) == 2);                                // a copy of its own SYN
  CHECK(rows({{0, 'a', "S", 1000, 0}, {1, 'a', "S", 2000, 0}}) == 1);                 // a flood
  CHECK(rows(handshake({{100, 'a', "S", 9999, 0}})) == 2);                            // in an open connection
  CHECK(rows(handshake({{10, 'a', "FA", 1001, 5001}, {20, 'a', "S", 77, 0}})) == 2);  // half closed
  CHECK(rows(closed({{13, 'a', "SF", 77, 0}, {14, 'a', "SR", 78, 0}})) == 2);         // scans
  CHECK(rows(closed({{13, 'b', "SA", 77, 1001}})) == 2);                              // no opening
  CHECK(rows({{0, 'a', "S", 1000, 0}, {100'000, 'a', "S", 1000, 0}}) == 1);
}

TEST_CASE("tcpStates: new connections begin the same flows whatever the size of batches", "[tcpStates]") {
  Segments all;
  for (unsigned i = 0; i < 200; ++i) {
    for (Segment s : i % 3 ? closed() : handshake({{10, 'b', "RA", 5001, 1001}})) {
      s.ms = i * 20 + s.ms;
      s.seq += s.from == 'a' ? 7 * i : 11 * i;
      s.ack += s.from == 'a' ? 11 * i : 7 * i;
      all.push_back(s);
    }
  }
  const std::vector<std::string> used{"basicFlow", "tcpStates", "txtSink"};
  const std::string expected = run(dialog(all), used, {"--batch", "1"}).flow_file;
  CHECK(std::count(expected.begin(), expected.end(), '\n') == 401);
  for (const char* batch : {"2", "63", "4096"}) CHECK(run(dialog(all), used, {"--batch", batch}).flow_file == expected);
  CHECK(run(dialog(all), used, {"-t", "2"}).flow_file == expected);
}

TEST_CASE("tcpStates: other protocols have no state", "[tcpStates]") {
  const Result result = run_tcp(Capture().add(epoch, Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(1, 2).bytes()));
  CHECK(result.flows.row(0)["tcpStatesAFlags"] == "0x00");
  CHECK((result.out + result.err).find("tcpStatesAFlags") == std::string::npos);
}

}  // namespace t2::test::tcpStates_test
