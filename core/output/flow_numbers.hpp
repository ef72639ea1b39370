// flowInd of the flows of one worker, which numbers them itself, from 0, in the order of their first packets.
//
// An array in parts; a part goes when none of its flows is needed any more, so memory does not grow with time. Used by
// the output thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>

namespace t2 {

class FlowNumbers {
 public:
  // Of the next flow.
  void add(std::uint64_t index) {
    if (end_ % size == 0) parts_.push_back(std::make_unique<Part>());
    parts_.back()->index[end_++ % size] = index;
  }
  std::uint64_t at(std::uint64_t flow) const { return part(flow)->index[flow % size]; }
  [[gnu::always_inline]] void prefetch(std::uint64_t flow) const {
    if (flow < end_) __builtin_prefetch(&part(flow)->index[flow % size]);
  }
  // This one is not asked for again.
  void drop(std::uint64_t flow) {
    std::unique_ptr<Part>& of = part(flow);
    if (++of->dropped < size) return;
    of.reset();
    for (; !parts_.empty() && !parts_.front(); ++gone_) parts_.pop_front();
  }
  std::size_t parts() const { return parts_.size(); }
  static constexpr std::size_t size = 4096;  // of a part

 private:
  struct Part {
    std::uint64_t index[size];
    std::size_t dropped = 0;
  };
  std::unique_ptr<Part>& part(std::uint64_t flow) { return parts_[flow / size - gone_]; }
  const std::unique_ptr<Part>& part(std::uint64_t flow) const { return parts_[flow / size - gone_]; }

  std::deque<std::unique_ptr<Part>> parts_;
  std::uint64_t end_ = 0, gone_ = 0;  // flows so far, parts that were in front
};

}  // namespace t2
