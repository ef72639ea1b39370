// From a decoded packet to the key of its conversation, and to the worker that has it. Used by any thread; inline,
// because every packet passes here. Must never depend on anything but the packet and the hash's secret.
//
// Canonical keys: the same end first, so that both directions find the same flow. A key is put together in registers
// and stored word by word: stored field by field, the loads of its hash would wait for every store.
#pragma once

#include <bit>
#include <cstddef>
#include <cstring>
#include <utility>

#include "decode/fast_path.hpp"
#include "flow/lookup.hpp"
#include "t2/keyed_hash.hpp"
#include "tranalyzer.h"

namespace t2 {

std::uint64_t hash_key(const Key& key, const KeyedHash& hash);
void make_lookup(const Packet& packet, const KeyedHash& hash, Lookup& made);
void make_lookup(const RawPacket& raw, const FastHeaders& found, const KeyedHash& hash, Lookup& made);  // the fast path
// Hash of the addresses, equal for both directions: it chooses the worker.
std::uint32_t hash_pair(const Packet& packet, const KeyedHash& hash);
std::uint32_t hash_pair(const RawPacket& raw, const FastHeaders& found, const KeyedHash& hash);

// ---- The parts of a key

namespace keys {

using Word = std::uint64_t;

template <std::size_t bytes>
Word load(const std::uint8_t* from) {
  Word word = 0;
  std::memcpy(&word, from, bytes);
  return word;
}

// `value`, shifted to where a word in memory has these bytes.
constexpr Word at(unsigned byte, unsigned bytes, Word value) {
  return value << (std::endian::native == std::endian::little ? 8 * byte : 64 - 8 * (byte + bytes));
}

// Addresses in memory order. IPv4 and MAC addresses stand in `low` alone.
struct End {
  Word low = 0, high = 0;
  Word port = 0;
};
struct Ends {
  End source, destination;
};
inline Ends ipv4_ends(const std::uint8_t* ip) { return {{load<4>(ip + 12)}, {load<4>(ip + 16)}}; }
inline Ends ipv6_ends(const std::uint8_t* ip) {
  return {{load<8>(ip + 8), load<8>(ip + 16)}, {load<8>(ip + 24), load<8>(ip + 32)}};
}
inline Ends ends_of(const Packet& p) {  // without ports
  if (p.family == Family::ipv4) return ipv4_ends(p.data + p.l3);
  if (p.family == Family::ipv6) return ipv6_ends(p.data + p.l3);
  const auto mac = [&](std::uint32_t offset) { return End{offset != absent ? load<6>(p.data + offset) : 0}; };
  return {mac(p.source_mac), mac(p.destination_mac)};
}
inline std::uint32_t ipv4_identification(const std::uint8_t* ip) { return load_big<std::uint16_t>(ip + 4); }

inline void swap_if(bool wanted, Word& a, Word& b) {
  const Word change = (a ^ b) & -Word{wanted};
  a ^= change;
  b ^= change;
}

// Puts the same end first whichever direction the packet has, by an order that means nothing else. Which end that is
// cannot be predicted, so nothing branches on it. Answers whether the ends were swapped; `otherwise`: the answer for
// equal ends.
template <bool v4>
bool put_in_order(Ends& ends, bool otherwise) {
  auto& [a, b] = ends;
  bool swapped;
  if constexpr (v4) {  // address and port in one word
    Word x = a.low | a.port << 32, y = b.low | b.port << 32;
    swapped = y < x || (x == y && otherwise);
    swap_if(swapped, x, y);
    a.low = x & 0xffff'ffff, a.port = x >> 32;
    b.low = y & 0xffff'ffff, b.port = y >> 32;
  } else {
    const bool equal = a.low == b.low && a.high == b.high && a.port == b.port;
    swapped = b.low != a.low ? b.low < a.low : b.high != a.high ? b.high < a.high : b.port < a.port;
    swapped |= equal && otherwise;
    swap_if(swapped, a.low, b.low);
    swap_if(swapped, a.high, b.high);
    swap_if(swapped, a.port, b.port);
  }
  return swapped;
}

// A Key as words: what each of them holds. The last two exist with ETH_ACTIVATE 2 only.
struct Words {
  Word first_low, first_high, second_low, second_high;  // addresses of both ends
  Word ports_vlan_type, protocol_family;
  Word macs_low, macs_high;
};
constexpr bool with_macs = ETH_ACTIVATE == 2;
static_assert(offsetof(Key, port) == offsetof(Words, ports_vlan_type) && offsetof(Key, vlan) == 36 &&
              offsetof(Key, ether_type) == 38 && offsetof(Key, protocol) == offsetof(Words, protocol_family) &&
              offsetof(Key, family) == 41 && sizeof(Key) == (with_macs ? sizeof(Words) : offsetof(Words, macs_low)));

#if ETH_ACTIVATE == 2
static_assert(offsetof(Key, mac) == offsetof(Words, macs_low));
#endif

// The upper words of IPv4 addresses are always 0.
[[gnu::always_inline]] inline Word hash_of(const Words& w, bool v4, const KeyedHash& hash) {
  if (with_macs)
    return hash(w.first_low, w.first_high, w.second_low, w.second_high, w.ports_vlan_type, w.protocol_family,
                w.macs_low, w.macs_high);
  if (v4) return hash(w.first_low, w.second_low, w.ports_vlan_type, w.protocol_family);
  return hash(w.first_low, w.first_high, w.second_low, w.second_high, w.ports_vlan_type, w.protocol_family);
}

[[gnu::always_inline]] inline void store(const Words& w, Key& key) {
  const auto put = [&](std::size_t offset, Word word) {
    std::memcpy(reinterpret_cast<char*>(&key) + offset, &word, sizeof word);
  };
  put(offsetof(Words, first_low), w.first_low);
  put(offsetof(Words, first_high), w.first_high);
  put(offsetof(Words, second_low), w.second_low);
  put(offsetof(Words, second_high), w.second_high);
  put(offsetof(Words, ports_vlan_type), w.ports_vlan_type);
  put(offsetof(Words, protocol_family), w.protocol_family);
  if constexpr (with_macs) {
    put(offsetof(Words, macs_low), w.macs_low);
    put(offsetof(Words, macs_high), w.macs_high);
  }
}

// What a key has besides the two ends. MAC addresses are in it where ETH_ACTIVATE says so.
struct Kind {
  std::uint16_t vlan, ether_type;
  std::uint8_t protocol;
  Family family;
  Word source_mac = 0, destination_mac = 0;
};

// Writes the lookup in place: copying it would wait for its stores.
template <bool v4>
[[gnu::always_inline]] inline void put_together(Ends ends, Kind kind, std::uint32_t identification,
                                                const KeyedHash& hash, Lookup& made) {
  const bool swapped = put_in_order<v4>(ends, with_macs && kind.destination_mac < kind.source_mac);
  const auto& [a, b] = ends;
  if (with_macs) swap_if(swapped, kind.source_mac, kind.destination_mac);
  static_assert(!with_macs || std::endian::native == std::endian::little, "macs_low and macs_high are little endian");
  const Words w{
      .first_low = a.low,
      .first_high = a.high,
      .second_low = b.low,
      .second_high = b.high,
      .ports_vlan_type = at(0, 2, a.port) | at(2, 2, b.port) | at(4, 2, kind.vlan) | at(6, 2, kind.ether_type),
      .protocol_family = at(0, 1, kind.protocol) | at(1, 1, static_cast<Word>(kind.family)),
      .macs_low = kind.source_mac | kind.destination_mac << 48,
      .macs_high = kind.destination_mac >> 16};
  store(w, made.key);
  made.hash = hash_of(w, v4, hash);
  made.cached_flow = nullptr;
  made.identification = identification;
  made.source_end = swapped;
}

template <bool v4>
[[gnu::always_inline]] inline std::uint32_t hash_pair(Ends ends, const KeyedHash& hash) {
  put_in_order<v4>(ends, false);
  const auto& [a, b] = ends;
  return static_cast<std::uint32_t>(v4 ? hash(a.low, b.low) : hash(a.low, a.high, b.low, b.high));
}

}  // namespace keys

// ---- Lookups

inline std::uint64_t hash_key(const Key& key, const KeyedHash& hash) {
  keys::Words words{};
  std::memcpy(&words, &key, sizeof key);
  return keys::hash_of(words, key.family == Family::ipv4, hash);
}

inline void make_lookup(const Packet& p, const KeyedHash& hash, Lookup& made) {
  using namespace keys;
  Ends ends = ends_of(p);
  Kind kind{VLAN_IN_KEY ? p.vlan : std::uint16_t{0}, p.ether_type, p.protocol, p.family};
  if (p.has_ports) {
    ends.source.port = p.source_port;
    ends.destination.port = p.destination_port;
  }
  if (with_macs && p.is_ip()) {
    if (p.source_mac != absent) kind.source_mac = load<6>(p.data + p.source_mac);
    if (p.destination_mac != absent) kind.destination_mac = load<6>(p.data + p.destination_mac);
  }
  if (p.family == Family::ipv4) return put_together<true>(ends, kind, ipv4_identification(p.data + p.l3), hash, made);
  std::uint32_t identification = 0;
  if (p.family == Family::ipv6 && p.fragment_header != absent) {
    Bytes header = p.bytes(p.fragment_header);
    header.skip(4);
    identification = header.u32();
  }
  put_together<false>(ends, kind, identification, hash, made);
}

[[gnu::always_inline]] inline void make_lookup(const RawPacket& raw, const FastHeaders& found, const KeyedHash& hash,
                                               Lookup& made) {
  using namespace keys;
  const std::uint8_t* ip = raw.data + found.l3();
  Kind kind{VLAN_IN_KEY ? found.vlan : std::uint16_t{0}, ether_type::ipv4, found.udp() ? protocol::udp : protocol::tcp,
            Family::ipv4};
  if (with_macs) {
    const MacOffsets macs = found.macs();
    if (macs.source != absent) kind.source_mac = load<6>(raw.data + macs.source);
    if (macs.destination != absent) kind.destination_mac = load<6>(raw.data + macs.destination);
  }
  Ends ends = found.v6() ? ipv6_ends(ip) : ipv4_ends(ip);
  ends.source.port = found.source_port;
  ends.destination.port = found.destination_port;
  if (!found.v6()) return put_together<true>(ends, kind, ipv4_identification(ip), hash, made);
  kind.ether_type = ether_type::ipv6;
  kind.family = Family::ipv6;
  put_together<false>(ends, kind, 0, hash, made);
}

inline std::uint32_t hash_pair(const Packet& p, const KeyedHash& hash) {
  return p.family == Family::ipv4 ? keys::hash_pair<true>(keys::ends_of(p), hash)
                                  : keys::hash_pair<false>(keys::ends_of(p), hash);
}

[[gnu::always_inline]] inline std::uint32_t hash_pair(const RawPacket& raw, const FastHeaders& found,
                                                      const KeyedHash& hash) {
  const std::uint8_t* ip = raw.data + found.l3();
  return found.v6() ? keys::hash_pair<false>(keys::ipv6_ends(ip), hash)
                    : keys::hash_pair<true>(keys::ipv4_ends(ip), hash);
}

}  // namespace t2
