// How messages leave. An exporter owns one.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "address.hpp"

namespace netflow {

using Warn = std::function<void(const std::string&)>;

struct Books {                    // records of a stream, those that wait excepted
  std::uint64_t sent = 0;         // written to a connection
  std::uint64_t resent = 0;       // of those: more than once, because a connection broke
  std::uint64_t lost = 0;
  std::uint64_t connections = 0;  // that came about
};

class Transport {
 public:
  virtual ~Transport() = default;
  // Hands one message with so many records to the network; false: it will not arrive. May wait so that the collector can follow.
  virtual bool send(std::span<const std::uint8_t> message, unsigned records = 0) = 0;
  // Whether a message that send() took has come back undelivered since the last call.
  virtual bool refused() = 0;
  // Messages that arrived at the collector's host but found its buffer full, as far as can be seen from here.
  virtual std::uint64_t overflowed() { return 0; }
  virtual std::string destination() const = 0;  // for messages to the user

  // Streams: true. They send the templates first on each connection, and keep the sequence and books of their own.
  virtual bool begin(std::span<const std::uint8_t> /*templates*/) { return false; }
  virtual const Books* books() const { return nullptr; }
  virtual void work() {}    // now and then
  virtual void finish() {}  // all was sent: waits until it has arrived, for a bounded time
};

// `rate`: messages per second at most where the collector's buffer cannot be watched, 0: no limit.
// Throws t2::Error for an address that does not exist.
std::unique_ptr<Transport> udp(const Address& collector, unsigned rate, Warn warn);

// For IPFIX. At most `most_messages` wait for the collector.
std::unique_ptr<Transport> tcp(const Address& collector, std::size_t most_messages, Warn warn);

}  // namespace netflow
