// Asks the kernel by netlink (sock_diag) and parses its answer.
#include "peer_socket.hpp"

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

namespace t2::netflow_sink {

namespace {

constexpr std::uint8_t listening = 10;  // TCP_LISTEN: the kernel describes the listener if the connection is gone

struct DiagRequest {
  nlmsghdr head;
  inet_diag_req_v2 socket;
};

// Fills in the addresses of both ends. False if the other one is not on this machine.
bool fill_request(int socket, int protocol, inet_diag_req_v2& request) {
  sockaddr_storage own{}, peer{};
  socklen_t own_size = sizeof own, peer_size = sizeof peer;
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&own), &own_size) != 0 ||
      getpeername(socket, reinterpret_cast<sockaddr*>(&peer), &peer_size) != 0) {
    return false;
  }
  request.sdiag_family = static_cast<std::uint8_t>(peer.ss_family);
  bool here;
  inet_diag_sockid& id = request.id;
  if (peer.ss_family == AF_INET) {
    const auto &from = reinterpret_cast<const sockaddr_in&>(own), &to = reinterpret_cast<const sockaddr_in&>(peer);
    here = from.sin_addr.s_addr == to.sin_addr.s_addr || ntohl(to.sin_addr.s_addr) >> 24 == 127;
    id.idiag_src[0] = from.sin_addr.s_addr;
    id.idiag_dst[0] = to.sin_addr.s_addr;
    id.idiag_sport = from.sin_port;
    id.idiag_dport = to.sin_port;
  } else {
    const auto &from = reinterpret_cast<const sockaddr_in6&>(own), &to = reinterpret_cast<const sockaddr_in6&>(peer);
    here = std::memcmp(&from.sin6_addr, &to.sin6_addr, sizeof from.sin6_addr) == 0;
    std::memcpy(id.idiag_src, &from.sin6_addr, sizeof from.sin6_addr);
    std::memcpy(id.idiag_dst, &to.sin6_addr, sizeof to.sin6_addr);
    id.idiag_sport = from.sin6_port;
    id.idiag_dport = to.sin6_port;
  }
  if (protocol == IPPROTO_TCP) {  // sock_diag: the source is the socket in question; for UDP it is the sender
    std::swap(id.idiag_src, id.idiag_dst);
    std::swap(id.idiag_sport, id.idiag_dport);
  }
  return here;
}

}  // namespace

PeerSocket::PeerSocket(int socket, int protocol) {
  DiagRequest q{};
  if (!fill_request(socket, protocol, q.socket)) return;
  netlink_ = ::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  if (netlink_ < 0) return;
  const timeval timeout{1, 0};
  setsockopt(netlink_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  q.head.nlmsg_len = sizeof q;
  q.head.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  q.head.nlmsg_flags = NLM_F_REQUEST;
  q.socket.sdiag_protocol = static_cast<std::uint8_t>(protocol);
  q.socket.idiag_ext = 1 << (INET_DIAG_SKMEMINFO - 1);
  q.socket.idiag_states = ~0u;
  q.socket.id.idiag_cookie[0] = q.socket.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  request_.resize(sizeof q);
  std::memcpy(request_.data(), &q, sizeof q);
  PeerState state;
  if (query(state) != PeerStatus::unavailable) return;
  close(netlink_);
  netlink_ = -1;
}

PeerSocket::~PeerSocket() {
  if (netlink_ >= 0) close(netlink_);
}

PeerStatus PeerSocket::query(PeerState& state) const {
  if (netlink_ < 0) return PeerStatus::unavailable;
  alignas(nlmsghdr) std::uint8_t answer[4096];
  ssize_t size;
  if (::send(netlink_, request_.data(), request_.size(), 0) < 0) return PeerStatus::unavailable;
  do {
    size = ::recv(netlink_, answer, sizeof answer, 0);
  } while (size < 0 && errno == EINTR);
  if (size < static_cast<ssize_t>(sizeof(nlmsghdr))) return PeerStatus::unavailable;
  const auto* head = reinterpret_cast<const nlmsghdr*>(answer);
  if (head->nlmsg_len > static_cast<std::size_t>(size)) return PeerStatus::unavailable;
  if (head->nlmsg_type == NLMSG_ERROR) {
    const auto* error = static_cast<const nlmsgerr*>(NLMSG_DATA(head));
    return head->nlmsg_len >= NLMSG_LENGTH(sizeof *error) && error->error == -ENOENT ? PeerStatus::absent
                                                                                     : PeerStatus::unavailable;
  }
  if (head->nlmsg_type != SOCK_DIAG_BY_FAMILY || head->nlmsg_len < NLMSG_LENGTH(sizeof(inet_diag_msg)))
    return PeerStatus::unavailable;
  const auto* socket = static_cast<const inet_diag_msg*>(NLMSG_DATA(head));
  if (socket->idiag_state == listening) return PeerStatus::absent;
  const auto* attribute = reinterpret_cast<const rtattr*>(socket + 1);
  std::size_t left = head->nlmsg_len - NLMSG_LENGTH(sizeof *socket);
  while (left >= sizeof *attribute && attribute->rta_len >= sizeof *attribute && attribute->rta_len <= left) {
    if (attribute->rta_type == INET_DIAG_SKMEMINFO &&
        RTA_PAYLOAD(attribute) >= (SK_MEMINFO_DROPS + 1) * sizeof(std::uint32_t)) {
      std::uint32_t values[SK_MEMINFO_DROPS + 1];
      std::memcpy(values, RTA_DATA(attribute), sizeof values);
      state = {std::uint64_t{socket->id.idiag_cookie[1]} << 32 | socket->id.idiag_cookie[0], socket->idiag_rqueue,
               values[SK_MEMINFO_RMEM_ALLOC], values[SK_MEMINFO_RCVBUF], values[SK_MEMINFO_DROPS]};
      return PeerStatus::found;
    }
    const std::size_t step = std::min<std::size_t>(RTA_ALIGN(attribute->rta_len), left);
    attribute = reinterpret_cast<const rtattr*>(reinterpret_cast<const std::uint8_t*>(attribute) + step);
    left -= step;
  }
  return PeerStatus::unavailable;
}

}  // namespace t2::netflow_sink
