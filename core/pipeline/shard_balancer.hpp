// Which of several workers has the packets between two addresses.
//
// The pair's first packet decides: it goes to the worker that has the least to do so far, by an estimate of what
// reading and analysing cost; the thread that reads is worker 0. The estimate counts packets and bytes and never looks
// at a clock, so the same input is shared out the same way with the same seed of the hash. Used by the decoding thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace t2 {

class ShardBalancer {
 public:
  explicit ShardBalancer(std::size_t workers) : workers_(workers) {}

  // `pair`: the keyed hash of both addresses. `captured`: bytes of the packet.
  [[gnu::always_inline]] std::size_t of(std::uint32_t pair, std::uint32_t captured) {
    const std::uint64_t analysing = analysing_packet + captured / analysing_bytes;
    load_[0] += reading_packet + captured / reading_bytes;
    std::uint8_t& owner = owner_[pair % pairs];
    if (owner == unassigned) [[unlikely]]
      owner = least_loaded();
    load_[owner] += analysing;
    if (--until_forgetting_ == 0) [[unlikely]]
      forget();
    return owner;
  }

  static constexpr std::size_t max_workers = 65;  // 64 and the thread that reads

 private:
  // What a packet costs, in nanoseconds of some machine: only the proportions matter. Measured with the tutorial's
  // plugins on packets of 100 to 340 bytes, see tests/bench/README.md.
  static constexpr std::uint32_t reading_packet = 40, reading_bytes = 7, analysing_packet = 210, analysing_bytes = 16;
  static constexpr std::size_t pairs = 16384;  // that are told apart
  static constexpr std::uint8_t unassigned = 0xff;
  static constexpr std::uint32_t memory = 1 << 16;  // packets after which what was before counts half

  std::uint8_t least_loaded() const {
    const auto end = load_.begin() + static_cast<std::ptrdiff_t>(workers_);
    return static_cast<std::uint8_t>(std::min_element(load_.begin(), end) - load_.begin());
  }
  [[gnu::noinline]] void forget() {
    until_forgetting_ = memory;
    for (std::uint64_t& load : load_) load /= 2;
  }

  std::size_t workers_;
  std::uint32_t until_forgetting_ = memory;
  std::array<std::uint64_t, max_workers> load_{};
  std::array<std::uint8_t, pairs> owner_ = [] {
    std::array<std::uint8_t, pairs> all;
    all.fill(unassigned);
    return all;
  }();
};

}  // namespace t2
