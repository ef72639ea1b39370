// What a message takes in the receive buffer of a collector on this machine. The kernel charges blocks of memory, not
// bytes, in its own way; so it is measured, once for each size, with a socket that sends to itself. Messages that the
// kernel got in one piece, to take apart itself (UDP_SEGMENT), are charged otherwise than those that came one by one.
#pragma once

#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <span>

namespace t2::netflow_sink {

// What is sent are messages of so many bytes, one behind the other; the last one may be shorter.
class SegmentSize {
 public:
  SegmentSize(msghdr& all, std::size_t size) {
    all.msg_control = control_;
    all.msg_controllen = sizeof control_;
    cmsghdr* head = CMSG_FIRSTHDR(&all);
    head->cmsg_level = SOL_UDP;
    head->cmsg_type = UDP_SEGMENT;
    head->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
    const auto bytes = static_cast<std::uint16_t>(size);
    std::memcpy(CMSG_DATA(head), &bytes, sizeof bytes);
  }
  SegmentSize(const SegmentSize&) = delete;
  SegmentSize& operator=(const SegmentSize&) = delete;

 private:
  alignas(cmsghdr) std::uint8_t control_[CMSG_SPACE(sizeof(std::uint16_t))] = {};
};

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

  std::size_t of(std::span<const std::uint8_t> message) { return remembered(alone_, message, 1); }
  // Of each of several that are sent in one piece. 0: the kernel cannot do that.
  std::size_t of_segment(std::span<const std::uint8_t> message) { return remembered(segments_, message, 2); }

 private:
  using Known = std::map<std::size_t, std::size_t>;  // by size

  std::size_t remembered(Known& known, std::span<const std::uint8_t> message, unsigned copies) {
    const auto found = known.find(message.size());
    return found != known.end() ? found->second : known[message.size()] = measure(message, copies);
  }
  std::size_t measure(std::span<const std::uint8_t> message, unsigned copies) const {
    iovec parts[2];
    for (iovec& part : parts) part = {const_cast<std::uint8_t*>(message.data()), message.size()};
    msghdr all{};
    all.msg_iov = parts;
    all.msg_iovlen = copies;
    std::optional<SegmentSize> segment_sizes;
    if (copies > 1) segment_sizes.emplace(all, message.size());
    std::uint32_t memory[SK_MEMINFO_VARS] = {};
    socklen_t size = sizeof memory;
    if (usable_ && sendmsg(socket_, &all, 0) >= 0) {
      getsockopt(socket_, SOL_SOCKET, SO_MEMINFO, memory, &size);
      for (unsigned i = 0; i < copies; ++i) recv(socket_, nullptr, 0, MSG_TRUNC);
    }
    const std::uint32_t charged = memory[SK_MEMINFO_RMEM_ALLOC] / copies;
    return charged > 0 || copies > 1 ? charged : 2 * message.size() + 1024;
  }

  int socket_;
  bool usable_ = false;
  Known alone_, segments_;
};

}  // namespace t2::netflow_sink
