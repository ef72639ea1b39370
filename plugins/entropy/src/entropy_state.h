// What entropy remembers of each direction: how often each byte came in its payloads. Written by the worker that owns
// the flow.
#pragma once

#include <cstdint>

namespace t2::entropy {

struct ByteCounts {  // in memory that the core frees with the flow
  std::uint16_t of[256];
};

struct EntropyState {
  ByteCounts* counts = nullptr;
  std::uint32_t bytes = 0;  // counted
  bool refused = false;     // there was no memory
};

}  // namespace t2::entropy
