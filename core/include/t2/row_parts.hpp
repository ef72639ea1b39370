// A file of rows, which -W may ask to be written in parts: when a part is full, and what it begins and ends with. Used
// by the output thread.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include "t2/plugin.hpp"

namespace t2 {

class RowParts {
 public:
  struct Form {
    std::string path;            // without the number of a part
    std::string header = {};     // lines that the file begins with
    bool header_in_each = true;  // part; false: only in the first
    char separator = '\0';       // as NewFile's
    Compression compression = Compression::none;
    Output::Split split = {};
  };
  // What is to be done with a part that is complete, before it is closed. It began with the header or not.
  using Completed = std::function<void(RowFile& part, std::uint64_t rows, bool with_header)>;

  // Throws Error.
  void open(Host& host, Form form, Completed completed = {}) {
    form_ = std::move(form);
    completed_ = std::move(completed);
    begin(form_.header);
    file_ = RowFile(host.create_file({.path = part_path(),
                                      .header = form_.header,
                                      .compression = form_.compression,
                                      .in_parts = form_.split.on,
                                      .separator = form_.separator}));
  }
  // Space for a row of a flow that ended at `end`. It belongs to the file once row() is called with its end.
  char* reserve(std::size_t size, Time end) {
    if (is_full(end)) next();
    return start_ = file_.reserve(size);
  }
  void row(const char* behind, Time end) {
    file_.row(behind);
    bytes_ += static_cast<std::uint64_t>(behind - start_);
    ++rows_;
    if (form_.split.interval > 0) interval_ = std::max(interval_, end / form_.split.interval);
  }
  // Rows of a live capture reach the file, and complete parts their names, within a second or so, however few rows
  // come. To be called often; true: that second has passed, now is the time for other files as well.
  bool flush(Time now) {
    if (now - last_flush_ < one_second && now >= last_flush_) return false;
    last_flush_ = now;
    const Output::Split& split = form_.split;
    if (split.live && split.interval > 0 && rows_ > 0 && (now - latest_row) / split.interval > interval_) complete();
    file_.flush();
    return true;
  }
  void close() { complete(); }
  std::uint64_t lost() const { return file_.lost(); }

 private:
  // How long after its end a row can come: the clock of a live run follows the packets, which wait in the kernel for up
  // to a second, ten seconds late at most.
  static constexpr Time latest_row = 12 * one_second;

  std::string part_path() const {
    return form_.split.on ? form_.path + std::to_string(form_.split.first + part_) : form_.path;
  }
  bool is_full(Time end) const {
    if (complete_) return true;
    const Output::Split& split = form_.split;
    return split.on && rows_ > 0 &&
           ((split.bytes > 0 && bytes_ >= split.bytes) || (split.rows > 0 && rows_ >= split.rows) ||
            (split.interval > 0 && end / split.interval > interval_));
  }
  void begin(const std::string& header) {
    has_header_ = !header.empty();
    rows_ = 0;
    bytes_ = header.size();
    complete_ = false;
  }
  void complete() {
    if (std::exchange(complete_, true)) return;
    if (completed_) completed_(file_, rows_, has_header_);
    file_.close();
  }
  // Called when there is a row for the next part, so that no part is empty.
  void next() {
    complete();
    ++part_;
    const std::string header = form_.header_in_each ? form_.header : std::string();
    begin(header);
    file_.begin_next(part_path(), header);
  }

  Form form_;
  Completed completed_;
  RowFile file_;
  char* start_ = nullptr;  // of the row that was reserved last
  std::uint64_t part_ = 0, rows_ = 0, bytes_ = 0;
  Time interval_ = INT64_MIN;  // of the part's rows: number of the latest
  Time last_flush_ = 0;
  bool has_header_ = false, complete_ = false;
};

}  // namespace t2
