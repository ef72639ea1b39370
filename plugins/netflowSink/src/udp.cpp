// UDP to a collector, which may be named, IPv4 or IPv6.
//
// Messages leave in groups, which is cheaper for both sides. The kernel reports the ICMP errors of messages that nobody
// took together with their first bytes, so that it is known which ones they were. Whoever listens after that, or has
// taken the place of another collector on this machine, gets the templates before anything else.
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <linux/errqueue.h>  // needs <ctime>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <optional>
#include <utility>
#include <vector>

#include "buffer_cost.hpp"
#include "fields.hpp"
#include "pacer.hpp"
#include "resolve.hpp"
#include "sent_log.hpp"
#include "transport.hpp"

namespace t2::netflow_sink {

namespace {

constexpr unsigned max_attempts = 10;
constexpr int last_timeout = 50;                    // ms for errors of the last messages, from another machine
constexpr unsigned max_naps = 1000;                 // of a millisecond, at the end, while the collector reads nothing
constexpr std::int64_t batching_wait = 20'000'000;  // ns until messages leave that wait for others

std::int64_t coarse_clock() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
  return t.tv_sec * 1'000'000'000 + t.tv_nsec;
}

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

  // What the kernel knows of the path. Should it learn of a narrower one, it sends fragments from then on.
  std::size_t largest() const override {
    const bool four = family_ == AF_INET;
    const std::size_t headers = four ? 20 + 8 : 40 + 8;
    int mtu = 0;
    socklen_t size = sizeof mtu;
    const int result = four ? getsockopt(socket_, IPPROTO_IP, IP_MTU, &mtu, &size)
                            : getsockopt(socket_, IPPROTO_IPV6, IPV6_MTU, &mtu, &size);
    return result == 0 && mtu > 0 && static_cast<std::size_t>(mtu) > headers ? static_cast<std::size_t>(mtu) - headers
                                                                             : 65535;
  }

  void begin(std::vector<std::vector<std::uint8_t>> templates, unsigned) override { templates_ = std::move(templates); }

  void send(std::span<const std::uint8_t> message, unsigned records, unsigned) override {
    Waiting& w = waiting_[count_];
    w.bytes.assign(message.begin(), message.end());
    w.records = records;
    memory_[count_++] = pacer_.sees() ? buffer_cost_.of(message) : 0;
    if (count_ == pacer_.at_once()) flush();
  }

  void work() override {
    if (count_ == 0 && sent_log_.all_read()) return;
    const std::int64_t now = coarse_clock();
    if (now - worked_ < batching_wait) return;
    worked_ = now;
    if (count_ > 0) return flush();
    PeerState view;
    if (pacer_.sees() && collector_ != 0 && pacer_.query(view) == PeerStatus::found) heed(view);  // is it reading?
  }

  void finish() override {
    flush();
    if (!pacer_.sees()) {  // what comes back takes its time
      pollfd p{socket_, 0, 0};
      poll(&p, 1, last_timeout);
    }
    heed_errors();
    if (pacer_.sees() && collector_ != 0) wait_for_reader();
    if (pacer_.sees()) sent_log_.close();
  }

  const DeliveryStats& delivery() const override { return sent_log_.delivery(); }
  std::string destination() const override { return destination_; }

 private:
  struct Waiting {
    std::vector<std::uint8_t> bytes;
    unsigned records = 0;
  };

  // All that waits, in its order.
  void flush() {
    heed_errors();  // of earlier messages
    for (unsigned at = 0; at < count_;) {
      const unsigned may_go = pacer_.wait({&memory_[at], count_ - at}, [this](const PeerState& view) { heed(view); });
      if (may_go == 0) {
        warn_once(told_full_,
                  destination_ + " does not read: its buffer stays full, and records are lost until it does");
        at = give_up(at, count_);
      } else if (absent_ && waiting_[at].records == 0) {
        ++at;  // no news for anybody
      } else if (absent_ && !send_templates(at)) {
        at = give_up(at, count_);  // who starts right now could not read them
      } else {
        at = transmit(at, at + may_go);
        heed_errors();
        if (absent_) at = give_up(at, count_);
      }
    }
    count_ = 0;
  }

