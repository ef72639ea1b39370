// The processes of --each. They take inputs one after the other from a counter that they share, and write what became
// of them into memory that they share with the main process. One that crashes is replaced; its input has failed.
#include "app/each.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <set>
#include <span>

#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "app/each_inputs.hpp"
#include "app/each_shared.hpp"
#include "app/output_prefix.hpp"
#include "app/progress.hpp"
#include "base/log.hpp"
#include "base/settings.hpp"
#include "base/streams.hpp"
#include "capture/source.hpp"
#include "t2/clock.hpp"
#include "t2/error.hpp"
#include "tranalyzer.h"

namespace t2 {

namespace fs = std::filesystem;

namespace {

volatile std::sig_atomic_t stopped_by = 0;
std::atomic<std::atomic<std::size_t>*> next_input = nullptr;

void on_stop(int number) {
  stopped_by = number;
  if (std::atomic<std::size_t>* next = next_input) *next = SIZE_MAX / 2;  // no process takes another input
}

std::string made_in(const std::string& folder, pid_t process) { return fmt::format("{}/.t2-each-{}", folder, process); }

// What processes that are gone have left.
void clean(const std::string& folder) {
  constexpr std::string_view begin = ".t2-each-";
  std::error_code problem;
  for (fs::directory_iterator at(folder, problem), end; !problem && at != end; at.increment(problem)) {
    const std::string name = at->path().filename();
    if (!name.starts_with(begin)) continue;
    const pid_t process = static_cast<pid_t>(std::atol(name.c_str() + begin.size()));
    if (process > 0 && kill(process, 0) != 0 && errno == ESRCH) {
      std::error_code ignored;
      fs::remove_all(at->path(), ignored);
    }
  }
}

// How far it is, on a terminal: looked at when the timer has ended a wait.
class EachProgress {
 public:
  explicit EachProgress(std::size_t inputs) : inputs_(inputs), wanted_(settings.verbose > 0 && Progress::is_wanted()) {
    if (!wanted_) return;
    struct sigaction action {};
    action.sa_handler = [](int) {};
    sigaction(SIGALRM, &action, nullptr);
    constexpr timeval first{2, 0}, again{0, 500'000};
    const itimerval timer{again, first};
    setitimer(ITIMER_REAL, &timer, nullptr);  // children of fork() have none
  }
  ~EachProgress() {
    const itimerval none{};
    if (wanted_) setitimer(ITIMER_REAL, &none, nullptr);
  }
  void update(std::size_t done, std::uint64_t packets, std::uint64_t flows) const {
    if (!wanted_) return;
    const double seconds = static_cast<double>(steady_clock() - begin_) / 1e9;
    std::string left;
    if (done > 0)
      left = fmt::format("{:.0f} s left, ", seconds * static_cast<double>(inputs_ - done) / static_cast<double>(done));
    show_progress(fmt::format("{} of {} files, {}{} packets, {:.0f} packets/s, {} flows", done, inputs_, left, packets,
                              static_cast<double>(packets) / seconds, flows));
  }

 private:
  const std::size_t inputs_;
  const bool wanted_;
  const Time begin_ = steady_clock();
};

class Process {  // one of several
 public:
  Process(const Options& options, const DoneList& done, const LinePrinter& printer,
          const std::function<Outcome(const Options&)>& analyse)
      : options_(options), done_(done), printer_(printer), analyse_(analyse) {
    options_.input = Options::Input::files;
    options_.log_file = true;
    if (!options_.threads) options_.threads = 0;
  }

