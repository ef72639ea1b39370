// NF_SERVADD: one collector or several.
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

// HOST, HOST:PORT, [V6] or [V6]:PORT, separated by commas; an IPv6 address without port needs no brackets.
// Throws t2::Error for a text that is none of these, and for a collector named twice.
std::vector<CollectorAddress> parse_collectors(const std::string& list, std::uint16_t port);

}  // namespace t2::netflow_sink
