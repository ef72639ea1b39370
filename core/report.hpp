// The end report: what was read, what became of it, and what the user should know. Labels are read by scripts.
#pragma once

#include <functional>
#include <optional>

#include "capture/source.hpp"
#include "decode/dissector.hpp"
#include "log.hpp"
#include "worker.hpp"

namespace t2 {

// Totals of what was read.
struct InputCounters {
  std::uint64_t packets = 0, captured_bytes = 0, wire_bytes = 0, ip_wire_bytes = 0;
  std::uint64_t layer2 = 0, ipv4 = 0, ipv6 = 0;
  Time first = 0, last = 0;  // of the first packet; capture clock at the end
  status::Word status = 0;   // of all packets, also of those without a flow
};

struct ReportData {
  InputCounters input;
  DecodeCounters decode;
  FlowCounters flows;
  std::uint64_t file_bytes = 0, file_position = 0;
  std::optional<CaptureCounts> capture;
  Time analysis = 0, unloading = 0;  // wall clock spent until the input ended, until all rows were written
  std::uint64_t flow_capacity = 0;   // directions of flows that fit into the memory bound
};

// Adapts the log to plugins: each line is prefixed with the plugin that writes it.
class PluginReport final : public Report {
 public:
  PluginReport(Log& log, const Run& run) : log_(log), run_(run) {}
  void from(std::string_view plugin) { plugin_ = plugin; }
  void line(std::string_view text) override { log_.plugin(plugin_, text); }
  std::string number(std::uint64_t n, std::string_view unit) const override { return human(n, unit); }
  const Run& run() const override { return run_; }

 private:
  Log& log_;
  const Run& run_;
  std::string_view plugin_;
};

// `plugins` writes the plugins' lines.
void print_report(Log& log, const ReportData& data, const std::function<void()>& plugins);

}  // namespace t2