  // Until the collector has read everything, if it reads.
  void wait_for_reader() {
    PeerState view;
    std::uint32_t least = UINT32_MAX;
    for (unsigned naps = 0; naps < max_naps; ++naps) {
      const PeerStatus sight = pacer_.query(view);
      if (sight == PeerStatus::unavailable) return;
      if (sight == PeerStatus::absent || view.cookie != collector_) return sent_log_.lose_unread();
      heed(view);
      if (view.unread == 0 || pacer_.stalled()) return;
      if (view.unread < least) naps = 0;
      least = std::min(least, view.unread);
      const timespec moment{0, 1'000'000};
      nanosleep(&moment, nullptr);
    }
  }

  unsigned give_up(unsigned at, unsigned end) {
    for (; at < end; ++at) sent_log_.lose(waiting_[at].records);
    return at;
  }

  unsigned transmit(unsigned at, unsigned end) {
    mmsghdr headers[max_at_once] = {};
    iovec parts[max_at_once];
    std::array<std::optional<SegmentSize>, max_at_once> segment_sizes;
    std::array<unsigned, max_at_once> ends;  // of what goes in one piece
    unsigned pieces = 0, piece = 0;
    for (unsigned i = at; i < end; ends[pieces++] = i) {
      const unsigned count = in_one_piece(i, end);
      msghdr& header = headers[pieces].msg_hdr;
      header.msg_iov = &parts[i];
      header.msg_iovlen = count;
      if (count > 1) segment_sizes[pieces].emplace(header, waiting_[i].bytes.size());
      if (count > 1) std::fill_n(&memory_[i], count, buffer_cost_.of_segment(waiting_[i].bytes));
      for (const unsigned stop = i + count; i < stop; ++i)
        parts[i] = {waiting_[i].bytes.data(), waiting_[i].bytes.size()};
    }
    for (unsigned attempt = 1; piece < pieces && !absent_;) {
      const int n = sendmmsg(socket_, &headers[piece], pieces - piece, MSG_NOSIGNAL);
      if (n > 0) {
        piece += static_cast<unsigned>(n);
        for (const unsigned stop = ends[piece - 1]; at < stop; ++at)
          sent_log_.sent(waiting_[at].bytes, memory_[at], waiting_[at].records);
        if (piece < pieces) heed_errors();
        attempt = 1;
        continue;
      }
      const int problem = errno;
      if (problem == EINTR) continue;
      if (heed_errors() && attempt++ < max_attempts) continue;  // the error was of an earlier message
      if (problem == ENOBUFS && attempt++ < max_attempts) {
        const timespec moment{0, 1'000'000};
        nanosleep(&moment, nullptr);
        continue;
      }
      note_error(problem);
      if (problem == ECONNREFUSED) continue;
      at = give_up(at, ends[piece++]);
    }
    return at;
  }

  // How many of the waiting messages from `at` on go to the kernel in one piece: of one size, to a collector on this
  // machine that is known. To another one they go one by one: each that nobody takes shall come back.
  unsigned in_one_piece(unsigned at, unsigned end) {
    constexpr std::size_t most = 60'000;  // bytes
    const std::vector<std::uint8_t>& first = waiting_[at].bytes;
    unsigned count = 1;
    if (!pacer_.sees() || collector_ == 0) return count;
    while (at + count < end && waiting_[at + count].bytes.size() == first.size() && (count + 1) * first.size() <= most)
      ++count;
    return count > 1 && buffer_cost_.of_segment(first) == 0 ? 1 : count;
  }

  // For whoever listens now, as if they stood right before the next message of their source. False if nobody takes
  // them.
  bool send_templates(unsigned at) {
    absent_ = false;
    for (std::size_t i = 0; i < templates_.size() && !absent_; ++i) {
      std::vector<std::uint8_t>& message = templates_[i];
      put_before(message, at, static_cast<std::uint32_t>(templates_.size() - i));
      if (::send(socket_, message.data(), message.size(), MSG_NOSIGNAL) < 0) absent_ = true;
      else sent_log_.sent(message, pacer_.sees() ? buffer_cost_.of(message) : 0, 0);
    }
    sent_log_.begin_session();
    heed_errors();
    if (absent_) return false;
    for (const auto& message : templates_) sent_log_.sent_templates(message);
    return true;
  }

