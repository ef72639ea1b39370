// What macRecorder remembers of a conversation. Other plugins may Peek at it when a flow has ended.
#pragma once

#include <cstdint>

#include "macRecorder.h"

namespace t2 {

struct MacRecorderState {
  struct Pair {
    std::uint64_t packets;
    std::uint8_t destination[6], source[6];  // in the order of the frame
  };
  // Most conversations have one pair; further ones live in memory that is asked for when they appear.
  struct More {
    static constexpr unsigned size = 3;
    Pair pair[size];
    More* next;
  };
  struct Side {
    Pair first;
    More* more;
    std::uint8_t pairs;   // stored, first included
    bool lost;            // a pair did not fit

    // The nth stored pair, n < pairs.
    const Pair& operator[](unsigned n) const {
      if (n == 0) return first;
      const More* at = more;
      for (n -= 1; n >= More::size; n -= More::size) at = at->next;
      return at->pair[n];
    }
  };
};

}  // namespace t2
