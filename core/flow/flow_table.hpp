// The flow table: records that never move, found by their key through an index of 8-byte slots.
//
// A conversation has a Flow and, for each direction that had a packet, a side: a Direction with the states of plugins
// around it, a copy of a prototype at first. The index grows with the number of flows. The hash is keyed at random:
// nothing that is written may depend on it. Used by one worker.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/sanitizers.hpp"
#include "flow/entries.hpp"
#include "flow/lookup.hpp"
#include "flow/side_prototype.hpp"
#include "flow/slot_index.hpp"

namespace t2 {

// Which memory lies on huge pages. Random access to records on usual ones waits for the tables of pages, four times a
// packet; but a huge page is zeroed whole when it is first touched, and in a virtual machine whose host takes back what
// is free that can take as long as a thousand usual pages. So there are none for little memory, and for a while none
// when one was slow to come. Only speed depends on it.
class HugePages {
 public:
  // In bytes. The address sanitizer reads all allocated memory to find leaks: with it, we allocate as if they were
  // small.
  static constexpr std::size_t size = address_sanitizer ? 64 << 10 : 2 << 20;
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

// Sides of one kind. Their memory takes up room only where it has been written to. The address
// sanitizer keeps notes of all of a chunk: with it, chunks are small. It also reports code that uses a released side.
class SideMemory {
 public:
  static constexpr std::size_t in_chunk = std::size_t{1} << (address_sanitizer ? 8 : 17);  // sides

  // `prototype`: outlives it; `front`: bytes of it in front of the Direction.
  SideMemory(std::span<const std::byte> prototype, std::size_t front) : prototype_(prototype), front_(front) {}
  ~SideMemory();
  SideMemory(const SideMemory&) = delete;
  SideMemory& operator=(const SideMemory&) = delete;

  std::size_t bytes() const { return prototype_.size(); }  // of a side
  // Sees to it that so many sides can be in use at a time; false: no memory.
  bool reserve(std::uint64_t sides) { return chunks_.size() * in_chunk >= sides || add_chunk(); }
  DirectionEntry& create(HugePages& pages);
  void release(Direction& side) {
    free_.push_back(reinterpret_cast<std::byte*>(&side) - front_);
    forbid_access(free_.back(), bytes());
  }
  std::uint64_t max_bytes(std::uint64_t sides) const { return sides * (bytes() + sizeof(std::byte*)); }

 private:
  bool add_chunk();
  std::byte* next() const;

  const std::span<const std::byte> prototype_;
  const std::size_t front_;
  std::size_t next_ = 0;
  std::vector<std::byte*> chunks_, free_;
};

class FlowTable {
 public:
  // `most`: flows that may exist.
  FlowTable(SidePrototype prototype, std::uint64_t most);
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
  [[gnu::always_inline]] void prefetch_side(const FlowEntry& flow, unsigned direction) const {
    const auto* line = reinterpret_cast<const char*>(flow.directions[direction]);
    if (!line) return;
    if (flow.key.protocol == protocol::tcp) {
      for (std::size_t at = 64; at <= usual_front; at += 64) __builtin_prefetch(line - at, 1, 2);
      for (std::size_t at = usual_front + 64; at <= prototype_.tcp_bytes; at += 64) __builtin_prefetch(line - at, 1, 2);
    }
    for (std::size_t at = 0; at < usual_side; at += 64) __builtin_prefetch(line + at, 1, 2);
    for (std::size_t at = usual_side; at < other_sides_.bytes(); at += 64) __builtin_prefetch(line + at, 1, 2);
  }
  // What packets of the other direction touch of a side.
  [[gnu::always_inline]] void prefetch_other(const FlowEntry& flow, unsigned direction) const {
    const auto* line = reinterpret_cast<const char*>(flow.directions[direction]);
    if (!line) return;
    for (const std::int32_t at : other_lines_) __builtin_prefetch(line + at, 1, 2);
  }
  [[gnu::always_inline]] void prefetch_for_release(const FlowEntry& flow) const {
    if (!closed_) index_.prefetch(flow.tag);
    prefetch_side(flow, 0), prefetch_side(flow, 1);
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
  // Of a table with so many flows, the index and lists of free records included. All may be of TCP at one time and none
  // at another: memory for sides of one kind does not serve the other.
  std::uint64_t max_bytes(std::uint64_t flows) const {
    return flows * (sizeof(FlowEntry) + sizeof(std::uint32_t)) + tcp_sides_.max_bytes(2 * flows) +
           other_sides_.max_bytes(2 * flows) + SlotIndex::max_bytes(flows) + 5 * HugePages::size;
  }
  // Of a conversation with both directions: of TCP, which is the most, and of another protocol.
  std::size_t bytes_each() const { return sizeof(FlowEntry) + 2 * tcp_sides_.bytes(); }
  std::size_t bytes_each_without_tcp() const { return sizeof(FlowEntry) + 2 * other_sides_.bytes(); }

 private:
  static constexpr std::uint64_t max_records = 0x7fff'fff0;  // a fragment's number has the direction in one bit more
  static constexpr unsigned flow_bits = address_sanitizer ? 9 : 16;  // flows in a chunk, see SideMemory
  struct Place {
    std::byte* chunk;
    std::size_t at;
  };
  Place place_of(std::uint32_t number) const {
    return {chunks_[number >> flow_bits], (number & ((1u << flow_bits) - 1)) * sizeof(FlowEntry)};
  }
  // Bytes of a side, and of its states of TCP in front of it, that are prefetched without looking how many there are.
  static constexpr std::size_t usual_side = 192, usual_front = 128;
  bool reserve();
  SideMemory& sides_of(const FlowEntry& flow) { return flow.is_tcp() ? tcp_sides_ : other_sides_; }

  HugePages huge_pages_;
  SlotIndex index_{huge_pages_};
  SidePrototype prototype_;
  std::uint64_t max_, records_ = 0;
  std::uint32_t removals_ = 0;
  bool closed_ = false;
  std::array<std::int32_t, 3> other_lines_{};  // SidePrototype::other_lines, as far as they fit; the rest is line 0
  std::vector<std::byte*> chunks_;             // of flows
  std::uint32_t next_record_ = 1;
  std::vector<std::uint32_t> free_;
  SideMemory tcp_sides_, other_sides_;
};

// Finds the flow as it stands now and prefetches its directions. Packets in between may still begin or end it: the flow
// is looked up again if there was none, or if any flow was taken out of the index since.
[[gnu::always_inline]] inline void prefetch_lookup(const FlowTable& table, Lookup& lookup) {
  lookup.cached_flow = table.find(lookup.key, lookup.hash);
  lookup.removals = table.removals();
  if (!lookup.cached_flow) return;
  const unsigned direction = lookup.source_end ^ lookup.cached_flow->initiator;
  table.prefetch_side(*lookup.cached_flow, direction);
  table.prefetch_other(*lookup.cached_flow, direction ^ 1);
}

}  // namespace t2