  // Clocks and sequence of a message with templates that goes so many messages before the waiting one at `at`.
  void put_before(std::vector<std::uint8_t>& message, unsigned at, std::uint32_t distance) const {
    const bool ipfix = message[1] == static_cast<std::uint8_t>(Version::ipfix);
    const std::ptrdiff_t sequence = ipfix ? 8 : 12, source = sequence + 4;
    const auto head = message.begin();
    std::copy_n(waiting_[at].bytes.begin() + 4, sequence - 4, head + 4);  // clocks
    for (; at < count_; ++at) {
      const auto next = waiting_[at].bytes.begin();
      if (!std::equal(head + source, head + source + 4, next + source)) continue;  // statistics
      std::uint32_t number;
      std::memcpy(&number, &next[sequence], 4);
      store(&head[sequence], 4, ntohl(number) - (ipfix ? 0 : distance));  // NetFlow 9 counts messages
      return;
    }
  }

  // What the collector's socket tells.
  void heed(const PeerState& view) {
    if (collector_ != view.cookie) {
      if (collector_ != 0) {  // another one, which knows no templates
        sent_log_.lose_unread();
        absent_ = true;
      }
      collector_ = view.cookie;
      dropped_ = view.dropped;
    }
    if (const std::uint32_t more = view.dropped - dropped_; more > 0) {  // did not fit: somebody else filled the buffer
      sent_log_.lose_newest(more);
      dropped_ = view.dropped;
      warn_once(told_full_,
                "the receive buffer of " + destination_ + " was full: give the collector a larger one (nfcapd -B)");
    }
    sent_log_.unread(view.unread);
  }

  // Messages that came back; whether there were any.
  bool heed_errors() {
    for (bool any = false;; any = true) {
      std::uint8_t bytes[SentLog::head_size];
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
          sent_log_.take_back({bytes, static_cast<std::size_t>(n)});
          note_error(static_cast<int>(error.ee_errno));
        }
      }
    }
  }

  void note_error(int problem) {
    if (problem == ECONNREFUSED) return heed_refusal();
    warn_once(told_error_, "cannot send to " + destination_ + " (" + std::strerror(problem) + "): records are lost");
  }

  void heed_refusal() {
    if (collector_ != 0) sent_log_.lose_unread();
    collector_ = 0;
    absent_ = true;
    warn_once(told_refusal_,
              "nobody listens at " + destination_ + ": records are lost until a collector (nfcapd) is started there");
  }

  void warn_once(bool& told, const std::string& text) {
    if (!std::exchange(told, true)) warn_(text);
  }

  int socket_, family_;
  std::string destination_;
  Warn warn_;
  Pacer pacer_;
  BufferCost buffer_cost_;
  SentLog sent_log_;
  std::vector<std::vector<std::uint8_t>> templates_;
  std::array<Waiting, max_at_once> waiting_;
  std::array<std::size_t, max_at_once> memory_{};  // of each
  unsigned count_ = 0;
  std::int64_t worked_ = 0;
  std::uint64_t collector_ = 0;  // cookie of its socket, 0: none is known
  std::uint32_t dropped_ = 0;    // by it
  bool absent_ = false;          // nobody has taken a message, or the templates are not there yet
  bool told_refusal_ = false, told_error_ = false, told_full_ = false;
};

}  // namespace

std::unique_ptr<Transport> make_udp_transport(const CollectorAddress& collector, unsigned rate, Warn warn) {
  const AddressList list = resolve(collector, SOCK_DGRAM);
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
      const timeval timeout{1, 0};  // where the way out stays blocked
      const int yes = 1;
      setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
      setsockopt(s, family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6, family == AF_INET ? IP_RECVERR : IPV6_RECVERR, &yes,
                 sizeof yes);
      return std::make_unique<UdpTransport>(s, family, collector.text(), rate, std::move(warn));
    }
  }
  throw t2::Error("netflowSink: no way to the collector '" + collector.host + "' (" + std::strerror(problem) +
                  "): set NF_SERVADD to an address that can be reached");
}

}  // namespace t2::netflow_sink
