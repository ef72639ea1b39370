// Writes each metric with its meaning and kind.
#include "app/metrics.hpp"

#include <fstream>

#include <sys/resource.h>
#include <unistd.h>

#include <fmt/format.h>

namespace t2 {

namespace {

// A label's value in quotes.
std::string label_value(std::string_view text) {
  std::string made = "\"";
  for (const char c : text) {
    if (c == '\n') made += "\\n";
    else if (c == '"' || c == '\\') made += '\\', made += c;
    else made += c;
  }
  return made + '"';
}

class MetricsWriter {
 public:
  void begin(std::string_view name, std::string_view kind, std::string_view meaning) {
    name_ = name;
    text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, meaning, name, kind);
  }
  void value(std::string_view labels, std::string_view number) {
    text_ += fmt::format("{}{}{}{} {}\n", name_, labels.empty() ? "" : "{", labels, labels.empty() ? "" : "}", number);
  }
  void counter(std::string_view name, std::string_view meaning, const std::atomic<std::uint64_t>& n) {
    begin(name, "counter", meaning);
    value("", std::to_string(n.load(std::memory_order_relaxed)));
  }
  void gauge(std::string_view name, std::string_view meaning, std::string_view number) {
    begin(name, "gauge", meaning);
    value("", number);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string_view name_;
  std::string text_;
};

void interface_metrics(MetricsWriter& w, const InputTotals& totals) {
  if (totals.interfaces.empty()) return;
  w.begin("t2_interface_received_packets_total", "counter",
          "Packets that the interface captured, without dropped ones.");
  for (const InputTotals::Interface& one : totals.interfaces)
    w.value("interface=" + label_value(one.name), std::to_string(one.look().received));
  w.begin("t2_interface_dropped_packets_total", "counter",
          "Packets that were dropped before they could be read: the kernel's buffer was full, or the interface was too "
          "slow.");
  for (const InputTotals::Interface& one : totals.interfaces) {
    const CaptureInterface now = one.look();
    w.value(fmt::format("interface={},by=\"kernel\"", label_value(one.name)), std::to_string(now.dropped_by_kernel));
    w.value(fmt::format("interface={},by=\"interface\"", label_value(one.name)),
            std::to_string(now.dropped_by_interface));
  }
}

void sink_metrics(MetricsWriter& w, const InputTotals& totals) {
  std::uint64_t all = 0;
  w.begin("t2_sink_lost_rows_total", "counter", "Rows that this output could not write or send.");
  for (const InputTotals::SinkTotals& sink : totals.sinks) {
    const std::uint64_t lost = sink.lost_rows.load(std::memory_order_relaxed);
    w.value("sink=" + label_value(sink.name), std::to_string(lost));
    all += lost;
  }
  w.begin("t2_lost_rows_total", "counter", "Rows that an output could not write or send, of all outputs.");
  w.value("", std::to_string(all));
}

void process_metrics(MetricsWriter& w, const MetricsFacts& facts) {
  rusage use{};
  getrusage(RUSAGE_SELF, &use);
  const double cpu = static_cast<double>(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
                     static_cast<double>(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
  w.begin("process_cpu_seconds_total", "counter", "CPU time of all threads.");
  w.value("", fmt::format("{:.2f}", cpu));
  std::uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> pages;
  w.gauge("process_resident_memory_bytes", "Resident memory.",
          std::to_string(pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE))));
  w.gauge("process_start_time_seconds", "When the run began, since 1970.",
          fmt::format("{:.3f}", static_cast<double>(facts.start) / 1e9));
}

}  // namespace

std::string metrics_text(const InputTotals& t, const MetricsFacts& facts) {
  MetricsWriter w;
  w.begin("t2_build_info", "gauge", "Version of the program; always 1.");
  w.value("version=" + label_value(facts.version), "1");
  interface_metrics(w, t);
  w.counter("t2_packets_total", "Packets that were analysed.", t.packets);
  w.counter("t2_captured_bytes_total", "Their captured bytes.", t.captured_bytes);
  w.counter("t2_wire_bytes_total", "Their bytes on the wire.", t.wire_bytes);
  w.counter("t2_ignored_packets_total", "Of the analysed packets, those that belong to no flow.", t.ignored);
  w.counter("t2_dropped_packets_total", "Packets that were dropped before they could be read, of all interfaces.",
            t.dropped);
  w.counter("t2_unsampled_packets_total", "Packets that SAMPLING left out.", t.left_out);
  w.gauge("t2_flows", "Conversations in memory.", std::to_string(t.flows_in_memory.load(std::memory_order_relaxed)));
  w.gauge("t2_flows_limit", "Conversations that fit into memory.",
          std::to_string(t.max_flows.load(std::memory_order_relaxed)));
  w.counter("t2_rows_total", "Rows of flows, one for each direction, that were handed to the outputs.", t.rows);
  sink_metrics(w, t);
  process_metrics(w, facts);
  return w.take();
}

}  // namespace t2
