// Log lines and the number formats of reports.
#include "base/log.hpp"

#include <atomic>
#include <bit>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include <unistd.h>

#include <fmt/format.h>

#include "base/output_file.hpp"
#include "base/settings.hpp"
#include "base/streams.hpp"
#include "t2/plugin.hpp"

namespace t2 {

std::string printable(std::string_view text, bool lines) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
    if (byte == '\n') out += lines ? "\n" : "\\n";
    else if ((byte < 0x20 && byte != '\t') || byte == 0x7f) out += fmt::format("\\x{:02x}", byte);
    else if (byte == 0xc2 && next >= 0x80 && next < 0xa0) out += fmt::format("\\x{:02x}", next), ++i;  // as UTF-8
    else out += text[i];
  }
  return out;
}

bool coloured(std::FILE* stream) {
  const char* no = std::getenv("NO_COLOR");
  return settings.log_colour && isatty(fileno(stream)) && !(no && *no);
}

namespace {

std::atomic<bool> own_progress = false;
std::atomic<bool>* progress_is_shown = &own_progress;

}  // namespace

void share_progress(std::atomic<bool>* shown) { progress_is_shown = shown ? shown : &own_progress; }

void clear_progress() {
  if (!progress_is_shown->exchange(false, std::memory_order_relaxed)) return;
  print_to(stderr, "\r\033[K");
}

void show_progress(std::string_view text) {
  print_to(stderr, fmt::format("\r\033[K{}", text));
  *progress_is_shown = true;
}

void print_error(std::string_view text) {
  clear_progress();
  if (coloured(stderr)) {
    print_to(stderr, fmt::format("\033[1;31m[ERR]\033[0m \033[0;31m{}\033[0m\n", printable(text)));
  } else {
    print_to(stderr, fmt::format("[ERR] {}\n", printable(text)));
  }
}

void stop_program(std::string_view text) {
  static std::mutex only_one;
  only_one.lock();
  flush_stdout();
  print_error(text);
  std::_Exit(1);
}

Log::Log() : out_(stdout), colour_(coloured(stdout)) {}

void Log::to_file(const std::string& path) {
  file_ = RowFile(create_output_file({path}));
  out_ = nullptr;
  colour_ = false;
}

void Log::to_stderr() {
  out_ = stderr;
  colour_ = coloured(stderr);
}

void Log::release() {
  const std::lock_guard hold(mutex_);
  holding_ = false;
  for (const Line& line : held_) write(line);
  held_.clear();
}

// The caller holds mutex_, as for write().
void Log::print(const std::string& line) {
  if (out_) print_to(out_, line);
  else file_.put_row(line);
}

void Log::write(const Line& line) {
  clear_progress();
  if (line.tag.empty()) {
    print(fmt::format("{}\n", line.text));
    return;
  }
  const std::string who = line.plugin.empty() ? std::string() : fmt::format(" {}:", line.plugin);
  if (colour_) {
    print(
        fmt::format("\033[1;{}m{}{}\033[0m \033[0;{}m{}\033[0m\n", line.colour, line.tag, who, line.colour, line.text));
  } else {
    print(fmt::format("{}{} {}\n", line.tag, who, line.text));
  }
}

void Log::line(std::string_view text) { tagged("", 0, text, ""); }

void Log::tagged(std::string_view tag, int colour, std::string_view text, std::string_view plugin) {
  if (silent_) return;
  if (text.starts_with(plugin) && text.substr(plugin.size()).starts_with(": "))
    text.remove_prefix(plugin.size() + 2);  // an Error of a plugin that is told as a warning has the name, too
  Line line{tag, colour, printable(text, tag.empty()), std::string(plugin)};
  const std::lock_guard hold(mutex_);
  if (holding_) held_.push_back(std::move(line));
  else write(line);
}

void Log::plugin(std::string_view name, std::string_view text) {
  if (silent_) return;
  const std::lock_guard hold(mutex_);
  clear_progress();
  if (colour_) {
    print(fmt::format("\033[1m{}:\033[0m {}\n", name, printable(text, true)));
  } else {
    print(fmt::format("{}: {}\n", name, printable(text, true)));
  }
}

void Log::flush() {
  const std::lock_guard hold(mutex_);
  if (!out_) file_.flush();
  else if (out_ == stdout) flush_stdout();
}

std::string human_suffix(double n, std::string_view unit) {
  if (!(n >= 1024)) return {};
  constexpr std::string_view letters = "KMGTPEZY";
  const auto step = static_cast<std::size_t>(std::ilogb(n) / 10);
  return fmt::format(" ({:.2f} {}{})", n / std::pow(1000.0, static_cast<double>(step)),
                     letters[std::min<std::size_t>(step, 8) - 1], unit);
}

std::string human(std::uint64_t n, std::string_view unit) {
  return fmt::format("{}{}", n, human_suffix(static_cast<double>(n), unit));
}

std::string date(Time time, bool utc) {
  Time seconds = time / one_second, fraction = time % one_second;
  if (fraction < 0) fraction += one_second, --seconds;
  const std::time_t t = static_cast<std::time_t>(seconds);
  std::tm parts{};
  utc ? gmtime_r(&t, &parts) : localtime_r(&t, &parts);
  char text[80];
  std::strftime(text, sizeof text, "%a %d %b %Y %H:%M:%S", &parts);
  char zone[16] = "GMT";
  if (!utc) std::strftime(zone, sizeof zone, "%Z", &parts);
  return fmt::format("{}.{:09} sec ({} {})", seconds, fraction, text, zone);
}

std::string span(Time duration) {
  std::string text = fmt::format("{}{}.{:09} sec", duration < 0 ? "-" : "", std::abs(duration) / one_second,
                                 std::abs(duration) % one_second);
  Time left = duration / one_second;
  if (left < 60) return text;
  std::string parts;
  const auto part = [&](Time unit, char letter) {
    if (const Time n = left / unit; n > 0) parts += fmt::format("{}{}{}", parts.empty() ? "" : " ", n, letter);
    left %= unit;
  };
  part(365 * 86400, 'y'), part(86400, 'd'), part(3600, 'h'), part(60, 'm'), part(1, 's');
  return text + " (" + parts + ")";
}

}  // namespace t2
