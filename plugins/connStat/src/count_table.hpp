// Counts of what flows in memory have in common: addresses, pairs of addresses, an address with a port. An entry lives
// as long as a flow counts in it. Used by one worker.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <vector>

#include "t2/keyed_hash.hpp"
#include "t2/packet.hpp"

namespace t2::conn_stat {

enum class Kind : std::uint8_t { pair, source, destination, port, sender };
constexpr std::size_t kinds = 5;

struct CountKey {
  std::array<std::uint64_t, 5> word{};  // two addresses; kind, family and port
  bool operator==(const CountKey&) const = default;
};

inline CountKey key_of(Kind kind, Family family, const Endpoint& a, const Endpoint* b = nullptr,
                       std::uint16_t port = 0) {
  CountKey key;
  std::memcpy(key.word.data(), a.address.data(), 16);
  if (b) std::memcpy(key.word.data() + 2, b->address.data(), 16);
  key.word[4] = static_cast<std::uint64_t>(kind) << 32 | static_cast<std::uint64_t>(family) << 16 | port;
  return key;
}

struct CountEntry {
  CountKey key;
  std::uint32_t next = 0;   // in its bucket, or of those that are free; 0: none
  std::uint32_t count = 0;  // 0: is free, or was not counted yet
  std::uint64_t packets = 0, bytes = 0;

  Kind kind() const { return Kind{static_cast<std::uint8_t>(key.word[4] >> 32)}; }
  Family family() const { return Family{static_cast<std::uint8_t>(key.word[4] >> 16)}; }
  const void* address() const { return key.word.data(); }
};

class CountTable {
 public:
  // Bytes for each entry, at most: itself, and buckets while they are doubled.
  static constexpr std::size_t bytes_each = sizeof(CountEntry) + 3 * sizeof(std::uint32_t);

  CountTable() : buckets_(1024), entries_(1) {}

  CountEntry& operator[](std::uint32_t entry) { return entries_[entry]; }
  std::uint32_t used(Kind kind) const { return used_[static_cast<std::size_t>(kind)]; }

  // The entry of this key; one that was not there counts 0.
  std::uint32_t find_or_add(const CountKey& key) {
    std::uint32_t& bucket = bucket_of(key);
    for (std::uint32_t at = bucket; at != 0; at = entries_[at].next)
      if (entries_[at].key == key) return at;
    std::uint32_t made = free_;
    if (made != 0) {
      free_ = entries_[made].next;
    } else {
      made = static_cast<std::uint32_t>(entries_.size());
      entries_.emplace_back();
    }
    entries_[made] = {.key = key, .next = bucket};
    bucket = made;
    ++used_[static_cast<std::size_t>(entries_[made].kind())];
    if (++size_ > buckets_.size()) grow();
    return made;
  }

  void remove(std::uint32_t entry) {
    std::uint32_t* link = &bucket_of(entries_[entry].key);
    while (*link != entry) link = &entries_[*link].next;
    *link = entries_[entry].next;
    --used_[static_cast<std::size_t>(entries_[entry].kind())];
    --size_;
    entries_[entry].next = free_;
    free_ = entry;
  }

 private:
  std::uint32_t& bucket_of(const CountKey& key) {
    const auto& w = key.word;
    return buckets_[hash_(w[0], w[1], w[2], w[3], w[4], std::uint64_t{0}) & (buckets_.size() - 1)];
  }
  void grow() {
    std::vector<std::uint32_t> old(2 * buckets_.size());
    old.swap(buckets_);
    for (std::uint32_t at : old) {
      while (at != 0) {
        const std::uint32_t next = entries_[at].next;
        std::uint32_t& bucket = bucket_of(entries_[at].key);
        entries_[at].next = bucket;
        bucket = at;
        at = next;
      }
    }
  }

  KeyedHash hash_;
  std::vector<std::uint32_t> buckets_;  // a power of two
  std::deque<CountEntry> entries_;      // [0]: none
  std::uint32_t free_ = 0;
  std::size_t size_ = 0;
  std::uint32_t used_[kinds]{};
};

}  // namespace t2::conn_stat
