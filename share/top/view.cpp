// Names that come from traffic are addresses and ports of a flow file; what is no printable character becomes a dot.
#include "view.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace t2::top {

namespace {

std::string scaled(double n, std::string_view unit) {
  constexpr std::string_view steps[] = {"", "k", "M", "G", "T", "P"};
  std::size_t i = 0;
  while (n >= 999.5 && i + 1 < std::size(steps)) n /= 1000, ++i;
  return fmt::format("{:.{}f} {}{}", n, i == 0 ? 0 : 2, steps[i], unit);
}

std::string duration(double seconds) {
  const auto s = static_cast<long>(seconds);
  return s >= 86400 ? fmt::format("{} d {:02}:{:02}", s / 86400, s / 3600 % 24, s / 60 % 60)
                    : fmt::format("{:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
}

double value(const Metrics& metrics, std::string_view name) {
  const auto found = metrics.find(name);
  return found == metrics.end() ? 0 : found->second;
}

class Rates {
 public:
  Rates(const Sample& now, const std::optional<Sample>& before) : now_(now.metrics) {
    const double start = value(now_, "process_start_time_seconds");
    const double wall = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    run_ = std::max(wall - start, 0.001);
    // counts that are smaller than before are those of another run
    if (before && value(before->metrics, "process_start_time_seconds") == start) {
      before_ = &before->metrics;
      span_ = std::max(std::chrono::duration<double>(now.time - before->time).count(), 0.001);
    } else {
      span_ = run_;
    }
  }
  double run() const { return run_; }
  double operator()(std::string_view name) const {
    return std::max(value(now_, name) - (before_ ? value(*before_, name) : 0), 0.0) / span_;
  }

 private:
  const Metrics& now_;
  const Metrics* before_ = nullptr;
  double run_ = 0, span_ = 1;
};

Line fact(std::string_view label, const std::string& text, bool warning = false) {
  return {fmt::format("  {:<22}{}", label, text), warning ? Line::Look::warning : Line::Look::plain};
}

std::string printable(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) c = '.';
  return text;
}

void add_interfaces(std::vector<Line>& lines, const Metrics& m, const Rates& rate) {
  std::set<std::string> names;
  for (const auto& [name, count] : m)
    if (name.starts_with("t2_interface_received_packets_total{")) names.insert(label(name, "interface"));
  if (names.empty()) return;
  lines.push_back({"Interfaces              received      dropped by kernel   by interface", Line::Look::title});
  for (const std::string& name : names) {
    const auto of = [&](const std::string& by) {
      return fmt::format("t2_interface_dropped_packets_total{{interface=\"{}\",by=\"{}\"}}", name, by);
    };
    const double kernel = value(m, of("kernel")), interface = value(m, of("interface"));
    lines.push_back({fmt::format("  {:<20}{:>12}{:>23.0f}{:>15.0f}", printable(name),
                                 scaled(rate("t2_interface_received_packets_total{interface=\"" + name + "\"}"), "p/s"),
                                 kernel, interface),
                     kernel + interface > 0 ? Line::Look::warning : Line::Look::plain});
  }
}

// Each sink gets all rows; a server that is away is seen once rows are lost: until then they wait in memory.
void add_sinks(std::vector<Line>& lines, const Metrics& m, const Rates& rate) {
  bool titled = false;
  for (const auto& [name, lost] : m) {
    if (!name.starts_with("t2_sink_lost_rows_total{")) continue;
    if (!std::exchange(titled, true))
      lines.push_back({"Sinks                 state                            rows lost", Line::Look::title});
    const double losing = rate(name);
    lines.push_back({fmt::format("  {:<20}{:<31}{:>11.0f}", printable(label(name, "sink")),
                                 lost == 0    ? "takes all rows"
                                 : losing > 0 ? "loses " + scaled(losing, "rows/s")
                                              : "takes rows, has lost some",
                                 lost),
                     lost > 0 ? Line::Look::warning : Line::Look::plain});
  }
}

void add_flows(std::vector<Line>& lines, const RecentFlows& flows, std::chrono::seconds window, std::size_t height) {
  const std::size_t room = height > lines.size() + 3 ? height - lines.size() - 3 : 3;
  const std::size_t n = std::clamp<std::size_t>(room, 3, 20);
  const auto talkers = flows.talkers(n), ports = flows.ports(n);
  lines.push_back({""});
  lines.push_back(
      {fmt::format("{:<52}{}", fmt::format("Talkers of flows that ended in the last {} s", window.count()), "Ports"),
       Line::Look::title});
  for (std::size_t i = 0; i < std::max(talkers.size(), ports.size()); ++i) {
    const auto cell = [&](const RecentFlows::Top& top, int name, int bytes) {
      return i < top.size() ? fmt::format("  {:<{}}{:>{}}", printable(top[i].first), name,
                                          scaled(static_cast<double>(top[i].second), "B"), bytes)
                            : std::string(static_cast<std::size_t>(2 + name + bytes), ' ');
    };
    lines.push_back({cell(talkers, 36, 11) + "   " + cell(ports, 10, 11)});
  }
  if (talkers.empty()) lines.push_back({"  none yet"});
}

}  // namespace

