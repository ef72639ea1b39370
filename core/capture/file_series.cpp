// -D: numbered files as one capture, also while they are still being written.
//
// NAME[:C][,STOP]: the number stands behind the last character C of the file's name and ends at '_', '.' or the end.
// With a leading zero all numbers have that width. Whatever arrives in a file is read at once; the next file follows
// when it exists, however long the writer pauses. The last file ends when its writer has closed it.
#include <chrono>
#include <filesystem>
#include <thread>

#include <fmt/format.h>

#include "base/digits.hpp"
#include "base/settings.hpp"
#include "capture/bytes.hpp"
#include "capture/source.hpp"
#include "t2/clock.hpp"
#include "t2/plugin.hpp"

namespace t2 {

namespace fs = std::filesystem;

namespace {

struct Series {
  std::string head, tail;  // what stands in front of the number and behind it
  std::uint64_t first = 0, stop = 0xffff'ffff;
  bool numbered = false;  // the first file is named with its number
  std::size_t width = 0;  // 0: as many digits as it takes
  std::string name(std::uint64_t number) const {
    return width ? fmt::format("{}{:0{}}{}", head, number, width, tail) : fmt::format("{}{}{}", head, number, tail);
  }
};

Series parse_series(std::string_view text) {
  Series made;
  bool with_stop = false;
  if (const std::size_t comma = text.rfind(','); comma != std::string_view::npos) {
    const auto stop = digits_as_number(text.substr(comma + 1));
    if (!stop) throw Error(fmt::format("Option '-D': '{}' is not a number to stop at", text.substr(comma + 1)));
    made.stop = *stop;
    with_stop = true;
    text = text.substr(0, comma);
  }
  char mark = settings.series_mark;
  if (const std::size_t colon = text.rfind(':'); colon != std::string_view::npos && colon + 2 == text.size()) {
    mark = text.back();
    text = text.substr(0, colon);
  }
  std::error_code problem;
  if (fs::is_directory(text, problem))
    throw Error(fmt::format("Option '-D': '{}' is a directory: name the first of the numbered files in it", text));
  const std::size_t base = text.rfind('/') == std::string_view::npos ? 0 : text.rfind('/') + 1;
  const std::size_t at = text.rfind(mark);
  if (at == std::string_view::npos || at < base) {
    throw Error(fmt::format("Option '-D': there is no '{}' in '{}' in front of the number: name the character with ':'",
                            mark, text.substr(base)));
  }
  std::size_t end = text.find('_', at + 1);
  if (end == std::string_view::npos) end = text.find('.', at + 1);
  if (end == std::string_view::npos) end = text.size();
  const std::string_view digits = text.substr(at + 1, end - at - 1);
  const auto first = digits_as_number(digits);
  if (!digits.empty() && !first)
    throw Error(fmt::format("Option '-D': '{}' in '{}' is not a number", digits, text.substr(base)));
  made.first = first.value_or(0);
  made.numbered = first.has_value();
  made.head = text.substr(0, at + 1);
  made.tail = text.substr(end);
  if (digits.size() > 1 && digits[0] == '0') {
    made.width = digits.size();
    std::uint64_t most = 1;
    for (std::size_t i = 0; i < std::min<std::size_t>(made.width, 18); ++i) most *= 10;
    if (!with_stop) made.stop = most - 1;
  }
  if (made.stop < made.first)
    throw Error(fmt::format("Option '-D': the first number is {}, the last {}", made.first, made.stop));
  return made;
}

class FileSeries final : public Source {
 public:
  FileSeries(Series series, CaptureOptions options)
      : series_(std::move(series)), options_(std::move(options)), number_(series_.first) {
    if (!options_.stop) options_.stop = &own_stop_;
  }

  Read read(Block& block) override {
    block.clear();
    if (*options_.stop) return Read::end;
    if (!current_ && !open_next()) return finished_ ? Read::end : Read::idle;
    const Read kind = current_->read(block);
    if (kind != Read::end || *options_.stop) return kind;
    if (damage_.empty()) damage_ = current_->damage();
    for (std::string& note : current_->notes()) notes_.push_back(name() + ": " + note);
    done_ += current_->position();
    current_.reset();
    advance();
    return finished_ ? Read::end : Read::packets;
  }
  void stop() override { *options_.stop = true; }
  std::string describe() const override {
    std::error_code problem;
    return fs::exists(name(), problem) ? std::string() : fmt::format("Waiting for file: {}", name());
  }
  std::uint64_t position() const override { return done_; }
  std::string damage() const override { return damage_; }
  std::vector<std::string> notes() const override { return notes_; }

 private:
  std::string name() const {
    if (number_ != series_.first) return series_.name(number_);
    return first_name_.empty() ? first_name() : first_name_;
  }
  // The first file may have no number: tcpdump -C names its files so. Which it is shows once one of both exists.
  std::string first_name() const {
    const std::string with = series_.name(series_.first), without = series_.head + series_.tail;
    std::error_code problem;
    if (series_.width || fs::exists(with, problem)) return with;
    return series_.numbered && !fs::exists(without, problem) ? with : without;
  }
  bool is_last() const { return number_ == series_.stop && !settings.series_wraps; }
  void advance() {
    if (is_last()) finished_ = true;
    else number_ = number_ == series_.stop ? series_.first : number_ + 1;
    waiting_since_ = 0;
  }

  bool open_next() {
    const std::string file = name();
    std::error_code problem;
    if (waiting_since_ == 0) waiting_since_ = steady_clock();
    if (fs::exists(file, problem) && fs::file_size(file, problem) > 0) {
      try {
        current_ = follow_file(file, options_, [this] { return is_complete(); });
        if (number_ == series_.first) first_name_ = file;
        if (const std::string link = current_->describe(); options_.tell)
          options_.tell(fmt::format("Processing file: {}{}{}", file, link.empty() ? "" : "\n", link));
        return true;
      } catch (const Error& e) {
        if (*options_.stop) return false;
        if (damage_.empty()) damage_ = fmt::format("{}; it was skipped", e.what());
        advance();
        return false;
      }
    }
    if (settings.missing_timeout > 0 && steady_clock() - waiting_since_ > settings.missing_timeout * one_second &&
        !is_last()) {
      advance();
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return false;
  }

  // No more is written to this file: its successor exists or, of the last one, the writer has closed it. A writer that
  // opens the file for each packet is given POLLTM seconds; so is one whose file system cannot tell.
  bool is_complete() const {
    std::error_code problem;
    if (!is_last()) return fs::exists(series_.name(number_ == series_.stop ? series_.first : number_ + 1), problem);
    const std::string file = name();
    const auto age = fs::file_time_type::clock::now() - fs::last_write_time(file, problem);
    return age > std::chrono::seconds(settings.poll_time) && has_no_writer(file).value_or(true);
  }

  Series series_;
  CaptureOptions options_;
  std::atomic<bool> own_stop_ = false;
  std::uint64_t number_;
  std::string first_name_;  // empty until it is opened
  std::unique_ptr<Source> current_;
  std::uint64_t done_ = 0;
  Time waiting_since_ = 0;  // on the steady clock; 0: not waiting
  bool finished_ = false;
  std::string damage_;
  std::vector<std::string> notes_;
};

}  // namespace

std::unique_ptr<Source> open_series(const std::string& series, const CaptureOptions& options) {
  return std::make_unique<FileSeries>(parse_series(series), options);
}

}  // namespace t2
