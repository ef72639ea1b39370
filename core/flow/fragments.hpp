// Datagrams that came in fragments: where a fragment without ports belongs.
//
// One datagram per direction of a flow, the last one that began, so the table is bounded by the flow table. It is kept
// when it is complete, as fragments come twice. Where too many are known, the one that began longest ago is forgotten.
// Keys are not stored: flow and direction tell them. Used by one worker.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "decode/datagram.hpp"
#include "flow/flow_table.hpp"
#include "t2/keyed_hash.hpp"

namespace t2 {

class Fragments {
 public:
  struct Datagram {
    FlowEntry* flow = nullptr;
    unsigned direction = 0;
    Holes missing;
  };
  Fragments(const HugePages& pages, const KeyedHash& hash) : hash_(hash), index_(pages) {}

  // Null: not known.
  Datagram* find(const DatagramKey& key) {
    const std::uint32_t number = number_of(key, hash_of(key, hash_));
    return number != 0 ? &entry(number) : nullptr;
  }
  // The direction has no other datagram, and will have this one's identification and protocol.
  void set(const DatagramKey& key, const Datagram& datagram) {
    const std::uint64_t hash = hash_of(key, hash_);
    if (const std::uint32_t known = number_of(key, hash); known != 0) {
      entry(known) = datagram;
    } else if (!index_.full()) {  // full: no memory, as if its first fragment had not come
      const std::uint32_t number = new_entry();
      entry(number) = datagram;
      index_.add(SlotIndex::tag_of(hash), number);
    }
  }
  // Forgets the datagram of this direction. False: there was none, or another flow has it now.
  bool erase(const FlowEntry& flow, unsigned direction) {
    const DatagramKey key = key_of(flow, direction);
    const std::uint64_t hash = hash_of(key, hash_);
    const std::uint32_t number = number_of(key, hash);
    if (number == 0 || entry(number).flow != &flow || entry(number).direction != direction) return false;
    index_.erase(SlotIndex::tag_of(hash), number);
    free_.push_back(number);
    return true;
  }
  const SlotIndex& index() const { return index_; }
  void bound(std::uint64_t max_flows) { max_ = max_datagrams(max_flows); }
  static std::uint64_t max_bytes(std::uint64_t max_flows) {
    return max_datagrams(max_flows) * (sizeof(Datagram) + sizeof(std::uint32_t)) +
           SlotIndex::max_bytes(max_datagrams(max_flows));
  }

 private:
  static DatagramKey key_of(const FlowEntry& flow, unsigned direction) {
    const auto& own = static_cast<const DirectionEntry&>(*flow.directions[direction]);
    return {flow.source(direction).address,
            flow.destination(direction).address,
            own.fragment_id,
            flow.key.vlan,
            own.fragment_protocol,
            flow.key.family};
  }
  std::uint32_t number_of(const DatagramKey& wanted, std::uint64_t hash) {
    return index_.find(
        hash, [&](std::uint32_t number) { return key_of(*entry(number).flow, entry(number).direction) == wanted; });
  }
  static constexpr std::uint32_t in_chunk = 1024;  // entries
  Datagram& entry(std::uint32_t number) { return chunks_[number / in_chunk][number % in_chunk]; }
  static std::uint32_t max_datagrams(std::uint64_t max_flows) {
    return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(max_flows / 4, 4096, UINT32_MAX / 2));
  }
  // Entries are taken in turn, so the one behind the one that was taken last began longest ago, or nearly.
  void forget_one() {
    oldest_ = oldest_ % max_ + 1;
    const Datagram& old = entry(oldest_);
    erase(*old.flow, old.direction);
  }
  std::uint32_t new_entry() {
    if (free_.empty() && next_ > max_) forget_one();
    if (!free_.empty()) {
      const std::uint32_t number = free_.back();
      free_.pop_back();
      return number;
    }
    if (next_ / in_chunk == chunks_.size()) chunks_.push_back(std::make_unique<Datagram[]>(in_chunk));
    return next_++;
  }

  KeyedHash hash_;
  SlotIndex index_;
  std::vector<std::unique_ptr<Datagram[]>> chunks_;
  std::vector<std::uint32_t> free_;
  std::uint32_t next_ = 1, oldest_ = 0;
  std::uint32_t max_ = max_datagrams(0);
};

}  // namespace t2
