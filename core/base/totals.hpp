// What was read so far, for those who ask while the run goes on: counted by the reader and the workers, asked for by
// any thread.
#pragma once

#include <atomic>
#include <cstdint>

#include "t2/plugin.hpp"

namespace t2 {

struct InputTotals {
  std::atomic<std::uint64_t> packets = 0, ignored = 0, dropped = 0;  // as in Input

  Input look() const {
    return {packets.load(std::memory_order_relaxed), ignored.load(std::memory_order_relaxed),
            dropped.load(std::memory_order_relaxed)};
  }
  void ignore_one() { ignored.fetch_add(1, std::memory_order_relaxed); }
};

}  // namespace t2
