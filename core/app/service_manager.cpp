// Sends the datagrams. What cannot be sent is not told: the manager has its own timeouts.
#include "app/service_manager.hpp"

#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "t2/clock.hpp"

namespace t2 {

namespace {

// WATCHDOG_USEC, where it is meant for this process.
Time watchdog_interval() {
  const auto number = [](const char* name, std::int64_t& value) {
    const char* const text = std::getenv(name);
    if (!text) return false;
    const auto [end, problem] = std::from_chars(text, text + std::strlen(text), value);
    return problem == std::errc{} && *end == '\0' && value > 0;
  };
  std::int64_t microseconds = 0, process = getpid();
  if (!number("WATCHDOG_USEC", microseconds)) return 0;
  if (std::getenv("WATCHDOG_PID") && (!number("WATCHDOG_PID", process) || process != getpid())) return 0;
  return microseconds * 1000 / 2;
}

}  // namespace

ServiceManager::ServiceManager() {
  const char* const name = std::getenv("NOTIFY_SOCKET");
  if (!name || (name[0] != '/' && name[0] != '@')) return;
  const std::size_t length = std::strlen(name);
  sockaddr_un address{};
  if (length < 2 || length >= sizeof address.sun_path) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, name, length);
  if (name[0] == '@') address.sun_path[0] = '\0';  // the abstract name space
  socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  if (socket_ >= 0 && connect(socket_, reinterpret_cast<const sockaddr*>(&address), size) != 0) {
    close(socket_);
    socket_ = -1;
  }
  if (socket_ < 0) return;
  const timeval most{1, 0};  // a manager that is busy may make the first and the last message wait
  setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most);
  interval_ = watchdog_interval();
}

ServiceManager::~ServiceManager() {
  if (socket_ >= 0) close(socket_);
}

void ServiceManager::ready(std::string_view status) { send("READY=1\nSTATUS=" + std::string(status), 0); }

void ServiceManager::stopping() { send("STOPPING=1", 0); }

void ServiceManager::tell_watchdog() {
  const Time now = steady_clock();
  if (now < next_) return;
  next_ = now + interval_;
  send("WATCHDOG=1", MSG_DONTWAIT);
}

void ServiceManager::send(const std::string& state, int how) {
  if (socket_ < 0) return;
  [[maybe_unused]] const ssize_t sent = ::send(socket_, state.data(), state.size(), how | MSG_NOSIGNAL);
}

}  // namespace t2
