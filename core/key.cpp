// Canonical keys: the same end first, so that both directions find the same flow.
//
// A key is put together in registers, word by word: written field by field, its hash would wait for every field.
#include "key.hpp"

#include <bit>
#include <cstddef>
#include <cstring>

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
  Word port = 0;
};

// Where a packet comes from and goes to, by its innermost header; without the ports.
struct Ends {
  End source, destination;
};
inline Ends addresses(const Packet& p) {
  if (p.family == Family::ipv4) {
    const std::uint8_t* ip = p.data + p.l3;
    return {{load<4>(ip + 12)}, {load<4>(ip + 16)}};
  }
  if (p.family == Family::ipv6) {
    const std::uint8_t* ip = p.data + p.l3;
    return {{load<8>(ip + 8), load<8>(ip + 16)}, {load<8>(ip + 24), load<8>(ip + 32)}};
  }
  const auto mac = [&](std::uint32_t offset) { return End{offset != absent ? load<6>(p.data + offset) : 0}; };
  return {mac(p.source_mac), mac(p.destination_mac)};
}

// Any order will do, as long as it is always the same. Which end comes first is chance, so nothing branches on it.
bool before(const End& a, const End& b) {
  return a.low != b.low ? a.low < b.low : a.high != b.high ? a.high < b.high : a.port < b.port;
}

void swap_if(bool wanted, Word& a, Word& b) {
  const Word change = (a ^ b) & -Word{wanted};
  a ^= change;
  b ^= change;
}

__extension__ using Wide = unsigned __int128;

Word mix(Word a, Word b) {
  const Wide product = Wide{a} * b;
  return static_cast<Word>(product) ^ static_cast<Word>(product >> 64);
}

// Multiply-and-fold over the key's words, two at a time, seeded.
class Hash {
 public:
  explicit Hash(Word seed) : seed_(seed), hash_(seed ^ c) {}
  void add(Word x, Word y) {
    hash_ ^= mix(x ^ a ^ seed_, y ^ b ^ (words_ * c));
    words_ += 2;
  }
  Word value() const { return mix(hash_ ^ b, seed_ ^ c); }

 private:
  static constexpr Word a = 0xa0761d6478bd642f, b = 0xe7037ed1a0b428db, c = 0x8ebc6af09c88c6e3;
  Word seed_, hash_, words_ = 0;
};

constexpr std::size_t words_of_key = sizeof(Key) / sizeof(Word);
static_assert(words_of_key % 2 == 0);

void put(Key& key, std::size_t which, Word word) { std::memcpy(reinterpret_cast<char*>(&key) + which * sizeof word, &word, sizeof word); }

}  // namespace

std::uint64_t hash_key(const Key& key, std::uint64_t seed) {
  Word words[words_of_key];
  std::memcpy(words, &key, sizeof words);
  Hash hash(seed);
  for (std::size_t i = 0; i < words_of_key; i += 2) hash.add(words[i], words[i + 1]);
  return hash.value();
}

static_assert(offsetof(Key, port) == 32 && offsetof(Key, vlan) == 36 && offsetof(Key, ether_type) == 38 && offsetof(Key, protocol) == 40 &&
              offsetof(Key, family) == 41);

// Written where it stays: a copy would wait for its parts.
void make_lookup(const Packet& p, std::uint64_t seed, Lookup& made) {
  auto [source, destination] = addresses(p);
  std::uint32_t identification = 0;
  if (p.family == Family::ipv4) {
    identification = static_cast<std::uint32_t>(p.data[p.l3 + 4] << 8 | p.data[p.l3 + 5]);
  } else if (p.family == Family::ipv6 && p.fragment_header != absent) {
    Bytes header = p.bytes(p.fragment_header);
    header.skip(4);
    identification = header.u32();
  }
  if (p.has_ports) {
    source.port = p.source_port;
    destination.port = p.destination_port;
  }
  bool swapped = before(destination, source);
#if ETH_ACTIVATE == 2
  Word source_mac = 0, destination_mac = 0;
  if (p.is_ip() && p.source_mac != absent) source_mac = load<6>(p.data + p.source_mac);
  if (p.is_ip() && p.destination_mac != absent) destination_mac = load<6>(p.data + p.destination_mac);
  if (!swapped && !before(source, destination)) swapped = destination_mac < source_mac;
#endif
  swap_if(swapped, source.low, destination.low);
  swap_if(swapped, source.high, destination.high);
  swap_if(swapped, source.port, destination.port);
  const Word ends = at(0, 2, source.port) | at(2, 2, destination.port) | at(4, 2, p.vlan) | at(6, 2, p.ether_type);
  const Word kind = at(0, 1, p.protocol) | at(1, 1, static_cast<Word>(p.family));
  put(made.key, 0, source.low), put(made.key, 1, source.high);
  put(made.key, 2, destination.low), put(made.key, 3, destination.high);
  put(made.key, 4, ends), put(made.key, 5, kind);
  Hash hash(seed);
  hash.add(source.low, source.high);
  hash.add(destination.low, destination.high);
  hash.add(ends, kind);
#if ETH_ACTIVATE == 2
  swap_if(swapped, source_mac, destination_mac);
  const Word macs = source_mac | destination_mac << 48, rest = destination_mac >> 16;
  static_assert(std::endian::native == std::endian::little, "the words of both MAC addresses");
  put(made.key, 6, macs), put(made.key, 7, rest);
  hash.add(macs, rest);
#endif
  made.hash = hash.value();
  made.identification = identification;
  made.source_end = swapped;
}

std::size_t shard_of(const Packet& p, std::size_t shards) {
  const auto [source, destination] = addresses(p);
  const Word both = ((source.low ^ destination.low) + 3 * (source.high ^ destination.high)) * 0x9e3779b97f4a7c15u;
  return (both ^ both >> 32) % shards;
}

}  // namespace t2
