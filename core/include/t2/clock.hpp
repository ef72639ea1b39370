// The clocks of the machine, in nanoseconds. Any thread.
#pragma once

#include <ctime>

#include "t2/packet.hpp"

namespace t2 {

inline Time read_clock(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return now.tv_sec * one_second + now.tv_nsec;
}
// Since 1970-01-01T00:00:00Z. It may be set, and then steps back or forth.
inline Time wall_clock() { return read_clock(CLOCK_REALTIME); }
// Since some moment before the program started. It never steps.
inline Time steady_clock() { return read_clock(CLOCK_MONOTONIC); }

// Pauses the thread for so many nanoseconds, or until a signal comes.
inline void sleep_for(Time duration) {
  const timespec pause{duration / one_second, duration % one_second};
  nanosleep(&pause, nullptr);
}

}  // namespace t2
