// Names for rows that stay the same when a row is sent again: what receivers tell duplicates by. Used by the output
// thread.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "t2/plugin.hpp"

namespace t2 {

class RowKey {
 public:
  explicit RowKey(const Host& host) : host_(host) {}

  void name(const RowView& row) {
    if (const Run now{host_.sensor_id(), host_.run_start()}; prefix_ == 0 || now != run_) {
      run_ = now;
      size_ = 0;
      put(run_.sensor), put('-'), put(run_.start), put('-');
      prefix_ = size_;
    }
    size_ = prefix_;
    put(row.index);
    conversation_ = size_;
    put('-'), put(row.direction == 0 ? 'A' : 'B'), put('-'), put(row.end);
  }

  // Both stay until the next row is named.

  // "666-1700000000000000000-42": sensor id, time of the run's first packet in nanoseconds, flowInd. Both directions of
  // a flow share it.
  std::string_view conversation() const { return {text_, conversation_}; }
  // One row: the same with the direction and the end of the flow behind it, "...-A-1700000000500000000"; parts of a
  // flow that was cut (FDURLIMIT) may share flowInd. A capture that is read again gives the same keys.
  std::string_view row() const { return {text_, size_}; }

 private:
  struct Run {
    unsigned sensor = 0;
    Time start = 0;
    bool operator==(const Run&) const = default;
  };
  void put(char c) { text_[size_++] = c; }
  template <class T>
  void put(T number) {
    size_ = static_cast<std::size_t>(std::to_chars(text_ + size_, text_ + size_ + 20, number).ptr - text_);
  }
  const Host& host_;
  Run run_;
  char text_[96];  // four numbers of 20 characters at most, and what is between them
  std::size_t prefix_ = 0, conversation_ = 0, size_ = 0;
};

// Rows that share a message: what names it.
struct RowsSum {
  std::uint64_t rows = 0;
  std::uint64_t digest = 0;  // of index, direction and end of each, in their order

  void add(const RowView& row) {
    ++rows;
    mix(row.index << 1 | row.direction);
    mix(static_cast<std::uint64_t>(row.end));
  }
  // `first`: the first row's name. Of several rows "...-A-1700000000500000000+16-9c0ffee": how many, and the digest;
  // only a message of the same rows has that name.
  std::string name(std::string_view first) const {
    std::string text(first);
    if (rows > 1) {
      char hex[16];
      char* const end = std::to_chars(hex, hex + sizeof hex, digest, 16).ptr;
      text += '+' + std::to_string(rows) + '-' + std::string(hex, end);
    }
    return text;
  }

 private:
  void mix(std::uint64_t value) {
    digest = (digest ^ value) * 0x9e37'79b9'7f4a'7c15;
    digest ^= digest >> 32;
  }
};

}  // namespace t2
