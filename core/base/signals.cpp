// The handler of all signals that the program answers, and what it does without the help of a thread that may wait.
#include "base/signals.hpp"

#include <cstdlib>
#include <string_view>

#include <unistd.h>

#include "t2/clock.hpp"

namespace t2 {

SignalCounts signal_counts;

namespace {

constexpr unsigned end_at_most = 5;               // s from the second signal to the end
constexpr Time deliver_at_most = 3 * one_second;  // of these, for what waits to be delivered
constexpr unsigned confirm_at_most = 1;           // s from the first signal to its confirmation
constexpr int output_lost = 3;                    // exit status, as in main()

std::atomic<std::atomic<bool>*> stop_while_opening = nullptr;
std::atomic<Time> deadline = 0;  // steady clock; 0: none
std::atomic<int> stops = 0;      // SIGINT and SIGTERM together
std::atomic<bool> confirmed = false;
static_assert(std::atomic<std::atomic<bool>*>::is_always_lock_free && std::atomic<Time>::is_always_lock_free &&
              std::atomic<int>::is_always_lock_free);  // a signal handler may use them

void tell(std::string_view text) {
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, text.data(), text.size());
}

[[noreturn]] void end_at_once() {
  tell("[ERR] ended at once: flows in memory and rows that were on their way are lost\n");
  _exit(output_lost);
}

void on_stop() {
  if (std::atomic<bool>* const stop = stop_while_opening) *stop = true;
  const int count = ++stops;
  if (count == 1) alarm(confirm_at_most);
  if (count == 2) {
    deadline = steady_clock() + deliver_at_most;
    alarm(end_at_most);
  }
  if (count > 2) end_at_once();
}

void on_signal(int number) {
  switch (number) {
    case SIGINT:
      signal_counts.interrupts = signal_counts.interrupts + 1;
      on_stop();
      break;
    case SIGTERM:
      signal_counts.terminations = signal_counts.terminations + 1;
      on_stop();
      break;
    case SIGALRM:
      if (stops > 1) end_at_once();
      if (!confirmed) tell("[WRN] the output makes the program wait: a second SIGINT or SIGTERM ends it within 5 s\n");
      break;
    case SIGUSR1: signal_counts.report_requests = signal_counts.report_requests + 1; break;
    case SIGUSR2: signal_counts.toggles = signal_counts.toggles + 1; break;
    default: break;
  }
}

}  // namespace

void catch_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  for (const int number : {SIGINT, SIGTERM, SIGALRM, SIGUSR1, SIGUSR2}) sigaction(number, &action, nullptr);
  for (const int number : {SIGPIPE, SIGXFSZ}) std::signal(number, SIG_IGN);  // write() fails instead
}

void stop_on_signal(std::atomic<bool>* stop) { stop_while_opening = stop; }

bool stop_requested() { return stops > 0; }

void confirm_stop() { confirmed = true; }

bool must_end() {
  const Time at = deadline.load(std::memory_order_relaxed);
  return at != 0 && steady_clock() >= at;
}

}  // namespace t2
