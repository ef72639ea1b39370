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
    const First rows = first(next_row), starts = first(next_start);
    const Time row = rows.source ? Expiry::bucket_of(rows.source->next_row().end) : INT64_MAX;
    const Time start = starts.source ? starts.source->next_start().bucket : INT64_MAX;
    if (std::min(row, start) >= complete) return;
    if (row < start) take_rows(rows, std::min(complete, start));
    else take_starts(starts, std::min(complete - 1, row));
  }
}

Merge::Order Merge::next_row(const Source& source) {
  if (source.rows.empty()) return behind_all;
  const RowBatch::Head& next = source.next_row();
  return {next.end, next.number};
}

Merge::Order Merge::next_start(const Source& source) {
  return source.starts.empty() ? behind_all : Order{0, source.next_start().number};
}

Merge::First Merge::first(Order (*next)(const Source&)) {
  First found;
  Order order = behind_all;
  for (Source& source : sources_) {
    const Order its = next(source);
    if (its < order) found = {&source, std::exchange(order, its)};
    else found.until = std::min(found.until, its);
  }
  return found;
}

void Merge::take_rows(const First& first, Time before) {
  Source& source = *first.source;
  do take_row(source);
  while (next_row(source) < first.until && Expiry::bucket_of(source.next_row().end) < before);
}

void Merge::take_starts(const First& first, Time last) {
  Source& source = *first.source;
  do take_start(source);
  while (next_start(source) < first.until && source.next_start().bucket <= last);
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
