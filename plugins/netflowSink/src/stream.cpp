// One connection at a time, and a bounded queue while there is none or the collector is slow.
//
// TCP confirms what the other host has taken, not what the collector has read, and IPFIX has no confirmation of its
// own. A message is therefore kept (backlog.cpp) until it is known to have been read: from the kernel, if the collector
// is on this machine; because the collector closed in order, which a host does only when everything was read; or
// because so much was sent after it that no receive buffer could still hold it. If the connection breaks, what is kept
// is sent again on the next one.
#include "stream.hpp"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netdb.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <ctime>
#include <optional>
#include <utility>
#include <vector>

#include "backlog.hpp"
#include "peer_socket.hpp"
#include "resolve.hpp"

namespace t2::netflow_sink {

namespace {

constexpr std::int64_t millisecond = 1'000'000, second = 1000 * millisecond;
constexpr std::int64_t first_pause = 100 * millisecond, longest_pause = 10 * second;  // between attempts to connect
constexpr std::int64_t connect_timeout = 5 * second;                                  // with all greetings
constexpr std::int64_t stall_timeout = 2 * second;       // of a full queue, without any progress
constexpr std::int64_t close_timeout = 5 * second;       // at the end, without any progress
constexpr std::int64_t absent_timeout = 2 * second;      // at the end, while nobody listens
constexpr std::int64_t goodbye_timeout = second;         // until the collector closes as well
constexpr std::int64_t longest_wait = 20 * millisecond;  // of a message for others to leave together
constexpr unsigned max_shutdown_attempts = 3;
constexpr std::size_t enough = 64 << 10;  // bytes that need not wait for others
constexpr std::uint64_t min_buffer = 256 << 10,
                        largest_buffer = 64 << 20;  // bytes that a host somewhere else may keep unread

std::int64_t clock_now(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return t.tv_sec * second + t.tv_nsec;
}
std::int64_t monotonic_now() { return clock_now(CLOCK_MONOTONIC); }

class StreamTransport final : public Transport {
 public:
  StreamTransport(const CollectorAddress& collector, AddressList list, std::unique_ptr<ChannelFactory> factory,
                  std::size_t max_messages, Warn warn)
      : destination_(collector.text()),
        list_(std::move(list)),
        next_address_(list_.get()),
        channel_factory_(std::move(factory)),
        backlog_(max_messages),
        warn_(std::move(warn)) {}
  ~StreamTransport() override { disconnect(0); }
  StreamTransport(const StreamTransport&) = delete;
  StreamTransport& operator=(const StreamTransport&) = delete;

  bool stream() const override { return true; }

  void begin(std::vector<std::vector<std::uint8_t>> templates, unsigned options) override {
    templates_ = std::move(templates.front());
    template_options_ = options;
    pump();
  }

  void send(std::span<const std::uint8_t> message, unsigned records, unsigned options) override {
    const bool vital = records + options == 0;  // templates: what follows could not be read without them
    if (backlog_.full()) pump();
    if (backlog_.full()) wait_for_room();
    if (backlog_.full() && !vital) {
      warn_once(told_full_, destination_ + " takes too little, and the queue is full (NF_QUEUE): records are lost");
      return backlog_.lose(records);
    }
    backlog_.add(message, records, options);
    waiting_ += message.size();
    if (waiting_ >= enough) pump();
  }

  void work() override {
    if (clock_now(CLOCK_MONOTONIC_COARSE) - pumped_ >= longest_wait) pump();
  }

  void finish() override {
    for (unsigned i = 0; i < max_shutdown_attempts; ++i) {
      drain();
      if (state_ != State::connected || shut_down()) break;
    }
    // The collector does not read, or does not close. What its host has taken is there when it goes on reading.
    if (state_ == State::connected) backlog_.leave(confirmed(), peer_.has_value());
    disconnect(left());
    backlog_.give_up();
  }

  const DeliveryStats& delivery() const override { return backlog_.delivery(); }
  std::string destination() const override { return destination_; }

 private:
  enum class State { none, connecting, handshake, connected };

  // ---- Connections

  void pump() {
    pumped_ = clock_now(CLOCK_MONOTONIC_COARSE);
    waiting_ = 0;
    if (state_ == State::none && monotonic_now() >= next_try_) connect();
    if (state_ == State::connecting) check_connecting();
    if (state_ == State::handshake) handshake();
    if (state_ == State::connected && still_open()) write();
    if (state_ == State::connected) forget_read();
  }