std::vector<Line> view(const std::string& address, const Sample& now, const std::optional<Sample>& before,
                       const RecentFlows* flows, std::chrono::seconds window, std::size_t width, std::size_t height) {
  const Metrics& m = now.metrics;
  const Rates rate(now, before);
  std::string version;
  for (const auto& [name, one] : m)
    if (name.starts_with("t2_build_info{")) version = label(name, "version");
  std::vector<Line> lines;
  lines.push_back(
      {fmt::format("{} at {}, running for {}", printable(version), printable(address), duration(rate.run())),
       Line::Look::title});
  const double dropped = value(m, "t2_dropped_packets_total"), lost = value(m, "t2_lost_rows_total");
  const double in_memory = value(m, "t2_flows"), limit = value(m, "t2_flows_limit");
  lines.push_back(fact("Packets", fmt::format("{:<16}{} in all", scaled(rate("t2_packets_total"), "p/s"),
                                              scaled(value(m, "t2_packets_total"), ""))));
  lines.push_back(fact("Traffic", fmt::format("{:<16}{} in all", scaled(8 * rate("t2_wire_bytes_total"), "bit/s"),
                                              scaled(value(m, "t2_wire_bytes_total"), "B"))));
  lines.push_back(fact("Dropped packets",
                       fmt::format("{:<16}{:.0f} in all", scaled(rate("t2_dropped_packets_total"), "p/s"), dropped),
                       dropped > 0));
  lines.push_back(fact(
      "Flows in memory",
      fmt::format("{:<16.0f}{:.1f} % of {}", in_memory, limit > 0 ? 100 * in_memory / limit : 0.0, scaled(limit, "")),
      limit > 0 && in_memory > 0.9 * limit));
  lines.push_back(fact("Rows to the sinks", fmt::format("{:<16}{:.0f} in all", scaled(rate("t2_rows_total"), "rows/s"),
                                                        value(m, "t2_rows_total"))));
  lines.push_back(fact("Rows lost by sinks",
                       fmt::format("{:<16}{:.0f} in all", scaled(rate("t2_lost_rows_total"), "rows/s"), lost),
                       lost > 0));
  lines.push_back(fact("Processors, memory",
                       fmt::format("{:<16}{}", fmt::format("{:.0f} %", 100 * rate("process_cpu_seconds_total")),
                                   scaled(value(m, "process_resident_memory_bytes"), "B"))));
  add_sinks(lines, m, rate);
  add_interfaces(lines, m, rate);
  if (flows) add_flows(lines, *flows, window, height);
  for (Line& line : lines) line.text.resize(std::min(line.text.size(), width));
  return lines;
}

}  // namespace t2::top
