// NetFlow or IPFIX over UDP to one collector, given by name, IPv4 or IPv6 address. The output thread uses it; no call
// waits longer than a second for a collector that reads nothing.
//
// Messages leave in batches, which is cheaper for both sides. The kernel reports the ICMP errors for refused messages
// together with their first bytes, which identify them. A collector that starts after that, or that replaces another
// one on this machine, gets the templates before anything else.
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <linux/errqueue.h>  // needs <ctime>
#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <utility>
#include <vector>

#include "buffer_cost.hpp"
#include "pacer.hpp"
#include "resolve.hpp"
#include "send_batch.hpp"
#include "sent_log.hpp"
#include "t2/clock.hpp"
#include "transport.hpp"
#include "wire.hpp"

namespace t2::netflow_sink {

namespace {

constexpr unsigned max_attempts = 10;      // to send a message
constexpr int error_timeout = 50;          // ms until errors of the last messages arrive from elsewhere
constexpr unsigned max_idle_polls = 1000;  // of a millisecond, at the end, while the collector reads nothing
constexpr std::size_t max_piece = 60'000;  // bytes that the kernel gets to cut apart

class UdpTransport final : public Transport {
 public:
  UdpTransport(int socket, int family, std::string destination, unsigned rate, Warn warn)
      : socket_(socket),
        family_(family),
        destination_(std::move(destination)),
        warn_(std::move(warn)),
        pacer_(socket, rate),
        buffer_cost_(family) {}
  ~UdpTransport() override { close(socket_); }
  UdpTransport(const UdpTransport&) = delete;
  UdpTransport& operator=(const UdpTransport&) = delete;

  // From the path MTU that the kernel knows. If it learns of a narrower path later, it sends fragments from then on.
  std::size_t max_message_size() const override {
    const bool ipv4 = family_ == AF_INET;
    const std::size_t headers = ipv4 ? 20 + 8 : 40 + 8;
    int mtu = 0;
    socklen_t size = sizeof mtu;
    const int result = ipv4 ? getsockopt(socket_, IPPROTO_IP, IP_MTU, &mtu, &size)
                            : getsockopt(socket_, IPPROTO_IPV6, IPV6_MTU, &mtu, &size);
    return result == 0 && mtu > 0 && static_cast<std::size_t>(mtu) > headers ? static_cast<std::size_t>(mtu) - headers
                                                                             : 65535;
  }

  void set_templates(std::vector<std::vector<std::uint8_t>> templates, unsigned) override {
    templates_ = std::move(templates);
  }

  void send(std::span<const std::uint8_t> message, unsigned records, unsigned) override {
    QueuedMessage& queued = queue_[count_++];
    queued.bytes.assign(message.begin(), message.end());
    queued.records = records;
    queued.buffer_cost = cost_of(message);
    if (count_ == pacer_.batch_size()) flush();
  }

  void tick() override {
    if (count_ == 0 && sent_log_.all_read()) return;
    const Time now = read_clock(CLOCK_MONOTONIC_COARSE);
    if (now - ticked_ < max_batching) return;
    ticked_ = now;
    if (count_ > 0) return flush();
    PeerState state;
    if (knows_collector() && pacer_.query(state) == PeerStatus::found) update(state);
  }

  void finish() override {
    flush();
    if (!pacer_.watches_buffer()) {
      pollfd p{socket_, 0, 0};
      poll(&p, 1, error_timeout);
    }
    read_errors();
    if (knows_collector()) wait_for_reader();
    if (pacer_.watches_buffer()) sent_log_.finish();
  }

  const DeliveryStats& delivery() const override { return sent_log_.delivery(); }
  std::string destination() const override { return destination_; }

 private:
  bool knows_collector() const { return pacer_.watches_buffer() && collector_ != 0; }
  std::size_t cost_of(std::span<const std::uint8_t> message) {
    return pacer_.watches_buffer() ? buffer_cost_.of_single(message) : 0;
  }

  // Sends all queued messages in their order, or counts them as lost.
  void flush() {
    read_errors();  // of earlier messages
    for (unsigned at = 0; at < count_;) {
      const unsigned allowed = must_end() ? 0 : pacer_.wait({&queue_[at], count_ - at}, [this](const PeerState& state) {
        update(state);
        return !must_end();
      });
      if (allowed == 0) {
        if (!must_end())
          warn_once(warned_full_,
                    destination_ + " does not read: its buffer stays full, and records are lost until it does");
        at = drop(at, count_);
      } else if (absent_ && queue_[at].records == 0) {
        ++at;  // templates and statistics are of no use to an absent collector
      } else if (absent_ && !send_templates(at)) {
        at = drop(at, count_);  // a collector that starts right now could not read them
      } else {
        at = transmit(at, at + allowed);
        read_errors();
        if (absent_) at = drop(at, count_);
      }
    }
    count_ = 0;
  }

