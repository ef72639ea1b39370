// How messages reach a collector. Each exporter owns one transport; the output thread uses it. A transport never fails
// for good: what cannot be delivered is counted in DeliveryStats, and a warning says so once.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <t2/packet.hpp>

#include "collector_address.hpp"

namespace t2::netflow_sink {

constexpr Time one_millisecond = one_second / 1000;
constexpr Time max_batching = 20 * one_millisecond;  // of a message, for others to leave together

using Warn = std::function<void(const std::string&)>;

struct DeliveryStats {       // flow records; those that are still queued are in none
  std::uint64_t sent = 0;    // left this host, and were not refused
  std::uint64_t resent = 0;  // of the sent: may have arrived twice, because a connection broke
  std::uint64_t lost = 0;
  std::uint64_t doubtful = 0;  // of the lost: were in the buffer of a collector that ended and may have read them
  std::uint64_t unread = 0;    // of the sent: accepted by the collector's host, not read by the collector at the end
  // Messages with templates that the transport sent by itself, and their bytes.
  std::uint64_t templates = 0, template_octets = 0;
};

class Transport {
 public:
  virtual ~Transport() = default;
  // Answers, at any time, whether nothing may wait for the collector any more; before it is set, all may.
  void end_when(std::function<bool()> must_end) { must_end_ = std::move(must_end); }
  // Streams send the templates by themselves, and each connection has a sequence of its own.
  virtual bool stream() const { return false; }
  // Bytes of a message that travels unfragmented, as far as is known now.
  virtual std::size_t max_message_size() const { return 65535; }
  // The messages with the templates (streams: one message), which the transport sends by itself to each new collector.
  // Called again when there are more templates; the present collector gets those by send().
  // `options`: data records of options in them.
  virtual void set_templates(std::vector<std::vector<std::uint8_t>> templates, unsigned options = 0) = 0;
  // Queues one message with so many flow records. May wait so that the collector can follow.
  // `options`: data records about the exporter, which count in the sequence but need not arrive. A message without any
  // records holds templates.
  virtual void send(std::span<const std::uint8_t> message, unsigned records, unsigned options = 0) = 0;
  virtual void tick() = 0;    // called regularly, so that queued messages leave in bounded time
  virtual void finish() = 0;  // after the last message: waits until all have arrived, for a bounded time
  virtual const DeliveryStats& delivery() const = 0;
  virtual std::string destination() const = 0;  // for messages to the user

 protected:
  bool must_end() const { return must_end_ && must_end_(); }

 private:
  std::function<bool()> must_end_;
};

// `rate`: messages per second at most where the collector's buffer cannot be watched, 0: no limit.
// Throws t2::Error for a collector that cannot be resolved or reached.
std::unique_ptr<Transport> make_udp_transport(const CollectorAddress& collector, unsigned rate, Warn warn);

// For IPFIX. At most `max_messages` wait for the collector. Throws t2::Error for a collector that cannot be resolved.
std::unique_ptr<Transport> make_tcp_transport(const CollectorAddress& collector, std::size_t max_messages, Warn warn);

struct TlsFiles {                // PEM; empty: none
  std::string authorities;       // that sign collectors' certificates; empty: those of the system
  std::string certificate, key;  // of this exporter
  bool verify = true;            // the collector's certificate and its name
};
// As make_tcp_transport(). Throws t2::Error for files that cannot be used.
std::unique_ptr<Transport> make_tls_transport(const CollectorAddress& collector, std::size_t max_messages,
                                              const TlsFiles& files, Warn warn);

}  // namespace t2::netflow_sink
