// Messages of several rows, as they lie in a batch: the rows' text, and before the first row of each message its name
// and RowsSum.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "t2/delivery.hpp"
#include "t2/row_key.hpp"

namespace t2::nats_sink {

// Puts rows into a batch. Used by the output thread.
class MessageWriter {
 public:
  explicit MessageWriter(std::size_t max_rows) : max_rows_(max_rows) {}

  // `bytes`: the batch so far. `is_new`: it has no rows yet, so a message begins.
  void add(std::string& bytes, bool is_new, const RowView& row, std::string_view name, std::string_view text);

 private:
  const std::size_t max_rows_;
  std::uint64_t rows_ = 0;              // of the run
  std::size_t begin_ = 0, sum_at_ = 0;  // of the message, in the batch
  RowsSum sum_;
};

struct Message {
  std::string name;
  std::size_t first_row = 0, rows = 0;
  std::size_t head = 0;  // bytes before the first row's text
  bool stored = false;   // it is acknowledged

  std::string_view text(const Batch& batch) const;
};

std::vector<Message> messages_of(const Batch& batch);
// The rows of one that is too long, as messages of one row each.
std::vector<Message> parts_of(const Message& message);

}  // namespace t2::nats_sink
