// Canonical keys: the lower end first, so that both directions find the same flow.
#include "key.hpp"

#include <cstring>
#include <utility>

#include "tranalyzer.h"

namespace t2 {

namespace {

#if ETH_ACTIVATE != 2
// Whether a <= b, as operator<=> says, two words at a time.
bool in_order(const Endpoint& a, const Endpoint& b) {
  for (std::size_t at = 0; at < 16; at += 8) {
    std::uint64_t x, y;
    std::memcpy(&x, a.address.data() + at, 8);
    std::memcpy(&y, b.address.data() + at, 8);
    if (x != y) return __builtin_bswap64(x) < __builtin_bswap64(y);
  }
  return a.port <= b.port;
}
#endif

}  // namespace

Lookup make_lookup(const Packet& p, std::uint64_t seed) {
  Lookup made;
  Endpoint source, destination;
  switch (p.family) {
    case Family::ipv4:
      std::memcpy(source.address.data(), p.data + p.l3 + 12, 4);
      std::memcpy(destination.address.data(), p.data + p.l3 + 16, 4);
      made.identification = static_cast<std::uint32_t>(p.data[p.l3 + 4] << 8 | p.data[p.l3 + 5]);
      break;
    case Family::ipv6:
      std::memcpy(source.address.data(), p.data + p.l3 + 8, 16);
      std::memcpy(destination.address.data(), p.data + p.l3 + 24, 16);
      if (p.fragment_header != absent) {
        Bytes header = p.bytes(p.fragment_header);
        header.skip(4);
        made.identification = header.u32();
      }
      break;
    case Family::layer2:
      if (p.source_mac != absent) std::memcpy(source.address.data(), p.data + p.source_mac, 6);
      if (p.destination_mac != absent) std::memcpy(destination.address.data(), p.data + p.destination_mac, 6);
      break;
  }
  if (p.has_ports) {
    source.port = p.source_port;
    destination.port = p.destination_port;
  }
#if ETH_ACTIVATE == 2
  std::array<std::uint8_t, 6> source_mac{}, destination_mac{};
  if (p.is_ip() && p.source_mac != absent) std::memcpy(source_mac.data(), p.data + p.source_mac, 6);
  if (p.is_ip() && p.destination_mac != absent) std::memcpy(destination_mac.data(), p.data + p.destination_mac, 6);
  made.source_end = std::pair(source, source_mac) <= std::pair(destination, destination_mac) ? 0 : 1;
  made.key.mac[made.source_end] = source_mac;
  made.key.mac[made.source_end ^ 1] = destination_mac;
#else
  made.source_end = in_order(source, destination) ? 0 : 1;
#endif
  made.key.end[made.source_end] = source;
  made.key.end[made.source_end ^ 1] = destination;
  made.key.vlan = p.vlan;
  made.key.ether_type = p.ether_type;
  made.key.protocol = p.protocol;
  made.key.family = p.family;
  made.hash = hash_key(made.key, seed);
  return made;
}

}  // namespace t2
