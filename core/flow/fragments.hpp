// Datagrams that came in fragments: where a fragment without ports belongs.
//
// One datagram per direction of a flow, the last one that began, so the table is bounded by the flow table. It is kept
// when it is complete, as fragments come twice. Where too many are known, the one that began longest ago is forgotten.
// Addresses are not stored: flow and direction tell them. Used by one worker.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "decode/datagram.hpp"
#include "flow/flow_table.hpp"
#include "t2/keyed_hash.hpp"

namespace t2 {

class Fragments {
 public:
  struct alignas(64) Datagram {
    FlowEntry* flow = nullptr;  // null: the entry is free
    std::uint32_t identification = 0;
    std::uint32_t tag = 0, number = 0;  // place in the index, of this entry
    std::uint8_t direction = 0;
    std::uint8_t protocol = 0;  // as its IPv4 header names it
    Holes missing;
  };
  Fragments(const HugePages& pages, const KeyedHash& hash) : hash_(hash), index_(pages) {}

  void prefetch(const DatagramKey& key) const { index_.prefetch(SlotIndex::tag_of(hash_of(key, hash_))); }
  // Null: not known.
  Datagram* find(const DatagramKey& key) {
    const std::uint32_t number =
        index_.find(hash_of(key, hash_), [&](std::uint32_t one) { return key_of(entry(one)) == key; });
    return number != 0 ? &entry(number) : nullptr;
  }
  // The direction has no datagram, and no other one has this key. Without memory it is as if the fragment had not come.
  void add(const DatagramKey& key, FlowEntry& flow, unsigned direction, const Holes& missing) {
    if (index_.full()) return;
    Datagram& datagram = entry(new_entry());
    datagram.identification = key.identification, datagram.protocol = key.protocol;
    datagram.tag = SlotIndex::tag_of(hash_of(key, hash_));
    index_.add(datagram.tag, datagram.number);
    assign(datagram, flow, direction, missing);
  }
  // The datagram belongs to this direction, which has no other one.
  void assign(Datagram& datagram, FlowEntry& flow, unsigned direction, const Holes& missing) {
    datagram.flow = &flow;
    datagram.direction = static_cast<std::uint8_t>(direction);
    datagram.missing = missing;
    flow.direction(direction)->datagram = datagram.number;
  }
  // Forgets the datagram of this direction and returns its identification. Nothing: there was none, or another flow has
  // it now.
  std::optional<std::uint32_t> erase(FlowEntry& flow, unsigned direction) {
    const std::uint32_t number = std::exchange(flow.direction(direction)->datagram, 0);
    if (number == 0) return {};
    Datagram& datagram = entry(number);
    if (datagram.flow != &flow || datagram.direction != direction) return {};
    erase(datagram);
    return datagram.identification;
  }
  const SlotIndex& index() const { return index_; }
  void bound(std::uint64_t max_flows) { max_ = max_datagrams(max_flows); }
  static std::uint64_t max_bytes(std::uint64_t max_flows) {
    return max_datagrams(max_flows) * (sizeof(Datagram) + sizeof(std::uint32_t)) +
           SlotIndex::max_bytes(max_datagrams(max_flows));
  }

 private:
  static DatagramKey key_of(const Datagram& datagram) {
    return {datagram.flow->source(datagram.direction).address,
            datagram.flow->destination(datagram.direction).address,
            datagram.identification,
            datagram.flow->key.vlan,
            datagram.protocol,
            datagram.flow->key.family};
  }
  void erase(Datagram& datagram) {
    index_.erase(datagram.tag, datagram.number);
    datagram.flow = nullptr;
    free_.push_back(datagram.number);
  }
  static constexpr std::uint32_t in_chunk = 1024;  // entries
  Datagram& entry(std::uint32_t number) { return chunks_[number / in_chunk][number % in_chunk]; }
  static std::uint32_t max_datagrams(std::uint64_t max_flows) {
    return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(max_flows / 4, 4096, UINT32_MAX / 2));
  }
  // Entries are taken in turn, so the one behind the one that was taken last began longest ago, or nearly.
  void forget_one() {
    constexpr std::uint32_t ahead = 4;
    index_.prefetch(entry((oldest_ + ahead) % max_ + 1).tag);
    oldest_ = oldest_ % max_ + 1;
    erase(entry(oldest_));
  }
  std::uint32_t new_entry() {
    if (free_.empty() && next_ > max_) forget_one();
    if (!free_.empty()) {
      const std::uint32_t number = free_.back();
      free_.pop_back();
      return number;
    }
    if (next_ / in_chunk == chunks_.size()) chunks_.push_back(std::make_unique<Datagram[]>(in_chunk));
    entry(next_).number = next_;
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
