// IPFIX over TCP (RFC 7011, 10.4): one connection at a time, and a bounded queue while there is none or the collector is
// slow.
//
// A new connection is a new session: the templates go first, the sequence begins at 0. Header fields that belong to the
// session are therefore filled in when a message begins to leave. A message is kept until the other host has confirmed
// its bytes; if the connection breaks before, it is sent again.
#include <linux/sockios.h>
#include <netdb.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <deque>
#include <utility>
#include <vector>

#include "fields.hpp"
#include "resolve.hpp"
#include "transport.hpp"

namespace netflow {

namespace {

constexpr std::int64_t millisecond = 1'000'000, second = 1000 * millisecond;
constexpr std::int64_t first_pause = 100 * millisecond, longest_pause = 10 * second;  // between attempts to connect
constexpr std::int64_t connect_patience = 5 * second;
constexpr std::int64_t stall_patience = 2 * second;   // of a full queue, without any progress
constexpr std::int64_t close_patience = 5 * second;   // at the end, without any progress
constexpr std::int64_t absent_patience = 2 * second;  // at the end, while nobody listens
constexpr std::int64_t goodbye_patience = second;     // until the collector closes as well
constexpr std::size_t time_at = 4, sequence_at = 8;   // in the header of a message

std::int64_t clock_now(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return t.tv_sec * second + t.tv_nsec;
}
std::int64_t monotonic_now() { return clock_now(CLOCK_MONOTONIC); }

class Tcp final : public Transport {
 public:
  Tcp(const Address& collector, Resolved list, std::size_t most_messages, Warn warn)
      : destination_(collector.text()), list_(std::move(list)), next_address_(list_.get()), limit_(most_messages), warn_(std::move(warn)) {}
  ~Tcp() override { disconnect(); }
  Tcp(const Tcp&) = delete;
  Tcp& operator=(const Tcp&) = delete;

  bool begin(std::span<const std::uint8_t> templates) override {
    templates_.assign(templates.begin(), templates.end());
    work();
    return true;
  }

  bool send(std::span<const std::uint8_t> message, unsigned records) override {
    work();
    if (queue_.size() >= limit_) wait_for_room();
    if (queue_.size() >= limit_) {
      warn_once(told_full_, destination_ + " takes too little, and the queue is full (NF_QUEUE): records are lost");
      books_.lost += records;
      return true;
    }
    queue_.push_back({{message.begin(), message.end()}, records, false});
    write();
    return true;
  }

  void work() override {
    if (state_ == State::none && monotonic_now() >= next_try_) connect();
    if (state_ == State::connecting) check_connecting();
    if (state_ == State::connected && listen_to_peer()) write();
  }

  void finish() override {
    const std::int64_t begin = monotonic_now();
    pause_ = first_pause;
    next_try_ = std::min(next_try_, begin + pause_);
    progress_ = begin;
    while (!queue_.empty() || !unconfirmed_.empty()) {
      work();
      forget_confirmed();
      const std::int64_t patience = state_ == State::connected ? close_patience : absent_patience;
      if (monotonic_now() - progress_ > patience) break;
      if (!queue_.empty() || !unconfirmed_.empty()) rest(10);
      pause_ = first_pause;
    }
    if (state_ == State::connected) say_goodbye();
    disconnect();
    for (const Message& message : queue_) books_.lost += message.records;
    queue_.clear();
  }

  bool refused() override { return false; }
  const Books* books() const override { return &books_; }
  std::string destination() const override { return destination_; }

 private:
  enum class State { none, connecting, connected };
  struct Message {
    std::vector<std::uint8_t> bytes;
    unsigned records;  // 0: templates
    bool again;        // went out on an earlier connection
  };

  void connect() {
    const addrinfo* a = next_address_;
    next_address_ = a->ai_next ? a->ai_next : list_.get();
    socket_ = ::socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    state_ = State::connecting;
    began_ = monotonic_now();
    if (socket_ < 0 || (::connect(socket_, a->ai_addr, a->ai_addrlen) != 0 && errno != EINPROGRESS)) fail(errno);
  }

  void check_connecting() {
    pollfd p{socket_, POLLOUT, 0};
    if (poll(&p, 1, 0) <= 0) {
      if (monotonic_now() - began_ > connect_patience) fail(ETIMEDOUT);
      return;
    }
    int problem = 0;
    socklen_t size = sizeof problem;
    getsockopt(socket_, SOL_SOCKET, SO_ERROR, &problem, &size);
    if (problem != 0) return fail(problem);
    state_ = State::connected;
    progress_ = monotonic_now();
    stalled_ = false;
    sequence_ = 0;
    ++books_.connections;
    queue_.push_front({templates_, 0, false});
  }

  // Collectors have nothing to say; but they close.
  bool listen_to_peer() {
    std::uint8_t buffer[512];
    for (;;) {
      const ssize_t n = recv(socket_, buffer, sizeof buffer, MSG_DONTWAIT);
      if (n > 0 || (n < 0 && errno == EINTR)) continue;
      if (n < 0 && errno == EAGAIN) return true;
      fail(n == 0 ? EPIPE : errno);
      return false;
    }
  }

