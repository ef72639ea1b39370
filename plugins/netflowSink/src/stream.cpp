// Makes one connection at a time, and queues a bounded number of messages while there is none or the collector is slow.
//
// TCP confirms what the other host has accepted, not what the collector has read, and IPFIX has no confirmation of its
// own. A message is therefore kept (backlog.cpp) until it is known to have been read: from the kernel, if the collector
// is on this machine; because the collector closed in order, which its host does only if everything was read; or
// because so much was sent after it that no receive buffer can still hold it. If the connection breaks, kept messages
// are sent again on the next one.
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
#include <optional>
#include <utility>
#include <vector>

#include "backlog.hpp"
#include "peer_socket.hpp"
#include "resolve.hpp"
#include "t2/clock.hpp"

namespace t2::netflow_sink {

namespace {

constexpr Time min_retry = 100 * one_millisecond, max_retry = 10 * one_second;  // between attempts to connect
constexpr Time connect_timeout = 5 * one_second;                                // including the handshake
constexpr Time queue_timeout = 2 * one_second;                                  // of a full queue, without progress
constexpr Time drain_timeout = 5 * one_second;                                  // at the end, without progress
constexpr Time absent_timeout = 2 * one_second;                                 // at the end, without a connection
constexpr Time shutdown_timeout = one_second;                                   // until the collector closes as well
constexpr unsigned max_shutdown_attempts = 3;
constexpr std::size_t full_batch = 64 << 10;  // bytes that need not wait for others
// Bytes that a host elsewhere may hold unread: at least and at most.
constexpr std::uint64_t min_buffer = 256 << 10, max_buffer = 64 << 20;

Time coarse_clock() { return read_clock(CLOCK_MONOTONIC_COARSE); }

class StreamTransport final : public Transport {
 public:
  StreamTransport(const CollectorAddress& collector, AddressList addresses, std::unique_ptr<ChannelFactory> factory,
                  std::size_t max_messages, Warn warn)
      : destination_(collector.text()),
        addresses_(std::move(addresses)),
        next_address_(addresses_.get()),
        channel_factory_(std::move(factory)),
        backlog_(max_messages),
        warn_(std::move(warn)) {}
  ~StreamTransport() override { disconnect(0); }
  StreamTransport(const StreamTransport&) = delete;
  StreamTransport& operator=(const StreamTransport&) = delete;

  bool stream() const override { return true; }

  void set_templates(std::vector<std::vector<std::uint8_t>> templates, unsigned options) override {
    templates_ = std::move(templates.front());
    template_options_ = options;
    advance();
  }

  void send(std::span<const std::uint8_t> message, unsigned records, unsigned options) override {
    const bool templates = records + options == 0;  // later messages cannot be decoded without them
    if (backlog_.full()) advance();
    if (backlog_.full()) wait_for_room();
    if (backlog_.full() && !templates) {
      warn_once(warned_full_, destination_ + " takes too little, and the queue is full (NF_QUEUE): records are lost");
      return backlog_.count_lost(records);
    }
    backlog_.add(message, records, options);
    queued_bytes_ += message.size();
    if (queued_bytes_ >= full_batch) advance();
  }

  void tick() override {
    if (coarse_clock() - advanced_ >= max_batching) advance();
  }

  void finish() override {
    for (unsigned i = 0; i < max_shutdown_attempts; ++i) {
      drain();
      if (state_ != ConnectionState::connected || shut_down()) break;
    }
    // The collector does not read, or does not close. It can still read later what its host has accepted.
    if (connected()) backlog_.settle(acknowledged(), peer_.has_value());
    disconnect(transmitted());
    backlog_.drop_waiting();
  }

  const DeliveryStats& delivery() const override { return backlog_.delivery(); }
  std::string destination() const override { return destination_; }

 private:
  enum class ConnectionState { none, connecting, handshake, connected };
  bool connected() const { return state_ == ConnectionState::connected; }

  // ---- Connections

  // One step of everything that is to be done; never blocks.
  void advance() {
    advanced_ = coarse_clock();
    queued_bytes_ = 0;
    if (state_ == ConnectionState::none && steady_clock() >= next_attempt_) connect();
    if (state_ == ConnectionState::connecting) check_connecting();
    if (state_ == ConnectionState::handshake) advance_handshake();
    if (connected() && check_open()) write();
    if (connected()) release_read();
  }

