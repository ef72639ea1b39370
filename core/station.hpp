// What lies between the reader and a worker: the last steps of decoding, and packets that wait until their flows' memory is
// in the cache.
//
// Two slices of packets: while one is being filled, memory for the packets of the one before it is asked for, in steps:
// the slot, the flow, the sides of that. So the processor waits for many flows at once, and works meanwhile. Used by one
// thread, that of its worker.
#pragma once

#include <vector>

#include "capture/block.hpp"
#include "decode/plain.hpp"
#include "worker.hpp"

namespace t2 {

// Sets a packet to what is known before it is decoded.
void begin_packet(Packet& packet, const RawPacket& raw, Time clock, std::uint64_t number);

class Station {
 public:
  // `batch`: packets in a slice at most. `seed`: of the keys' hashes.
  Station(Worker& worker, const PlainDecoder& plain, std::size_t batch, std::uint64_t seed);
  Station(const Station&) = delete;
  Station& operator=(const Station&) = delete;

  // Where the next packet is to be decoded; take() it when it has a flow.
  Packet& next() { return *next_; }
  void take();
  void take(const RawPacket& raw, const Plain& plain, Time clock, std::uint64_t number);  // one that PlainDecoder recognised
  void flush();  // nothing waits any longer
  std::size_t waiting() const { return slices_[0].size + slices_[1].size; }  // packets that were taken and not analysed yet

 private:
  struct Slice {
    std::vector<Packet> packets;
    std::vector<Lookup> lookups;
    std::size_t size = 0, sought = 0;
  };
  Lookup& lookup() { return slices_[filling_].lookups[slices_[filling_].size]; }
  [[gnu::always_inline]] void taken(const Lookup& lookup);
  void analyse(Slice& slice, Slice& ahead);

  Worker& worker_;
  const PlainDecoder& plain_;
  std::uint64_t seed_;
  Slice slices_[2];
  unsigned filling_ = 0;  // which of them
  Packet* next_;
};

}  // namespace t2
