// Signals, counted by their handler. SIGINT and SIGTERM end the run: the first in order, the second within 5 s with
// what cannot be delivered by then counted as lost, the third at once.
#pragma once

#include <atomic>
#include <csignal>

namespace t2 {

struct SignalCounts {  // written by the handler, read by the reader thread
  volatile std::sig_atomic_t interrupts = 0, terminations = 0, report_requests = 0, toggles = 0;
};
extern SignalCounts signal_counts;

void catch_signals();  // before threads are started
// While the input is opened, SIGINT and SIGTERM set this flag at once; null: no longer.
void stop_on_signal(std::atomic<bool>* stop);
// The reader thread has seen the first SIGINT or SIGTERM and told the user. Where it does not, because the output makes
// it wait, the handler tells the user after a second.
void confirm_stop();
bool stop_requested();  // a SIGINT or SIGTERM came. From any thread
// Since a second SIGINT or SIGTERM so much time has passed that nothing may wait any more. From any thread.
bool must_end();

}  // namespace t2
