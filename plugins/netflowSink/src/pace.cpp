// Looks at the collector's receive buffer, or at the clock.
#include "pace.hpp"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>

namespace netflow {

namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t nap = 100'000;          // ns between two looks at a full buffer
constexpr unsigned most_naps = 10'000;         // after this long the collector counts as stalled
constexpr std::size_t nobody_room = 128 << 10;  // bytes until the next look where nobody listens
constexpr std::int64_t fresh = 10'000'000;   // ns for which a look holds: another socket may take the place of the one that was seen
constexpr std::int64_t burst = 32;             // messages that may go at once under a rate limit

struct Question {
  nlmsghdr head;
  inet_diag_req_v2 socket;
};

std::int64_t monotonic() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * second + t.tv_nsec;
}

void sleep_for(std::int64_t time) {
  const timespec t{time / second, time % second};
  nanosleep(&t, nullptr);
}

// What a message occupies in the receiver's buffer: the kernel charges memory blocks, not bytes.
std::size_t charged(std::size_t bytes) { return 2 * bytes + 1024; }

}  // namespace

Pacer::Pacer(int socket, unsigned rate) : interval_(rate > 0 ? second / rate : 0) {
  prepare_question(socket);
  Buffer buffer;
  const Sight sight = question_.empty() ? Sight::blind : look(buffer);
  if (sight == Sight::blind && netlink_ >= 0) {
    close(netlink_);
    netlink_ = -1;
  }
}

Pacer::~Pacer() {
  if (netlink_ >= 0) close(netlink_);
}

// Asks for the socket of this machine that receives what `socket` sends; stays empty if the peer is elsewhere.
void Pacer::prepare_question(int socket) {
  sockaddr_storage own{}, peer{};
  socklen_t own_size = sizeof own, peer_size = sizeof peer;
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&own), &own_size) != 0 ||
      getpeername(socket, reinterpret_cast<sockaddr*>(&peer), &peer_size) != 0) {
    return;
  }
  Question q{};
  bool here = false;
  if (peer.ss_family == AF_INET) {
    const auto &from = reinterpret_cast<const sockaddr_in&>(own), &to = reinterpret_cast<const sockaddr_in&>(peer);
    here = from.sin_addr.s_addr == to.sin_addr.s_addr || ntohl(to.sin_addr.s_addr) >> 24 == 127;
    q.socket.id.idiag_src[0] = from.sin_addr.s_addr;
    q.socket.id.idiag_dst[0] = to.sin_addr.s_addr;
    q.socket.id.idiag_sport = from.sin_port;
    q.socket.id.idiag_dport = to.sin_port;
  } else {
    const auto &from = reinterpret_cast<const sockaddr_in6&>(own), &to = reinterpret_cast<const sockaddr_in6&>(peer);
    here = std::memcmp(&from.sin6_addr, &to.sin6_addr, sizeof from.sin6_addr) == 0;
    std::memcpy(q.socket.id.idiag_src, &from.sin6_addr, sizeof from.sin6_addr);
    std::memcpy(q.socket.id.idiag_dst, &to.sin6_addr, sizeof to.sin6_addr);
    q.socket.id.idiag_sport = from.sin6_port;
    q.socket.id.idiag_dport = to.sin6_port;
  }
  if (!here) return;
  netlink_ = ::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  if (netlink_ < 0) return;
  const timeval patience{1, 0};
  setsockopt(netlink_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  q.head.nlmsg_len = sizeof q;
  q.head.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  q.head.nlmsg_flags = NLM_F_REQUEST;
  q.socket.sdiag_family = static_cast<std::uint8_t>(peer.ss_family);
  q.socket.sdiag_protocol = IPPROTO_UDP;
  q.socket.idiag_ext = 1 << (INET_DIAG_SKMEMINFO - 1);
  q.socket.idiag_states = ~0u;
  q.socket.id.idiag_cookie[0] = q.socket.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  question_.resize(sizeof q);
  std::memcpy(question_.data(), &q, sizeof q);
}

