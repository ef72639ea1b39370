// Several files as one capture: of -R, and of -r with several names. Flows go on from one file to the next. One file is
// open at a time. Files that cannot be read are skipped.
#include <algorithm>
#include <fstream>
#include <iostream>

#include <fmt/format.h>

#include "base/paths.hpp"
#include "capture/bytes.hpp"
#include "capture/capture_files.hpp"
#include "t2/plugin.hpp"

namespace t2 {

namespace {

class FileList final : public Source {
 public:
  // `what`: of the files, for messages. Throws t2::Error if none of them can be read. Those that cannot are skipped and
  // noted.
  FileList(CaptureFiles found, std::string_view what, CaptureOptions options)
      : files_(std::move(found.files)), options_(std::move(options)), notes_(std::move(found.notes)) {
    if (!options_.stop) options_.stop = &own_stop_;
    const std::size_t all = files_.size() + found.problems.size();
    std::string why = found.problems.empty() ? std::string() : found.problems[0];
    for (std::string& problem : found.problems) skip(std::move(problem));
    for (const CaptureFile& file : files_) size_ += file.size;
    if (std::any_of(files_.begin(), files_.end(), [](const CaptureFile& file) { return file.size == 0; })) size_ = 0;
    if (next()) {
      first_.swap(told_);
      return;
    }
    if (why.empty()) why = problem_;
    throw Error(all == 1 ? why : fmt::format("none of {} {} can be read: {}", all, what, why));
  }

  Read read(Block& block) override {
    block.clear();
    if (*options_.stop) return Read::end;
    if (!current_ && !next()) return Read::end;
    if (!told_.empty()) {
      if (options_.tell) options_.tell(told_);
      told_.clear();
    }
    const Read kind = current_->read(block);
    if (kind != Read::end || *options_.stop) return kind;
    if (const std::string damage = current_->damage(); !damage.empty()) skip(damage);
    for (std::string& note : current_->notes()) notes_.push_back(files_[at_ - 1].path + ": " + note);
    done_ += current_->position();
    current_.reset();
    return at_ == files_.size() ? Read::end : Read::packets;
  }
  void stop() override { *options_.stop = true; }
  std::string describe() const override { return first_; }
  std::uint64_t size() const override { return size_; }
  std::uint64_t position() const override { return done_ + (current_ ? current_->position() : 0); }
  std::string damage() const override {
    return problems_ > 1 ? fmt::format("{} files could not be read as a whole, see above", problems_) : problem_;
  }
  std::vector<std::string> notes() const override { return notes_; }

 private:
  bool next() {
    while (at_ < files_.size()) {
      const std::string& path = files_[at_++].path;
      try {
        current_ = open_file(path, options_);
        told_ = fmt::format("Processing file no. {} of {}: {}", at_, files_.size(), path);
        if (const std::string link = current_->describe(); !link.empty()) told_ += "\n" + link;
        return true;
      } catch (const BadFilter&) {
        throw;
      } catch (const Error& e) {  // a stream, or it has gone since it was looked at
        skip(e.what());
      }
    }
    return false;
  }
  // A file, or the rest of one, is left out.
  void skip(std::string why) {
    if (++problems_ == 1) {
      problem_ = std::move(why);
      return;
    }
    if (problems_ == 2) notes_.push_back(problem_);
    notes_.push_back(std::move(why));
  }

  std::vector<CaptureFile> files_;
  CaptureOptions options_;
  std::atomic<bool> own_stop_ = false;
  std::unique_ptr<Source> current_;
  std::size_t at_ = 0;                 // of the next file
  std::string first_;                  // lines about the first file
  std::string told_;                   // those about the current one, if it was not told yet
  std::uint64_t size_ = 0, done_ = 0;  // bytes; size 0: that of a stream is not known
  std::size_t problems_ = 0;
  std::string problem_;  // the first one
  std::vector<std::string> notes_;
};

// What was given as a list is not a text.
[[noreturn]] void throw_no_list(const std::string& path) {
  if (path == "-") throw Error("Option '-R': standard input is not a list of files, one a line: -r - reads a capture");
  try {
    open_file(path, {});
  } catch (const Error&) {
    throw Error(fmt::format("Option '-R': '{}' is not a list of files, one a line", path));
  }
  throw Error(fmt::format("Option '-R': '{}' is a capture, not a list of captures: use -r", path));
}

}  // namespace

std::vector<std::string> read_list(const std::string& list) {
  std::ifstream file;
  if (list != "-") file = open_text("the list of -R:", list);
  std::istream& lines = list == "-" ? std::cin : file;
  const std::string name = input_name(list);
  std::vector<std::string> names;
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (std::any_of(line.begin(), line.end(), [](unsigned char c) { return c < ' ' && c != '\t'; }))
      throw_no_list(list);
    if (line == "-" && list == "-")
      throw Error("Option '-R': a list that comes from standard input cannot name standard input");
    if (!line.empty() && line[0] != '#') names.push_back(line);
  }
  if (names.empty()) throw Error(fmt::format("Option '-R': {} names no files", name));
  return names;
}

std::unique_ptr<Source> open_list(const std::string& list, const CaptureOptions& options) {
  const std::vector<std::string> names = read_list(list);
  return std::make_unique<FileList>(find_captures(names, options, FileOrder::as_named), "files of the list", options);
}

std::unique_ptr<Source> open_files(const std::vector<std::string>& names, const CaptureOptions& options) {
  return std::make_unique<FileList>(find_captures(names, options, FileOrder::by_first_packet), "files", options);
}

}  // namespace t2
