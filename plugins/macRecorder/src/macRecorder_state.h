// What macRecorder remembers of a conversation. Other plugins may Peek at it when a flow has ended.
#pragma once

#include <cstdint>
#include <cstring>

#include "macRecorder.h"
#include "t2/packet.hpp"

namespace t2 {

struct MacRecorderState {
  struct Pair {
    std::uint64_t packets;
    std::uint8_t destination[6], source[6];  // in the order of the frame
  };
  // Nearly all directions have one pair, that of the first packet, which is in the core's Side. When there is another one,
  // all of them are kept in memory that is asked for then.
  struct More {
    static constexpr unsigned size = 4;
    Pair pair[size];
    More* next;
  };
  struct List {
    More first;
    std::uint8_t pairs;   // stored
    bool lost;            // a pair did not fit
  };
  struct Side {
    // Even: where the list is; 0: all packets have the first one's pair, or none has one. Odd: a list there cannot be, and
    // (word >> 1) packets have another pair than the first one.
    std::uint64_t word = 0;

    List* list() const { return word & 1 ? nullptr : reinterpret_cast<List*>(word); }
    unsigned pairs(const t2::Direction& side) const { return list() ? list()->pairs : side.link != 0; }
    bool lost() const { return list() ? list()->lost : word != 0; }
    // The index_in_direction stored pair, n < pairs.
    Pair pair(const t2::Direction& side, unsigned n) const {
      if (!list()) {
        Pair only{side.packets - (word >> 1), {}, {}};
        std::memcpy(only.destination, side.macs, 6);
        std::memcpy(only.source, side.macs + 6, 6);
        return only;
      }
      const More* at = &list()->first;
      for (; n >= More::size; n -= More::size) at = at->next;
      return at->pair[n];
    }
  };
};

}  // namespace t2
