#include "messages.hpp"

#include <cstring>

namespace t2::nats_sink {

namespace {

// Bytes after which a message ends before it has all its rows. Servers take 1 MB by default.
constexpr std::size_t max_bytes = 1 << 18;

}  // namespace

void MessageWriter::add(std::string& bytes, bool is_new, const RowView& row, std::string_view name,
                        std::string_view text) {
  // Counted from the begin of the run: where a capture is read again, most messages have the same rows.
  const bool begins = is_new || rows_ % max_rows_ == 0 || bytes.size() - begin_ + text.size() > max_bytes;
  ++rows_;
  if (begins) {
    begin_ = bytes.size();
    bytes += name;
    bytes += '\0';
    sum_at_ = bytes.size();
    sum_ = {};
    bytes.append(sizeof sum_, '\0');
  }
  sum_.add(row);
  std::memcpy(bytes.data() + sum_at_, &sum_, sizeof sum_);
  bytes += text;
}

std::string_view Message::text(const Batch& batch) const {
  const char* const begin = batch.row(first_row).data() + head;
  const std::string_view last = batch.row(first_row + rows - 1);
  return {begin, static_cast<std::size_t>(last.data() + last.size() - begin)};
}

std::vector<Message> messages_of(const Batch& batch) {
  std::vector<Message> messages;
  for (std::size_t i = 0; i < batch.rows();) {
    const std::string_view row = batch.row(i);
    const std::string_view first = row.substr(0, row.find('\0'));
    RowsSum sum;
    std::memcpy(&sum, first.data() + first.size() + 1, sizeof sum);
    messages.push_back({.name = sum.name(first),
                        .first_row = i,
                        .rows = static_cast<std::size_t>(sum.rows),
                        .head = first.size() + 1 + sizeof sum});
    i += messages.back().rows;
  }
  return messages;
}

std::vector<Message> parts_of(const Message& message) {
  std::vector<Message> parts;
  for (std::size_t i = 0; i < message.rows; ++i)
    parts.push_back({.name = message.name + '/' + std::to_string(i),
                     .first_row = message.first_row + i,
                     .rows = 1,
                     .head = i == 0 ? message.head : 0});
  return parts;
}

}  // namespace t2::nats_sink
