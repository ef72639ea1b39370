// Canonical keys: the same end first, so that both directions find the same flow.
//
// A key is put together in registers, word by word: written field by field, its hash would wait for every field.
#include "key.hpp"

#include <bit>
#include <cstddef>
#include <cstring>
#include <utility>

#include "tranalyzer.h"

namespace t2 {

namespace {

using Word = std::uint64_t;

template <std::size_t bytes>
Word load(const std::uint8_t* from) {
  Word word = 0;
  std::memcpy(&word, from, bytes);
  return word;
}

// A value of so many bytes where a word in memory has it from this byte on.
constexpr Word at(unsigned byte, unsigned bytes, Word value) {
  return value << (std::endian::native == std::endian::little ? 8 * byte : 64 - 8 * (byte + bytes));
}

struct End {
  Word low = 0, high = 0;  // of the address
  std::uint16_t port = 0;
  auto operator<=>(const End&) const = default;
};

__extension__ using Wide = unsigned __int128;

Word mix(Word a, Word b) {
  const Wide product = Wide{a} * b;
  return static_cast<Word>(product) ^ static_cast<Word>(product >> 64);
}

// Multiply-and-fold over the key's words, two at a time, seeded.
template <std::size_t words>
Word hash_words(const Word (&w)[words], Word seed) {
  static_assert(words % 2 == 0);
  constexpr Word a = 0xa0761d6478bd642f, b = 0xe7037ed1a0b428db, c = 0x8ebc6af09c88c6e3;
  Word hash = seed ^ c;
  for (std::size_t i = 0; i < words; i += 2) hash ^= mix(w[i] ^ a ^ seed, w[i + 1] ^ b ^ (i * c));
  return mix(hash ^ b, seed ^ c);
}

}  // namespace

std::uint64_t hash_key(const Key& key, std::uint64_t seed) {
  Word words[sizeof key / sizeof(Word)];
  std::memcpy(words, &key, sizeof words);
  return hash_words(words, seed);
}

static_assert(offsetof(Key, port) == 32 && offsetof(Key, vlan) == 36 && offsetof(Key, ether_type) == 38 && offsetof(Key, protocol) == 40 &&
              offsetof(Key, family) == 41);

Lookup make_lookup(const Packet& p, std::uint64_t seed) {
  End source, destination;
  std::uint32_t identification = 0;
  switch (p.family) {
    case Family::ipv4: {
      const std::uint8_t* ip = p.data + p.l3;
      source.low = load<4>(ip + 12);
      destination.low = load<4>(ip + 16);
      identification = static_cast<std::uint32_t>(ip[4] << 8 | ip[5]);
      break;
    }
    case Family::ipv6: {
      const std::uint8_t* ip = p.data + p.l3;
      source.low = load<8>(ip + 8), source.high = load<8>(ip + 16);
      destination.low = load<8>(ip + 24), destination.high = load<8>(ip + 32);
      if (p.fragment_header != absent) {
        Bytes header = p.bytes(p.fragment_header);
        header.skip(4);
        identification = header.u32();
      }
      break;
    }
    case Family::layer2:
      if (p.source_mac != absent) source.low = load<6>(p.data + p.source_mac);
      if (p.destination_mac != absent) destination.low = load<6>(p.data + p.destination_mac);
      break;
  }
  if (p.has_ports) {
    source.port = p.source_port;
    destination.port = p.destination_port;
  }
  bool swapped = destination < source;
#if ETH_ACTIVATE == 2
  Word source_mac = 0, destination_mac = 0;
  if (p.is_ip() && p.source_mac != absent) source_mac = load<6>(p.data + p.source_mac);
  if (p.is_ip() && p.destination_mac != absent) destination_mac = load<6>(p.data + p.destination_mac);
  if (source == destination) swapped = destination_mac < source_mac;
#endif
  if (swapped) std::swap(source, destination);
  Word words[sizeof(Key) / sizeof(Word)] = {
      source.low, source.high, destination.low, destination.high,
      at(0, 2, source.port) | at(2, 2, destination.port) | at(4, 2, p.vlan) | at(6, 2, p.ether_type),
      at(0, 1, p.protocol) | at(1, 1, static_cast<Word>(p.family))};
#if ETH_ACTIVATE == 2
  if (swapped) std::swap(source_mac, destination_mac);
  std::memcpy(reinterpret_cast<char*>(words) + offsetof(Key, mac), &source_mac, 6);
  std::memcpy(reinterpret_cast<char*>(words) + offsetof(Key, mac) + 6, &destination_mac, 6);
#endif
  Lookup made;
  made.hash = hash_words(words, seed);
  std::memcpy(static_cast<void*>(&made.key), words, sizeof words);
  made.identification = identification;
  made.source_end = swapped;
  return made;
}

}  // namespace t2
