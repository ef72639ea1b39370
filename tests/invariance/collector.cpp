// Receives in a thread, so that the exporter never outruns the socket's buffer.
#include "collector.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <stdexcept>

namespace t2::test {

Collector::Collector() {
  socket_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const int size = 32 << 20;
  if (setsockopt(socket_, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
    setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  const timeval patience{0, 20'000};
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (bind(socket_, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
      getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &length) != 0)
    throw std::runtime_error("no UDP port on the loopback interface");
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { receive(); });
}

Collector::~Collector() {
  if (thread_.joinable()) finish();
  close(socket_);
}

std::vector<Buffer> Collector::finish() {
  stop_ = true;
  thread_.join();
  return std::move(datagrams_);
}

void Collector::receive() {
  Buffer buffer(65536);
  for (;;) {
    const bool complete = stop_;  // before looking: what was sent until then is in the socket, loopback does not delay
    const auto size = recv(socket_, buffer.data(), buffer.size(), 0);
    if (size >= 0) datagrams_.emplace_back(buffer.begin(), buffer.begin() + size);
    else if (complete) return;
  }
}

}  // namespace t2::test
