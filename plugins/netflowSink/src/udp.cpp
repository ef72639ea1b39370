// UDP to a collector, which may be named, IPv4 or IPv6.
//
// The socket is connected, so that the kernel reports the ICMP errors of messages that nobody took: as the result of a
// later call.
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

#include "pace.hpp"
#include "resolve.hpp"
#include "transport.hpp"

namespace netflow {

namespace {

constexpr unsigned most_attempts = 10;

class Udp final : public Transport {
 public:
  Udp(int socket, std::string destination, unsigned rate, Warn warn)
      : socket_(socket), destination_(std::move(destination)), warn_(std::move(warn)), pacer_(socket, rate) {}
  ~Udp() override { close(socket_); }
  Udp(const Udp&) = delete;
  Udp& operator=(const Udp&) = delete;

  bool send(std::span<const std::uint8_t> message, unsigned) override {
    pacer_.wait(message.size());
    for (unsigned attempt = 1;; ++attempt) {
      if (::send(socket_, message.data(), message.size(), MSG_NOSIGNAL) >= 0) return true;
      if (errno == EINTR) continue;
      const int problem = errno;
      if (problem == ECONNREFUSED) note_refusal();  // of an earlier message; this one has not been tried yet
      const bool passes = problem == ECONNREFUSED || problem == ENOBUFS;
      if (!passes || attempt == most_attempts) {
        warn_once(told_error_, "cannot send to " + destination_ + " (" + std::strerror(problem) + "): records are lost");
        return false;
      }
      if (problem == ENOBUFS) {
        const timespec moment{0, 1'000'000};
        nanosleep(&moment, nullptr);
      }
    }
  }

  bool refused() override {
    int problem = 0;
    socklen_t size = sizeof problem;
    if (getsockopt(socket_, SOL_SOCKET, SO_ERROR, &problem, &size) == 0 && problem == ECONNREFUSED) note_refusal();
    return std::exchange(refused_, false);
  }

  std::uint64_t overflowed() override { return pacer_.overflowed(); }
  std::string destination() const override { return destination_; }

 private:
  void note_refusal() {
    refused_ = true;
    warn_once(told_refusal_, "nobody listens at " + destination_ + ": records are lost until a collector (nfcapd) is started there");
  }
  void warn_once(bool& told, const std::string& text) {
    if (!std::exchange(told, true)) warn_(text);
  }

  int socket_;
  std::string destination_;
  Warn warn_;
  Pacer pacer_;
  bool refused_ = false, told_refusal_ = false, told_error_ = false;
};

}  // namespace

std::unique_ptr<Transport> udp(const Address& collector, unsigned rate, Warn warn) {
  const Resolved list = resolve(collector, SOCK_DGRAM);
  int problem = 0;
  // IPv4 first: nfcapd listens on IPv4 alone unless told otherwise.
  for (const int family : {AF_INET, AF_INET6}) {
    for (const addrinfo* a = list.get(); a; a = a->ai_next) {
      if (a->ai_family != family) continue;
      const int s = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
      if (s < 0 || connect(s, a->ai_addr, a->ai_addrlen) != 0) {
        problem = errno;
        if (s >= 0) close(s);
        continue;
      }
      const timeval patience{1, 0};  // where the way out stays blocked
      setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
      return std::make_unique<Udp>(s, collector.text(), rate, std::move(warn));
    }
  }
  throw t2::Error("netflowSink: no way to the collector '" + collector.host + "' (" + std::strerror(problem) + "): set NF_SERVADD to an address that can be reached");
}

}  // namespace netflow
