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
inline Ends ipv4_ends(const std::uint8_t* ip) { return {{load<4>(ip + 12)}, {load<4>(ip + 16)}}; }
inline Ends ipv6_ends(const std::uint8_t* ip) { return {{load<8>(ip + 8), load<8>(ip + 16)}, {load<8>(ip + 24), load<8>(ip + 32)}}; }
inline Ends ends_of(const Packet& p) {
  if (p.family == Family::ipv4) return ipv4_ends(p.data + p.l3);
  if (p.family == Family::ipv6) return ipv6_ends(p.data + p.l3);
  const auto mac = [&](std::uint32_t offset) { return End{offset != absent ? load<6>(p.data + offset) : 0}; };
  return {mac(p.source_mac), mac(p.destination_mac)};
}
inline std::uint32_t ipv4_identification(const std::uint8_t* ip) { return static_cast<std::uint32_t>(ip[4] << 8 | ip[5]); }

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

namespace {

// What a key has besides the two ends. MAC addresses are in it where ETH_ACTIVATE says so.
struct Kind {
  std::uint16_t vlan, ether_type;
  std::uint8_t protocol;
  Family family;
  Word source_mac = 0, destination_mac = 0;
};

// Written where it stays: a copy would wait for its parts.
[[gnu::always_inline]] inline void put_together(Ends ends, const Kind& kind, std::uint32_t identification, std::uint64_t seed, Lookup& made) {
  auto& [source, destination] = ends;
  bool swapped = before(destination, source);
#if ETH_ACTIVATE == 2
  Word source_mac = kind.source_mac, destination_mac = kind.destination_mac;
  if (!swapped && !before(source, destination)) swapped = destination_mac < source_mac;
#endif
  swap_if(swapped, source.low, destination.low);
  swap_if(swapped, source.high, destination.high);
  swap_if(swapped, source.port, destination.port);
  const Word ports_and_tag = at(0, 2, source.port) | at(2, 2, destination.port) | at(4, 2, kind.vlan) | at(6, 2, kind.ether_type);
  const Word protocol = at(0, 1, kind.protocol) | at(1, 1, static_cast<Word>(kind.family));
  put(made.key, 0, source.low), put(made.key, 1, source.high);
  put(made.key, 2, destination.low), put(made.key, 3, destination.high);
  put(made.key, 4, ports_and_tag), put(made.key, 5, protocol);
  Hash hash(seed);
  hash.add(source.low, source.high);
  hash.add(destination.low, destination.high);
  hash.add(ports_and_tag, protocol);
#if ETH_ACTIVATE == 2
  swap_if(swapped, source_mac, destination_mac);
  const Word macs = source_mac | destination_mac << 48, rest = destination_mac >> 16;
  static_assert(std::endian::native == std::endian::little, "the words of both MAC addresses");
  put(made.key, 6, macs), put(made.key, 7, rest);
  hash.add(macs, rest);
#endif
  made.hash = hash.value();
  made.hint = nullptr;
  made.identification = identification;
  made.source_end = swapped;
}

std::uint8_t share_of(const Ends& ends) {
  const Word both = ((ends.source.low ^ ends.destination.low) + 3 * (ends.source.high ^ ends.destination.high)) * 0x9e3779b97f4a7c15u;
  return static_cast<std::uint8_t>((both ^ both >> 32) >> 16);
}

}  // namespace

void make_lookup(const Packet& p, std::uint64_t seed, Lookup& made) {
  Ends ends = ends_of(p);
  Kind kind{p.vlan, p.ether_type, p.protocol, p.family};
  if (p.has_ports) {
    ends.source.port = p.source_port;
    ends.destination.port = p.destination_port;
  }
  if (ETH_ACTIVATE == 2 && p.is_ip()) {
    if (p.source_mac != absent) kind.source_mac = load<6>(p.data + p.source_mac);
    if (p.destination_mac != absent) kind.destination_mac = load<6>(p.data + p.destination_mac);
  }
  std::uint32_t identification = 0;
  if (p.family == Family::ipv4) {
    identification = ipv4_identification(p.data + p.l3);
  } else if (p.family == Family::ipv6 && p.fragment_header != absent) {
    Bytes header = p.bytes(p.fragment_header);
    header.skip(4);
    identification = header.u32();
  }
  put_together(ends, kind, identification, seed, made);
}

void make_lookup(const RawPacket& raw, const Plain& plain, std::uint64_t seed, Lookup& made) {
  constexpr std::uint8_t tcp = 6, udp = 17;
  const std::uint8_t* ip = raw.data + PlainDecoder::l3;
  Kind kind{0, plain.v4 ? type_ipv4 : type_ipv6, plain.tcp ? tcp : udp, plain.v4 ? Family::ipv4 : Family::ipv6};
  if (ETH_ACTIVATE == 2) kind.destination_mac = load<6>(raw.data), kind.source_mac = load<6>(raw.data + 6);
  Ends ends = plain.v4 ? ipv4_ends(ip) : ipv6_ends(ip);
  ends.source.port = plain.source_port;
  ends.destination.port = plain.destination_port;
  put_together(ends, kind, plain.v4 ? ipv4_identification(ip) : 0, seed, made);
}

std::uint8_t share_of(const Packet& p) { return share_of(ends_of(p)); }

std::uint8_t share_of(const RawPacket& raw, const Plain& plain) {
  const std::uint8_t* ip = raw.data + PlainDecoder::l3;
  return share_of(plain.v4 ? ipv4_ends(ip) : ipv6_ends(ip));
}

}  // namespace t2
