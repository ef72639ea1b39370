// What nDPI knows of a conversation. It stands in the state of direction 0. Written by the worker that owns the flow.
#pragma once

#include <cstdint>

namespace t2::ndpi {

struct Inspection;  // while packets are looked at

struct Verdict {
  std::uint16_t master = 0, application = 0, category = 0;  // the library's numbers
  std::uint8_t confidence = 0;
  std::uint8_t packets = 0;  // looked at
  bool syn_only = false;     // so far: they have yet to be handed over
  bool done = false;
  std::uint64_t risks = 0;
};

struct NdpiState {
  Inspection* inspection = nullptr;
  Verdict verdict;
};

}  // namespace t2::ndpi
