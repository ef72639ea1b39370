// The sinks of the run: what they are given, and what they have to say at the end.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "host/layout.hpp"
#include "output/row_batch.hpp"
#include "t2/plugin.hpp"

namespace t2 {

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
  void write(std::span<const RowBatch::Place> rows);
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
  std::vector<RowBatch::Place> places_;
  std::vector<RowView> views_;
};

}  // namespace t2
