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
  if (!delivery.starts.empty()) source.starts.push_back(std::move(delivery.starts));
  source.complete = std::max(source.complete, delivery.complete);

  Time complete = INT64_MAX;
  for (const Source& s : sources_) complete = std::min(complete, s.complete);
  for (;;) {
    Source* start = next_start();
    Source* row = next_row();
    if (start && start->next_start().bucket >= complete) start = nullptr;
    if (row && Expiry::bucket_of(row->next_row().end) >= complete) row = nullptr;
    if (!start && !row) return;
    if (row && (!start || Expiry::bucket_of(row->next_row().end) < start->next_start().bucket)) {
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
    const RowBatch::Head &a = s.next_row(), &b = best->next_row();
    if (a.end < b.end || (a.end == b.end && a.number < b.number)) best = &s;
  }
  return best;
}

Merge::Source* Merge::next_start() {
  Source* best = nullptr;
  for (Source& s : sources_) {
    if (!s.starts.empty() && (!best || s.next_start().number < best->next_start().number)) best = &s;
  }
  return best;
}

void Merge::take_start(Source& source) {
  if (source.next_start().of_flow) source.numbers.add(++flows_);
  max_ = std::max(max_, ++in_memory_);
  std::vector<FlowStart>& starts = source.starts.front();
  if (++source.start < starts.size()) return;
  starts.clear();
  spent_starts_.push_back(std::move(starts));
  source.starts.pop_front();
  source.start = 0;
}

void Merge::take_row(Source& source) {
  RowBatch& rows = source.rows.front();
  const RowBatch::Head& head = source.next_row();
  constexpr std::size_t ahead = 8;
  if (source.row + ahead < rows.size()) {  // the row is in the cache of its worker, the flow's number in none
    rows.prefetch(source.row + ahead);
    source.numbers.prefetch(rows.head(source.row + ahead).index);
  }
  out_.push_back(rows.place(source.row));
  out_.back().head.index = source.numbers.at(head.index);
  if (head.last && !settings.same_index) source.numbers.drop(head.index);
  --in_memory_;
  if (++source.row == rows.size()) {
    held_.push_back(std::move(rows));
    source.rows.pop_front();
    source.row = 0;
  }
  if (out_.size() >= rows_at_once) drain();
}

void Merge::drain() {
  if (out_.empty()) return;
  rows_(out_);
  out_.clear();
  for (RowBatch& rows : held_) {
    rows.clear();
    spent_rows_.push_back(std::move(rows));
  }
  held_.clear();
}

}  // namespace t2
