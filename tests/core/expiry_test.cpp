// The timing wheel against a plain list: which flows are due, and in which order, for any course of time.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstring>
#include <random>

#include "flow/expiry.hpp"
#include "flow/key.hpp"

namespace t2::test::expiry_test {

namespace {

constexpr Time grain = Time{1} << 26;  // flows are handed over when the clock enters the next bucket

struct World {
  FlowTable table{{std::vector<std::byte>(sizeof(Direction))}, 1'000'000};
  Expiry expiry{table};
  std::vector<FlowEntry*> alive;
  std::uint64_t made = 0;

  FlowEntry& make(Time seen, Time timeout) {
    Key key;
    ++made;
    std::memcpy(key.address[0].data(), &made, sizeof made);
    FlowEntry& flow = table.create(key, hash_key(key, KeyedHash(1)));
    flow.number = made;
    table.add_direction(flow, 0);
    flow.due[0] = seen + timeout;
    expiry.schedule(flow);
    alive.push_back(&flow);
    return flow;
  }
  // What the wheel hands over until it is silent, as the worker asks for it.
  std::vector<Expiry::Due> due(Time clock) {
    std::vector<Expiry::Due> all;
    while (!expiry.nothing_due(clock)) {
      for (const Expiry::Due& one : expiry.due(clock)) all.push_back(one);
    }
    for (const Expiry::Due& one : all) {
      std::erase(alive, one.flow);
      table.release(*one.flow);
    }
    return all;
  }
};

bool in_order(const std::vector<Expiry::Due>& list) {
  return std::is_sorted(list.begin(), list.end(), [](const auto& a, const auto& b) {
    return a.end != b.end ? a.end < b.end : a.number < b.number;
  });
}

}  // namespace

TEST_CASE("expiry: against a list, with jumps and changing timeouts", "[expiry]") {
  for (const unsigned seed : {1u, 2u, 3u, 4u, 5u}) {
    INFO("seed " << seed);
    World w;
    std::mt19937_64 random(seed);
    const auto below = [&](Time n) { return static_cast<Time>(random() % static_cast<std::uint64_t>(n)); };
    Time clock = 1'600'000'000 * one_second + below(one_second);
    w.expiry.start(clock);
    Time last_end = 0;
    bool fine = true;
    for (int i = 0; i < 20'000 && fine; ++i) {
      switch (random() % 40) {
        case 0: clock += below(60 * one_second); break;
        case 1: clock += below(2000) * one_second * (random() % 10 == 0); break;
        default: clock += below(one_second / 100);
      }
      // Everything that ended before the current bucket is handed over, nothing else, in the order of ends.
      std::vector<std::pair<Time, std::uint64_t>> expected;
      for (const FlowEntry* flow : w.alive) {
        if (flow->end() / grain < clock / grain) expected.emplace_back(flow->end(), flow->number);
      }
      std::sort(expected.begin(), expected.end());
      const auto got = w.due(clock);
      fine = fine && got.size() == expected.size() && in_order(got) && (got.empty() || got.front().end >= last_end);
      for (std::size_t k = 0; fine && k < got.size(); ++k)
        fine = got[k].end == expected[k].first && got[k].number == expected[k].second;
      if (!got.empty()) last_end = got.back().end;
      // A packet: of a new flow or of one that lives; its timeout may change.
      constexpr Time timeouts[] = {shortest_timeout, one_second,       5 * one_second,   60 * one_second,
                                   182 * one_second, 600 * one_second, 3600 * one_second};
      if (w.alive.empty() || random() % 3 == 0) {
        w.make(clock, timeouts[random() % 7]);
      } else {
        FlowEntry& flow = *w.alive[random() % w.alive.size()];
        if (flow.end() > clock) {
          const unsigned direction = random() % 4 == 0;
          if (!flow.directions[direction]) w.table.add_direction(flow, direction);
          flow.due[direction] = clock + timeouts[random() % 7];
          if (w.expiry.needs_reschedule(flow)) w.expiry.schedule(flow);
        }
      }
    }
    CHECK(fine);
    // The rest, in the same order, to the last one.
    auto rest = w.expiry.rest();
    CHECK(rest.size() == w.alive.size());
    CHECK(in_order(rest));
    CHECK(w.expiry.next_ended(INT64_MAX) == nullptr);
  }
}

TEST_CASE("expiry: many at once are in order, however far apart they end", "[expiry]") {
  std::mt19937_64 random(7);
  const Time widest = GENERATE(Time{1}, Time{2}, Time{2047}, Time{2048}, one_second, 700 * one_second, Time{1} << 62);
  const int many = GENERATE(1023, 1024, 5000);
  INFO(many << " flows within " << widest << " ns");
  World w;
  w.expiry.start(0);
  for (int i = 0; i < many; ++i) w.make(0, 1 + static_cast<Time>(random() % static_cast<std::uint64_t>(widest)));
  std::shuffle(w.alive.begin(), w.alive.end(), random);
  for (FlowEntry* flow : w.alive) w.expiry.schedule(*flow);  // numbers are in no order any more
  std::vector<std::pair<Time, std::uint64_t>> expected, got;
  for (const FlowEntry* flow : w.alive) expected.emplace_back(flow->end(), flow->number);
  std::sort(expected.begin(), expected.end());
  for (const Expiry::Due& one : w.expiry.rest()) got.emplace_back(one.end, one.number);
  CHECK(got == expected);
}

TEST_CASE("expiry: the longer-living direction decides", "[expiry]") {
  World w;
  w.expiry.start(0);
  FlowEntry& flow = w.make(0, one_second);
  flow.due[1] = 500 * one_second;
  CHECK(flow.end() == one_second);
  w.table.add_direction(flow, 1);
  CHECK(flow.end() == 500 * one_second);
  CHECK(w.due(400 * one_second).empty());
  CHECK(w.due(501 * one_second).size() == 1);
}

TEST_CASE("expiry: flows that have ended within the current bucket are found in order, whatever came since",
          "[expiry]") {
  for (const unsigned seed : {1u, 2u, 3u}) {
    INFO("seed " << seed);
    World w;
    std::mt19937_64 random(seed);
    const auto below = [&](Time n) { return static_cast<Time>(random() % static_cast<std::uint64_t>(n)); };
    Time clock = 1'600'000'000 * one_second;
    w.expiry.start(clock);
    bool fine = true;
    for (int i = 0; i < 20'000 && fine; ++i) {
      clock += below(random() % 100 == 0 ? 3 * grain : grain / 50);
      w.due(clock);
      if (random() % 2 == 0) {  // some timeouts end in the current bucket: flows that are cut
        w.make(clock, random() % 4 == 0 ? below(grain) : shortest_timeout + below(one_second));
      } else if (!w.alive.empty()) {
        FlowEntry& flow = *w.alive[random() % w.alive.size()];
        if (random() % 8 == 0) {
          flow.due[0] = clock;
          w.expiry.schedule(flow);
        } else if (flow.end() > clock) {
          flow.due[0] = clock + shortest_timeout;
          if (w.expiry.needs_reschedule(flow)) w.expiry.schedule(flow);
        }
      }
      if (random() % 3 != 0) continue;
      std::vector<std::pair<Time, std::uint64_t>> expected, got;
      for (const FlowEntry* flow : w.alive) {
        if (flow->end() <= clock) expected.emplace_back(flow->end(), flow->number);
      }
      std::sort(expected.begin(), expected.end());
      while (FlowEntry* flow = w.expiry.next_ended(clock)) {
        got.emplace_back(flow->end(), flow->number);
        std::erase(w.alive, flow);
        w.table.release(*flow);
      }
      fine = got == expected;
    }
    CHECK(fine);
    CHECK(w.expiry.rest().size() == w.alive.size());
  }
}

TEST_CASE("expiry: a flow is filed a few times at most, however time jumps", "[expiry]") {
  for (const Time step :
       {Time{1}, grain / 2, grain, one_second, 10 * one_second, 275 * one_second, 3600 * one_second}) {
    for (const Time timeout : {shortest_timeout, 182 * one_second, 610 * one_second}) {
      INFO("steps of " << step << " ns, timeouts of " << timeout << " ns");
      World w;
      Time clock = 1'600'000'000 * one_second;
      w.expiry.start(clock);
      for (int i = 0; i < 2000; ++i) w.make(clock, timeout);
      for (int i = 0; i < 5000; ++i, clock += step) {
        w.due(clock);
        w.make(clock, timeout);
      }
      const auto often = static_cast<std::uint64_t>(2 + timeout / (275 * one_second));
      CHECK(w.expiry.filings() <= often * w.made);
    }
  }
}

}  // namespace t2::test::expiry_test
