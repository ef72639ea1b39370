// What dhcpDecode remembers of each direction that speaks DHCP, in memory that the core frees with the flow. Written by
// the worker that owns the flow.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace t2::dhcp_decode {

using View = std::span<const std::uint8_t>;

template <unsigned capacity>
struct Text {  // the first bytes of one
  std::uint8_t size;
  char data[capacity];
  std::string_view view() const { return {data, size}; }
  void set(View bytes) {
    size = static_cast<std::uint8_t>(std::min<std::size_t>(bytes.size(), capacity));
    std::copy_n(bytes.begin(), size, data);
  }
};

template <class T, unsigned capacity>
struct List {  // of different values, in the order of their first appearance
  std::uint8_t size;
  T value[capacity];
  std::span<const T> all() const { return {value, size}; }
  // False: there is no room within `limit`.
  bool add(const T& one, std::uint32_t limit) {
    const auto same = [&](const T& other) { return std::memcmp(&one, &other, sizeof(T)) == 0; };
    if (std::ranges::any_of(all(), same)) return true;
    if (size >= std::min(limit, capacity)) return false;
    value[size++] = one;
    return true;
  }
};

constexpr unsigned max_options = 64, max_messages = 32, max_names = 10;  // as the flags allow

struct Mac {
  std::uint8_t byte[6];
};
struct Name {
  Text<95> text;  // of more, the first bytes
};
struct Ip4 {
  std::uint8_t byte[4];
};
struct Ip6 {
  std::uint8_t byte[16];
};
struct Prefix {
  Ip6 address;
  std::uint8_t length;
};

struct DhcpFacts {
  std::uint16_t stat, option_count, max_seconds, status6;
  std::uint32_t hops;      // bits
  std::uint64_t hardware;  // bits
  std::uint32_t lease, renew, rebind;
  Ip4 netmask, router, dns, requested, client, yours, next_server, relay, server;
  Ip6 dns6;
  List<std::uint8_t, max_messages> messages;
  List<std::uint16_t, max_options> options;
  List<std::uint16_t, max_options> parameters;
  List<Mac, max_names> macs;
  List<Name, max_names> hosts, domains;
  List<Prefix, max_names> addresses6;
  Text<64> server_name, vendor, circuit, client_id6, server_id6;
  Text<128> boot_file, message, full_name;
};
static_assert(sizeof(DhcpFacts) <= 4080);  // the largest block

struct DhcpDecodeState {
  DhcpFacts* facts = nullptr;
  bool refused = false;  // there was no memory
};

}  // namespace t2::dhcp_decode
