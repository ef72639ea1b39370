// The collectors that NF_SERVADD names. Parsed once, when t2 starts.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace t2::netflow_sink {

struct CollectorAddress {
  std::string host;  // name, IPv4 or IPv6 address, without brackets
  std::uint16_t port;
  bool operator==(const CollectorAddress&) const = default;
  std::string text() const {
    return (host.find(':') != host.npos ? "[" + host + "]:" : host + ":") + std::to_string(port);
  }
};

// Parses a list of HOST, HOST:PORT, [V6] or [V6]:PORT, separated by commas; an IPv6 address without port needs no
// brackets. `port`: where none is named. Throws t2::Error for any other text, and for a collector named twice.
std::vector<CollectorAddress> parse_collectors(const std::string& list, std::uint16_t port);

}  // namespace t2::netflow_sink
