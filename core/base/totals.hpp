// What was read so far, for those who ask while the run goes on: counted by the reader and the workers, asked for by
// any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <string>

#include "t2/plugin.hpp"

namespace t2 {

struct InputTotals {
  std::atomic<std::uint64_t> packets = 0, ignored = 0, dropped = 0;  // as in Input
  // For metrics alone: by the reader ...
  std::atomic<std::uint64_t> captured_bytes = 0, wire_bytes = 0, left_out = 0, flows_in_memory = 0, max_flows = 0;
  std::atomic<std::uint64_t> rows = 0, lost_rows = 0;  // ... and by the output thread
  struct Interface {
    std::string name;
    std::uint32_t number;
    std::atomic<std::uint64_t> received = 0, dropped_by_kernel = 0, dropped_by_interface = 0;
    Interface(std::string_view its_name, std::uint32_t its_number) : name(its_name), number(its_number) {}
    CaptureInterface look() const {
      return {name, number, received.load(std::memory_order_relaxed), dropped_by_kernel.load(std::memory_order_relaxed),
              dropped_by_interface.load(std::memory_order_relaxed)};
    }
  };
  std::deque<Interface> interfaces = {};  // all are there before a second thread starts

  Input look() const {
    return {packets.load(std::memory_order_relaxed), ignored.load(std::memory_order_relaxed),
            dropped.load(std::memory_order_relaxed)};
  }
  void ignore_one() { ignored.fetch_add(1, std::memory_order_relaxed); }
};

}  // namespace t2
