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

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "app/each_inputs.hpp"
#include "app/progress.hpp"
#include "base/log.hpp"
#include "base/settings.hpp"
#include "capture/source.hpp"
#include "t2/clock.hpp"
#include "t2/error.hpp"
#include "tranalyzer.h"

namespace t2 {

namespace fs = std::filesystem;

namespace {

enum class Became : std::uint8_t { waiting, taken, complete, damaged, failed, output_lost, no_capture };

volatile std::sig_atomic_t stopped_by = 0;
std::atomic<std::atomic<std::size_t>*> next_input = nullptr;

void on_stop(int number) {
  stopped_by = number;
  if (std::atomic<std::size_t>* next = next_input) *next = SIZE_MAX / 2;  // no process takes another input
}

// Memory that all processes see; zero at the beginning.
class Shared {
 public:
  explicit Shared(std::size_t inputs) : bytes_(sizeof(Counters) + inputs * sizeof(std::atomic<Became>)) {
    void* memory = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw Error(fmt::format("no memory for {} inputs: {}", inputs, std::strerror(errno)));
    counters_ = static_cast<Counters*>(memory);
    became_ = {reinterpret_cast<std::atomic<Became>*>(counters_ + 1), inputs};
  }
  ~Shared() {
    share_progress(nullptr);
    munmap(counters_, bytes_);
  }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;

  struct Counters {
    std::atomic<std::size_t> next;
    std::atomic<std::uint64_t> packets, flows;
    std::atomic<bool> progress;
  };
  Counters& counters() { return *counters_; }
  std::span<std::atomic<Became>> became() { return became_; }

 private:
  std::size_t bytes_;
  Counters* counters_;
  std::span<std::atomic<Became>> became_;
};

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

// Prints a line of standard output as a whole, whatever its length: one process at a time. A process that crashes
// gives the lock back.
class LinePrinter {
 public:
  LinePrinter() : lock_(memfd_create("t2-each", MFD_CLOEXEC)) {
    if (lock_ < 0) throw Error(fmt::format("no memory for --report json: {}", std::strerror(errno)));
  }
  ~LinePrinter() { close(lock_); }
  LinePrinter(const LinePrinter&) = delete;
  LinePrinter& operator=(const LinePrinter&) = delete;
  void print(const std::string& line) const {
    struct flock whole {};
    whole.l_type = F_WRLCK;
    while (fcntl(lock_, F_SETLKW, &whole) != 0 && errno == EINTR) {}
    fmt::print("{}\n", line);
    std::fflush(stdout);
    whole.l_type = F_UNLCK;
    fcntl(lock_, F_SETLK, &whole);
  }

 private:
  int lock_;
};

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
      outcome.status = 1;
    } catch (const NotACapture& e) {
      is_capture = !input.in_folder;
      if (is_capture) print_error(e.what());
      outcome.status = 1;
    } catch (const std::exception& e) {
      print_error(e.what());
      outcome.status = 1;
    }
    counters.packets += outcome.packets;
    counters.flows += outcome.flows;
    if (outcome.status != 1) done_.complete(input, made, outcome.status);
    if (!outcome.report.empty()) printer_.print(outcome.report);
    fs::remove_all(made, problem);
    switch (outcome.status) {
      case 0: return Became::complete;
      case 2:
        clear_progress();
        fmt::print(stderr, "[WRN] '{}' is damaged: see {}/{}{}\n", input.path, input.folder, input.name,
                   settings.log_suffix);
        return Became::damaged;
      case 3: return Became::output_lost;
      default: return is_capture ? Became::failed : Became::no_capture;
    }
  }

 private:
  Options options_;
  const DoneList& done_;
  const LinePrinter& printer_;
  const std::function<Outcome(const Options&)>& analyse_;
};

}  // namespace

