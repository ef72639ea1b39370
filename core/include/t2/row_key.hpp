// Names for rows that stay the same when a row is sent again: what receivers tell duplicates by. Used by the output
// thread.
#pragma once

#include <string>

#include "t2/plugin.hpp"

namespace t2 {

// "666-1700000000000000000-42": sensor id, time of the run's first packet in nanoseconds, flowInd. Both directions of a
// flow share it.
inline std::string conversation_key(const Host& host, const RowView& row) {
  return std::to_string(host.sensor_id()) + '-' + std::to_string(host.run_start()) + '-' + std::to_string(row.index);
}

// One row: the same with the direction and the end of the flow behind it, "...-A-1700000000500000000"; parts of a flow
// that was cut (FDURLIMIT) may share flowInd. A capture that is read again gives the same keys.
inline std::string row_key(const Host& host, const RowView& row) {
  return conversation_key(host, row) + (row.direction == 0 ? "-A-" : "-B-") + std::to_string(row.end);
}

}  // namespace t2