Pacer::Sight Pacer::look(Buffer& buffer) {
  alignas(nlmsghdr) std::uint8_t answer[4096];
  ssize_t size;
  if (::send(netlink_, question_.data(), question_.size(), 0) < 0) return Sight::blind;
  do {
    size = ::recv(netlink_, answer, sizeof answer, 0);
  } while (size < 0 && errno == EINTR);
  if (size < static_cast<ssize_t>(sizeof(nlmsghdr))) return Sight::blind;
  const auto* head = reinterpret_cast<const nlmsghdr*>(answer);
  if (head->nlmsg_len > static_cast<std::size_t>(size)) return Sight::blind;
  if (head->nlmsg_type == NLMSG_ERROR) {
    const auto* error = static_cast<const nlmsgerr*>(NLMSG_DATA(head));
    return head->nlmsg_len >= NLMSG_LENGTH(sizeof *error) && error->error == -ENOENT ? Sight::nobody : Sight::blind;
  }
  if (head->nlmsg_type != SOCK_DIAG_BY_FAMILY || head->nlmsg_len < NLMSG_LENGTH(sizeof(inet_diag_msg))) return Sight::blind;
  const auto* socket = static_cast<const inet_diag_msg*>(NLMSG_DATA(head));
  const auto* attribute = reinterpret_cast<const rtattr*>(socket + 1);
  std::size_t left = head->nlmsg_len - NLMSG_LENGTH(sizeof *socket);
  while (left >= sizeof *attribute && attribute->rta_len >= sizeof *attribute && attribute->rta_len <= left) {
    if (attribute->rta_type == INET_DIAG_SKMEMINFO && RTA_PAYLOAD(attribute) >= (SK_MEMINFO_DROPS + 1) * sizeof(std::uint32_t)) {
      std::uint32_t values[SK_MEMINFO_DROPS + 1];
      std::memcpy(values, RTA_DATA(attribute), sizeof values);
      buffer = {values[SK_MEMINFO_RMEM_ALLOC], values[SK_MEMINFO_RCVBUF], values[SK_MEMINFO_DROPS]};
      // Another socket may have taken the place of the one that was counted before: then drops begin anew.
      if (known_ && buffer.dropped > dropped_) overflowed_ += buffer.dropped - dropped_;
      known_ = true;
      dropped_ = buffer.dropped;
      return Sight::seen;
    }
    const std::size_t step = std::min<std::size_t>(RTA_ALIGN(attribute->rta_len), left);
    attribute = reinterpret_cast<const rtattr*>(reinterpret_cast<const std::uint8_t*>(attribute) + step);
    left -= step;
  }
  return Sight::blind;
}

void Pacer::wait(std::size_t bytes) {
  if (netlink_ >= 0) wait_for_room(charged(bytes));
  else if (interval_ > 0) wait_for_turn();
}

// Fills at most half of the buffer. A message that is larger than that waits until the buffer is empty.
void Pacer::wait_for_room(std::size_t need) {
  const std::int64_t now = monotonic();
  if (room_ >= need && now - looked_ < fresh) {
    room_ -= need;
    return;
  }
  looked_ = now;
  for (unsigned naps = 0;; ++naps) {
    Buffer buffer;
    const Sight sight = look(buffer);
    room_ = nobody_room;
    if (sight != Sight::seen) return;
    const std::size_t limit = buffer.size / 2;
    if (buffer.used + need <= limit || buffer.used == 0) {
      room_ = limit > buffer.used + need ? limit - buffer.used - need : 0;
      stalled_ = false;
      return;
    }
    room_ = 0;
    if (stalled_) return;
    if (naps == most_naps) {
      stalled_ = true;
      return;
    }
    sleep_for(nap);
  }
}

void Pacer::wait_for_turn() {
  const std::int64_t now = monotonic();
  turn_ = std::max(turn_ + interval_, now - burst * interval_);
  if (turn_ > now) sleep_for(turn_ - now);
}

std::uint64_t Pacer::overflowed() {
  Buffer buffer;
  if (netlink_ >= 0) look(buffer);
  return overflowed_;
}

}  // namespace netflow