  void connect() {
    const addrinfo* a = next_address_;
    next_address_ = a->ai_next ? a->ai_next : addresses_.get();
    socket_ = ::socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    state_ = ConnectionState::connecting;
    connect_began_ = steady_clock();
    if (socket_ < 0 || (::connect(socket_, a->ai_addr, a->ai_addrlen) != 0 && errno != EINPROGRESS))
      fail(std::strerror(errno));
  }

  void check_connecting() {
    pollfd p{socket_, POLLOUT, 0};
    if (poll(&p, 1, 0) <= 0) return check_connect_timeout();
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return fail(std::strerror(error));
    channel_ = channel_factory_->open(socket_);
    progress_ = steady_clock();
    state_ = ConnectionState::handshake;
  }

  void advance_handshake() {
    const ChannelStatus status = channel_->handshake();
    if (status == ChannelStatus::failed) return fail(channel_->error());
    if (status == ChannelStatus::pending) return check_connect_timeout();
    peer_.emplace(socket_, IPPROTO_TCP);
    PeerState peer;
    // Not found: the collector is on another machine, or behind a proxy on this one.
    if (peer_->query(peer) != PeerStatus::found) peer_.reset();
    state_ = ConnectionState::connected;
    progress_ = steady_clock();
    stalled_ = false;
    peer_buffer_ = min_buffer;
    backlog_.begin_session(templates_, template_options_);
  }

  void check_connect_timeout() {
    if (steady_clock() - connect_began_ > connect_timeout) fail(std::strerror(ETIMEDOUT));
  }

  // False: the collector has closed the connection, or broken it.
  bool check_open() {
    const ChannelStatus status = channel_->read_until_close();
    if (status == ChannelStatus::done) end_session();
    if (status == ChannelStatus::failed) fail(channel_->error());
    return status == ChannelStatus::pending;
  }

  // The collector closed in order: it has read what its host has acknowledged, and nothing else.
  void end_session() {
    release(acknowledged());
    fail("closed by the collector", 0);
  }

  void fail(const std::string& error) { fail(error, transmitted()); }
  void fail(const std::string& error, std::uint64_t may_have_arrived) {
    if (connected()) {
      warn_once(warned_broken_,
                "the connection to " + destination_ + " broke (" + error + "): records wait until it is there again");
    } else {
      warn_once(warned_absent_,
                "no connection to " + destination_ + " (" + error + "): records wait until it can be made");
    }
    disconnect(may_have_arrived);
    next_attempt_ = steady_clock() + retry_;
    retry_ = std::min(2 * retry_, max_retry);
  }

