// Filing flows and emptying buckets.
#include "flow/expiry.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <memory>
#include <new>
#include <numeric>
#include <span>
#include <utility>

namespace t2 {

namespace {

bool earlier(const Expiry::Due& a, const Expiry::Due& b) {
  return a.end != b.end ? a.end < b.end : a.number < b.number;
}
bool later(const Expiry::Due& a, const Expiry::Due& b) { return earlier(b, a); }

}  // namespace

void Expiry::schedule(FlowEntry& flow) {
  remove(flow);
  flow.wheel_bucket =
      static_cast<std::uint16_t>(slot(std::clamp(flow.end() >> grain_bits, next_, next_ + buckets - 1)));
  std::vector<std::uint32_t>& bucket = buckets_[flow.wheel_bucket];
  flow.wheel_slot = static_cast<std::uint32_t>(bucket.size());
  ++filings_;
  bucket.push_back(flow.record);
  occupied_[flow.wheel_bucket / 64] |= std::uint64_t{1} << flow.wheel_bucket % 64;
}

void Expiry::remove(FlowEntry& flow) {
  if (flow.wheel_bucket == not_scheduled) return;
  if (flow.wheel_bucket == ending) {
    flow.wheel_bucket = not_scheduled;
    return;
  }
  std::vector<std::uint32_t>& bucket = buckets_[flow.wheel_bucket];
  bucket[flow.wheel_slot] = bucket.back();
  table_.record(bucket.back()).wheel_slot = flow.wheel_slot;
  bucket.pop_back();
  flow.wheel_bucket = not_scheduled;
  // Flows may be many in one bucket after the other, and leave before its time.
  if (bucket.capacity() > min_capacity && bucket.size() < bucket.capacity() / 4) {
    std::vector<std::uint32_t> smaller;
    smaller.reserve(bucket.capacity() / 2);
    smaller.assign(bucket.begin(), bucket.end());
    bucket.swap(smaller);
  }
}

// Empties a bucket: flows that end before `limit` (a bucket number) are due, the others are filed again.
void Expiry::collect_due(Time bucket, Time limit) {
  std::vector<std::uint32_t>& flows = emptied_;
  flows.swap(buckets_[slot(bucket)]);  // which gets the memory of the bucket before: flows may come back into it
  occupied_[slot(bucket) / 64] &= ~(std::uint64_t{1} << slot(bucket) % 64);
  if (due_.empty()) due_.reserve(flows.size());
  for (std::size_t i = 0; i < flows.size(); ++i) {
    constexpr std::size_t ahead = 16;
    if (i + ahead < flows.size()) table_.prefetch(table_.record(flows[i + ahead]));
    FlowEntry& flow = table_.record(flows[i]);
    flow.wheel_bucket = not_scheduled;
    if (const Time end = flow.end(); end >> grain_bits < limit) {
      due_.push_back({end, flow.number, &flow});
    } else {
      schedule(flow);
    }
  }
  if (flows.capacity() <= min_capacity) flows.clear();
  else flows = std::vector<std::uint32_t>();
}

// Many are distributed by the digits of their ends, the last one first; comparing them takes four times as long.
void Expiry::sort() {
  constexpr std::size_t few = 1024;
  constexpr unsigned digit = 11;  // bits
  const std::size_t n = due_.size();
  const std::unique_ptr<Due[]> other(n < few ? nullptr : new (std::nothrow) Due[n]);
  if (!other) return std::sort(due_.begin(), due_.end(), earlier);
  const auto [first, last] = std::ranges::minmax_element(due_, {}, &Due::end);
  const auto start = static_cast<std::uint64_t>(first->end), range = static_cast<std::uint64_t>(last->end) - start;
  std::span from(due_), to(other.get(), n);
  for (unsigned shift = 0; shift < 64 && range >> shift != 0; shift += digit) {
    const auto value = [&](const Due& flow) {
      return (static_cast<std::uint64_t>(flow.end) - start) >> shift & ((1u << digit) - 1);
    };
    std::array<std::size_t, (1u << digit) + 1> begin{};
    for (const Due& flow : from) ++begin[value(flow) + 1];
    std::partial_sum(begin.begin(), begin.end(), begin.begin());
    for (const Due& flow : from) to[begin[value(flow)]++] = flow;
    std::swap(from, to);
  }
  if (from.data() != due_.data()) std::copy(from.begin(), from.end(), due_.begin());
  for (auto at = due_.begin(); at != due_.end();) {  // what ends at the same time
    const auto end = std::find_if(at, due_.end(), [&](const Due& flow) { return flow.end != at->end; });
    if (end - at > 1) std::sort(at, end, earlier);
    at = end;
  }
}

// The first bucket from `from` on that may hold flows; `end` if there is none before that.
Time Expiry::next_occupied(Time from, Time end) const {
  while (from < end) {
    const std::size_t at = slot(from);
    const std::uint64_t word = occupied_[at / 64] >> at % 64;
    if (word != 0) return std::min(end, from + std::countr_zero(word));
    from += static_cast<Time>(64 - at % 64);
  }
  return end;
}

const std::vector<Expiry::Due>& Expiry::due(Time clock) {
  due_.clear();
  return_ending();
  const Time now = clock >> grain_bits;
  if (now - next_ >= buckets) {  // a jump over the whole wheel
    const Time from = next_, end = from + buckets;
    next_ = now;
    due_.reserve(table_.size());
    for (Time bucket = next_occupied(from, end); bucket < end; bucket = next_occupied(bucket + 1, end))
      collect_due(bucket, now);
  } else {
    while (next_ < now && due_.empty()) {
      const Time bucket = next_occupied(next_, now);
      next_ = std::min(bucket + 1, now);
      if (bucket < now) collect_due(bucket, next_);
    }
  }
  sort();
  return due_;
}

const std::vector<Expiry::Due>& Expiry::rest() {
  due_.clear();
  return_ending();
  due_.reserve(table_.size());
  const Time end = next_ + buckets;
  for (Time bucket = next_occupied(next_, end); bucket < end; bucket = next_occupied(bucket + 1, end))
    collect_due(bucket, INT64_MAX);
  sort();
  return due_;
}

// Takes the flows of the current bucket out of it, once, and gives out those that have ended, the first one first.
FlowEntry* Expiry::next_ended(Time clock) {
  for (const std::uint32_t record : std::exchange(buckets_[slot(next_)], {})) add_ending(table_.record(record));
  while (!ending_.empty() && ending_.front().end <= clock) {
    const Due first = ending_.front();
    std::pop_heap(ending_.begin(), ending_.end(), later);
    ending_.pop_back();
    if (!is_ending(first)) continue;
    if (first.flow->end() == first.end) {
      first.flow->wheel_bucket = not_scheduled;
      return first.flow;
    }
    add_ending(*first.flow);  // it saw packets since
  }
  return nullptr;
}

void Expiry::add_ending(FlowEntry& flow) {
  flow.wheel_bucket = not_scheduled;
  if (flow.end() >> grain_bits > next_) return schedule(flow);
  flow.wheel_bucket = ending;
  ending_.push_back({flow.end(), flow.number, &flow});
  std::push_heap(ending_.begin(), ending_.end(), later);
}

// Back into the wheel, which is about to turn.
void Expiry::return_ending() {
  for (const Due& one : std::exchange(ending_, {})) {
    if (!is_ending(one)) continue;
    one.flow->wheel_bucket = not_scheduled;
    schedule(*one.flow);
  }
}

}  // namespace t2
