// What the kernel of this machine knows about the socket at the other end of a connected one (sock_diag): whether it is
// there, whether it is still the same, and how much it has not read. Nothing is known of other machines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace netflow {

class Peer {
 public:
  struct View {
    std::uint64_t cookie = 0;                       // of this socket and no other
    std::uint32_t unread = 0;                       // TCP: bytes, UDP: memory of the messages
    std::uint32_t used = 0, size = 0, dropped = 0;  // receive buffer in memory, as the kernel charges it; messages
  };
  enum class Sight { seen, nobody, blind };  // blind: the kernel does not tell

  Peer(int socket, int protocol);  // IPPROTO_UDP, IPPROTO_TCP
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  Sight look(View& view) const;

 private:
  int netlink_ = -1;
  std::vector<std::uint8_t> question_;
};

}  // namespace netflow
