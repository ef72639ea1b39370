// Runs the analysis: reads blocks, decodes packets, feeds the workers, and listens to signals.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/log.hpp"
#include "base/settings.hpp"
#include "base/totals.hpp"
#include "capture/source.hpp"
#include "decode/dissector.hpp"
#include "pipeline/capture_clock.hpp"
#include "pipeline/input_counters.hpp"
#include "pipeline/worker_pool.hpp"

namespace t2 {

class Engine {
 public:
  struct Parts {
    Source& source;
    Dissector& dissector;
    WorkerPool& workers;
    Log& log;
    Time& run_start;  // set with the first packet
    InputTotals& totals;
  };
  explicit Engine(const Parts& parts) : parts_(parts) {}

  // Until the input ends or a signal ends it, and all rows are with the sinks.
  void run();
  const InputCounters& counters() const { return counters_; }
  const CaptureClock::Steps& clock_steps() const { return clock_.steps(); }
  // Live: as they were when the counts were last asked for; `unread` of all together is known at the end.
  const std::vector<InterfaceCounts>& interfaces() const { return interfaces_; }
  std::uint64_t unread() const { return unread_; }
  Time analysis_time() const { return analysis_; }
  // Why the input could not be read to its end, one line; empty: it was.
  std::string damage() const { return failure_.empty() && !stopping_ ? parts_.source.damage() : failure_; }
  // Prints a report while the run goes on: for SIGUSR1, and every `interval` (0: not until SIGUSR2, then MONINTV),
  // which SIGUSR2 switches off and on.
  void on_report(std::function<void()> print, Time interval) {
    report_ = std::move(print);
    interval_ = interval;
    if (interval > 0) toggled_interval_ = interval;
  }
  void after_block(std::function<void()> call) { after_block_ = std::move(call); }
  void before_unloading(std::function<void()> call) { before_unloading_ = std::move(call); }  // the input has ended

 private:
  Read read(Block& block);
  [[gnu::hot, gnu::noinline]] void decode(const RawPacket& raw);  // not into run(), which runs once and is compiled so
  void sample(std::vector<RawPacket>& packets);
  void skip_without_data();
  [[gnu::cold]] void begin(Time first);
  [[gnu::cold]] bool accepts(int link_type);
  void publish();
  void handle_signals();
  void count_dropped();
  void count_unread();
  void idle();

  Parts parts_;
  InputCounters counters_;
  CaptureClock clock_;
  std::vector<InterfaceCounts> interfaces_;
  std::uint64_t unread_ = 0;  // packets that were captured for a run that ended before they were read
  Time analysis_ = 0, interval_ = 0;
  Time toggled_interval_ = static_cast<Time>(settings.monitor_interval * 1e9);
  Time last_idle_ = 0, last_report_ = 0, last_arrival_ = 0;  // on the steady clock
  int interrupts_seen_ = 0, toggles_seen_ = 0;
  bool stopping_ = false, draining_ = false;
  int link_type_ = -1;  // of the last packet that was decoded
  bool warned_link_ = false;
  std::string failure_;
  std::function<void()> report_, after_block_, before_unloading_;
};

}  // namespace t2
