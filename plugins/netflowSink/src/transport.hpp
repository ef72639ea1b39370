// How messages leave. An exporter owns one.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace netflow {

using Warn = std::function<void(const std::string&)>;

class Transport {
 public:
  virtual ~Transport() = default;
  // Hands one message to the network; false: it will not arrive. May wait so that the collector can follow.
  virtual bool send(std::span<const std::uint8_t> message) = 0;
  // Whether a message that send() took has come back undelivered since the last call.
  virtual bool refused() = 0;
  // Messages that arrived at the collector's host but found its buffer full, as far as can be seen from here.
  virtual std::uint64_t overflowed() { return 0; }
  virtual std::string destination() const = 0;  // for messages to the user
};

// `rate`: messages per second at most where the collector's buffer cannot be watched, 0: no limit.
// Throws t2::Error for an address that does not exist.
std::unique_ptr<Transport> udp(const std::string& host, std::uint16_t port, unsigned rate, Warn warn);

}  // namespace netflow
