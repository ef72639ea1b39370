// What connStat remembers of each direction: where it counts. Written by the worker that owns the flow.
#pragma once

#include <cstdint>

namespace t2::conn_stat {

struct ConnStatState {
  std::uint32_t pair = 0, source = 0, destination = 0, port = 0, sender = 0;  // entries; 0: counts nowhere
  bool has_row = false;  // and counts until the other direction has its row, too
};

}  // namespace t2::conn_stat
