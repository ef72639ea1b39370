// Packets between decoding and their worker: the last steps of decoding are done, and packets are held back until the
// memory of their flows is in the cache.
//
// There are two slices of packets. While one is filled, memory for the other is prefetched, step by step: the slot of
// the index, the flow, its directions. So the processor waits for many flows at once, and works meanwhile. Used by the
// worker's thread. Prefetching changes nothing but speed.
#pragma once

#include <vector>

#include "capture/block.hpp"
#include "decode/fast_path.hpp"
#include "flow/key.hpp"
#include "pipeline/worker.hpp"

namespace t2 {

class PrefetchStage {
 public:
  // `batch`: packets in a slice, at most. `hash`: of the keys.
  PrefetchStage(Worker& worker, const FastPath& fast_path, std::size_t batch, const KeyedHash& hash);
  PrefetchStage(const PrefetchStage&) = delete;
  PrefetchStage& operator=(const PrefetchStage&) = delete;

  // Where the next packet is to be decoded; call add() if it belongs to a flow.
  Packet& next() { return *next_; }
  void add();
  // A packet that FastPath::match() accepted.
  [[gnu::always_inline]] void add(const RawPacket& raw, const FastHeaders& headers, const PacketStamp& stamp) {
    fast_path_.fill(*next_, raw, headers, stamp);
    Lookup& made = next_lookup();
    make_lookup(raw, headers, hash_, made);
    added(made);
  }
  void flush();  // gives all packets to the worker
  // Packets that were added and that the worker has not got yet.
  std::size_t waiting() const { return slices_[0].size + slices_[1].size; }

 private:
  struct Slice {
    std::vector<Packet> packets;
    std::vector<Lookup> lookups;
    std::size_t size = 0;
    std::size_t prefetched = 0;  // lookups whose flows' directions were prefetched
  };
  Lookup& next_lookup() { return slices_[filling_].lookups[slices_[filling_].size]; }
  static constexpr std::size_t slot_distance = 16;  // packets between prefetching a slot and reading it
  [[gnu::always_inline]] void added(const Lookup& lookup) {
    Slice &slice = slices_[filling_], &before = slices_[filling_ ^ 1];
    const FlowTable& table = worker_.table();
    const std::size_t at = slice.size++;
    table.prefetch_slot(lookup.hash);
    if (at >= slot_distance) table.prefetch_record(slice.lookups[at - slot_distance].hash);
    if (before.prefetched < before.size) prefetch_lookup(table, before.lookups[before.prefetched++]);
    ++next_;
    if (slice.size == slice.packets.size()) turn();
  }
  void turn();
  void process(Slice& slice, Slice& next);

  Worker& worker_;
  const FastPath& fast_path_;
  KeyedHash hash_;
  Slice slices_[2];
  unsigned filling_ = 0;  // which of them
  Packet* next_;
};

}  // namespace t2