int run_each(const Options& options, const std::string& made_with,
             const std::function<Outcome(const Options&)>& analyse) {
  const Time begin = steady_clock();
  const std::vector<EachInput> all = each_inputs(options);
  if (options.output) make_output_folder(*options.output);
  DoneList done(made_with);
  std::vector<EachInput> inputs;
  std::size_t before = 0, damaged = 0, failed = 0, lost = 0, complete = 0, others = 0;
  std::set<std::string> folders;
  for (const EachInput& input : all) {
    if (folders.insert(input.folder).second) clean(input.folder);
    const int status = done.status(input);
    if (status < 0) {
      inputs.push_back(input);
      continue;
    }
    ++before;
    damaged += status == 2;
  }
  const std::size_t processes = std::min(options.jobs, inputs.size());
  std::FILE* const tell = options.json_report ? stderr : stdout;
  if (!inputs.empty())
    fmt::print(tell, "Processing {} file{} in {} process{}\n", inputs.size(), inputs.size() == 1 ? "" : "s", processes,
               processes == 1 ? "" : "es");
  std::fflush(stdout);
  const LinePrinter printer;

  struct sigaction action {};
  action.sa_handler = on_stop;  // without SA_RESTART: waitpid() returns
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaction(number, &action, nullptr);
  for (const int number : {SIGPIPE, SIGXFSZ}) std::signal(number, SIG_IGN);  // write() fails instead
  Shared shared(inputs.size());
  next_input = &shared.counters().next;
  share_progress(&shared.counters().progress);
  const auto start = [&] {
    const pid_t child = fork();
    if (child != 0) return child;
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) std::signal(number, SIG_DFL);  // what is not complete is dropped
    Process process(options, done, printer, analyse);
    for (std::size_t i; (i = shared.counters().next++) < inputs.size();) {
      std::atomic<Became>& became = shared.became()[i];
      became = Became::taken;
      try {
        became = process.process(inputs[i], shared.counters());
      } catch (const std::exception& e) {
        print_error(e.what());
        became = Became::failed;
      }
    }
    std::fflush(stdout);
    std::_Exit(0);
  };
  const EachProgress progress(inputs.size());
  std::set<pid_t> running;
  const auto start_one = [&] {
    const pid_t child = start();
    if (child > 0) running.insert(child);
    else if (running.empty()) throw Error(fmt::format("cannot start a process: {}", std::strerror(errno)));
  };
  while (running.size() < processes && shared.counters().next < inputs.size()) start_one();
  while (!running.empty()) {
    if (stopped_by)
      for (const pid_t child : running) kill(child, SIGTERM);
    int status = 0;
    const pid_t child = waitpid(-1, &status, 0);
    if (child < 0) {
      const auto done_now = std::count_if(shared.became().begin(), shared.became().end(),
                                          [](const std::atomic<Became>& one) { return one.load() > Became::taken; });
      progress.update(static_cast<std::size_t>(done_now), shared.counters().packets, shared.counters().flows);
      continue;
    }
    running.erase(child);
    for (const std::string& folder : folders) {
      std::error_code ignored;
      fs::remove_all(made_in(folder, child), ignored);
    }
    if (stopped_by || (WIFEXITED(status) && WEXITSTATUS(status) == 0)) continue;
    if (shared.counters().next < inputs.size()) start_one();
  }

  next_input = nullptr;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    switch (shared.became()[i]) {
      case Became::complete: ++complete; break;
      case Became::damaged: ++complete, ++damaged; break;
      case Became::output_lost: ++lost; break;
      case Became::no_capture: ++others; break;
      case Became::failed: ++failed; break;
      case Became::waiting: break;
      case Became::taken:
        if (stopped_by) break;
        print_error(fmt::format("the analysis of '{}' crashed", inputs[i].path));
        ++failed;
    }
  }
  const double seconds = static_cast<double>(steady_clock() - begin) / 1e9;
  clear_progress();
  fmt::print(tell,
             "{} file{}: {} analysed, {} complete before, {} damaged, {} failed{}{}; {} packets, {} flows, {:.2f} s\n",
             all.size() - others, all.size() - others == 1 ? "" : "s", complete, before, damaged, failed,
             lost > 0 ? fmt::format(", {} with lost output", lost) : "",
             others > 0 ? fmt::format(", {} no captures", others) : "", shared.counters().packets.load(),
             shared.counters().flows.load(), seconds);
  if (stopped_by) {
    fmt::print(tell, "Interrupted: the same command goes on from here\n");
    return 128 + stopped_by;
  }
  if (lost > 0) return 3;
  if (complete + before == 0) return 1;
  return damaged + failed > 0 ? 2 : 0;
}

}  // namespace t2
