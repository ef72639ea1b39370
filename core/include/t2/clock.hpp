// Times in nanoseconds: the clocks of the machine, and times taken apart into seconds and the rest. Any thread; a
// TimeSplitter belongs to one.
#pragma once

#include <ctime>

#include "t2/config.hpp"
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

// What fractions of a second are counted in, in nanoseconds: single-precision figures depend on it.
constexpr Time fraction_unit = config::tstamp_prec == 0 ? 1000 : 1;
constexpr double fractions_per_second = static_cast<double>(one_second / fraction_unit);

// Takes times apart. Finding the second of a time is a division, so the second of the last time is kept: packets come
// close together, and most times that are asked for lie in it.
class TimeSplitter {
 public:
  struct Parts {
    Time second, fraction;  // fraction: in units of fraction_unit
  };
  Parts split(Time time) {
    if (!is_within(time)) start_ = one_second * (second_ = time / one_second);
    return {second_, (time - start_) / fraction_unit};
  }
  // Of a time before the last one: the second that is kept stays.
  Parts split_earlier(Time time) const {
    if (is_within(time)) return {second_, (time - start_) / fraction_unit};
    const Time second = time / one_second;
    return {second, (time - second * one_second) / fraction_unit};
  }

 private:
  bool is_within(Time time) const {
    return static_cast<std::uint64_t>(time - start_) < static_cast<std::uint64_t>(one_second);
  }
  Time second_ = 0, start_ = 0;  // number of the second, and its first nanosecond
};

}  // namespace t2
