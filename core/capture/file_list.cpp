// -R: several files as one capture; flows go on from one file to the next. Files that cannot be read are skipped.
#include <algorithm>
#include <fstream>

#include <fmt/format.h>

#include "base/paths.hpp"
#include "capture/source.hpp"
#include "t2/plugin.hpp"

namespace t2 {

namespace {

class FileList final : public Source {
 public:
  // Throws t2::Error if none of the files can be read. Those that cannot are skipped and noted.
  FileList(const std::vector<std::string>& files, CaptureOptions options) : options_(std::move(options)) {
    if (!options_.stop) options_.stop = &own_stop_;
    std::string first_problem;
    for (const std::string& file : files) {  // all are tried before the first packet
      try {
        size_ += open_file(file, options_)->size();
        files_.push_back(file);
      } catch (const Error& e) {
        if (first_problem.empty()) first_problem = e.what();
        skip(e.what());
      }
    }
    if (files_.empty())
      throw Error(fmt::format("Option '-R': none of {} files can be read: {}", files.size(), first_problem));
    next();
  }

  Read read(Block& block) override {
    block.clear();
    if (*options_.stop) return Read::end;
    if (!current_ && !next()) return Read::end;
    const Read kind = current_->read(block);
    if (kind != Read::end || *options_.stop) return kind;
    if (const std::string damage = current_->damage(); !damage.empty()) skip(damage);
    for (std::string& note : current_->notes()) notes_.push_back(files_[at_ - 1] + ": " + note);
    done_ += current_->position();
    current_.reset();
    return at_ == files_.size() ? Read::end : Read::packets;
  }
  void stop() override { *options_.stop = true; }
  std::string describe() const override { return current_ ? current_->describe() : std::string(); }
  std::uint64_t size() const override { return size_; }
  std::uint64_t position() const override { return done_; }
  std::string damage() const override {
    return problems_ > 1 ? fmt::format("{} files of the list could not be read as a whole, see above", problems_)
                         : problem_;
  }
  std::vector<std::string> notes() const override { return notes_; }

 private:
  bool next() {
    while (at_ < files_.size()) {
      try {
        current_ = open_file(files_[at_++], options_);
        return true;
      } catch (const Error& e) {  // it has gone since it was tried
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

  std::vector<std::string> files_;
  CaptureOptions options_;
  std::atomic<bool> own_stop_ = false;
  std::unique_ptr<Source> current_;
  std::size_t at_ = 0;
  std::uint64_t size_ = 0, done_ = 0;
  std::size_t problems_ = 0;
  std::string problem_;  // the first one
  std::vector<std::string> notes_;
};

// What was given as a list is not a text.
[[noreturn]] void throw_no_list(const std::string& path, const CaptureOptions& options) {
  try {
    open_file(path, options);
  } catch (const Error&) {
    throw Error(fmt::format("Option '-R': '{}' is not a list of files, one a line", path));
  }
  throw Error(fmt::format("Option '-R': '{}' is a capture, not a list of captures: use -r", path));
}

}  // namespace

std::unique_ptr<Source> open_list(const std::string& list, const CaptureOptions& options) {
  std::ifstream file = open_text("the list of -R:", list);
  std::vector<std::string> files;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (std::any_of(line.begin(), line.end(), [](unsigned char c) { return c < ' ' && c != '\t'; }))
      throw_no_list(list, options);
    if (!line.empty() && line[0] != '#') files.push_back(line);
  }
  if (files.empty()) throw Error(fmt::format("Option '-R': '{}' names no files", list));
  return std::make_unique<FileList>(files, options);
}

}  // namespace t2