  void write() {
    while (state_ == State::connected && !queue_.empty()) {
      Message& message = queue_.front();
      if (written_ == 0) {
        store(&message.bytes[time_at], 4, static_cast<std::uint64_t>(clock_now(CLOCK_REALTIME) / second));
        store(&message.bytes[sequence_at], 4, sequence_);
      }
      const ssize_t n = ::send(socket_, &message.bytes[written_], message.bytes.size() - written_, MSG_NOSIGNAL);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) {
        if (errno != EAGAIN) fail(errno);
        break;
      }
      progress_ = monotonic_now();
      stalled_ = false;
      written_ += static_cast<std::size_t>(n);
      if (written_ < message.bytes.size()) continue;
      written_ = 0;
      sequence_ += message.records;
      books_.sent += message.records;
      if (message.again) books_.resent += message.records;
      unconfirmed_bytes_ += message.bytes.size();
      unconfirmed_.push_back(std::move(message));
      queue_.pop_front();
    }
    if (unconfirmed_.size() >= 256) forget_confirmed();
  }

  void forget_confirmed() {
    int left = 0;  // bytes
    if (socket_ < 0 || unconfirmed_.empty() || ioctl(socket_, SIOCOUTQ, &left) != 0) return;
    while (!unconfirmed_.empty() && unconfirmed_bytes_ - unconfirmed_.front().bytes.size() + written_ >= static_cast<std::size_t>(left)) {
      unconfirmed_bytes_ -= unconfirmed_.front().bytes.size();
      unconfirmed_.pop_front();
      pause_ = first_pause;
      progress_ = monotonic_now();
    }
  }

  // Ends the session; what was not confirmed waits again, in its old order.
  void disconnect() {
    forget_confirmed();
    if (!unconfirmed_.empty() || written_ > 0) {  // what will be sent again, or counts as lost, must not arrive later on
      const linger at_once{1, 0};
      setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    if (socket_ >= 0) close(socket_);
    socket_ = -1;
    state_ = State::none;
    written_ = 0;
    std::erase_if(queue_, [](const Message& message) { return message.records == 0; });
    for (; !unconfirmed_.empty(); unconfirmed_.pop_back()) {
      Message& message = unconfirmed_.back();
      if (message.records == 0) continue;
      books_.sent -= message.records;
      if (message.again) books_.resent -= message.records;
      message.again = true;
      queue_.push_front(std::move(message));
    }
    unconfirmed_bytes_ = 0;
  }

  void fail(int problem) {
    if (state_ == State::connected) {
      warn_once(told_break_, "the connection to " + destination_ + " broke (" + (problem == EPIPE ? "closed by the collector" : std::strerror(problem)) +
                                 "): records wait until it is there again");
    } else {
      warn_once(told_absent_, "no connection to " + destination_ + " (" + std::strerror(problem) + "): records wait until a collector is started there");
    }
    disconnect();
    next_try_ = monotonic_now() + pause_;
    pause_ = std::min(2 * pause_, longest_pause);
  }

  // A slow collector slows t2 down, one that does not read at all does not.
  void wait_for_room() {
    while (state_ == State::connected && !stalled_ && queue_.size() >= limit_) {
      rest(100);
      work();
      stalled_ = monotonic_now() - progress_ > stall_patience;
    }
  }

  void rest(int milliseconds) const {  // or until something can be written
    pollfd p{socket_, static_cast<short>(queue_.empty() ? POLLIN : POLLIN | POLLOUT), 0};
    if (socket_ < 0 || state_ != State::connected) p.fd = -1;
    poll(&p, 1, milliseconds);
  }

  // Everything has arrived at the other host; a collector that has read it closes its end.
  void say_goodbye() {
    shutdown(socket_, SHUT_WR);
    const std::int64_t begin = monotonic_now();
    std::uint8_t buffer[512];
    for (std::int64_t spent = 0; spent < goodbye_patience; spent = monotonic_now() - begin) {
      pollfd p{socket_, POLLIN, 0};
      if (poll(&p, 1, static_cast<int>((goodbye_patience - spent) / millisecond) + 1) > 0 && recv(socket_, buffer, sizeof buffer, MSG_DONTWAIT) <= 0) return;
    }
  }

  void warn_once(bool& told, const std::string& text) {
    if (!std::exchange(told, true)) warn_(text);
  }

  std::string destination_;
  Resolved list_;
  const addrinfo* next_address_;
  std::size_t limit_;
  Warn warn_;
  std::vector<std::uint8_t> templates_;
  std::deque<Message> queue_;          // not yet written, or not completely
  std::deque<Message> unconfirmed_;    // written
  std::size_t unconfirmed_bytes_ = 0, written_ = 0;  // of unconfirmed_; of the first in queue_
  int socket_ = -1;
  State state_ = State::none;
  std::uint32_t sequence_ = 0;
  std::int64_t next_try_ = 0, began_ = 0, progress_ = 0, pause_ = first_pause;
  bool stalled_ = false, told_absent_ = false, told_break_ = false, told_full_ = false;
  Books books_;
};

}  // namespace

std::unique_ptr<Transport> tcp(const Address& collector, std::size_t most_messages, Warn warn) {
  return std::make_unique<Tcp>(collector, resolve(collector, SOCK_STREAM), most_messages, std::move(warn));
}

}  // namespace netflow
