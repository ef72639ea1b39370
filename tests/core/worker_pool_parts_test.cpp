// What threads share: packets, by an estimate of what they cost, and queues.
#include <catch2/catch.hpp>

#include <array>
#include <atomic>
#include <chrono>
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

TEST_CASE("A worker that falls behind gets fewer new pairs, one that runs out gets more of them") {
  constexpr std::size_t workers = 3, in_chunk = 1000;
  constexpr std::uint32_t length = 350;
  const auto part_of = [](std::size_t worker, std::size_t chunks) {  // of pairs that are new, with so many before it
    ShardBalancer shares(workers);
    std::uint32_t pair = 0, got = 0;
    constexpr std::uint32_t pairs = 40'000;
    while (pair < pairs) {
      std::array<std::size_t, workers> sent{};
      for (std::size_t i = 0; i < in_chunk; ++i) {
        const std::size_t to = shares.of(pair++, length);
        ++sent[to];
        got += to == worker && pair > pairs / 2;
      }
      for (std::size_t i = 1; i < workers; ++i)
        shares.correct(i, sent[i], i == worker ? chunks : ShardBalancer::wanted_chunks);
    }
    return 2.0 * got / pairs;
  };
  const double usual = part_of(1, ShardBalancer::wanted_chunks);
  CHECK(usual == Approx(part_of(2, ShardBalancer::wanted_chunks)).epsilon(0.05));
  CHECK(part_of(1, 2 * ShardBalancer::wanted_chunks) < 0.75 * usual);
  CHECK(part_of(1, 1) > 1.25 * usual);
}

TEST_CASE("The first pairs go to workers, not to the thread that reads and keeps what it has") {
  ShardBalancer shares(3);
  bool reader = false;
  for (std::uint32_t pair = 0; pair < 2000; ++pair) reader = reader || shares.of(pair, 60) == 0;
  CHECK(!reader);
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

TEST_CASE("Who waits for a queue gets enough items, or one that is urgent, or what is there in the end") {
  Queue<int> queue(8, 3);
  std::atomic<int> taken = 0;
  std::thread taker([&] {
    while (taken != 4) taken = queue.pop();
  });
  const auto comes = [&](int wanted) {
    for (int i = 0; i < 10'000 && taken != wanted; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return taken == wanted;
  };
  for (const int i : {1, 2, 3}) queue.push(i, false);
  CHECK(comes(3));
  queue.push(4);
  CHECK(comes(4));
  taker.join();
  CHECK(!queue.pop_for(std::chrono::milliseconds(1)));
  CHECK(queue.push(5, false) == 1);
  CHECK(queue.push(6, false) == 2);
  CHECK(queue.pop_for(std::chrono::milliseconds(1)) == 5);
  CHECK(queue.pop_for(std::chrono::milliseconds(1)) == 6);
}

TEST_CASE("A queue of memory that is used again gives back what came last, and is never too full to be asked") {
  Queue<int> queue(2);
  for (int i : {1, 2, 3}) CHECK(queue.try_push(i) == (i < 3));
  CHECK(queue.try_pop_last() == 2);
  CHECK(queue.try_pop_last() == 1);
  CHECK(!queue.try_pop_last());
}

}  // namespace t2::test::worker_pool_parts_test
