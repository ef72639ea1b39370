// IPFIX over a connection (RFC 7011, 10.4), whatever protects it. How the bytes of one connection travel is said by a
// channel (tcp.cpp, tls.cpp); what becomes of the records, over all connections, by stream().
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "transport.hpp"

namespace netflow {

// The bytes of one connection, on a socket that never blocks.
class Channel {
 public:
  enum class Step { done, again, failed };

  virtual ~Channel() = default;
  virtual Step greet() = 0;  // after TCP is connected, until it is done or has failed
  virtual std::ptrdiff_t write(
      std::span<const std::uint8_t> bytes) = 0;  // how many were taken, 0: later, with the same ones; -1: failed
  virtual Step listen() = 0;  // collectors have nothing to say; but they close, in order (done) or not (failed)
  virtual void close() = 0;   // says so to the other end; the socket stays open
  virtual std::uint64_t written() const = 0;  // bytes handed to TCP, with all that the protection adds
  virtual bool plain() const = 0;             // TCP gets exactly the bytes of write()
  virtual std::string problem() const = 0;    // why something failed
};

class Channels {
 public:
  virtual ~Channels() = default;
  virtual std::unique_ptr<Channel> open(int socket) = 0;
};

std::unique_ptr<Transport> stream(const Address& collector, std::unique_ptr<Channels> channels,
                                  std::size_t max_messages, Warn warn);

}  // namespace netflow
