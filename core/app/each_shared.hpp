// What the processes of --each share: what became of their inputs, counters, and standard output.
#pragma once

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/log.hpp"
#include "base/streams.hpp"
#include "t2/error.hpp"

namespace t2 {

enum class Became : std::uint8_t { waiting, taken, complete, damaged, failed, output_lost, no_capture };

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
    print_to(stdout, line + "\n");
    flush_stdout();
    whole.l_type = F_UNLCK;
    fcntl(lock_, F_SETLK, &whole);
  }

 private:
  int lock_;
};

}  // namespace t2
