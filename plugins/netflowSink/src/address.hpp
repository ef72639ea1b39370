// NF_SERVADD: one collector or several.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace netflow {

struct Address {
  std::string host;  // name, IPv4 or IPv6 address, without brackets
  std::uint16_t port;
  bool operator==(const Address&) const = default;
  std::string text() const {
    return (host.find(':') != host.npos ? "[" + host + "]:" : host + ":") + std::to_string(port);
  }
};

// HOST, HOST:PORT, [V6] or [V6]:PORT, separated by commas; an IPv6 address without port needs no brackets.
// Throws t2::Error for a text that is none of these, and for a collector named twice.
std::vector<Address> addresses(const std::string& list, std::uint16_t port);

}  // namespace netflow
