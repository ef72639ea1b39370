// What macRecorder remembers of a conversation. Other plugins may Peek at it when a flow has ended.
#pragma once

#include <cstdint>
#include <cstring>

#include "macRecorder.h"

namespace t2 {

struct MacRecorderState {
  struct Pair {
    std::uint64_t packets;
    std::uint8_t destination[6], source[6];  // in the order of the frame
  };
  // Nearly all directions have one pair. When a second one appears, all counts move into memory that is asked for then.
  struct More {
    static constexpr unsigned size = 4;
    Pair pair[size];
    More* next;
  };
  struct Side {
    union {
      std::uint64_t packets;  // of the only pair
      More* more;             // with several pairs: all of them, the first one included
    };
    struct {
      std::uint8_t destination[6], source[6];
    } first;              // the first pair, however many there are
    std::uint8_t pairs;   // stored
    bool lost;            // a pair did not fit

    // The nth stored pair, n < pairs.
    Pair operator[](unsigned n) const {
      if (pairs == 1) {
        Pair only{packets, {}, {}};
        std::memcpy(only.destination, first.destination, sizeof first);
        return only;
      }
      const More* at = more;
      for (; n >= More::size; n -= More::size) at = at->next;
      return at->pair[n];
    }
  };
};

}  // namespace t2
