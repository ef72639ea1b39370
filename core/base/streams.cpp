// Writing without exceptions, and what could not be written.
#include "base/streams.hpp"

#include <atomic>
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

namespace t2 {
namespace {

std::atomic<int> problem = 0;  // the first one

void remember(int error) {
  int none = 0;
  if (error != EPIPE) problem.compare_exchange_strong(none, error);
}

}  // namespace

void open_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(stream, F_GETFD) >= 0) continue;
    if (open("/dev/null", O_RDWR) < 0) return;  // it gets the lowest number that is free
  }
}

void print_to(std::FILE* stream, std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stream) != text.size() && stream == stdout) remember(errno);
}

void flush_stdout() {
  if (std::fflush(stdout) != 0) remember(errno);
}

int stdout_problem() {
  flush_stdout();
  return problem;
}

}  // namespace t2
