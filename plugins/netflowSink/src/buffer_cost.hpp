// What a message costs in the receive buffer of a collector on this machine. The kernel charges blocks of memory, not
// bytes, in its own way; so the cost is measured once for each size, with a socket that sends to itself. Messages that
// the kernel got in one piece and cut apart itself (UDP_SEGMENT) are charged otherwise than single ones.
// Used by the output thread; never blocks.
#pragma once

#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>

#include "send_batch.hpp"

namespace t2::netflow_sink {

class BufferCost {
 public:
  explicit BufferCost(int family) : socket_(::socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_storage self{};
    self.ss_family = static_cast<sa_family_t>(family);
    if (family == AF_INET) reinterpret_cast<sockaddr_in&>(self).sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    else reinterpret_cast<sockaddr_in6&>(self).sin6_addr = in6addr_loopback;
    socklen_t size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    auto* address = reinterpret_cast<sockaddr*>(&self);
    usable_ = socket_ >= 0 && bind(socket_, address, size) == 0 && getsockname(socket_, address, &size) == 0 &&
              connect(socket_, address, size) == 0;
  }
  ~BufferCost() {
    if (socket_ >= 0) close(socket_);
  }
  BufferCost(const BufferCost&) = delete;
  BufferCost& operator=(const BufferCost&) = delete;

  std::size_t of_single(std::span<const std::uint8_t> message) { return remembered(singles_, message, 1); }
  // Of each message of a piece. 0: the kernel cannot cut pieces.
  std::size_t of_segment(std::span<const std::uint8_t> message) { return remembered(segments_, message, 2); }

 private:
  using CostBySize = std::map<std::size_t, std::size_t>;

  std::size_t remembered(CostBySize& costs, std::span<const std::uint8_t> message, unsigned copies) {
    const auto found = costs.find(message.size());
    return found != costs.end() ? found->second : costs[message.size()] = measure(message, copies);
  }
  std::size_t measure(std::span<const std::uint8_t> message, unsigned copies) const {
    iovec parts[2];
    for (iovec& part : parts) part = {const_cast<std::uint8_t*>(message.data()), message.size()};
    msghdr piece{};
    piece.msg_iov = parts;
    piece.msg_iovlen = copies;
    SegmentSize segment_size;
    if (copies > 1) segment_size.attach(piece, message.size());
    std::uint32_t memory[SK_MEMINFO_VARS] = {};
    socklen_t size = sizeof memory;
    if (usable_ && sendmsg(socket_, &piece, 0) >= 0) {
      getsockopt(socket_, SOL_SOCKET, SO_MEMINFO, memory, &size);
      for (unsigned i = 0; i < copies; ++i) recv(socket_, nullptr, 0, MSG_TRUNC);
    }
    const std::uint32_t charged = memory[SK_MEMINFO_RMEM_ALLOC] / copies;
    return charged > 0 || copies > 1 ? charged : 2 * message.size() + 1024;
  }

  int socket_;
  bool usable_ = false;
  CostBySize singles_, segments_;
};

}  // namespace t2::netflow_sink
