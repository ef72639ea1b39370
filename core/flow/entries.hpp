// Flows and directions as the core sees them: all fields of what plugins get as constant Flow and Direction.
//
// Used by the worker that the flow belongs to. They add no bytes: every Flow and Direction that a plugin gets is such
// an entry.
#pragma once

#include "t2/packet.hpp"

namespace t2 {

struct DirectionEntry : Direction {
  using Direction::datagram, Direction::last_ip_id, Direction::syn, Direction::timeout;
};
static_assert(sizeof(DirectionEntry) == sizeof(Direction));

struct FlowEntry : Flow {
  using Flow::allocations, Flow::detached, Flow::directions, Flow::due, Flow::ended_early, Flow::finished,
      Flow::initiator;
  using Flow::ranges, Flow::record, Flow::tag, Flow::timeout_shortened, Flow::wheel_bucket, Flow::wheel_slot;
  DirectionEntry* direction(unsigned which) const { return static_cast<DirectionEntry*>(directions[which]); }
  // The time at which both directions have been silent for their timeouts.
  Time end() const { return directions[1] && !ended_early && due[1] > due[0] ? due[1] : due[0]; }
};
static_assert(sizeof(FlowEntry) == sizeof(Flow));

inline FlowEntry& entry_of(const Flow& flow) { return static_cast<FlowEntry&>(const_cast<Flow&>(flow)); }
inline DirectionEntry& entry_of(const Direction& direction) {
  return static_cast<DirectionEntry&>(const_cast<Direction&>(direction));
}

}  // namespace t2
