// TCP: rows are kept until the collector's host has acknowledged them, and are sent again over a new connection. No
// call on the socket blocks. UDP: a datagram for each row.
#include "collector.hpp"

#include <linux/sockios.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "gzip.hpp"
#include "t2/clock.hpp"
#include "t2/error.hpp"

namespace t2::socket_sink {

namespace {

constexpr Time retry_after = one_second / 5;  // between two attempts to connect
constexpr int step = 20;                      // ms, of a wait
constexpr std::size_t block_size = 64 << 10;  // bytes that are written together
constexpr std::uint64_t unwritten = UINT64_MAX;

std::vector<Address> resolve(const Settings& settings, int type) {
  addrinfo hints{}, *list = nullptr;
  hints.ai_socktype = type;
  hints.ai_flags = AI_NUMERICSERV;
  const int problem = getaddrinfo(settings.host.c_str(), std::to_string(settings.port).c_str(), &hints, &list);
  if (problem != 0)
    throw Error("socketSink: cannot find the collector '" + settings.host + "' (" +
                (problem == EAI_SYSTEM ? std::strerror(errno) : gai_strerror(problem)) +
                "): set SKS_SERVADD to its name or address");
  std::vector<Address> addresses;
  for (const addrinfo* at = list; at; at = at->ai_next) {
    Address& address = addresses.emplace_back();
    std::memcpy(&address.storage, at->ai_addr, at->ai_addrlen);
    address.size = at->ai_addrlen;
  }
  freeaddrinfo(list);
  return addresses;
}

int open_socket(const Address& address, int type) {
  return ::socket(address.storage.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}
int connect_to(int socket, const Address& address) {
  return ::connect(socket, reinterpret_cast<const sockaddr*>(&address.storage), address.size);
}

class Tcp final : public Collector {
 public:
  explicit Tcp(Settings settings) : settings_(std::move(settings)), addresses_(resolve(settings_, SOCK_STREAM)) {
    pump();
  }
  ~Tcp() override {
    if (socket_ >= 0) ::close(socket_);
  }

  void send(std::string line) override {
    if (bytes_ + line.size() > settings_.max_bytes) pump();
    if (bytes_ + line.size() > settings_.max_bytes &&
        !wait([&] { return bytes_ + line.size() <= settings_.max_bytes; })) {
      ++lost_;
      return;
    }
    bytes_ += line.size();
    lines_.push_back({std::move(line), unwritten});
    if (bytes_ - pumped_bytes_ > block_size) pump();
  }
  void tick() override { pump(); }
  void finish() override {
    stuck_ = false;
    wait([&] {
      return lines_.empty() && (state_ != State::connected || block_.empty()) && state_ != State::connecting;
    });
    lost_ += lines_.size();
    lines_.clear();
    if (socket_ >= 0) ::shutdown(socket_, SHUT_WR);
  }
  std::uint64_t lost() const override { return lost_; }

 private:
  enum class State { none, connecting, connected };
  struct Line {
    std::string text;
    std::uint64_t end;  // position in the connection behind it; unwritten: not in a block yet
  };

  // False: there was no progress for the timeout, or the run must end. Afterwards it waits no more until there is some.
  template <class Done>
  bool wait(Done done) {
    Time last = steady_clock();
    while (!done()) {
      if (stuck_ && !progress_) return false;
      if (settings_.must_end() || steady_clock() - last >= settings_.timeout) {
        stuck_ = true;
        return false;
      }
      pollfd ready{socket_, static_cast<short>(POLLIN | (block_.empty() && state_ == State::connected ? 0 : POLLOUT)),
                   0};
      ::poll(&ready, socket_ >= 0 ? 1 : 0, step);
      pump();
      if (std::exchange(progress_, false)) {
        last = steady_clock();
        stuck_ = false;
      }
    }
    return true;
  }

  void pump() {
    pumped_bytes_ = bytes_;
    if (state_ == State::none && steady_clock() >= retry_at_) connect();
    if (state_ == State::connecting) check_connect();
    if (state_ != State::connected) return;
    if (is_closed()) return;
    write();
    if (state_ == State::connected) release();
    pumped_bytes_ = bytes_;
  }

  void connect() {
    const Address& address = addresses_[attempt_++ % addresses_.size()];
    socket_ = open_socket(address, SOCK_STREAM);
    if (socket_ < 0) return disconnect(std::strerror(errno));
    if (connect_to(socket_, address) != 0 && errno != EINPROGRESS) return disconnect(std::strerror(errno));
    state_ = State::connecting;
  }
  void check_connect() {
    pollfd ready{socket_, POLLOUT, 0};
    if (::poll(&ready, 1, 0) <= 0) return;
    int problem = 0;
    socklen_t size = sizeof problem;
    ::getsockopt(socket_, SOL_SOCKET, SO_ERROR, &problem, &size);
    if (problem != 0) return disconnect(std::strerror(problem));
    state_ = State::connected;
    progress_ = true;
    if (std::exchange(told_, false)) settings_.info("connected to " + settings_.name());
    block_ = packed(settings_.header);
    written_ = block_written_ = 0;
    queued_ = block_.size();
  }
  // What the collector sends is read and dropped, a bounded part of it at once: it may talk without end.
  bool is_closed() {
    constexpr unsigned max_reads = 128;
    char scratch[512];
    ssize_t n = 0;
    for (unsigned reads = 0; reads < max_reads; ++reads) {
      if ((n = ::recv(socket_, scratch, sizeof scratch, MSG_DONTWAIT)) <= 0) break;
    }
    if (n > 0) return false;
    if (n == 0) disconnect("it closed the connection");
    else if (errno != EAGAIN && errno != EINTR) disconnect(std::strerror(errno));
    return state_ != State::connected;
  }
  void write() {
    for (;;) {
      if (block_written_ == block_.size() && !fill_block()) return;
      const ssize_t n = ::send(socket_, block_.data() + block_written_, block_.size() - block_written_, MSG_NOSIGNAL);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0 && errno == EAGAIN) return;
      if (n < 0) return disconnect(std::strerror(errno));
      block_written_ += static_cast<std::size_t>(n);
      written_ += static_cast<std::uint64_t>(n);
      progress_ |= n > 0;
    }
  }
  bool fill_block() {
    block_.clear();
    block_written_ = 0;
    const std::size_t first = next_;
    for (; next_ < lines_.size() && block_.size() < block_size; ++next_) {
      block_ += lines_[next_].text;
      lines_[next_].end = queued_ + block_.size();
    }
    block_ = packed(std::move(block_));
    queued_ += block_.size();
    for (std::size_t i = first; settings_.compress && i < next_; ++i) lines_[i].end = queued_;  // all or none
    return !block_.empty();
  }
  std::string packed(std::string text) const {
    return settings_.compress && !text.empty() ? gzip(text) : std::move(text);
  }
  // Lines that the collector's host has acknowledged.
  void release() {
    int unacknowledged = 0;
    if (::ioctl(socket_, SIOCOUTQ, &unacknowledged) != 0) return;
    const std::uint64_t arrived = written_ - static_cast<std::uint64_t>(unacknowledged);
    while (!lines_.empty() && lines_.front().end <= arrived) {
      bytes_ -= lines_.front().text.size();
      lines_.pop_front();
      --next_;
      progress_ = true;
    }
  }
  void disconnect(const std::string& reason) {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
    state_ = State::none;
    retry_at_ = steady_clock() + retry_after;
    block_.clear();
    block_written_ = next_ = 0;
    for (Line& line : lines_) line.end = unwritten;
    if (!std::exchange(told_, true))
      settings_.warn("no connection to the collector " + settings_.name() + ": " + reason + "; rows wait for it");
  }

  const Settings settings_;
  const std::vector<Address> addresses_;
  State state_ = State::none;
  int socket_ = -1;
  std::size_t attempt_ = 0;
  Time retry_at_ = 0;                         // steady clock
  std::deque<Line> lines_;                    // that have not arrived
  std::size_t next_ = 0;                      // of them: the first that is in no block
  std::size_t bytes_ = 0, pumped_bytes_ = 0;  // of lines_; then, at the last pump()
  std::string block_;
  std::size_t block_written_ = 0;
  std::uint64_t queued_ = 0, written_ = 0;  // bytes of this connection: put into blocks, handed to TCP
  std::uint64_t lost_ = 0;
  bool progress_ = false, stuck_ = false;
  bool told_ = false;  // that there is no connection
};

class Udp final : public Collector {
 public:
  explicit Udp(Settings settings) : settings_(std::move(settings)) {
    for (const Address& address : resolve(settings_, SOCK_DGRAM)) {
      socket_ = open_socket(address, SOCK_DGRAM);
      if (socket_ >= 0 && connect_to(socket_, address) == 0) break;
      if (socket_ >= 0) ::close(std::exchange(socket_, -1));
    }
    if (socket_ < 0)
      throw Error("socketSink: cannot reach the collector " + settings_.name() + ": " + std::strerror(errno));
    if (!settings_.header.empty()) put(settings_.header);
  }
  ~Udp() override { ::close(socket_); }
  void send(std::string line) override {
    if (!put(line)) ++lost_;
  }
  void tick() override {}
  void finish() override {}
  std::uint64_t lost() const override { return lost_; }

