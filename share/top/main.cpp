// t2top: a running t2 on the terminal.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <optional>
#include <string>

#include <curses.h>
#include <getopt.h>

#include <fmt/format.h>

#include "t2/error.hpp"
#include "view.hpp"

namespace {

using namespace t2::top;
using Seconds = std::chrono::seconds;

constexpr std::string_view usage = R"(Usage: t2top [OPTION...] [ADDRESS:]PORT

Shows a running t2 on the terminal: rates, dropped packets, flows in memory, rows that its outputs wrote and lost; with -f also who sent most, and
which ports were asked. PORT is that of t2 --metrics.

  -f, --flows FILE       the flow file that t2 writes (txtSink, uncompressed): talkers and ports of the flows that ended of late
  -w, --window SECONDS   how late (1-3600, default: 60)
  -d, --delay SECONDS    between two looks (1-60, default: 1)
  -n, --once             print one look as text and end
  -h, --help             print this

Keys: q ends, p stops and goes on, + and - change the delay.
)";

struct Options {
  std::string address, flows;
  Seconds window{60}, delay{1};
  bool once = false, help = false;
};

Seconds seconds(const char* option, const std::string& text, long most) {
  long n = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (problem != std::errc() || end != text.data() + text.size() || n < 1 || n > most)
    throw t2::Error(fmt::format("Option '{}' takes seconds from 1 to {}, not '{}'", option, most, text));
  return Seconds(n);
}

Options read_options(int argc, char** argv) {
  constexpr option longs[] = {{"flows", required_argument, nullptr, 'f'}, {"window", required_argument, nullptr, 'w'},
                              {"delay", required_argument, nullptr, 'd'}, {"once", no_argument, nullptr, 'n'},
                              {"help", no_argument, nullptr, 'h'},        {nullptr, 0, nullptr, 0}};
  Options o;
  for (int c; (c = getopt_long(argc, argv, "f:w:d:nh", longs, nullptr)) != -1;) {
    switch (c) {
      case 'f': o.flows = optarg; break;
      case 'w': o.window = seconds("--window", optarg, 3600); break;
      case 'd': o.delay = seconds("--delay", optarg, 60); break;
      case 'n': o.once = true; break;
      case 'h': o.help = true; return o;
      default: throw t2::Error("Try 't2top --help' for more information.");
    }
  }
  if (optind + 1 != argc)
    throw t2::Error("Name the port of t2 --metrics: t2top 9100. Try 't2top --help' for more information.");
  o.address = argv[optind];
  return o;
}

Sample look(const Options& o) { return {std::chrono::steady_clock::now(), ask_metrics(o.address)}; }

// The terminal is given back however the program ends.
class Screen {
 public:
  Screen() {
    if (!newterm(nullptr, stdout, stdin)) throw t2::Error("this terminal cannot show it: use --once");
    cbreak();
    noecho();
    curs_set(0);
    keypad(stdscr, TRUE);
    if (has_colors()) {
      start_color();
      use_default_colors();
      init_pair(1, COLOR_CYAN, -1);
      init_pair(2, COLOR_RED, -1);
    }
  }
  ~Screen() { endwin(); }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  void show(const std::vector<Line>& lines, const std::string& foot) {
    erase();
    for (int i = 0; i < std::min(static_cast<int>(lines.size()), LINES - 1); ++i) {
      const Line& line = lines[static_cast<std::size_t>(i)];
      const attr_t look = line.look == Line::Look::title     ? A_BOLD | static_cast<attr_t>(COLOR_PAIR(1))
                          : line.look == Line::Look::warning ? A_BOLD | static_cast<attr_t>(COLOR_PAIR(2))
                                                             : A_NORMAL;
      attron(look);
      mvaddnstr(i, 0, line.text.c_str(), COLS);
      attroff(look);
    }
    attron(A_REVERSE);
    mvaddnstr(LINES - 1, 0, fmt::format("{:<{}}", foot, COLS).c_str(), COLS);
    attroff(A_REVERSE);
    refresh();
  }
};

void watch(Options o, RecentFlows* flows) {
  std::optional<Sample> now = look(o), before;
  Screen screen;
  bool paused = false;
  std::string problem;
  for (;;) {
    const std::string foot =
        fmt::format(" q: quit   p: {}   +/-: every {} s   {}", paused ? "go on" : "stop", o.delay.count(), problem);
    screen.show(
        view(o.address, *now, before, flows, o.window, static_cast<std::size_t>(COLS), static_cast<std::size_t>(LINES)),
        foot);
    timeout(static_cast<int>(std::chrono::milliseconds(o.delay).count()));
    const int key = getch();
    if (key == 'q' || key == 'Q') return;
    if (key == 'p') paused = !paused;
    if (key == '+') o.delay = std::min(o.delay + Seconds(1), Seconds(60));
    if (key == '-') o.delay = std::max(o.delay - Seconds(1), Seconds(1));
    if (key != ERR || paused) continue;
    try {
      Sample next = look(o);
      before = std::exchange(now, std::move(next));
      problem.clear();
    } catch (const t2::Error& e) {  // it may come back
      problem = e.what();
    }
    if (flows) flows->read(std::chrono::steady_clock::now());
  }
}

void run(const Options& o) {
  if (o.help) {
    std::fputs(usage.data(), stdout);
    return;
  }
  std::optional<RecentFlows> flows;
  if (!o.flows.empty()) {
    flows.emplace(o.flows, o.window);
    flows->read(std::chrono::steady_clock::now());
  }
  if (!o.once) return watch(o, flows ? &*flows : nullptr);
  for (const Line& line : view(o.address, look(o), {}, flows ? &*flows : nullptr, o.window, 1000, 40))
    std::fputs((line.text + '\n').c_str(), stdout);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(read_options(argc, argv));
    if (std::fflush(stdout) != 0 || std::ferror(stdout)) throw t2::Error("cannot write to standard output");
    return 0;
  } catch (const std::exception& e) {
    fmt::print(stderr, "t2top: {}\n", e.what());
    return 1;
  }
}
