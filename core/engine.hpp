// Runs the analysis: reads blocks, decodes packets, feeds the worker, and listens to signals.
#pragma once

#include <functional>
#include <memory>

#include "capture/source.hpp"
#include "decode/dissector.hpp"
#include "report.hpp"
#include "worker.hpp"

namespace t2 {

class Engine {
 public:
  struct Parts {
    Source& source;
    Dissector& dissector;
    Worker& worker;
    OutputSinks& sinks;
    Log& log;
    Time& run_start;  // set with the first packet
  };
  Engine(const Parts& parts, std::size_t batch, std::uint64_t seed) : parts_(parts), batch_(batch), seed_(seed) {}

  // Until the input ends or a signal ends it, and all rows are with the sinks.
  void run();
  const InputCounters& counters() const { return counters_; }
  Time analysis_time() const { return analysis_; }
  bool stopped_by_signal() const { return stopping_; }
  // Prints a report while the run goes on: for SIGUSR1, and every `interval` (0: not until SIGUSR2, then MONINTV).
  void on_report(std::function<void()> print, Time interval) {
    report_ = std::move(print);
    interval_ = interval;
  }

 private:
  void decode(const RawPacket& raw);
  void flush();
  void heed_signals();
  void idle();

  Parts parts_;
  std::size_t batch_;
  std::uint64_t seed_;
  InputCounters counters_;
  std::vector<Packet> packets_;
  std::vector<Lookup> lookups_;
  Time analysis_ = 0, last_idle_ = 0, interval_ = 0, last_report_ = 0;
  int interrupts_seen_ = 0, toggles_seen_ = 0;
  bool stopping_ = false, draining_ = false;
  bool warned_link_ = false;
  std::function<void()> report_;
};

void catch_signals();  // before threads are started

}  // namespace t2
