// What threads share: packets, by an estimate of what they cost, and queues.
#include <catch2/catch.hpp>

#include <array>
#include <numeric>
#include <random>
#include <thread>
#include <vector>

#include "pipeline/queue.hpp"
#include "pipeline/shard_balancer.hpp"

namespace t2::test::worker_pool_parts_test {

namespace {

// How many of the packets, all of one length, each of the workers gets.
std::vector<double> parts(std::size_t workers, std::uint32_t length, std::uint32_t pairs) {
  ShardBalancer shares(workers);
  std::mt19937 random(3);
  std::vector<double> got(workers);
  constexpr int packets = 300'000;
  for (int i = 0; i < packets; ++i)
    got[shares.of(static_cast<std::uint32_t>(random()) % pairs * 7919, length)] += 1.0 / packets;
  return got;
}

}  // namespace

TEST_CASE("Packets between two addresses always go to the same worker, on every run") {
  ShardBalancer one(4), other(4);
  std::mt19937 random(1);
  constexpr std::uint32_t pairs = 5000;
  std::array<int, pairs> owner;
  owner.fill(-1);
  bool same = true;
  for (int i = 0; i < 400'000; ++i) {
    const std::uint32_t pair = static_cast<std::uint32_t>(random()) % pairs,
                        length = static_cast<std::uint32_t>(random()) % 1500;
    const std::size_t worker = one.of(pair, length);
    same = same && worker == other.of(pair, length) && (owner[pair] < 0 || owner[pair] == static_cast<int>(worker));
    owner[pair] = static_cast<int>(worker);
  }
  CHECK(same);
}

TEST_CASE("The thread that reads gets less, and nothing where there is much to read or there are many others") {
  CHECK(parts(1, 100, 1000)[0] == Approx(1));
  const double small = parts(2, 100, 10'000)[0], large = parts(2, 350, 10'000)[0], full = parts(2, 1500, 10'000)[0];
  CHECK(small > 0.3);
  CHECK(small < 0.5);
  CHECK(large < small);
  CHECK(large > 0.15);
  CHECK(full < 0.2);
  CHECK(full < large);
  CHECK(parts(6, 350, 10'000)[0] < 0.01);
}

TEST_CASE("Workers get equal parts, also when what there was before has been forgotten") {
  for (const std::size_t workers : {3u, 5u, 9u}) {
    const std::vector<double> got = parts(workers, 600, 10'000);
    for (std::size_t i = 1; i < workers; ++i)
      CHECK(got[i] == Approx((1 - got[0]) / static_cast<double>(workers - 1)).epsilon(0.1));
  }
}

TEST_CASE("A queue carries everything of many threads, in the order of each, whatever its size") {
  for (const std::size_t most : {1u, 2u, 3u, 64u}) {
    constexpr int producers = 4, each = 3000;
    Queue<std::pair<int, int>> queue(most);
    std::vector<std::thread> threads;
    for (int who = 0; who < producers; ++who) {
      threads.emplace_back([&queue, who] {
        for (int i = 0; i < each; ++i) queue.push({who, i});
      });
    }
    std::array<int, producers> next{};
    bool in_order = true;
    for (int i = 0; i < producers * each; ++i) {
      const auto [who, number] = queue.pop();
      in_order = in_order && number == next[static_cast<std::size_t>(who)]++;
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(in_order);
    CHECK(std::accumulate(next.begin(), next.end(), 0) == producers * each);
    CHECK(!queue.try_pop_last());
  }
}

TEST_CASE("A queue of memory that is used again gives back what came last, and is never too full to be asked") {
  Queue<int> queue(2);
  for (int i : {1, 2, 3}) CHECK(queue.try_push(i) == (i < 3));
  CHECK(queue.try_pop_last() == 2);
  CHECK(queue.try_pop_last() == 1);
  CHECK(!queue.try_pop_last());
}

}  // namespace t2::test::worker_pool_parts_test
