// What was read so far, for those who ask while the run goes on: counted by the reader and the workers, asked for by
// any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "t2/packet.hpp"
#include "t2/plugin.hpp"

namespace t2 {

struct InputTotals {
  std::atomic<std::uint64_t> packets = 0, ignored = 0, dropped = 0;  // as in Input
  bool measured = false;  // metrics are asked for: constant before a second thread starts
  // For metrics alone: by the reader ...
  std::atomic<std::uint64_t> captured_bytes = 0, wire_bytes = 0, left_out = 0, flows_in_memory = 0, max_flows = 0;
  std::atomic<std::uint64_t> rows = 0;  // ... and by the output thread
  struct SinkTotals {
    explicit SinkTotals(std::string_view sink) : name(sink) {}
    const std::string name;
    std::atomic<std::uint64_t> lost_rows = 0;
  };
  std::deque<SinkTotals> sinks = {};  // complete before a second thread starts; then only counts change
  struct Interface {
    std::string name = {};
    std::uint32_t number = 0;
    std::atomic<std::uint64_t> received = 0, dropped_by_kernel = 0, dropped_by_interface = 0;
    CaptureInterface look() const {
      return {name, number, received.load(std::memory_order_relaxed), dropped_by_kernel.load(std::memory_order_relaxed),
              dropped_by_interface.load(std::memory_order_relaxed)};
    }
  };
  // The reader adds interfaces, also during the run (`any`); what it has added others may read.
  class Interfaces {
   public:
    Interface& emplace_back(std::string_view name, std::uint32_t number) {
      Interface& added = all_[size()];
      added.name = name, added.number = number;
      size_.store(size() + 1, std::memory_order_release);
      return added;
    }
    std::size_t size() const { return size_.load(std::memory_order_acquire); }
    bool empty() const { return size() == 0; }
    Interface& operator[](std::size_t which) { return all_[which]; }
    const Interface& operator[](std::size_t which) const { return all_[which]; }
    const Interface* begin() const { return all_.data(); }
    const Interface* end() const { return all_.data() + size(); }

   private:
    std::array<Interface, max_interfaces> all_ = {};
    std::atomic<std::size_t> size_ = 0;
  } interfaces = {};

  Input look() const {
    return {packets.load(std::memory_order_relaxed), ignored.load(std::memory_order_relaxed),
            dropped.load(std::memory_order_relaxed)};
  }
  void ignore_one() { ignored.fetch_add(1, std::memory_order_relaxed); }
};

}  // namespace t2
