// Merging: however flows are spread over workers, and whenever these deliver, rows leave in the order that one worker
// gives them, with the same flow numbers.
#include <catch2/catch.hpp>

#include <algorithm>
#include <random>
#include <tuple>

#include "flow/expiry.hpp"
#include "output/merge.hpp"

namespace t2::test::merge_test {

namespace {

struct TestFlow {
  std::uint64_t number;  // of its first packet
  Time start, end;
  bool answered;
};

using Written = std::tuple<Time, std::uint64_t, unsigned, std::uint64_t>;  // end, number, direction, flowInd

std::vector<TestFlow> some_flows(std::mt19937& random, std::size_t count) {
  std::vector<TestFlow> flows;
  Time clock = 1000 * one_second;
  for (std::size_t i = 0; i < count; ++i) {
    clock += static_cast<Time>(random() % 50) * one_second / 1000;
    // Ends come in whole seconds, so that many are equal.
    const Time end = (clock / one_second + 1 + static_cast<Time>(random() % 20)) * one_second;
    flows.push_back({10 * (i + 1), clock, end, random() % 2 == 0});
  }
  return flows;
}

struct Outcome {
  std::vector<Written> rows;
  std::uint64_t max_in_memory;
};

// Workers deliver every few hundred milliseconds of capture time, in an order that changes; some leave out a turn.
Outcome merge(const std::vector<TestFlow>& flows, std::size_t workers, std::mt19937& random) {
  Outcome out{};
  Merge merge(workers, [&](std::span<const RowBatch::Place> rows) {
    for (const RowBatch::Place& row : rows)
      out.rows.emplace_back(row.head.end, row.head.number, row.head.direction, row.head.index);
  });
  std::vector<std::size_t> owner(flows.size());
  std::vector<std::uint64_t> own_number(flows.size()), flows_of(workers);
  for (std::size_t i = 0; i < flows.size(); ++i) {
    owner[i] = random() % workers;
    own_number[i] = flows_of[owner[i]]++;
  }
  std::vector<Time> delivered(workers, INT64_MIN);
  const auto deliver = [&](std::size_t worker, Time complete) {
    Delivery delivery;
    delivery.worker = worker;
    delivery.complete = complete;
    std::vector<std::size_t> ended;
    for (std::size_t i = 0; i < flows.size(); ++i) {
      if (owner[i] != worker) continue;
      const auto due = [&](Time time) {
        return Expiry::bucket_of(time) >= delivered[worker] && Expiry::bucket_of(time) < complete;
      };
      if (due(flows[i].start)) {
        const Time bucket = Expiry::bucket_of(flows[i].start);
        delivery.starts.push_back({flows[i].number, bucket, true});
        if (flows[i].answered) delivery.starts.push_back({flows[i].number, bucket, false});
      }
      if (due(flows[i].end)) ended.push_back(i);
    }
    std::sort(ended.begin(), ended.end(), [&](std::size_t a, std::size_t b) {
      return std::tie(flows[a].end, flows[a].number) < std::tie(flows[b].end, flows[b].number);
    });
    for (const std::size_t i : ended) {
      const unsigned rows = flows[i].answered ? 2 : 1;
      for (unsigned direction = 0; direction < rows; ++direction) {
        delivery.rows.begin({static_cast<std::uint8_t>(direction), direction + 1 == rows, own_number[i],
                             flows[i].number, flows[i].end});
        delivery.rows.end();
      }
    }
    delivered[worker] = complete;
    merge.add(std::move(delivery));
  };
  const Time last = Expiry::bucket_of(flows.back().end + 60 * one_second);
  for (Time clock = Expiry::bucket_of(flows.front().start); clock < last;
       clock += 1 + static_cast<Time>(random() % 9)) {
    for (std::size_t turn = 0; turn < workers; ++turn) {
      const std::size_t worker = random() % workers;
      if (clock > delivered[worker]) deliver(worker, clock);
    }
  }
  for (std::size_t worker = 0; worker < workers; ++worker) deliver(worker, INT64_MAX);
  merge.drain();
  out.max_in_memory = merge.max_in_memory();
  return out;
}

}  // namespace

TEST_CASE("merge: rows in the order of ends, then of first packets; flowInd counts first packets", "[merge]") {
  std::mt19937 random(1);
  for (int round = 0; round < 20; ++round) {
    const std::vector<TestFlow> flows = some_flows(random, 20 + random() % 300);
    std::vector<Written> expected;
    for (std::size_t i = 0; i < flows.size(); ++i) {
      for (unsigned direction = 0; direction < (flows[i].answered ? 2u : 1u); ++direction)
        expected.emplace_back(flows[i].end, flows[i].number, direction, i + 1);
    }
    std::sort(expected.begin(), expected.end());
    std::uint64_t max_in_memory = 0;
    for (const std::size_t workers : {1u, 2u, 3u, 7u}) {
      INFO("round " << round << ", " << workers << " workers");
      const Outcome outcome = merge(flows, workers, random);
      REQUIRE(outcome.rows == expected);
      if (workers == 1) max_in_memory = outcome.max_in_memory;
      REQUIRE(outcome.max_in_memory == max_in_memory);
    }
  }
}

TEST_CASE("merge: a row waits until every worker has come so far", "[merge]") {
  std::vector<Written> rows;
  Merge merge(2, [&](std::span<const RowBatch::Place> some) {
    for (const RowBatch::Place& row : some)
      rows.emplace_back(row.head.end, row.head.number, row.head.direction, row.head.index);
  });
  const auto deliver = [&](std::size_t worker, Time complete, std::uint64_t number, Time start) {
    Delivery delivery;
    delivery.worker = worker;
    delivery.complete = Expiry::bucket_of(complete);
    if (number) {
      delivery.starts.push_back({number, Expiry::bucket_of(start), true});
      delivery.rows.begin({0, true, 0, number, 5 * one_second});
      delivery.rows.end();
    }
    merge.add(std::move(delivery));
    merge.drain();
  };
  deliver(0, 10 * one_second, 1, one_second);
  CHECK(rows.empty());  // worker 1 may still have one that ended before
  deliver(1, 4 * one_second, 0, 0);
  CHECK(rows.empty());
  deliver(1, 10 * one_second, 2, 9 * one_second / 2);
  CHECK(rows == std::vector<Written>{{5 * one_second, 1, 0, 1}, {5 * one_second, 2, 0, 2}});
}

}  // namespace t2::test::merge_test
