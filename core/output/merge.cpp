// Merges starts and rows: the start of a flow counts before the ends of its own and later buckets, as in one worker.
#include "output/merge.hpp"

#include <algorithm>

#include "base/settings.hpp"
#include "flow/expiry.hpp"
#include "tranalyzer.h"

namespace t2 {

namespace {
constexpr std::size_t rows_at_once = 256;
}

void Merge::add(Delivery delivery) {
  Source& source = sources_[delivery.worker];
  if (delivery.rows.size() > 0) source.rows.push_back(std::move(delivery.rows));
  source.starts.insert(source.starts.end(), delivery.starts.begin(), delivery.starts.end());
  source.complete = std::max(source.complete, delivery.complete);

  Time complete = INT64_MAX;
  for (const Source& s : sources_) complete = std::min(complete, s.complete);
  for (;;) {
    Source* start = next_start();
    Source* row = next_row();
    if (start && start->starts.front().bucket >= complete) start = nullptr;
    if (row && Expiry::bucket_of(row->rows.front().head(row->next).end) >= complete) row = nullptr;
    if (!start && !row) return;
    if (row && (!start || Expiry::bucket_of(row->rows.front().head(row->next).end) < start->starts.front().bucket)) {
      take_row(*row);
    } else {
      take_start(*start);
    }
  }
}

Merge::Source* Merge::next_row() {
  Source* best = nullptr;
  for (Source& s : sources_) {
    if (s.rows.empty()) continue;
    if (!best) {
      best = &s;
      continue;
    }
    const RowBatch::Head &a = s.rows.front().head(s.next), &b = best->rows.front().head(best->next);
    if (a.end < b.end || (a.end == b.end && a.number < b.number)) best = &s;
  }
  return best;
}

Merge::Source* Merge::next_start() {
  Source* best = nullptr;
  for (Source& s : sources_) {
    if (!s.starts.empty() && (!best || s.starts.front().number < best->starts.front().number)) best = &s;
  }
  return best;
}

void Merge::take_start(Source& source) {
  const FlowStart start = source.starts.front();
  source.starts.pop_front();
  if (start.of_flow) source.numbers.add(++flows_);
  max_ = std::max(max_, ++in_memory_);
}

void Merge::take_row(Source& source) {
  RowBatch& rows = source.rows.front();
  const RowBatch::Head& head = rows.head(source.next);
  constexpr std::size_t ahead = 8;
  if (source.next + ahead < rows.size()) {  // the row is in the cache of its worker, the flow's number in none
    rows.prefetch(source.next + ahead);
    source.numbers.prefetch(rows.head(source.next + ahead).index);
  }
  out_.add_copy(rows, source.next, source.numbers.at(head.index));
  if (head.last && !settings.same_index) source.numbers.drop(head.index);
  --in_memory_;
  if (++source.next == rows.size()) {
    rows.clear();
    spent_.push_back(std::move(rows));
    source.rows.pop_front();
    source.next = 0;
  }
  if (out_.size() >= rows_at_once) drain();
}

void Merge::drain() {
  if (out_.size() == 0) return;
  rows_(out_);
  out_.clear();
}

}  // namespace t2
