// Rows on their way out: workers append them to batches, the output hands them to the sinks in their defined order.
//
// The order is that of the flows' ends (capture clock at which their timeouts ran out), then of their first packets; A
// before B. A worker's rows come in that order.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "host/layout.hpp"
#include "t2/plugin.hpp"

namespace t2 {

class RowBatch {
 public:
  struct Head {
    std::uint8_t direction;  // 0: A, 1: B
    bool last;               // of its flow
    std::uint64_t index;   // flowInd; with several workers, until they are merged, the worker's own number of the flow
    std::uint64_t number;  // of the first packet: orders flows that end at the same time
    Time end;
    std::size_t start = 0, columns = 0, all = 0;  // in bytes_: where, how many of the columns, how many in all
  };
  void add(Head head, const Row& columns, std::span<const Row> own);
  void add_copy(const RowBatch& from, std::size_t row, std::uint64_t index);
  std::size_t size() const { return heads_.size(); }
  const Head& head(std::size_t row) const { return heads_[row]; }
  [[gnu::always_inline]] void prefetch(std::size_t row) const {
    const std::uint8_t* bytes = bytes_.data() + heads_[row].start;
    for (std::size_t at = 0; at < heads_[row].all; at += 64) __builtin_prefetch(bytes + at);
  }
  void clear() { heads_.clear(), bytes_.clear(), sizes_.clear(); }

 private:
  friend class OutputSinks;
  std::vector<Head> heads_;
  std::vector<std::size_t> sizes_;  // of the sinks' own parts, as many for each row as there are sinks with a plugin
  std::vector<std::uint8_t> bytes_;
};

// The sinks of the run. Used by the output thread.
class OutputSinks {
 public:
  OutputSinks(Layout& layout, const Context& context);
  ~OutputSinks();
  OutputSinks(const OutputSinks&) = delete;
  OutputSinks& operator=(const OutputSinks&) = delete;

  void open(const Output& output);
  void open_packets(const Output& output);  // -s; throws Error where no sink writes packets
  void write(const RowBatch& rows);
  void write_packets(const RowBatch& rows);
  void idle(Time now);
  void close();
  void report(Report& report, const std::function<void(std::string_view)>& from) const;
  std::uint64_t lost() const;
  std::uint64_t max_memory() const;  // of all sinks, for what waits

 private:
  struct Entry {
    const Descriptor* descriptor;
    std::unique_ptr<PluginHost> host;
    std::unique_ptr<Sink> sink;
    std::size_t own;  // which of a row's own parts is its; npos: none
    bool packets = false;
  };
  std::vector<Entry> sinks_;
  void count(std::size_t rows);

  InputTotals* totals_;
  std::size_t parts_ = 0;
  std::vector<RowView> views_;
};

}  // namespace t2
