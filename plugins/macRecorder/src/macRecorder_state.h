// What macRecorder remembers of each direction of a conversation. Written by the worker that owns the flow; other
// plugins may Peek at it when the flow has ended, through pairs(), lost() and pair() only.
#pragma once

#include <cstdint>
#include <cstring>

#include "macRecorder.h"
#include "t2/packet.hpp"

namespace t2::mac_recorder {

struct MacPair {
  std::uint64_t packets;
  std::uint8_t destination[6], source[6];  // in the order of the frame
};

// Nearly all directions have one pair, that of the first packet, which is in the core's Direction. When another one
// appears, all of them move into a list of blocks, which the core frees with the flow.
struct PairBlock {
  static constexpr unsigned size = 4;
  MacPair pair[size];
  PairBlock* next;
};
struct PairList {
  PairBlock first;
  std::uint8_t pairs;  // stored
  bool lost;           // a pair did not fit
};

// One word that is one of three: nothing (all packets have the pair of the first one, or none has a pair), a list, or,
// where there is no memory for a list, the number of packets whose pair is not that of the first one.
class PairStorage {
 public:
  bool empty() const { return word_ == 0; }
  PairList* list() const { return word_ & counts ? nullptr : reinterpret_cast<PairList*>(word_); }
  std::uint64_t uncounted() const { return word_ & counts ? word_ >> 1 : 0; }
  void set_list(PairList* list) { word_ = reinterpret_cast<std::uintptr_t>(list); }
  void begin_counting() { word_ = counts; }
  void count() { word_ += 2; }

 private:
  static constexpr std::uint64_t counts = 1;  // lists are aligned: the lowest bit of their addresses is 0
  std::uint64_t word_ = 0;
};

struct MacRecorderState {
  PairStorage storage;

  unsigned pairs(const Direction& direction) const {
    return storage.list() ? storage.list()->pairs : direction.link != 0;
  }
  bool lost() const { return storage.list() ? storage.list()->lost : !storage.empty(); }
  // The stored pair number n, n < pairs().
  MacPair pair(const Direction& direction, unsigned n) const {
    if (!storage.list()) {
      MacPair only{direction.packets - storage.uncounted(), {}, {}};
      std::memcpy(only.destination, direction.macs, 6);
      std::memcpy(only.source, direction.macs + 6, 6);
      return only;
    }
    const PairBlock* at = &storage.list()->first;
    for (; n >= PairBlock::size; n -= PairBlock::size) at = at->next;
    return at->pair[n];
  }
};

}  // namespace t2::mac_recorder
