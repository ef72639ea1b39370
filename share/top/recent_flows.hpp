// Who sent most of late: the rows that a running t2 adds to a flow file, as far as they came within a window. Used by
// one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace t2::top {

class RecentFlows {
 public:
  using Clock = std::chrono::steady_clock;
  using Top = std::vector<std::pair<std::string, std::uint64_t>>;  // name, bytes

  // Rows that are in the file already count as of now. Throws Error.
  RecentFlows(const std::string& path, std::chrono::seconds window);
  ~RecentFlows();
  RecentFlows(const RecentFlows&) = delete;
  RecentFlows& operator=(const RecentFlows&) = delete;

  void read(Clock::time_point now);  // what is new; forgets what is too old
  Top talkers(std::size_t n) const;  // by bytes sent and received
  Top ports(std::size_t n) const;    // of the side that was asked
  std::size_t rows() const { return rows_.size(); }

 private:
  struct Row {
    Clock::time_point seen;
    std::string source, destination, port;
    std::uint64_t bytes;
  };
  void take(std::string_view line, Clock::time_point now);
  void open_file();

  std::string path_;
  std::chrono::seconds window_;
  int number_ = -1;
  std::uint64_t inode_ = 0;
  std::string rest_;  // of a line
  bool titled_ = false;
  std::optional<std::size_t> dir_, source_, destination_, source_port_, destination_port_, protocol_, bytes_;
  std::deque<Row> rows_;
};

}  // namespace t2::top
