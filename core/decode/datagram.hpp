// Fragmented datagrams: which one a fragment belongs to, and what of it is missing. Used by any thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <unordered_map>
#include <utility>

#include "t2/keyed_hash.hpp"
#include "t2/packet.hpp"
#include "tranalyzer.h"

namespace t2 {

// What fragments of a datagram have in common: RFC 791 3.2; RFC 8200 4.5, where the next header does not count.
struct DatagramKey {
  std::array<std::uint8_t, 16> source{}, destination{};
  std::uint32_t identification = 0;
  std::uint16_t vlan = 0;
  std::uint8_t protocol = 0;  // of the IPv4 header, 0 for IPv6
  Family family = Family::layer2;
  bool operator==(const DatagramKey&) const = default;
};

inline std::uint64_t hash_of(const DatagramKey& key, const KeyedHash& hash) {
  std::uint64_t w[5];
  static_assert(sizeof key == sizeof w);
  std::memcpy(w, &key, sizeof w);
  return hash(w[0], w[1], w[2], w[3], w[4], std::uint64_t{0});
}

// Of a packet whose innermost IP header so far belongs to a fragment.
inline DatagramKey datagram_of(const Packet& p) {
  const bool v4 = p.family == Family::ipv4;
  const std::uint8_t* const ip = p.data + p.l3;
  DatagramKey key;
  key.vlan = VLAN_IN_KEY ? p.vlan : std::uint16_t{0};
  key.family = p.family;
  std::memcpy(key.source.data(), ip + (v4 ? 12 : 8), v4 ? 4 : 16);
  std::memcpy(key.destination.data(), ip + (v4 ? 16 : 24), v4 ? 4 : 16);
  key.identification = v4 ? load_big<std::uint16_t>(ip + 4) : load_big<std::uint32_t>(p.data + p.fragment_header + 4);
  if (v4) key.protocol = ip[9];
  return key;
}

// The bytes of a datagram that a fragment carries.
struct Piece {
  std::uint32_t begin = 0, end = 0;
  bool last = false;  // the datagram ends here
};

inline Piece piece_of(const Packet& p) {
  const bool v4 = p.family == Family::ipv4;
  const std::uint32_t content = v4 ? p.l3 + 4u * (p.data[p.l3] & 0x0f) : p.fragment_header + 8,
                      end = p.l3 + p.l3_length;
  const std::uint32_t begin = v4 ? (load_big<std::uint16_t>(p.data + p.l3 + 6) & 0x1fffu) * 8
                                 : load_big<std::uint16_t>(p.data + p.fragment_header + 2) & 0xfff8u;
  return {begin, begin + (end > content ? end - content : 0), !p.more_fragments};
}

// What of a datagram is missing, as RFC 815 keeps it, in units of 8 bytes: all fragments but the last end with a whole
// one. Of fixed size, so that fragments cannot make it grow.
class Holes {
 public:
  void fill(const Piece& piece) {
    if (count_ > max_holes) return;
    const std::uint32_t begin = (piece.begin + 7) / 8, end = piece.end / 8;
    const std::array<Hole, max_holes> before = holes_;
    const unsigned holes = std::exchange(count_, 0);
    for (const Hole& hole : std::span(before).first(holes)) {
      if (hole.begin < begin) keep(hole.begin, std::min<std::uint32_t>(hole.end, begin));
      if (end < hole.end && !piece.last) keep(std::max<std::uint32_t>(hole.begin, end), hole.end);
    }
  }
  bool none() const { return count_ == 0; }
  bool without_beginning() const { return !none() && holes_[0].begin == 0; }

 private:
  // With more holes the datagram is never complete: an attack, or no datagram. 45 fragments of 1,480 bytes in random
  // order have some eleven.
  static constexpr unsigned max_holes = 24;
  struct Hole {
    std::uint16_t begin = 0, end = std::numeric_limits<std::uint16_t>::max();
  };
  void keep(std::uint32_t begin, std::uint32_t end) {
    if (count_ < max_holes) holes_[count_] = {static_cast<std::uint16_t>(begin), static_cast<std::uint16_t>(end)};
    count_ = std::min(count_ + 1, max_holes + 1);
  }
  std::array<Hole, max_holes> holes_{};
  unsigned count_ = 1;  // max_holes + 1: there were more
};

// Datagrams whose first fragments were decoded as tunnels. Their later fragments are the rest of packets that have been
// seen, and make no flow. Used by the reader thread.
class TunnelDatagrams {
 public:
  explicit TunnelDatagrams(const KeyedHash& hash = KeyedHash()) : known_(0, Hash{hash}) {}
  void add(const DatagramKey& key, Time at) {
    if (const auto oldest = known_.find(added_[next_]); oldest != known_.end() && oldest->second.place == next_)
      known_.erase(oldest);
    added_[next_] = key;
    known_[key] = {at, next_};
    next_ = (next_ + 1) % size;
  }
  void remove(const DatagramKey& key) {
    if (!known_.empty()) known_.erase(key);
  }
  bool contains(const DatagramKey& key, Time at) const {
    if (known_.empty()) return false;
    const auto found = known_.find(key);
    return found != known_.end() && at - found->second.at <= lifetime;
  }

 private:
  struct Hash {
    KeyedHash hash;
    std::size_t operator()(const DatagramKey& key) const { return hash_of(key, hash); }
  };
  struct Seen {
    Time at;
    std::size_t place;  // in added_
  };
  static constexpr std::size_t size = 1024;          // more than are under way at once
  static constexpr Time lifetime = 60 * one_second;  // for reassembly, RFC 8200 4.5
  std::unordered_map<DatagramKey, Seen, Hash> known_;
  std::array<DatagramKey, size> added_{};  // a ring
  std::size_t next_ = 0;
};

}  // namespace t2
