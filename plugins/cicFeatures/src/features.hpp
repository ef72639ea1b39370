// The features of CICFlowMeter: what is counted, and the row. Pure functions, any thread.
#pragma once

#include <string>
#include <string_view>

#include "cicFeatures_state.h"
#include "t2/packet.hpp"

namespace t2::cic_features {

// Names of the columns, with commas between them; those of CICIDS2017 or those of CSE-CIC-IDS2018.
std::string header(bool long_names);

// A packet of a flow. `other`: of the other direction; null: it has no packet yet.
void count(const Packet& packet, DirectionFacts& own, DirectionFacts* other, FlowFacts& flow);

struct EndedFlowFacts {
  const Flow& flow;
  unsigned direction;  // that is forward
  TimeRange times;     // of both directions
  const DirectionFacts& forward;
  const DirectionFacts* backward;  // null: there is none
  const FlowFacts& both;
  std::string_view label;
};
// Appends a line of CSV, with its end.
void put_line(const EndedFlowFacts& ended, std::string& line);

}  // namespace t2::cic_features
