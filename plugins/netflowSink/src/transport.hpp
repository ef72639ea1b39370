// How messages leave. An exporter owns one.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "collector_address.hpp"

namespace t2::netflow_sink {

using Warn = std::function<void(const std::string&)>;

struct DeliveryStats {       // records, those that still wait excepted
  std::uint64_t sent = 0;    // left, and have not come back
  std::uint64_t resent = 0;  // of those: may have arrived twice, because a connection broke
  std::uint64_t lost = 0;
  std::uint64_t doubtful =
      0;  // of the lost: waited in a collector that ended, which may have read them in its last moment
  std::uint64_t unread = 0;  // of the sent: taken by the collector's host, not read by the collector when t2 ended
  std::uint64_t templates = 0,
                template_octets = 0;  // messages with templates that the transport sent on its own; their bytes
};

class Transport {
 public:
  virtual ~Transport() = default;
  // Streams send the templates by themselves, and the sequence is that of each connection.
  virtual bool stream() const { return false; }
  // Bytes of a message that travels in one piece, as far as is known now.
  virtual std::size_t largest() const { return 65535; }
  // Keeps the messages with the templates (streams: one), and sends them by itself whenever somebody new listens.
  // Again, when there are more templates; who listens already gets these by send(). `options`: data records in them.
  virtual void begin(std::vector<std::vector<std::uint8_t>> templates, unsigned options = 0) = 0;
  // Takes one message with so many records; it may leave with later ones. May wait so that the collector can follow.
  // `options`: data records that are about the exporter; they count in the sequence, and need not arrive. Without any
  // records it holds templates.
  virtual void send(std::span<const std::uint8_t> message, unsigned records, unsigned options = 0) = 0;
  virtual void work() = 0;    // now and then: what waits leaves in bounded time
  virtual void finish() = 0;  // all was sent: waits until it has arrived, for a bounded time
  virtual const DeliveryStats& delivery() const = 0;
  virtual std::string destination() const = 0;  // for messages to the user
};

// `rate`: messages per second at most where the collector's buffer cannot be watched, 0: no limit.
// Throws t2::Error for an address that does not exist.
std::unique_ptr<Transport> make_udp_transport(const CollectorAddress& collector, unsigned rate, Warn warn);

// For IPFIX. At most `max_messages` wait for the collector.
std::unique_ptr<Transport> make_tcp_transport(const CollectorAddress& collector, std::size_t max_messages, Warn warn);

struct TlsFiles {                // PEM; empty: none
  std::string authorities;       // whose signature a collector's certificate needs; empty: those of the system
  std::string certificate, key;  // of this exporter
  bool verify = true;            // the collector's certificate and its name
};
// Throws t2::Error for files that cannot be used.
std::unique_ptr<Transport> make_tls_transport(const CollectorAddress& collector, std::size_t max_messages,
                                              const TlsFiles& files, Warn warn);

}  // namespace t2::netflow_sink
