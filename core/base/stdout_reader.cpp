// SIGPIPE comes to the thread that writes; poll() tells whether it was standard output that it wrote to.
#include "base/stdout_reader.hpp"

#include <cerrno>
#include <csignal>

#include <poll.h>
#include <unistd.h>

namespace t2 {

namespace {

void on_broken_pipe(int number) {
  const int error = errno;
  pollfd output{STDOUT_FILENO, 0, 0};
  if (poll(&output, 1, 0) == 1 && (output.revents & (POLLERR | POLLHUP))) {
    std::signal(number, SIG_DFL);
    raise(number);
  }
  errno = error;
}

}  // namespace

void end_with_stdout_reader() {
  struct sigaction action {};
  action.sa_handler = on_broken_pipe;
  action.sa_flags = SA_NODEFER | SA_RESTART;  // raise() ends the process at once
  sigaction(SIGPIPE, &action, nullptr);
}

}  // namespace t2
