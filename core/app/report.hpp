// The end report: what was read, what became of it, and what the user should know. Labels are read by scripts.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "app/report_output.hpp"
#include "base/log.hpp"
#include "capture/source.hpp"
#include "decode/dissector.hpp"
#include "flow/counters.hpp"
#include "output/address_text.hpp"
#include "pipeline/capture_clock.hpp"
#include "pipeline/input_counters.hpp"
#include "t2/plugin.hpp"

namespace t2 {

struct ReportProgress {               // of a report during the run
  Time now = 0;                       // wall clock
  std::string input;                  // lines about it
  std::uint64_t flows_in_memory = 0;  // conversations
};

struct ReportData {
  InputCounters input;
  DecodeCounters decode;
  FlowCounters flows;
  std::uint64_t file_bytes = 0, file_position = 0;
  std::vector<InterfaceCounts> interfaces;  // of a live capture
  std::uint64_t unread = 0;                 // packets that they captured and that were not read
  CaptureClock::Steps clock;
  std::optional<ReportProgress> progress;  // none: the run has ended
  Time analysis = 0, unloading = 0;        // wall clock spent until the input ended, until all rows were written
  std::uint64_t flow_capacity = 0;         // directions of flows that fit into the memory bound
};

// Takes plugins' lines, for the plugin that writes them.
class PluginReport final : public Report {
 public:
  // With a key, addresses in the lines are pseudonyms.
  PluginReport(ReportOutput& out, const Run& run, const std::optional<AnonymisationKey>& key) : out_(out), run_(run) {
    if (key) names_.emplace(*key);
  }
  void from(std::string_view plugin) { plugin_ = plugin; }
  void line(std::string_view text) override {
    out_.plugin(plugin_, names_ && replace_addresses(text, *names_, changed_) ? changed_ : text);
  }
  std::string number(std::uint64_t n, std::string_view unit) const override { return human(n, unit); }
  const Run& run() const override { return run_; }

 private:
  ReportOutput& out_;
  const Run& run_;
  std::string_view plugin_;
  std::optional<CryptoPan> names_;
  std::string changed_;
};

// `plugins` writes the plugins' lines.
void print_report(ReportOutput& out, const ReportData& data, const std::function<void()>& plugins);

}  // namespace t2