  void connect() {
    const addrinfo* a = next_address_;
    next_address_ = a->ai_next ? a->ai_next : list_.get();
    socket_ = ::socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    state_ = State::connecting;
    began_ = monotonic_now();
    if (socket_ < 0 || (::connect(socket_, a->ai_addr, a->ai_addrlen) != 0 && errno != EINPROGRESS))
      fail(std::strerror(errno));
  }

  void check_connecting() {
    pollfd p{socket_, POLLOUT, 0};
    if (poll(&p, 1, 0) <= 0) return check_connect_timeout();
    int problem = 0;
    socklen_t size = sizeof problem;
    getsockopt(socket_, SOL_SOCKET, SO_ERROR, &problem, &size);
    if (problem != 0) return fail(std::strerror(problem));
    channel_ = channel_factory_->open(socket_);
    progress_ = monotonic_now();
    state_ = State::handshake;
  }

  void handshake() {
    const ChannelStatus step = channel_->handshake();
    if (step == ChannelStatus::failed) return fail(channel_->error());
    if (step == ChannelStatus::pending) return check_connect_timeout();
    peer_.emplace(socket_, IPPROTO_TCP);
    PeerState view;
    if (peer_->query(view) != PeerStatus::found) peer_.reset();  // on another machine, or behind something on this one
    state_ = State::connected;
    progress_ = monotonic_now();
    stalled_ = false;
    buffer_ = min_buffer;
    backlog_.begin_session(templates_, template_options_);
  }

  void check_connect_timeout() {
    if (monotonic_now() - began_ > connect_timeout) fail(std::strerror(ETIMEDOUT));
  }

  bool still_open() {
    const ChannelStatus step = channel_->read_until_close();
    if (step == ChannelStatus::done) end_session();
    if (step == ChannelStatus::failed) fail(channel_->error());
    return step == ChannelStatus::pending;
  }

  // The collector closed in order: it has read what its host has confirmed, and nothing else.
  void end_session() {
    forget(confirmed());
    fail("closed by the collector", 0);
  }

  void fail(const std::string& problem) { fail(problem, left()); }
  void fail(const std::string& problem, std::uint64_t may_have_arrived) {
    if (state_ == State::connected) {
      warn_once(told_break_,
                "the connection to " + destination_ + " broke (" + problem + "): records wait until it is there again");
    } else {
      warn_once(told_absent_,
                "no connection to " + destination_ + " (" + problem + "): records wait until it can be made");
    }
    disconnect(may_have_arrived);
    next_try_ = monotonic_now() + pause_;
    pause_ = std::min(2 * pause_, longest_pause);
  }

  void disconnect(std::uint64_t may_have_arrived) {
    channel_.reset();
    peer_.reset();
    if (socket_ >= 0) {
      if (!backlog_.none_in_flight()) {  // what will be sent again, or counts as lost, must not arrive later on
        const linger at_once{1, 0};
        setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
      }
      close(socket_);
    }
    socket_ = -1;
    state_ = State::none;
    shut_down_ = false;
    backlog_.end_session(may_have_arrived);
  }

  // ---- Messages

  void write() {
    const bool plain = channel_->plain();
    for (;;) {
      const auto seconds = static_cast<std::uint32_t>(clock_now(CLOCK_REALTIME) / second);
      const std::span bytes = backlog_.next(plain, channel_->written(), seconds);
      if (bytes.empty()) return;
      const std::ptrdiff_t n = channel_->write(bytes);
      if (n < 0) return fail(channel_->error());
      if (n == 0) return;
      note_progress();
      backlog_.took(static_cast<std::size_t>(n), plain, channel_->written());
    }
  }

  // Bytes that are no longer in this host's buffer: SIOCOUTQ: the other host has taken them, SIOCOUTQNSD: they have
  // left.
  std::uint64_t gone(unsigned long which) const {
    int pending = 0;
    if (socket_ < 0 || ioctl(socket_, which, &pending) != 0) return which == SIOCOUTQ ? 0 : channel_->written();
    const std::uint64_t all = channel_->written() + (shut_down_ ? 1 : 0);  // the end takes the place of a byte
    return std::min(channel_->written(), all - std::min(all, static_cast<std::uint64_t>(pending)));
  }
  std::uint64_t confirmed() const { return gone(SIOCOUTQ); }
  std::uint64_t left() const { return channel_ ? gone(SIOCOUTQNSD) : 0; }

