// What lies between the reader and a worker: the last steps of decoding, and packets that wait until their flows'
// memory is in the cache.
//
// Two slices of packets: while one is being filled, memory for the packets of the one before it is asked for, in steps:
// the slot, the flow, the sides of that. So the processor waits for many flows at once, and works meanwhile. Used by
// one thread, that of its worker.
#pragma once

#include <vector>

#include "capture/block.hpp"
#include "decode/fast_path.hpp"
#include "flow/key.hpp"
#include "pipeline/worker.hpp"

namespace t2 {

class PrefetchStage {
 public:
  // `batch`: packets in a slice at most. `seed`: of the keys' hashes.
  PrefetchStage(Worker& worker, const FastPath& plain, std::size_t batch, std::uint64_t seed);
  PrefetchStage(const PrefetchStage&) = delete;
  PrefetchStage& operator=(const PrefetchStage&) = delete;

  // Where the next packet is to be decoded; take() it when it has a flow.
  Packet& next() { return *next_; }
  void take();
  [[gnu::always_inline]] void take(const RawPacket& raw, const FastHeaders& found, Time clock,
                                   std::uint64_t number) {  // one that FastPath recognised
    plain_.fill(*next_, raw, found, clock, number);
    Lookup& made = lookup();
    make_lookup(raw, found, seed_, made);
    taken(made);
  }
  void flush();  // nothing waits any longer
  std::size_t waiting() const {
    return slices_[0].size + slices_[1].size;
  }  // packets that were taken and not analysed yet

 private:
  struct Slice {
    std::vector<Packet> packets;
    std::vector<Lookup> lookups;
    std::size_t size = 0, looked_up = 0;
  };
  Lookup& lookup() { return slices_[filling_].lookups[slices_[filling_].size]; }
  static constexpr std::size_t behind = 16;  // packets from asking for a slot to looking into it
  [[gnu::always_inline]] void taken(const Lookup& lookup) {
    Slice &slice = slices_[filling_], &before = slices_[filling_ ^ 1];
    const std::size_t at = slice.size++;
    worker_.prefetch_slot(lookup);
    if (at >= behind) worker_.prefetch_flow(slice.lookups[at - behind]);
    if (before.looked_up < before.size) worker_.prefetch_lookup(before.lookups[before.looked_up++]);
    ++next_;
    if (slice.size == slice.packets.size()) analyse();
  }
  void analyse();
  void analyse(Slice& slice, Slice& ahead);

  Worker& worker_;
  const FastPath& plain_;
  std::uint64_t seed_;
  Slice slices_[2];
  unsigned filling_ = 0;  // which of them
  Packet* next_;
};

}  // namespace t2
