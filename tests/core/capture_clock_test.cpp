// The run's clock: what it makes of times that are in order, late, far away, or set back.
#include "pipeline/capture_clock.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <vector>

namespace t2::test::capture_clock_test {

namespace {

constexpr Time second = one_second, start = 1'600'000'000 * second;

struct Feed {
  CaptureClock clock;
  PacketStamp operator()(Time after_start) {
    PacketStamp stamp;
    clock.place(start + after_start, stamp);
    CHECK(stamp.at >= stamp.clock);
    CHECK(stamp.clock >= last);
    last = stamp.clock;
    return {0, stamp.clock - start, stamp.at - start};
  }
  Time last = INT64_MIN;
};

}  // namespace

TEST_CASE("capture clock: follows packets that are in order") {
  Feed feed;
  for (Time at : {Time{0}, second / 2, second / 2, 3 * second / 2}) {
    const PacketStamp stamp = feed(at);
    CHECK(stamp.at == at);
    CHECK(stamp.clock == at);
  }
  CHECK(feed.clock.steps().back == 0);
  CHECK(feed.clock.steps().outliers == 0);
}

TEST_CASE("capture clock: a pause is believed when some packets have followed it") {
  Feed feed;
  feed(0);
  constexpr Time last = CaptureClock::window - 1;
  for (Time i = 0; i < last; ++i) {
    const PacketStamp stamp = feed(600 * second + i);
    CHECK(stamp.at == 600 * second + i);
    CHECK(stamp.clock == 0);
  }
  CHECK(feed(600 * second + last).clock == 600 * second + last);
  CHECK(feed(600 * second + last + 1).clock == 600 * second + last + 1);
  CHECK(feed.clock.steps().outliers == 0);
}

TEST_CASE("capture clock: outliers ahead and behind do not move it and are counted") {
  Feed feed;
  for (Time i = 0; i < 100; ++i) {
    feed(i * second / 10);
    if (i % 10 == 5) CHECK(feed(86'400 * second).clock <= i * second / 10);
    if (i % 10 == 9) CHECK(feed(-86'400 * second).at <= i * second / 10);
  }
  CHECK(feed(10 * second).clock == 10 * second);
  CHECK(feed.clock.steps().outliers == 20);
  CHECK(feed.clock.steps().back == 0);
}

TEST_CASE("capture clock: after a step back it goes on from where it was") {
  Feed feed;
  for (Time i = 0; i < 50; ++i) feed(i * second / 10);
  for (Time i = 0; i < 50; ++i) feed(i * second / 10 - 3600 * second);
  CHECK(feed.clock.steps().back == 1);
  CHECK(feed.clock.steps().outliers == 0);
  CHECK(feed(5 * second - 3600 * second).clock >= 9 * second);
  CHECK(feed(5 * second - 3600 * second).clock <= 10 * second);
}

TEST_CASE("capture clock: late packets hold it back, so that none comes after its flow was ended") {
  Feed feed;
  // two interfaces, the second three seconds late; long runs of each
  for (Time i = 0; i < 400; ++i) {
    const bool late = i / 20 % 2 == 1;
    const Time at = i * second / 20 - (late ? 3 * second : 0);
    const PacketStamp stamp = feed(at);
    CHECK(stamp.at == std::max(at, stamp.clock));
    if (i >= 80) CHECK(stamp.at == at);  // the clock has waited since it was first late
  }
  CHECK(feed.clock.steps().back == 0);
  // it is forgotten when no packet was late for long
  for (Time i = 0; i < 140'000; ++i) feed(20 * second + i * 1000);
  CHECK(feed(20 * second + 140'000'000).clock == 20 * second + 140'000'000);
}

TEST_CASE("capture clock: interfaces whose clocks differ by an hour, in runs, do not drive it on") {
  Feed feed;
  for (Time i = 0; i < 2000; ++i) feed(i * second / 100 + (i / 50 % 2 == 0 ? 3600 * second : 0));
  const PacketStamp last = feed(20 * second + 3600 * second);
  CHECK(last.clock >= 3600 * second);
  CHECK(last.clock <= 3600 * second + 40 * second);
}

TEST_CASE("capture clock: live, time passes without packets, but not by an outlier") {
  Feed feed;
  for (Time i = 0; i < 20; ++i) feed(i * second / 10);
  CHECK(feed.clock.pass(5 * second) - start == 18 * second / 10 + 5 * second);
  feed(86'400 * second);
  CHECK(feed.clock.pass(second) - start < 10 * second);
}

TEST_CASE("capture clock: never backwards, whatever the times are") {
  std::mt19937_64 random(7);
  for (int round = 0; round < 200; ++round) {
    Feed feed;
    Time at = 0;
    for (int i = 0; i < 500; ++i) {
      switch (random() % 6) {
        case 0: at = static_cast<Time>(random() >> 1) - start; break;
        case 1: at = -start + static_cast<Time>(random() % 10); break;
        case 2: at -= static_cast<Time>(random() % 20) * second; break;
        case 3: at += static_cast<Time>(random() % 4000) * second; break;
        default: at += static_cast<Time>(random() % 1000) * 1'000'000; break;
      }
      at = std::clamp(at, -start, INT64_MAX - start);
      feed(at);
    }
  }
}

}  // namespace t2::test::capture_clock_test
