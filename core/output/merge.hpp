// Puts the rows of several workers into the order that one worker would give them, and numbers their flows.
//
// Rows are ordered by the end of their flow, then by its first packet. A worker's rows come in that order, and with
// each delivery it says up to which end they are complete; rows before the smallest of these marks can go. Workers
// number their flows themselves; here they get their flowInd, the count of first packets so far. Used by the output
// thread.
#pragma once

#include <deque>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "output/flow_numbers.hpp"
#include "output/row_batch.hpp"

namespace t2 {

// A direction of a flow began.
struct FlowStart {
  std::uint64_t number;  // of its packet
  Time bucket;           // of the capture clock, in the grain of expiry
  bool of_flow;          // it is the first direction
};

struct Delivery {
  std::size_t worker = 0;
  RowBatch rows;
  std::vector<FlowStart> starts;  // in capture order
  Time complete = INT64_MIN;      // bucket: all starts and ends before it are delivered
};

class Merge {
 public:
  using Rows = std::function<void(std::span<const RowBatch::Place>)>;
  Merge(std::size_t workers, Rows rows) : sources_(workers), rows_(std::move(rows)) {}
  void add(Delivery delivery);
  void drain();  // hands on what is in order
  // Empty ones, whose memory may be used again.
  std::vector<RowBatch> take_spent_rows() { return std::exchange(spent_rows_, {}); }
  std::vector<std::vector<FlowStart>> take_spent_starts() { return std::exchange(spent_starts_, {}); }
  std::uint64_t max_in_memory() const { return max_; }

 private:
  struct Source {
    std::deque<RowBatch> rows;                  // none is empty
    std::deque<std::vector<FlowStart>> starts;  // likewise
    std::size_t row = 0, start = 0;             // next of rows.front(), of starts.front()
    FlowNumbers numbers;                        // of flows whose rows are still to come
    Time complete = INT64_MIN;
    const RowBatch::Head& next_row() const { return rows.front().head(row); }
    const FlowStart& next_start() const { return starts.front()[start]; }
  };
  using Order = std::pair<Time, std::uint64_t>;
  static constexpr Order behind_all{INT64_MAX, UINT64_MAX};
  static Order next_row(const Source& source);
  static Order next_start(const Source& source);
  struct First {
    Source* source = nullptr;  // the worker whose next row, or start, is the first of all; null: no worker has one left
    Order until = behind_all;  // the first row, or start, of the other workers
  };
  First first(Order (*next)(const Source&));
  void take_rows(const First& first, Time before);  // the first one, and others of buckets before that
  void take_starts(const First& first, Time last);  // the first one, and others of buckets up to that
  void take_row(Source& source);
  void take_start(Source& source);

  std::vector<Source> sources_;
  Rows rows_;
  std::vector<RowBatch::Place> out_;
  std::vector<RowBatch> held_;  // rows of out_ lie in them, and none that are still to come
  std::vector<RowBatch> spent_rows_;
  std::vector<std::vector<FlowStart>> spent_starts_;
  std::uint64_t flows_ = 0, in_memory_ = 0, max_ = 0;
};

}  // namespace t2
