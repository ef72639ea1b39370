// flowInd of the flows of one worker, which numbers them itself, from 0, in the order of their first packets.
//
// An array in parts. A part of which most flows have ended, or that is far behind the newest one, goes, and what is
// left of it moves into a map: so memory grows neither with time nor with flows that live long. Used by the output
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <unordered_map>

namespace t2 {

class FlowNumbers {
 public:
  // Of the next flow; not 0.
  void add(std::uint64_t index) {
    if (end_ % size == 0) parts_.push_back(std::make_unique<Part>());
    if (parts_.size() > max_parts && parts_.front()->dropped >= size / 2) retire(gone_);
    parts_.back()->index[end_++ % size] = index;
  }
  std::uint64_t at(std::uint64_t flow) const {
    const Part* of = part(flow);
    return of ? of->index[flow % size] : old_.at(flow);
  }
  [[gnu::always_inline]] void prefetch(std::uint64_t flow) const {
    if (const Part* of = part(flow)) __builtin_prefetch(&of->index[flow % size]);
  }
  // The number is not needed any more.
  void drop(std::uint64_t flow) {
    Part* of = part(flow);
    if (!of) {
      old_.erase(flow);
      return;
    }
    of->index[flow % size] = 0;
    if (++of->dropped >= size - few && flow / size < end_ / size) retire(flow / size);
  }
  std::size_t parts() const { return parts_.size(); }
  static constexpr std::size_t size = 4096;      // of a part
  static constexpr std::size_t bytes_each = 64;  // of a flow in memory, at most: a sixteenth of a part, or in the map

 private:
  static constexpr std::size_t few = size / 16;   // so many that are left are moved
  static constexpr std::size_t max_parts = 4096;  // from the oldest one to the newest
  struct Part {
    std::uint64_t index[size];  // 0: dropped
    std::size_t dropped = 0;
  };
  // Null: it is gone, or not there yet.
  Part* part(std::uint64_t flow) const {
    const std::uint64_t place = flow / size - gone_;  // far behind the end where the part is gone
    return place < parts_.size() ? parts_[place].get() : nullptr;
  }
  void retire(std::uint64_t number) {
    std::unique_ptr<Part>& of = parts_[number - gone_];
    for (std::size_t i = 0; of && i < size; ++i) {
      if (of->index[i] != 0) old_.emplace(number * size + i, of->index[i]);
    }
    of.reset();
    for (; !parts_.empty() && !parts_.front(); ++gone_) parts_.pop_front();
  }

  std::deque<std::unique_ptr<Part>> parts_;
  std::unordered_map<std::uint64_t, std::uint64_t> old_;
  std::uint64_t end_ = 0, gone_ = 0;  // flows so far, parts that were in front
};

}  // namespace t2