  Became process(const EachInput& input, Shared::Counters& counters) {
    const std::string made = made_in(input.folder, getpid());
    std::error_code problem;
    fs::create_directory(made, problem);
    if (problem) throw Error(fmt::format("cannot write in '{}': {}", input.folder, problem.message()));
    options_.sources = {input.path};
    options_.output = made + '/' + input.name;
    Outcome outcome;
    bool is_capture = true;
    try {
      outcome = analyse_(options_);
    } catch (const BadFilter& e) {
      if (counters.next.exchange(SIZE_MAX / 2) < SIZE_MAX / 2) print_error(e.what());  // it is wrong for all
      outcome.status = nothing_done;
    } catch (const NotACapture& e) {
      is_capture = !input.in_folder;
      if (is_capture) print_error(e.what());
      outcome.status = nothing_done;
    } catch (const std::exception& e) {
      print_error(e.what());
      outcome.status = nothing_done;
    }
    counters.packets += outcome.packets;
    counters.flows += outcome.flows;
    if (outcome.status != nothing_done) done_.complete(input, made, outcome.status);
    if (!outcome.report.empty()) printer_.print(outcome.report);
    fs::remove_all(made, problem);
    switch (outcome.status == all_well && stdout_problem() != 0 ? output_lost : outcome.status) {
      case all_well: return Became::complete;
      case input_damaged:
        clear_progress();
        print_to(stderr, fmt::format("[WRN] '{}' is damaged: see {}/{}{}\n", input.path, input.folder, input.name,
                                     settings.log_suffix));
        return Became::damaged;
      case output_lost: return Became::output_lost;
      default: return is_capture ? Became::failed : Became::no_capture;
    }
  }

 private:
  Options options_;
  const DoneList& done_;
  const LinePrinter& printer_;
  const std::function<Outcome(const Options&)>& analyse_;
};

// What is to be done, and what an earlier run has done already.
struct Inputs {
  std::vector<EachInput> waiting;
  std::set<std::string> folders;  // of outputs
  std::size_t before = 0, damaged = 0;

  Inputs(const std::vector<EachInput>& all, DoneList& done) {
    for (const EachInput& input : all) {
      if (folders.insert(input.folder).second) clean(input.folder);
      const int status = done.status(input);
      if (status < 0) {
        waiting.push_back(input);
        continue;
      }
      ++before;
      damaged += status == input_damaged;
    }
  }
};

void catch_stops() {
  struct sigaction action {};
  action.sa_handler = on_stop;  // without SA_RESTART: waitpid() returns
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaction(number, &action, nullptr);
  for (const int number : {SIGPIPE, SIGXFSZ}) std::signal(number, SIG_IGN);  // write() fails instead
}

// The processes, and what they share.
class Processes {
 public:
  Processes(const Options& options, const Inputs& inputs, const DoneList& done,
            const std::function<Outcome(const Options&)>& analyse)
      : options_(options), inputs_(inputs), done_(done), analyse_(analyse), shared_(inputs.waiting.size()) {}

  Shared& shared() { return shared_; }

  // Until all inputs are taken and all processes have ended. One that crashed is replaced.
  void run(std::size_t processes) {
    const EachProgress progress(inputs_.waiting.size());
    while (running_.size() < processes && inputs_are_left()) start();
    while (!running_.empty()) {
      if (stopped_by)
        for (const pid_t child : running_) kill(child, SIGTERM);
      int status = 0;
      const pid_t child = waitpid(-1, &status, 0);
      if (child < 0) {
        progress.update(became_something(), shared_.counters().packets, shared_.counters().flows);
        continue;
      }
      running_.erase(child);
      for (const std::string& folder : inputs_.folders) {
        std::error_code ignored;
        fs::remove_all(made_in(folder, child), ignored);
      }
      if (stopped_by || (WIFEXITED(status) && WEXITSTATUS(status) == 0)) continue;
      if (inputs_are_left()) start();
    }
  }

 private:
  bool inputs_are_left() { return shared_.counters().next < inputs_.waiting.size(); }

  std::size_t became_something() {
    return static_cast<std::size_t>(
        std::count_if(shared_.became().begin(), shared_.became().end(),
                      [](const std::atomic<Became>& one) { return one.load() > Became::taken; }));
  }

