// A file or pipe that is read as a stream, and the bytes that have arrived in it. Used by the thread that reads.
#pragma once

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <fmt/format.h>

#include "capture/bytes.hpp"
#include "t2/error.hpp"

namespace t2 {

class InputFile {
 public:
  InputFile(const std::string& path, const std::atomic<bool>& stop) {
    do {  // a named pipe waits for its writer
      number_ = path == "-" ? dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    } while (number_ < 0 && errno == EINTR && !stop);
    if (number_ >= 0) return;
    if (errno == EINTR) throw Error(fmt::format("stopped while {} waited for a writer", input_name(path)));
    throw Error(fmt::format("cannot open {}: {}", input_name(path), std::strerror(errno)));
  }
  ~InputFile() {
    if (number_ >= 0) ::close(number_);
  }
  InputFile(InputFile&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  InputFile& operator=(InputFile&&) = delete;
  int number() const { return number_; }

 private:
  int number_ = -1;
};

// What arrives in a file or pipe, as much as there is now. Waiting ends when `stop` is set.
class InputStream {
 public:
  InputStream(InputFile file, const std::string& path, const std::atomic<bool>& stop)
      : file_(std::move(file)), path_(path), stop_(stop) {}
  // Nothing: the end. Throws t2::Error.
  std::span<const std::uint8_t> next() {
    if (pushed_back_ > 0) return std::span(bytes_).first(std::exchange(pushed_back_, 0));
    for (;;) {
      pollfd input{file_.number(), POLLIN, 0};
      if (poll(&input, 1, 100) > 0) {
        const ssize_t n = ::read(file_.number(), bytes_.data(), bytes_.size());
        if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (n < 0) throw Error(fmt::format("cannot read {}: {}", input_name(path_), std::strerror(errno)));
        return std::span(bytes_).first(static_cast<std::size_t>(n));
      }
      if (stop_) return {};
    }
  }
  // The first bytes, at least 8 of them if there are so many; next() gives them again.
  std::span<const std::uint8_t> peek() {
    while (pushed_back_ < 8) {
      std::vector<std::uint8_t> more(bytes_.size());
      more.swap(bytes_);  // next() fills the other one
      const std::size_t before = std::exchange(pushed_back_, 0);
      const std::span<const std::uint8_t> got = next();
      more.resize(before);
      more.insert(more.end(), got.begin(), got.end());
      more.resize(std::max(more.size(), buffer_size));
      bytes_.swap(more);
      pushed_back_ = before + got.size();
      if (got.empty()) break;
    }
    return std::span(bytes_).first(pushed_back_);
  }
  // Leaves out the first bytes, which were peeked at or are still to come.
  void skip(std::uint64_t count) {
    while (count > 0) {
      const std::span<const std::uint8_t> got = next();
      if (got.empty()) return;
      const std::size_t n = std::min<std::uint64_t>(count, got.size());
      count -= n;
      pushed_back_ = got.size() - n;
      std::memmove(bytes_.data(), got.data() + n, pushed_back_);
    }
  }

 private:
  static constexpr std::size_t buffer_size = 256 << 10;
  InputFile file_;
  std::string path_;
  const std::atomic<bool>& stop_;
  std::vector<std::uint8_t> bytes_ = std::vector<std::uint8_t>(buffer_size);
  std::size_t pushed_back_ = 0;  // bytes at the beginning that next() gives first
};

}  // namespace t2
