// When flows end: the only place that knows timeouts.
//
// A lazy wheel: a flow waits in the bucket of the time at which it would have ended when it was filed. When the capture
// clock has passed a bucket, its flows that saw no packet since are returned in the order of their end; the others
// are filed again. A flow that is due but still in its bucket is recognised by its end(), so the grain is never
// visible. Used by one worker.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "flow/flow_table.hpp"

namespace t2 {

class Expiry {
 public:
  static constexpr unsigned grain_bits = 26;  // 67 ms, below the shortest timeout
  explicit Expiry(FlowTable& table) : table_(table), buckets_(buckets) {}

  bool nothing_due(Time clock) const { return clock >> grain_bits == next_; }
  void start(Time clock) {
    if (!started_) next_ = clock >> grain_bits;
    started_ = true;
  }
  void schedule(FlowEntry& flow);  // a new flow, or one whose end moved closer
  void remove(FlowEntry& flow);    // forget it
  bool needs_reschedule(const FlowEntry& flow) const { return flow.end() >> grain_bits < scheduled(flow); }
  static Time bucket_of(Time time) { return time >> grain_bits; }
  struct Due {
    Time end;
    std::uint64_t number;
    FlowEntry* flow;
  };
  // Flows that ended before the last bucket boundary at or before `clock`, in order of end and number, removed from
  // the wheel. Call until it answers empty.
  const std::vector<Due>& due(Time clock);
  // All flows that are left, in the same order.
  const std::vector<Due>& rest();
  // For eviction: the first flow that has ended at the clock, though the bucket has not passed, removed from the wheel;
  // null: there is none. due() has said all before.
  FlowEntry* next_ended(Time clock);
  // So far: how often a flow was put into a bucket. For tests, which count work.
  std::uint64_t filings() const { return filings_; }
  // Of a wheel with so many flows: their numbers, in vectors that are a quarter full, and those of one bucket that are
  // put in order.
  static std::uint64_t max_bytes(std::uint64_t flows) {
    return flows * (4 * sizeof(std::uint32_t) + 2 * sizeof(Due)) + buckets * min_capacity * sizeof(std::uint32_t);
  }

 private:
  static constexpr Time buckets = 4096;            // 275 s ahead; longer timeouts are filed several times
  static constexpr std::size_t min_capacity = 32;  // of a bucket: below that its memory is kept
  static constexpr std::uint16_t ending = 0xfffe;  // wheel_bucket of a flow in ending_
  static std::size_t slot(Time bucket) { return static_cast<std::size_t>(bucket & (buckets - 1)); }
  // The bucket that a flow waits in: one of those ahead of next_, of which the flow knows the slot.
  Time scheduled(const FlowEntry& flow) const { return next_ + ((flow.wheel_bucket - next_) & (buckets - 1)); }
  void collect_due(Time bucket, Time limit);
  // Its record may have been released since, and belong to another flow.
  static bool is_ending(const Due& one) { return one.flow->number == one.number && one.flow->wheel_bucket == ending; }
  void add_ending(FlowEntry& flow);
  void return_ending();
  Time next_occupied(Time from, Time end) const;
  void sort();

  FlowTable& table_;
  std::vector<std::vector<std::uint32_t>> buckets_;     // numbers of the flows' records
  std::array<std::uint64_t, buckets / 64> occupied_{};  // a bit for each slot: whether its bucket may hold flows
  std::uint64_t filings_ = 0;
  std::vector<Due> due_;
  std::vector<std::uint32_t> emptied_;  // the bucket that is being emptied; else empty, with the memory of a small one
  // next_ended(): flows of the current bucket, a heap. Those that were scheduled anew since are recognised and ignored.
  std::vector<Due> ending_;
  Time next_ = 0;  // first bucket that is not done
  bool started_ = false;
};

}  // namespace t2
