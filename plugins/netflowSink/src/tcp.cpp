// TCP without protection.
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "transport_stream.hpp"

namespace netflow {

namespace {

class Tcp final : public Channel {
 public:
  explicit Tcp(int socket) : socket_(socket) {}

  Step greet() override { return Step::done; }

  std::ptrdiff_t write(std::span<const std::uint8_t> bytes) override {
    for (;;) {
      const ssize_t n = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n >= 0) {
        written_ += static_cast<std::uint64_t>(n);
        return n;
      }
      if (errno == EINTR) continue;
      if (errno == EAGAIN) return 0;
      ended_ = errno == EPIPE;  // reset after it had been closed in order: listen() says so
      if (ended_) return 0;
      problem_ = errno;
      return -1;
    }
  }

  Step listen() override {
    std::uint8_t buffer[512];
    while (!ended_) {
      const ssize_t n = recv(socket_, buffer, sizeof buffer, MSG_DONTWAIT);
      if (n > 0 || (n < 0 && errno == EINTR)) continue;
      if (n < 0 && errno == EAGAIN) return Step::again;
      ended_ = n == 0 || errno == EPIPE;
      if (ended_) break;
      problem_ = errno;
      return Step::failed;
    }
    return Step::done;
  }

  void close() override {}
  std::uint64_t written() const override { return written_; }
  bool plain() const override { return true; }
  std::string problem() const override { return std::strerror(problem_); }

 private:
  int socket_;
  std::uint64_t written_ = 0;
  int problem_ = 0;
  bool ended_ = false;
};

class TcpChannels final : public Channels {
 public:
  std::unique_ptr<Channel> open(int socket) override { return std::make_unique<Tcp>(socket); }
};

}  // namespace

std::unique_ptr<Transport> tcp(const Address& collector, std::size_t max_messages, Warn warn) {
  return stream(collector, std::make_unique<TcpChannels>(), max_messages, std::move(warn));
}

}  // namespace netflow