  // Waits until the collector has read everything, as long as it reads at all.
  void wait_for_reader() {
    PeerState state;
    std::uint32_t min_unread = UINT32_MAX;
    for (unsigned polls = 0; polls < max_idle_polls; ++polls) {
      const PeerStatus status = pacer_.query(state);
      if (status == PeerStatus::unavailable) return;
      if (status == PeerStatus::absent || state.cookie != collector_) return sent_log_.lose_unread();
      update(state);
      if (state.unread == 0 || pacer_.stalled() || must_end()) return;
      if (state.unread < min_unread) polls = 0;
      min_unread = std::min(min_unread, state.unread);
      sleep_for(one_millisecond);
    }
  }

  unsigned drop(unsigned at, unsigned end) {
    for (; at < end; ++at) sent_log_.count_lost(queue_[at].records);
    return at;
  }

  // Sends the messages from `at` on up to `end`. The first one that is still to be sent.
  unsigned transmit(unsigned at, unsigned end) {
    batch_.clear();
    for (unsigned i = at; i < end;) {
      const std::span piece(&queue_[i], piece_size(i, end));
      if (piece.size() > 1) {
        const std::size_t cost = buffer_cost_.of_segment(piece.front().bytes);
        for (QueuedMessage& message : piece) message.buffer_cost = cost;
      }
      batch_.add(piece);
      i += static_cast<unsigned>(piece.size());
    }
    for (unsigned attempt = 1; !batch_.done() && !absent_;) {
      if (const unsigned accepted = batch_.send(socket_); accepted > 0) {
        for (const unsigned stop = at + accepted; at < stop; ++at)
          sent_log_.add(queue_[at].bytes, queue_[at].buffer_cost, queue_[at].records);
        if (!batch_.done()) read_errors();
        attempt = 1;
        continue;
      }
      const int error = errno;
      if (read_errors() && attempt++ < max_attempts) continue;  // the error was one of an earlier message
      if (error == ENOBUFS && attempt++ < max_attempts) {
        sleep_for(one_millisecond);
        continue;
      }
      note_error(error);
      if (error == ECONNREFUSED) continue;
      at = drop(at, at + batch_.skip());
    }
    return at;
  }

  // How many of the queued messages from `at` on go to the kernel in one piece: those of one size, to a known collector
  // on this machine. To another machine they go one by one, so that each refused one is reported.
  unsigned piece_size(unsigned at, unsigned end) {
    const std::vector<std::uint8_t>& first = queue_[at].bytes;
    unsigned count = 1;
    if (!knows_collector()) return count;
    while (at + count < end && queue_[at + count].bytes.size() == first.size() &&
           (count + 1) * first.size() <= max_piece)
      ++count;
    return count > 1 && buffer_cost_.of_segment(first) == 0 ? 1 : count;
  }

  // Sends the templates to a collector that may be new, as if they stood right before the next message of their source.
  // False if they are refused.
  bool send_templates(unsigned at) {
    absent_ = false;
    for (std::size_t i = 0; i < templates_.size() && !absent_; ++i) {
      std::vector<std::uint8_t>& message = templates_[i];
      place_before(message, at, static_cast<std::uint32_t>(templates_.size() - i));
      if (::send(socket_, message.data(), message.size(), MSG_NOSIGNAL) < 0) absent_ = true;
      else sent_log_.add(message, cost_of(message), 0);
    }
    sent_log_.begin_session();
    read_errors();
    if (absent_) return false;
    for (const auto& message : templates_) sent_log_.count_templates(message);
    return true;
  }

  // Gives a message with templates the clocks of the queued one at `at`, and the sequence of a message that stands
  // `distance` messages before the next queued one of the same source.
  void place_before(std::vector<std::uint8_t>& message, unsigned at, std::uint32_t distance) {
    const HeaderView view(message);
    MessageHeader header = view.read();
    const MessageHeader next = HeaderView(queue_[at].bytes).read();
    header.uptime = next.uptime;
    header.seconds = next.seconds;
    for (; at < count_; ++at) {
      const MessageHeader other = HeaderView(queue_[at].bytes).read();
      if (other.source != header.source) continue;                       // statistics have a source of their own
      header.sequence = other.sequence - (view.ipfix() ? 0 : distance);  // NetFlow 9 counts messages
      break;
    }
    view.write(header);
  }