 private:
  bool put(const std::string& line) {
    for (int attempt = 0; attempt < 100; ++attempt) {
      if (::send(socket_, line.data(), line.size(), MSG_NOSIGNAL) >= 0) return true;
      if (errno == EAGAIN || errno == ENOBUFS) {
        pollfd ready{socket_, POLLOUT, 0};
        ::poll(&ready, 1, step);
        if (settings_.must_end()) break;
      } else if (errno == ECONNREFUSED && attempt == 0) {
        // The answer to a datagram before this one: that one is lost, not this.
        ++lost_;
      } else if (errno != EINTR) {
        break;
      }
    }
    if (!std::exchange(told_, true))
      settings_.warn("cannot send to the collector " + settings_.name() + ": " + std::strerror(errno));
    return false;
  }

  const Settings settings_;
  int socket_ = -1;
  std::uint64_t lost_ = 0;
  bool told_ = false;
};

}  // namespace

std::string Settings::name() const {
  return (host.find(':') == host.npos ? host : "[" + host + "]") + ":" + std::to_string(port);
}

std::unique_ptr<Collector> make_tcp(Settings settings) { return std::make_unique<Tcp>(std::move(settings)); }
std::unique_ptr<Collector> make_udp(Settings settings) { return std::make_unique<Udp>(std::move(settings)); }

}  // namespace t2::socket_sink