  void start() {
    const pid_t child = fork();
    if (child == 0) work();
    if (child > 0) running_.insert(child);
    else if (running_.empty()) throw Error(fmt::format("cannot start a process: {}", std::strerror(errno)));
  }

  // In the new process.
  [[noreturn]] void work() {
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) std::signal(number, SIG_DFL);  // what is not complete is dropped
    Process process(options_, done_, printer_, analyse_);
    for (std::size_t i; (i = shared_.counters().next++) < inputs_.waiting.size();) {
      std::atomic<Became>& became = shared_.became()[i];
      became = Became::taken;
      try {
        became = process.process(inputs_.waiting[i], shared_.counters());
      } catch (const std::exception& e) {
        print_error(e.what());
        became = Became::failed;
      }
    }
    flush_stdout();
    std::_Exit(0);
  }

  const Options& options_;
  const Inputs& inputs_;
  const DoneList& done_;
  const std::function<Outcome(const Options&)>& analyse_;
  Shared shared_;
  const LinePrinter printer_;
  std::set<pid_t> running_;
};

// Counts of files.
struct Summary {
  std::size_t complete = 0, damaged = 0, failed = 0, lost = 0, others = 0;

  Summary(const Inputs& inputs, std::span<std::atomic<Became>> became) : damaged(inputs.damaged) {
    for (std::size_t i = 0; i < became.size(); ++i) {
      switch (became[i]) {
        case Became::complete: ++complete; break;
        case Became::damaged: ++complete, ++damaged; break;
        case Became::output_lost: ++lost; break;
        case Became::no_capture: ++others; break;
        case Became::failed: ++failed; break;
        case Became::waiting: break;
        case Became::taken:
          if (stopped_by) break;
          print_error(fmt::format("the analysis of '{}' crashed", inputs.waiting[i].path));
          ++failed;
      }
    }
  }
};

}  // namespace

int run_each(const Options& options, const std::string& made_with,
             const std::function<Outcome(const Options&)>& analyse) {
  const Time begin = steady_clock();
  const std::vector<EachInput> all = each_inputs(options);
  if (options.output) make_output_folder(*options.output);
  DoneList done(made_with);
  const Inputs inputs(all, done);
  const std::size_t files = inputs.waiting.size(), count = std::min(options.jobs, files);
  std::FILE* const tell = options.json_report ? stderr : stdout;
  if (files > 0)
    print_to(tell, fmt::format("Processing {} file{} in {} process{}\n", files, files == 1 ? "" : "s", count,
                               count == 1 ? "" : "es"));
  flush_stdout();

  catch_stops();
  Processes processes(options, inputs, done, analyse);
  Shared::Counters& counters = processes.shared().counters();
  next_input = &counters.next;
  share_progress(&counters.progress);
  processes.run(count);
  next_input = nullptr;
  const Summary summary(inputs, processes.shared().became());
  const double seconds = static_cast<double>(steady_clock() - begin) / 1e9;
  clear_progress();
  const std::size_t captures = all.size() - summary.others;
  print_to(
      tell,
      fmt::format(
          "{} file{}: {} analysed, {} complete before, {} damaged, {} failed{}{}; {} packets, {} flows, {:.2f} s\n",
          captures, captures == 1 ? "" : "s", summary.complete, inputs.before, summary.damaged, summary.failed,
          summary.lost > 0 ? fmt::format(", {} with lost output", summary.lost) : "",
          summary.others > 0 ? fmt::format(", {} no captures", summary.others) : "", counters.packets.load(),
          counters.flows.load(), seconds));
  if (stopped_by) {
    print_to(tell, "Interrupted: the same command goes on from here\n");
    return 128 + stopped_by;
  }
  if (summary.lost > 0) return output_lost;
  if (summary.complete + inputs.before == 0) return nothing_done;
  return summary.damaged + summary.failed > 0 ? input_damaged : all_well;
}

}  // namespace t2
