// What the kernel of this machine knows (sock_diag) about the socket at the other end of a connected one: whether it
// exists, whether it is still the same, and how much its program has not read. The kernel knows nothing about sockets
// of other machines. The output thread uses it; a query never waits longer than a second.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace t2::netflow_sink {

struct PeerState {
  std::uint64_t cookie = 0;   // the kernel's identifier of this socket; never used for another one
  std::uint32_t unread = 0;   // TCP: bytes; UDP: memory of the messages, as the kernel charges it
  std::uint32_t used = 0;     // memory in the receive buffer
  std::uint32_t size = 0;     // of the receive buffer
  std::uint32_t dropped = 0;  // messages that found no room
};

enum class PeerStatus { found, absent, unavailable };  // unavailable: the kernel does not answer

class PeerSocket {
 public:
  PeerSocket(int socket, int protocol);  // IPPROTO_UDP, IPPROTO_TCP
  ~PeerSocket();
  PeerSocket(const PeerSocket&) = delete;
  PeerSocket& operator=(const PeerSocket&) = delete;

  PeerStatus query(PeerState& state) const;  // `state` is set if the socket was found

 private:
  int netlink_ = -1;
  std::vector<std::uint8_t> request_;
};

}  // namespace t2::netflow_sink
