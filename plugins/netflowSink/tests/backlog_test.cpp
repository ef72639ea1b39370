// Which messages wait, are in flight, or are sent again. Without a network.
#include <catch2/catch.hpp>

#include "../src/backlog.hpp"
#include "decoder.hpp"

namespace t2::test::backlog_test {

using namespace t2::netflow_sink;
using t2::test::netflow9::number;

namespace {

constexpr std::size_t size = 40;  // of every message here
const std::vector<std::uint8_t> message = [] {
  std::vector<std::uint8_t> bytes(size);
  bytes[1] = 10;  // version: IPFIX
  return bytes;
}();
const std::vector<std::uint8_t> templates = message;

// Writes all that waits; answers the sequences, in order.
std::vector<std::uint64_t> write_all(Backlog& backlog, std::uint64_t& written, bool plain = true) {
  std::vector<std::uint64_t> sequences;
  for (;;) {
    const auto bytes = backlog.next(plain, written, 1'700'000'000);
    if (bytes.empty()) return sequences;
    for (std::size_t at = 0; at < bytes.size(); at += size) {
      CHECK(number(bytes.subspan(at + 4, 4)) == 1'700'000'000);
      sequences.push_back(number(bytes.subspan(at + 8, 4)));
    }
    written += bytes.size() + (plain ? 0 : 29);  // a TLS record is longer than what it protects
    backlog.advance(bytes.size(), plain, written);
  }
}

using Sequences = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("netflowSink: each session has a sequence of its own, options count in it and are not repeated",
          "[netflowSink]") {
  Backlog backlog(100);
  backlog.add(message, 3, 0);
  backlog.add(message, 0, 1);
  backlog.add(message, 2, 0);
  for (const std::uint64_t left : {std::uint64_t{0}, 3 * size}) {
    INFO(left << " bytes have left");
    backlog.begin_session(templates, 2);
    std::uint64_t written = 0;
    CHECK(write_all(backlog, written) == (left == 0 ? Sequences{0, 2, 5, 6} : Sequences{0, 2, 5}));
    CHECK(backlog.delivery().sent == 5);
    CHECK(backlog.delivery().resent == 0);
    CHECK(backlog.all_written());
    CHECK_FALSE(backlog.none_in_flight());
    backlog.end_session(left);
    CHECK(backlog.delivery().sent == 0);
  }
  backlog.begin_session(templates, 2);
  std::uint64_t written = 0;
  write_all(backlog, written);
  CHECK(backlog.delivery().resent == 5);  // all of the second session may have arrived
  CHECK(backlog.delivery().templates == 3);
  CHECK(backlog.delivery().template_octets == 3 * size);
}

TEST_CASE("netflowSink: what has been read is forgotten, what has not is sent again or lost", "[netflowSink]") {
  for (const bool plain : {true, false}) {
    Backlog backlog(100);
    backlog.begin_session(templates, 0);
    std::uint64_t written = 0;
    write_all(backlog, written, plain);
    const std::uint64_t first = written;
    for (unsigned i = 0; i < 4; ++i) {
      backlog.add(message, 1, 0);
      write_all(backlog, written, plain);
    }
    const std::uint64_t each = (written - first) / 4;
    CHECK(backlog.release(first + 2 * each));
    CHECK_FALSE(backlog.release(first + 3 * each - 1));  // not to its end
    backlog.end_session(first + 3 * each);
    CHECK(backlog.delivery().sent == 2);
    backlog.drop_waiting();
    CHECK(backlog.delivery().sent == 2);
    CHECK(backlog.delivery().lost == 2);
    CHECK(backlog.delivery().doubtful == 1);  // the third had left
    CHECK(backlog.empty());
  }
}

TEST_CASE("netflowSink: bytes that were not taken are offered again, unchanged", "[netflowSink]") {
  Backlog backlog(2);
  backlog.add(message, 1, 0);
  backlog.add(message, 1, 0);
  CHECK(backlog.full());
  const auto all = backlog.next(true, 0, 1);
  CHECK(all.size() == 2 * size);
  CHECK_FALSE(backlog.full());
  const std::vector<std::uint8_t> rest(all.begin() + 30, all.end());
  backlog.advance(30, true, 30);
  const auto again = backlog.next(true, 30, 2);
  CHECK(std::vector<std::uint8_t>(again.begin(), again.end()) == rest);
  CHECK_FALSE(backlog.all_written());
  backlog.settle(size, true);  // the other host has taken the first message, and its collector does not read
  CHECK(backlog.delivery().unread == 1);
  backlog.end_session(size);
  backlog.drop_waiting();
  CHECK(backlog.delivery().sent == 1);
  CHECK(backlog.delivery().lost == 1);
}

}  // namespace t2::test::backlog_test
