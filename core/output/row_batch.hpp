// Rows on their way out: workers append them to batches, the output hands them to the sinks in their defined order.
//
// The order is that of the flows' ends (capture clock at which their timeouts ran out), then of their first packets; A
// before B. A worker's rows come in that order.
#pragma once

#include <span>
#include <vector>

#include "t2/row.hpp"

namespace t2 {

class RowBatch {
 public:
  struct Head {
    std::uint8_t direction;  // 0: A, 1: B
    bool last;               // of its flow
    std::uint64_t index;   // flowInd; with several workers, until they are merged, the worker's own number of the flow
    std::uint64_t number;  // of the first packet: orders flows that end at the same time
    Time end;
  };
  // A row: first the parts that are for one sink each, then the columns, made between begin() and end() by appending.
  Row& begin(const Head& head) {
    rows_.push_back({head, bytes_.size(), 0, bytes_.size()});
    return bytes_;
  }
  void end_part() {
    Stored& row = rows_.back();
    sizes_.push_back(bytes_.size() - row.columns);
    row.columns = bytes_.size();
  }
  void end() { rows_.back().size = bytes_.size() - rows_.back().start; }

  // Where a row lies: until clear(), also when the batch is moved.
  struct Place {
    Head head;
    const std::uint8_t* parts;
    const std::size_t* sizes;  // of the parts
    std::span<const std::uint8_t> columns;

    std::span<const std::uint8_t> part(std::size_t which) const {
      const std::uint8_t* at = parts;
      for (std::size_t i = 0; i < which; ++i) at += sizes[i];
      return {at, sizes[which]};
    }
  };
  Place place(std::size_t row) const {
    const Stored& r = rows_[row];
    const std::uint8_t* const bytes = bytes_.bytes().data();
    const std::size_t parts = sizes_.size() / rows_.size();
    return {r.head, bytes + r.start, sizes_.data() + row * parts, {bytes + r.columns, r.start + r.size - r.columns}};
  }
  std::size_t size() const { return rows_.size(); }
  const Head& head(std::size_t row) const { return rows_[row].head; }
  [[gnu::always_inline]] void prefetch(std::size_t row) const {
    const std::uint8_t* const bytes = bytes_.bytes().data() + rows_[row].start;
    for (std::size_t at = 0; at < rows_[row].size; at += 64) __builtin_prefetch(bytes + at);
  }
  void clear() { rows_.clear(), bytes_.clear(), sizes_.clear(); }

 private:
  struct Stored {
    Head head;
    std::size_t start, size;  // in bytes_
    std::size_t columns;      // where they begin
  };
  std::vector<Stored> rows_;
  std::vector<std::size_t> sizes_;  // of the parts, as many for each row
  Row bytes_;
};

}  // namespace t2
