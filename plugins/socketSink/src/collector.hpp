// How rows, text or binary, reach a collector. The output thread uses it; what cannot be delivered is counted.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "t2/packet.hpp"

namespace t2::socket_sink {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

struct Settings {
  std::string host;
  std::uint16_t port = 0;
  std::string header;     // first line for each connection; empty: none
  bool compress = false;  // TCP: the connection is a gzip stream
  Time timeout = 0;       // without progress
  std::size_t max_bytes = 0;
  std::function<bool()> must_end;  // nothing may wait any more
  std::function<void(const std::string&)> warn, info;
  std::string name() const;  // "127.0.0.1:6666"
};

class Collector {
 public:
  virtual ~Collector() = default;
  virtual void send(std::string line) = 0;  // one row
  virtual void tick() = 0;                  // now and then
  virtual void finish() = 0;                // waits until all has arrived, for the timeout at most
  virtual std::uint64_t lost() const = 0;   // rows
};

// Throw t2::Error for a name that cannot be resolved. A collector that is not there yet is no error.
std::unique_ptr<Collector> make_tcp(Settings settings);
std::unique_ptr<Collector> make_udp(Settings settings);

}  // namespace t2::socket_sink
