// TCP without encryption.
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "stream.hpp"

namespace t2::netflow_sink {

namespace {

class TcpChannel final : public Channel {
 public:
  explicit TcpChannel(int socket) : socket_(socket) {}

  ChannelStatus handshake() override { return ChannelStatus::done; }

  std::ptrdiff_t write(std::span<const std::uint8_t> bytes) override {
    for (;;) {
      const ssize_t n = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n >= 0) {
        written_ += static_cast<std::uint64_t>(n);
        return n;
      }
      if (errno == EINTR) continue;
      if (errno == EAGAIN) return 0;
      closed_ = errno == EPIPE;  // the collector closed in order and reset later: read_until_close() reports it
      if (closed_) return 0;
      error_ = errno;
      return -1;
    }
  }

  ChannelStatus read_until_close() override {
    std::uint8_t buffer[read_size];
    for (unsigned reads = 0; !closed_; ++reads) {
      if (reads == max_reads) return ChannelStatus::pending;
      const ssize_t n = recv(socket_, buffer, sizeof buffer, MSG_DONTWAIT);
      if (n > 0 || (n < 0 && errno == EINTR)) continue;
      if (n < 0 && errno == EAGAIN) return ChannelStatus::pending;
      closed_ = n == 0 || errno == EPIPE;
      if (closed_) break;
      error_ = errno;
      return ChannelStatus::failed;
    }
    return ChannelStatus::done;
  }

  void close() override {}
  std::uint64_t written() const override { return written_; }
  bool plain() const override { return true; }
  std::string error() const override { return std::strerror(error_); }

 private:
  int socket_;
  std::uint64_t written_ = 0;
  int error_ = 0;
  bool closed_ = false;  // by the collector, in order
};

class TcpChannelFactory final : public ChannelFactory {
 public:
  std::unique_ptr<Channel> open(int socket) override { return std::make_unique<TcpChannel>(socket); }
};

}  // namespace

std::unique_ptr<ChannelFactory> make_tcp_channels() { return std::make_unique<TcpChannelFactory>(); }

std::unique_ptr<Transport> make_tcp_transport(const CollectorAddress& collector, std::size_t max_messages, Warn warn) {
  return make_stream_transport(collector, make_tcp_channels(), max_messages, std::move(warn));
}

}  // namespace t2::netflow_sink
