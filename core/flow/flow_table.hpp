// The flow table: records that never move, found by their key through an index of 8-byte slots.
//
// A conversation has a Flow and, for each direction that had a packet, a Direction with the state of every plugin
// behind it; a new side is a copy of a prototype. The index grows with the number of flows. The hash is keyed at
// random: nothing that is written may depend on it. Used by one worker.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "flow/entries.hpp"
#include "flow/lookup.hpp"
#include "flow/slot_index.hpp"

namespace t2 {

// Which memory lies on huge pages. Random access to records on usual ones waits for the tables of pages, four times a
// packet; but a huge page is zeroed whole when it is first touched, and in a virtual machine whose host takes back what
// is free that can take as long as a thousand usual pages. So there are none for little memory, and for a while none
// when one was slow to come. Only speed depends on it.
class HugePages {
 public:
  static constexpr std::size_t size = 2 << 20;
  static std::byte* allocate(std::size_t bytes);  // whole huge pages, usual ones so far; null: no memory
  // A record of a chunk that is filled from its beginning, before it is first written.
  [[gnu::always_inline]] void use(std::byte* chunk, std::size_t at, std::size_t bytes) {
    const std::size_t last = (at + bytes - 1) / size;
    if (at % size == 0 || at / size != last) [[unlikely]]
      begin(chunk + last * size);
  }
  void begin_all(std::byte* pages, std::size_t bytes) const;  // of memory that is written at once

 private:
  [[gnu::noinline]] void begin(std::byte* page);

  static constexpr std::chrono::microseconds slow{1000};
  std::uint64_t begun_ = 0, next_try_ = 2, pause_ = 32;  // in huge pages
};

class FlowTable {
 public:
  // `prototype`: a Direction and the plugins' initial state, its size a multiple of its alignment. `most`: flows that
  // may exist. `other_lines`: offsets of what packets of the other direction touch of a side.
  FlowTable(std::vector<std::byte> prototype, std::uint64_t most, const std::vector<std::uint32_t>& other_lines = {});
  ~FlowTable();
  FlowTable(const FlowTable&) = delete;
  FlowTable& operator=(const FlowTable&) = delete;

  FlowEntry* find(const Key& key, std::uint64_t hash) const {
    const std::uint32_t found = index_.find(hash, [&](std::uint32_t number) { return record(number).key == key; });
    return found != 0 ? &record(found) : nullptr;
  }
  // What asks for memory ahead. Always inlined: the compiler takes a call that only prefetches for one without effect.
  [[gnu::always_inline]] void prefetch_slot(std::uint64_t hash) const { index_.prefetch(SlotIndex::tag_of(hash)); }
  [[gnu::always_inline]] void prefetch_record(std::uint64_t hash) const {
    if (const std::uint32_t number = index_.at_home(hash); number != 0) prefetch(record(number));
  }
  [[gnu::always_inline]] void prefetch(const FlowEntry& flow) const {
    const auto* line = reinterpret_cast<const char*>(&flow);
    for (std::size_t i = 0; i < sizeof(FlowEntry); i += 64) __builtin_prefetch(line + i, 1, 3);
  }
  [[gnu::always_inline]] void prefetch_direction(const Direction& side) const {
    const auto* line = reinterpret_cast<const char*>(&side);
    for (std::size_t at = 0; at < 4 * 64; at += 64) __builtin_prefetch(line + at, 1, 2);  // hardly any are shorter
    for (std::size_t at = 4 * 64; at < stride_; at += 64) __builtin_prefetch(line + at, 1, 2);
  }
  // What packets of the other direction touch of it.
  [[gnu::always_inline]] void prefetch_other(const Direction& side) const {
    const auto* line = reinterpret_cast<const char*>(&side);
    for (std::size_t i = 0; i < other_line_count_; ++i) __builtin_prefetch(line + other_lines_[i], 1, 2);
  }
  [[gnu::always_inline]] void prefetch_for_release(const FlowEntry& flow) const {
    if (!closed_) index_.prefetch(flow.tag);
    for (const Direction* side : flow.directions) {
      if (side) prefetch_direction(*side);
    }
  }

