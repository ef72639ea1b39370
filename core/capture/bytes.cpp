// Files that are read as they are, at once or while they grow.
#include "capture/bytes.hpp"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <span>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "capture/decompressed.hpp"
#include "capture/input.hpp"
#include "t2/error.hpp"

namespace t2 {

namespace {

class RegularFile final : public ByteSource {
 public:
  RegularFile(InputFile file, const std::string& path, std::uint64_t size)
      : file_(std::move(file)), path_(path), size_(size) {
    posix_fadvise(file_.number(), 0, 0, POSIX_FADV_SEQUENTIAL);
  }
  std::size_t read(std::uint8_t* to, std::size_t most) override {
    for (;;) {
      const ssize_t n = ::read(file_.number(), to, most);
      if (n >= 0) return static_cast<std::size_t>(n);
      if (errno != EINTR) throw Error(fmt::format("cannot read {}: {}", input_name(path_), std::strerror(errno)));
    }
  }
  std::uint64_t size() const override { return size_; }
  std::shared_ptr<Mapping> map() override { return Mapping::make(file_.number(), size_); }
  void skip_to(std::uint64_t position) override {
    if (lseek(file_.number(), static_cast<off_t>(position), SEEK_SET) < 0)
      throw Error(fmt::format("cannot read {}: {}", input_name(path_), std::strerror(errno)));
  }

 private:
  InputFile file_;
  std::string path_;
  std::uint64_t size_;
};

class GrowingFile final : public ByteSource {
 public:
  GrowingFile(InputFile file, const std::string& path, const std::atomic<bool>& stop, std::function<bool()> complete)
      : file_(std::move(file)), path_(path), stop_(stop), complete_(std::move(complete)) {}
  std::size_t read(std::uint8_t* to, std::size_t most) override {
    for (bool complete = false;;) {
      const ssize_t n = ::read(file_.number(), to, most);
      if (n > 0) return static_cast<std::size_t>(n);
      if (n < 0 && errno != EINTR)
        throw Error(fmt::format("cannot read {}: {}", input_name(path_), std::strerror(errno)));
      if (complete || stop_) return 0;
      complete = complete_();  // then once more: what was written before the answer is read
      if (!complete) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }

 private:
  InputFile file_;
  std::string path_;
  const std::atomic<bool>& stop_;
  std::function<bool()> complete_;
};

bool holds_compressed(const InputFile& file) {
  std::uint8_t bytes[6] = {};
  const ssize_t n = ::pread(file.number(), bytes, sizeof bytes, 0);
  return is_compressed(std::span(bytes).first(n > 0 ? static_cast<std::size_t>(n) : 0));
}

}  // namespace

std::unique_ptr<ByteSource> open_bytes(const std::string& path, const std::atomic<bool>& stop) {
  InputFile file(path, stop);
  struct stat about {};
  if (path != "-" && fstat(file.number(), &about) == 0) {
    if (S_ISDIR(about.st_mode)) throw Error(fmt::format("'{}' is a directory: name a capture file", path));
    if (S_ISREG(about.st_mode) && !holds_compressed(file))
      return std::make_unique<RegularFile>(std::move(file), path, static_cast<std::uint64_t>(about.st_size));
  }
  InputStream input(std::move(file), path, stop);
  if (const auto first = input.peek(); stop && first.size() < 8)
    throw Error(fmt::format("stopped while {} waited for its file header", input_name(path)));
  return open_stream(std::move(input), path);
}

std::unique_ptr<ByteSource> follow_bytes(const std::string& path, const std::atomic<bool>& stop,
                                         std::function<bool()> complete) {
  InputFile file(path, stop);
  if (!holds_compressed(file)) return std::make_unique<GrowingFile>(std::move(file), path, stop, std::move(complete));
  while (!complete() && !stop) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  return open_bytes(path, stop);
}

// A lease to read is given only while there is no writer.
std::optional<bool> has_no_writer(const std::string& path) {
  const std::atomic<bool> stop = true;
  const InputFile file(path, stop);
  if (fcntl(file.number(), F_SETLEASE, F_RDLCK) == 0) {
    fcntl(file.number(), F_SETLEASE, F_UNLCK);
    return true;
  }
  if (errno == EAGAIN) return false;
  return {};
}

std::string input_name(const std::string& path) { return path == "-" ? "standard input" : "'" + path + "'"; }

}  // namespace t2
