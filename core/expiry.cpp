// Filing flows and emptying buckets.
#include "expiry.hpp"

#include <algorithm>

namespace t2 {

void Expiry::file(Flow& flow) {
  remove(flow);
  flow.bucket = static_cast<std::uint16_t>(slot(std::clamp(flow.end() >> grain_bits, next_, next_ + buckets - 1)));
  std::uint32_t& head = heads_[flow.bucket];
  flow.previous = 0;
  flow.next = head;
  if (head != 0) table_.record(head).previous = flow.record;
  head = flow.record;
}

void Expiry::remove(Flow& flow) {
  if (flow.bucket == not_filed) return;
  if (flow.previous != 0) {
    table_.record(flow.previous).next = flow.next;
  } else {
    heads_[flow.bucket] = flow.next;
  }
  if (flow.next != 0) table_.record(flow.next).previous = flow.previous;
  flow.previous = flow.next = 0;
  flow.bucket = not_filed;
}

// Empties a bucket: flows that end before `limit` (a bucket number) are due, the others are filed again.
void Expiry::take(Time bucket, Time limit) {
  std::uint32_t at = heads_[slot(bucket)];
  heads_[slot(bucket)] = 0;
  while (at != 0) {
    Flow& flow = table_.record(at);
    at = flow.next;
    flow.previous = flow.next = 0;
    flow.bucket = not_filed;
    if (const Time end = flow.end(); end >> grain_bits < limit) {
      due_.push_back({end, flow.number, &flow});
    } else {
      file(flow);
    }
  }
}

void Expiry::sort() {
  std::sort(due_.begin(), due_.end(), [](const Due& a, const Due& b) { return a.end != b.end ? a.end < b.end : a.number < b.number; });
}

const std::vector<Expiry::Due>& Expiry::due(Time clock) {
  due_.clear();
  const Time now = clock >> grain_bits;
  if (now - next_ >= buckets) {  // a jump over the whole wheel
    const Time from = next_;
    next_ = now;
    for (Time i = 0; i < buckets; ++i) take(from + i, now);
  } else {
    while (next_ < now && due_.empty()) {
      const Time bucket = next_++;
      take(bucket, next_);
    }
  }
  sort();
  return due_;
}

const std::vector<Expiry::Due>& Expiry::rest() {
  due_.clear();
  for (Time i = 0; i < buckets; ++i) take(next_ + i, INT64_MAX);
  sort();
  return due_;
}

Flow* Expiry::first() {
  for (Time i = 0; i < buckets; ++i) {
    const Time bucket = next_ + i;
    std::uint32_t at = heads_[slot(bucket)];
    Flow* best = nullptr;
    while (at != 0) {
      Flow& flow = table_.record(at);
      at = flow.next;
      if (flow.end() >> grain_bits > bucket && i + 1 < buckets) {  // filed too early: saw packets since
        file(flow);
        continue;
      }
      if (!best || flow.end() < best->end() || (flow.end() == best->end() && flow.number < best->number)) best = &flow;
    }
    if (best) return best;
  }
  return nullptr;
}

}  // namespace t2
