// Which of several workers has the packets between two addresses.
//
// The pair's first packet decides, for good: it goes to the worker that has the least to do so far, by an estimate of
// what reading and analysing cost; the thread that reads is worker 0. What the estimate cannot know (how much a plugin
// does with a packet, who waits for memory) shows in the workers' queues and corrects it. So who gets a pair depends on
// load; what is made of it does not. Used by the decoding thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace t2 {

class ShardBalancer {
 public:
  explicit ShardBalancer(std::size_t workers) : workers_(workers) {
    // The first pairs go to others: flows that are there from the beginning are often the long ones, and the thread
    // that reads keeps what it has.
    load_[0] = reader_handicap;
  }

  // `pair`: the keyed hash of both addresses. `captured`: bytes of the packet.
  [[gnu::always_inline]] std::size_t of(std::uint32_t pair, std::uint32_t captured) {
    const std::int64_t analysing = analysing_packet + captured / analysing_bytes;
    load_[0] += reading_packet + captured / reading_bytes;
    std::uint8_t& owner = owner_[pair % pairs];
    if (owner == unassigned) [[unlikely]]
      owner = least_loaded();
    load_[owner] += analysing;
    if (--until_forgetting_ == 0) [[unlikely]]
      forget();
    return owner;
  }

  // A worker was sent a chunk of so many packets. `chunks`: how many it has not taken yet, up to 2 * wanted_chunks.
  void correct(std::size_t worker, std::size_t packets, std::size_t chunks) {
    const auto beyond = static_cast<std::int64_t>(chunks) - wanted_chunks;
    load_[worker] += static_cast<std::int64_t>(packets) * analysing_packet * beyond / wanted_chunks;
  }
  // With fewer before it a worker runs out while the thread that reads analyses packets of its own; with more, their
  // bytes have left the caches when their turn comes.
  static constexpr unsigned wanted_chunks = 4;

  static constexpr std::size_t max_workers = 65;  // 64 and the thread that reads

 private:
  // What a packet costs, in nanoseconds of some machine: only the proportions matter. Measured with the tutorial's
  // plugins on packets of 100 to 340 bytes, see tests/bench/README.md.
  static constexpr std::uint32_t reading_packet = 70, reading_bytes = 7, analysing_packet = 210, analysing_bytes = 16;
  static constexpr std::int64_t reader_handicap = 500'000;  // some thousand packets
  static constexpr std::size_t pairs = 65536;               // that are told apart
  static constexpr std::uint8_t unassigned = 0xff;
  static constexpr std::uint32_t memory = 1 << 16;  // packets after which what was before counts half

  std::uint8_t least_loaded() const {
    const auto end = load_.begin() + static_cast<std::ptrdiff_t>(workers_);
    return static_cast<std::uint8_t>(std::min_element(load_.begin(), end) - load_.begin());
  }
  [[gnu::noinline]] void forget() {
    until_forgetting_ = memory;
    for (std::int64_t& load : load_) load /= 2;
  }

  std::size_t workers_;
  std::uint32_t until_forgetting_ = memory;
  std::array<std::int64_t, max_workers> load_{};
  std::array<std::uint8_t, pairs> owner_ = [] {
    std::array<std::uint8_t, pairs> all;
    all.fill(unassigned);
    return all;
  }();
};

}  // namespace t2
