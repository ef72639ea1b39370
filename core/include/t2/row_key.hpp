// Names for rows that stay the same when a row is sent again: what receivers tell duplicates by. Used by the output
// thread.
#pragma once

#include <charconv>
#include <cstddef>
#include <string_view>

#include "t2/plugin.hpp"

namespace t2 {

class RowKey {
 public:
  RowKey(const Host& host, const RowView& row) {
    put(host.sensor_id()), put('-'), put(host.run_start()), put('-'), put(row.index);
    conversation_ = size_;
    put('-'), put(row.direction == 0 ? 'A' : 'B'), put('-'), put(row.end);
  }

  // "666-1700000000000000000-42": sensor id, time of the run's first packet in nanoseconds, flowInd. Both directions of
  // a flow share it.
  std::string_view conversation() const { return {text_, conversation_}; }
  // One row: the same with the direction and the end of the flow behind it, "...-A-1700000000500000000"; parts of a
  // flow that was cut (FDURLIMIT) may share flowInd. A capture that is read again gives the same keys.
  std::string_view row() const { return {text_, size_}; }

 private:
  void put(char c) { text_[size_++] = c; }
  template <class T>
  void put(T number) {
    size_ = static_cast<std::size_t>(std::to_chars(text_ + size_, text_ + size_ + 20, number).ptr - text_);
  }
  char text_[96];  // four numbers of 20 characters at most, and what is between them
  std::size_t size_ = 0, conversation_ = 0;
};

}  // namespace t2