  // What came while the kernel was asked counts as unread: bytes are confirmed before they are looked for.
  void forget_read() {
    if (backlog_.none_in_flight()) return;
    const std::uint64_t taken = confirmed();
    std::uint64_t unread = 0;
    if (peer_) {
      PeerState view;
      if (peer_->query(view) != PeerStatus::found) return;  // it has just gone
      unread = view.unread;
    } else {
      tcp_info info{};
      socklen_t size = sizeof info;
      if (getsockopt(socket_, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
          size >= offsetof(tcp_info, tcpi_snd_wnd) + sizeof info.tcpi_snd_wnd) {
        buffer_ = std::clamp<std::uint64_t>(2 * std::uint64_t{info.tcpi_snd_wnd}, buffer_, largest_buffer);
      } else {
        buffer_ = largest_buffer;
      }
      unread = buffer_;
    }
    forget(taken - std::min(taken, unread));
  }

  void forget(std::uint64_t read) {
    if (!backlog_.forget(read)) return;
    pause_ = first_pause;
    note_progress();
  }

  void note_progress() {
    progress_ = monotonic_now();
    stalled_ = false;
  }

  // A slow collector slows t2 down, one that does not read at all does not.
  void wait_for_room() {
    while ((state_ == State::connected || state_ == State::handshake) && !stalled_ && backlog_.full()) {
      rest(100);
      pump();
      stalled_ = monotonic_now() - progress_ > stall_timeout;
    }
  }

  void rest(int milliseconds) const {  // or until something can be written
    pollfd p{socket_, static_cast<short>(backlog_.all_written() ? 0 : POLLOUT), 0};
    if (socket_ < 0 || state_ != State::connected) p.fd = -1;
    poll(&p, 1, p.fd < 0 ? std::min(milliseconds, 10) : milliseconds);
  }

  // ---- The end

  // Until everything has been read, or taken where that cannot be known.
  void drain() {
    std::int64_t connected = progress_ = monotonic_now();
    for (int nap = 1;; nap = std::min(2 * nap, 10)) {
      pause_ = std::min(pause_, first_pause);
      next_try_ = std::min(next_try_, monotonic_now() + pause_);
      pump();
      if (backlog_.empty()) return;
      if (state_ == State::connected && !peer_ && backlog_.all_written() && confirmed() == channel_->written()) return;
      const std::int64_t now = monotonic_now();
      if (state_ == State::connected) connected = now;
      if (now - connected > absent_timeout || (state_ == State::connected && now - progress_ > close_timeout)) return;
      rest(nap);
    }
  }

  // A collector that has read everything closes its end. False if it broke the connection instead.
  bool shut_down() {
    channel_->close();
    shutdown(socket_, SHUT_WR);
    shut_down_ = true;
    const std::int64_t begin = monotonic_now();
    for (std::int64_t spent = 0; spent < goodbye_timeout; spent = monotonic_now() - begin) {
      const ChannelStatus step = channel_->read_until_close();
      if (step == ChannelStatus::done) forget(confirmed());
      if (step != ChannelStatus::pending) {
        if (backlog_.none_in_flight()) return true;
        step == ChannelStatus::done ? end_session() : fail(channel_->error());
        return false;
      }
      forget_read();
      pollfd p{socket_, POLLIN, 0};
      poll(&p, 1, 10);
    }
    return true;
  }

  void warn_once(bool& told, const std::string& text) {
    if (!std::exchange(told, true)) warn_(text);
  }

  std::string destination_;
  AddressList list_;
  const addrinfo* next_address_;
  std::unique_ptr<ChannelFactory> channel_factory_;
  Backlog backlog_;
  Warn warn_;
  std::vector<std::uint8_t> templates_;
  unsigned template_options_ = 0;  // data records in it
  std::size_t waiting_ = 0;        // bytes queued since something was written
  int socket_ = -1;
  std::unique_ptr<Channel> channel_;
  std::optional<PeerSocket> peer_;
  State state_ = State::none;
  std::uint64_t buffer_ = min_buffer;  // of the other host, at most
  std::int64_t next_try_ = 0, began_ = 0, progress_ = 0, pumped_ = 0, pause_ = first_pause;
  bool shut_down_ = false, stalled_ = false, told_absent_ = false, told_break_ = false, told_full_ = false;
};

}  // namespace

std::unique_ptr<Transport> make_stream_transport(const CollectorAddress& collector,
                                                 std::unique_ptr<ChannelFactory> factory, std::size_t max_messages,
                                                 Warn warn) {
  return std::make_unique<StreamTransport>(collector, resolve(collector, SOCK_STREAM), std::move(factory), max_messages,
                                           std::move(warn));
}

}  // namespace t2::netflow_sink
