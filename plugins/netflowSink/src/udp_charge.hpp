// What a message takes in the receive buffer of a collector on this machine. The kernel charges blocks of memory, not
// bytes, in its own way; so it is measured, once for each size, with a socket that sends to itself.
#pragma once

#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>

namespace netflow {

class Charge {
 public:
  explicit Charge(int family) : socket_(::socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_storage self{};
    self.ss_family = static_cast<sa_family_t>(family);
    if (family == AF_INET) reinterpret_cast<sockaddr_in&>(self).sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    else reinterpret_cast<sockaddr_in6&>(self).sin6_addr = in6addr_loopback;
    socklen_t size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    auto* address = reinterpret_cast<sockaddr*>(&self);
    usable_ = socket_ >= 0 && bind(socket_, address, size) == 0 && getsockname(socket_, address, &size) == 0 && connect(socket_, address, size) == 0;
  }
  ~Charge() {
    if (socket_ >= 0) close(socket_);
  }
  Charge(const Charge&) = delete;
  Charge& operator=(const Charge&) = delete;

  std::size_t of(std::span<const std::uint8_t> message) {
    std::size_t& known = sizes_[message.size()];
    if (known == 0) known = measure(message);
    return known;
  }

 private:
  std::size_t measure(std::span<const std::uint8_t> message) const {
    std::uint32_t memory[SK_MEMINFO_VARS] = {};
    socklen_t size = sizeof memory;
    if (usable_ && ::send(socket_, message.data(), message.size(), 0) >= 0) {
      getsockopt(socket_, SOL_SOCKET, SO_MEMINFO, memory, &size);
      recv(socket_, nullptr, 0, MSG_TRUNC);
    }
    const std::uint32_t charged = memory[SK_MEMINFO_RMEM_ALLOC];
    return charged > 0 ? charged : 2 * message.size() + 1024;
  }

  int socket_;
  bool usable_ = false;
  std::map<std::size_t, std::size_t> sizes_;
};

}  // namespace netflow