  // Takes note of what the kernel tells about the collector's socket.
  void update(const PeerState& state) {
    if (collector_ != state.cookie) {
      if (collector_ != 0) {  // another collector, which knows no templates
        sent_log_.lose_unread();
        absent_ = true;
      }
      collector_ = state.cookie;
      dropped_ = state.dropped;
    }
    if (const std::uint32_t more = state.dropped - dropped_; more > 0) {  // other exporters fill the buffer, too
      sent_log_.lose_newest(more);
      dropped_ = state.dropped;
      warn_once(warned_full_,
                "the receive buffer of " + destination_ + " was full: give the collector a larger one (nfcapd -B)");
    }
    sent_log_.update_unread(state.unread);
  }

  // Reads the ICMP errors that have arrived. Whether there were any.
  bool read_errors() {
    for (bool any = false;; any = true) {
      std::uint8_t bytes[SentLog::prefix_size];
      alignas(cmsghdr) std::uint8_t control[512];
      iovec part{bytes, sizeof bytes};
      msghdr message{};
      message.msg_iov = &part;
      message.msg_iovlen = 1;
      message.msg_control = control;
      message.msg_controllen = sizeof control;
      ssize_t n;
      do {
        n = recvmsg(socket_, &message, MSG_ERRQUEUE | MSG_DONTWAIT);
      } while (n < 0 && errno == EINTR);
      if (n < 0) return any;
      for (cmsghdr* c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
        if (c->cmsg_len < CMSG_LEN(sizeof(sock_extended_err))) continue;
        if (!(c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) &&
            !(c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR))
          continue;
        sock_extended_err error;
        std::memcpy(&error, CMSG_DATA(c), sizeof error);
        if (error.ee_origin == SO_EE_ORIGIN_ICMP || error.ee_origin == SO_EE_ORIGIN_ICMP6) {
          sent_log_.lose_refused({bytes, static_cast<std::size_t>(n)});
          note_error(static_cast<int>(error.ee_errno));
        }
      }
    }
  }

  void note_error(int error) {
    if (error == ECONNREFUSED) return note_refusal();
    warn_once(warned_error_, "cannot send to " + destination_ + " (" + std::strerror(error) + "): records are lost");
  }

  void note_refusal() {
    if (collector_ != 0) sent_log_.lose_unread();
    collector_ = 0;
    absent_ = true;
    warn_once(warned_refusal_,
              "nobody listens at " + destination_ + ": records are lost until a collector (nfcapd) is started there");
  }

  void warn_once(bool& warned, const std::string& text) {
    if (!std::exchange(warned, true)) warn_(text);
  }

  int socket_, family_;
  std::string destination_;
  Warn warn_;
  Pacer pacer_;
  BufferCost buffer_cost_;
  SentLog sent_log_;
  SendBatch batch_;
  std::vector<std::vector<std::uint8_t>> templates_;  // messages
  std::array<QueuedMessage, max_batch> queue_;
  unsigned count_ = 0;  // messages in the queue
  Time ticked_ = 0;
  std::uint64_t collector_ = 0;  // cookie of its socket, 0: unknown
  std::uint32_t dropped_ = 0;    // messages that its socket had dropped at the last look
  bool absent_ = false;          // messages were refused, or a new collector has not got the templates yet
  bool warned_refusal_ = false, warned_error_ = false, warned_full_ = false;
};

}  // namespace

std::unique_ptr<Transport> make_udp_transport(const CollectorAddress& collector, unsigned rate, Warn warn) {
  const AddressList list = resolve(collector, SOCK_DGRAM);
  int error = 0;
  for (const int family : {AF_INET, AF_INET6}) {  // nfcapd listens on IPv4 alone unless told otherwise
    for (const addrinfo* a = list.get(); a; a = a->ai_next) {
      if (a->ai_family != family) continue;
      const int s = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
      if (s < 0 || connect(s, a->ai_addr, a->ai_addrlen) != 0) {
        error = errno;
        if (s >= 0) close(s);
        continue;
      }
      const timeval send_timeout{1, 0};  // while the interface is blocked
      const int yes = 1;
      setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &send_timeout, sizeof send_timeout);
      setsockopt(s, family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6, family == AF_INET ? IP_RECVERR : IPV6_RECVERR, &yes,
                 sizeof yes);
      return std::make_unique<UdpTransport>(s, family, collector.text(), rate, std::move(warn));
    }
  }
  throw setting_error("no way to the collector '" + collector.host + "' (" + std::strerror(error) +
                      "): set NF_SERVADD to an address that can be reached");
}

}  // namespace t2::netflow_sink
