// Canonical keys: the lower end first, so that both directions find the same flow.
#include "key.hpp"

#include <cstring>

#include "tranalyzer.h"

namespace t2 {

namespace {

// Whether a <= b, byte by byte from the first on: as std::memcmp() says, two words at a time.
bool in_order(const Endpoint& a, const Endpoint& b) {
  for (std::size_t at = 0; at < 16; at += 8) {
    std::uint64_t x, y;
    std::memcpy(&x, a.address.data() + at, 8);
    std::memcpy(&y, b.address.data() + at, 8);
    if (x != y) return __builtin_bswap64(x) < __builtin_bswap64(y);
  }
  return a.port <= b.port;
}

__extension__ using Wide = unsigned __int128;

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  const Wide product = Wide{a} * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

template <std::size_t n>
void copy(Endpoint& to, const std::uint8_t* from) {
  std::memcpy(to.address.data(), from, n);
}

}  // namespace

// Multiply-and-fold over the key's words, two at a time, seeded.
std::uint64_t hash_key(const Key& key, std::uint64_t seed) {
  constexpr std::size_t words = sizeof key / 8;
  static_assert(words % 2 == 0);
  std::uint64_t w[words];
  std::memcpy(w, &key, sizeof w);
  constexpr std::uint64_t a = 0xa0761d6478bd642f, b = 0xe7037ed1a0b428db, c = 0x8ebc6af09c88c6e3;
  std::uint64_t hash = seed ^ c;
  for (std::size_t i = 0; i < words; i += 2) hash ^= mix(w[i] ^ a ^ seed, w[i + 1] ^ b ^ (i * c));
  return mix(hash ^ b, seed ^ c);
}

Lookup make_lookup(const Packet& p, std::uint64_t seed) {
  Lookup made;
  Endpoint source, destination;
  switch (p.family) {
    case Family::ipv4: {
      const std::uint8_t* ip = p.data + p.l3;
      copy<4>(source, ip + 12);
      copy<4>(destination, ip + 16);
      made.identification = static_cast<std::uint32_t>(ip[4] << 8 | ip[5]);
      break;
    }
    case Family::ipv6:
      copy<16>(source, p.data + p.l3 + 8);
      copy<16>(destination, p.data + p.l3 + 24);
      if (p.fragment_header != absent) {
        Bytes header = p.bytes(p.fragment_header);
        header.skip(4);
        made.identification = header.u32();
      }
      break;
    case Family::layer2:
      if (p.source_mac != absent) copy<6>(source, p.data + p.source_mac);
      if (p.destination_mac != absent) copy<6>(destination, p.data + p.destination_mac);
      break;
  }
  if (p.has_ports) {
    source.port = p.source_port;
    destination.port = p.destination_port;
  }
  Key& key = made.key;
#if ETH_ACTIVATE == 2
  std::array<std::uint8_t, 6> source_mac{}, destination_mac{};
  if (p.is_ip() && p.source_mac != absent) std::memcpy(source_mac.data(), p.data + p.source_mac, 6);
  if (p.is_ip() && p.destination_mac != absent) std::memcpy(destination_mac.data(), p.data + p.destination_mac, 6);
  made.source_end = source == destination ? source_mac <= destination_mac ? 0 : 1 : in_order(source, destination) ? 0 : 1;
  key.mac[made.source_end] = source_mac;
  key.mac[made.source_end ^ 1] = destination_mac;
#else
  made.source_end = in_order(source, destination) ? 0 : 1;
#endif
  key.end[made.source_end] = source;
  key.end[made.source_end ^ 1] = destination;
  key.vlan = p.vlan;
  key.ether_type = p.ether_type;
  key.protocol = p.protocol;
  key.family = p.family;
  made.hash = hash_key(key, seed);
  return made;
}

}  // namespace t2