  void disconnect(std::uint64_t may_have_arrived) {
    channel_.reset();
    peer_.reset();
    if (socket_ >= 0) {
      if (!backlog_.none_in_flight()) {  // bytes that are sent again, or count as lost, must not arrive later on
        const linger reset{1, 0};
        setsockopt(socket_, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
      }
      close(socket_);
    }
    socket_ = -1;
    state_ = ConnectionState::none;
    fin_sent_ = false;
    backlog_.end_session(may_have_arrived);
  }

  // ---- Messages

  void write() {
    const bool plain = channel_->plain();
    for (;;) {
      const auto seconds = static_cast<std::uint32_t>(wall_clock() / one_second);
      const std::span bytes = backlog_.next(plain, channel_->written(), seconds);
      if (bytes.empty()) return;
      const std::ptrdiff_t n = channel_->write(bytes);
      if (n < 0) return fail(channel_->error());
      if (n == 0) return;
      note_progress();
      backlog_.advance(static_cast<std::size_t>(n), plain, channel_->written());
    }
  }

  // Bytes that have left the send buffer of this host.
  std::uint64_t outside(unsigned long request) const {
    int pending = 0;
    if (socket_ < 0 || ioctl(socket_, request, &pending) != 0) return request == SIOCOUTQ ? 0 : channel_->written();
    const std::uint64_t all = channel_->written() + (fin_sent_ ? 1 : 0);  // the FIN occupies a byte of the sequence
    return std::min(channel_->written(), all - std::min(all, static_cast<std::uint64_t>(pending)));
  }
  std::uint64_t acknowledged() const { return outside(SIOCOUTQ); }
  std::uint64_t transmitted() const { return channel_ ? outside(SIOCOUTQNSD) : 0; }

  // Asks for acknowledged bytes before unread ones: bytes that arrive in between then count as unread.
  void release_read() {
    if (backlog_.none_in_flight()) return;
    const std::uint64_t accepted = acknowledged();
    std::uint64_t unread = 0;
    if (peer_) {
      PeerState peer;
      if (peer_->query(peer) != PeerStatus::found) return;  // it has just ended
      unread = peer.unread;
    } else {
      tcp_info info{};
      socklen_t size = sizeof info;
      if (getsockopt(socket_, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
          size >= offsetof(tcp_info, tcpi_snd_wnd) + sizeof info.tcpi_snd_wnd) {
        peer_buffer_ = std::clamp<std::uint64_t>(2 * std::uint64_t{info.tcpi_snd_wnd}, peer_buffer_, max_buffer);
      } else {
        peer_buffer_ = max_buffer;
      }
      unread = peer_buffer_;
    }
    release(accepted - std::min(accepted, unread));
  }

  void release(std::uint64_t read) {
    if (!backlog_.release(read)) return;
    retry_ = min_retry;
    note_progress();
  }

  void note_progress() {
    progress_ = steady_clock();
    stalled_ = false;
  }

  // A slow collector slows t2 down; one that does not read at all does not.
  void wait_for_room() {
    while ((connected() || state_ == ConnectionState::handshake) && !stalled_ && backlog_.full() && !must_end()) {
      wait_writable(100);
      advance();
      stalled_ = steady_clock() - progress_ > queue_timeout;
    }
  }

  // Waits so long, or until messages that wait can be written.
  void wait_writable(int milliseconds) const {
    pollfd p{socket_, static_cast<short>(backlog_.all_written() ? 0 : POLLOUT), 0};
    if (socket_ < 0 || !connected()) p.fd = -1;
    poll(&p, 1, p.fd < 0 ? std::min(milliseconds, 10) : milliseconds);
  }

  // ---- The end

  // Waits until everything has been read; where that cannot be known, until it was acknowledged.
  void drain() {
    Time connected_last = progress_ = steady_clock();
    for (int pause = 1;; pause = std::min(2 * pause, 10)) {
      retry_ = std::min(retry_, min_retry);
      next_attempt_ = std::min(next_attempt_, steady_clock() + retry_);
      advance();
      if (backlog_.empty()) return;
      if (connected() && !peer_ && backlog_.all_written() && acknowledged() == channel_->written()) return;
      const Time now = steady_clock();
      if (connected()) connected_last = now;
      if (now - connected_last > absent_timeout || (connected() && now - progress_ > drain_timeout)) return;
      if (must_end()) return;
      wait_writable(pause);
    }
  }

  // Closes this end; a collector that has read everything closes its own. False if it broke the connection instead.
  bool shut_down() {
    channel_->close();
    shutdown(socket_, SHUT_WR);
    fin_sent_ = true;
    const Time begin = steady_clock();
    for (Time spent = 0; spent < shutdown_timeout && !must_end(); spent = steady_clock() - begin) {
      const ChannelStatus status = channel_->read_until_close();
      if (status == ChannelStatus::done) release(acknowledged());
      if (status != ChannelStatus::pending) {
        if (backlog_.none_in_flight()) return true;
        status == ChannelStatus::done ? end_session() : fail(channel_->error());
        return false;
      }
      release_read();
      pollfd p{socket_, POLLIN, 0};
      poll(&p, 1, 10);
    }
    return true;
  }

  void warn_once(bool& warned, const std::string& text) {
    if (!std::exchange(warned, true)) warn_(text);
  }

  std::string destination_;
  AddressList addresses_;
  const addrinfo* next_address_;
  std::unique_ptr<ChannelFactory> channel_factory_;
  Backlog backlog_;
  Warn warn_;
  std::vector<std::uint8_t> templates_;  // one message
  unsigned template_options_ = 0;        // data records in it
  std::size_t queued_bytes_ = 0;         // since the last advance()
  int socket_ = -1;
  std::unique_ptr<Channel> channel_;
  std::optional<PeerSocket> peer_;  // only where the collector is on this machine
  ConnectionState state_ = ConnectionState::none;
  std::uint64_t peer_buffer_ = min_buffer;  // bytes that the other host can hold unread, at most
  // Steady clock; `advanced_` coarse.
  Time next_attempt_ = 0, connect_began_ = 0, progress_ = 0, advanced_ = 0;
  Time retry_ = min_retry;
  bool fin_sent_ = false, stalled_ = false;
  bool warned_absent_ = false, warned_broken_ = false, warned_full_ = false;
};

}  // namespace

std::unique_ptr<Transport> make_stream_transport(const CollectorAddress& collector,
                                                 std::unique_ptr<ChannelFactory> factory, std::size_t max_messages,
                                                 Warn warn) {
  return std::make_unique<StreamTransport>(collector, resolve(collector, SOCK_STREAM), std::move(factory), max_messages,
                                           std::move(warn));
}

}  // namespace t2::netflow_sink
