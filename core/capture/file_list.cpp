// -R: several files as one capture, flows survive the borders.
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
  FileList(std::vector<std::string> files, CaptureOptions options)
      : files_(std::move(files)), options_(std::move(options)) {
    for (const std::string& file : files_) {  // all are tried before the first packet
      auto source = open_file(file, options_);
      size_ += source->size();
    }
    next();
  }

  Read read(Block& block) override {
    block.clear();
    if (stopped_) return Read::end;
    if (!current_) next();
    const Read kind = current_->read(block);
    if (kind != Read::end || stopped_) return kind;
    if (damage_.empty()) damage_ = current_->damage();
    done_ += current_->position();
    if (at_ == files_.size()) return Read::end;
    current_.reset();
    return Read::packets;
  }
  void stop() override { stopped_ = true; }
  std::string describe() const override { return current_ ? current_->describe() : std::string(); }
  std::uint64_t size() const override { return size_; }
  std::uint64_t position() const override { return done_; }
  std::string damage() const override { return damage_; }

 private:
  void next() { current_ = open_file(files_[at_++], options_); }

  std::vector<std::string> files_;
  CaptureOptions options_;
  std::unique_ptr<Source> current_;
  std::size_t at_ = 0;
  std::uint64_t size_ = 0, done_ = 0;
  std::atomic<bool> stopped_ = false;
  std::string damage_;
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
  return std::make_unique<FileList>(std::move(files), options);
}

}  // namespace t2