  // No record for another flow: the bound is reached, or the system gives no more memory.
  bool full() { return records_ >= max_ || index_.full() || !reserve(); }
  std::uint64_t most() const { return max_; }
  void bound(std::uint64_t most) { max_ = std::min(most, max_records); }
  FlowEntry& create(const Key& key, std::uint64_t hash);  // the key must not be in the index, the table not full
  DirectionEntry& add_direction(FlowEntry& flow, unsigned direction);  // which the flow does not have yet
  void detach(FlowEntry& flow);                                        // no longer found; the records stay
  void release(FlowEntry& flow);    // the flow and its sides are free again; detaches it if needed
  void close() { closed_ = true; }  // no flow is looked for or created any more: to release one only counts
  bool closed() const { return closed_; }
  FlowEntry& record(std::uint32_t number) const {  // numbers begin at 1
    const Place place = place_of(number);
    return *reinterpret_cast<FlowEntry*>(place.chunk + place.at);
  }
  std::uint64_t size() const { return records_; }
  const SlotIndex& index() const { return index_; }
  const HugePages& huge_pages() const { return huge_pages_; }
  std::uint32_t removals() const { return removals_; }  // how often a flow was detached, modulo 2^32
  // Of a table with so many flows, the index and lists of free records included.
  std::uint64_t max_bytes(std::uint64_t flows) const {
    return flows * (bytes_each() + sizeof(std::uint32_t) + 2 * sizeof(void*)) + SlotIndex::max_bytes(flows) +
           4 * HugePages::size;
  }
  std::size_t bytes_each() const { return sizeof(FlowEntry) + 2 * stride_; }  // of a conversation with both directions

 private:
  static constexpr std::uint64_t max_records = 0x7fff'fff0;  // a fragment's number has the direction in one bit more
  static constexpr unsigned flow_bits = 16;                  // flows in a chunk
  struct Place {
    std::byte* chunk;
    std::size_t at;
  };
  Place place_of(std::uint32_t number) const {
    return {chunks_[number >> flow_bits], (number & ((1u << flow_bits) - 1)) * sizeof(FlowEntry)};
  }
  bool reserve();

  HugePages huge_pages_;
  SlotIndex index_{huge_pages_};
  std::vector<std::byte> prototype_;
  std::size_t stride_;  // from one side to the next
  std::uint64_t max_, records_ = 0;
  std::uint32_t removals_ = 0;
  bool closed_ = false;
  std::array<std::uint32_t, 4> other_lines_{};  // offsets in a side
  std::size_t other_line_count_;
  std::vector<std::byte*> chunks_;  // of flows
  std::uint32_t next_record_ = 1;
  std::vector<std::uint32_t> free_;
  std::vector<std::byte*> direction_chunks_;  // as many sides as all flows of `chunks_` can have
  std::size_t next_direction_ = 0;
  std::vector<Direction*> free_directions_;
};

// Finds the flow as it stands now and prefetches its directions. Packets in between may still begin or end it: the flow
// is looked up again if there was none, or if any flow was taken out of the index since.
[[gnu::always_inline]] inline void prefetch_lookup(const FlowTable& table, Lookup& lookup) {
  lookup.cached_flow = table.find(lookup.key, lookup.hash);
  lookup.removals = table.removals();
  if (!lookup.cached_flow) return;
  const unsigned direction = lookup.source_end ^ lookup.cached_flow->initiator;
  if (const Direction* own = lookup.cached_flow->directions[direction]) table.prefetch_direction(*own);
  if (const Direction* other = lookup.cached_flow->directions[direction ^ 1]) table.prefetch_other(*other);
}

}  // namespace t2
