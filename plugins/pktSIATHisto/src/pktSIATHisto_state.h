// What pktSIATHisto remembers of each direction of a conversation. Written by the worker that owns the flow.
#pragma once

#include <cstdint>

#include "histogram.hpp"

namespace t2::pkt_siat_histo {

struct PktSIATHistoState {
  static constexpr unsigned inside = 5;  // pairs that stand here: most directions have no more
  Pair first[inside]{};                  // in the order in which they came
  Histogram more;                        // all pairs, once there are more
  std::uint16_t count = 0;               // of `first`
  bool in_tree = false;
  bool cut = false;  // there was no memory for more
};
static_assert(sizeof(PktSIATHistoState) <= 64);

}  // namespace t2::pkt_siat_histo
