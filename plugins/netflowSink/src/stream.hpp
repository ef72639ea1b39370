// IPFIX over a connection (RFC 7011, 10.4), with or without encryption. A Channel (tcp.cpp, tls.cpp) moves the bytes of
// one connection; the transport that make_stream_transport() returns connects, reconnects and accounts for the records
// over all connections. The output thread uses both; no call on the socket ever blocks.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "transport.hpp"

namespace t2::netflow_sink {

enum class ChannelStatus { done, pending, failed };

// The bytes of one connection, on a non-blocking socket that the channel does not own.
class Channel {
 public:
  virtual ~Channel() = default;
  virtual ChannelStatus handshake() = 0;  // called again after TCP has connected until it is done or has failed
  // Bytes accepted; 0: offer the same bytes again later; -1: failed.
  virtual std::ptrdiff_t write(std::span<const std::uint8_t> bytes) = 0;
  // Discards what the collector sends, a bounded part of it in one call: `pending` then. done: the collector has closed
  // in order; failed: it broke the connection.
  virtual ChannelStatus read_until_close() = 0;
  virtual void close() = 0;                   // tells the collector; the socket stays open
  virtual std::uint64_t written() const = 0;  // bytes handed to TCP, including those that encryption adds
  virtual bool plain() const = 0;             // TCP gets exactly the bytes of write()
  virtual std::string error() const = 0;      // why a call failed
};

// Reads of `read_size` bytes in one call, at most: a collector that talks without end does not hold the output thread.
constexpr unsigned max_reads = 128;
constexpr std::size_t read_size = 512;

class ChannelFactory {
 public:
  virtual ~ChannelFactory() = default;
  virtual std::unique_ptr<Channel> open(int socket) = 0;
};

std::unique_ptr<ChannelFactory> make_tcp_channels();
// `host`: whose name the certificate must bear. Throws t2::Error for files that cannot be used.
std::unique_ptr<ChannelFactory> make_tls_channels(const std::string& host, const TlsFiles& files);

// Throws t2::Error for a collector that cannot be resolved.
std::unique_ptr<Transport> make_stream_transport(const CollectorAddress& collector,
                                                 std::unique_ptr<ChannelFactory> factory, std::size_t max_messages,
                                                 Warn warn);

}  // namespace t2::netflow_sink
