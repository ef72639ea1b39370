// The arithmetic of basicStats, free of packets and flows.
//
// The order of the operations and their single precision are part of the columns' meaning: other tools' results rest on
// these figures, so nothing here may be "simplified". The moments take deviations from the mean before the update.
#pragma once

#include <cmath>
#include <cstdint>

#include "basicStats_state.h"
#include "t2/packet.hpp"

namespace t2::basic_stats {

using Moments = BasicStatsState::Moments;

// Value number n (from 1) joins the moments.
inline void update(Moments& of, float value, float n) {
  const float m = value - of.mean;
  const float square = m * m;
  of.mean += m / n;
  of.variance += (square - of.variance) / n;
#if BS_VAR == 1 && BS_SK == 1
  of.third += (square * m - of.third) / n;
  of.fourth += (square * square - of.fourth) / n;
#endif
}

inline float deviation(const Moments& of) { return static_cast<float>(std::sqrt(static_cast<double>(of.variance))); }

#if BS_VAR == 1 && BS_SK == 1
inline float skewness(const Moments& of) {
  if (of.variance == 0) return 0;
  const double v = of.variance;
  return static_cast<float>(of.third / (v * std::sqrt(v)));
}
inline float kurtosis(const Moments& of) {
  return of.variance == 0 ? 0 : of.fourth / (of.variance * of.variance);
}
#endif

// Seconds from one packet to the next; whole seconds and the rest are rounded apart.
inline float interval(Time from, Time to) {
  const auto seconds = static_cast<float>(to / one_second - from / one_second);
  const auto rest = static_cast<float>(to % one_second - from % one_second);
  return static_cast<float>(seconds + rest / 1e9);
}

inline float seconds(Time duration) {
  return static_cast<float>(static_cast<double>(duration / one_second) + static_cast<double>(duration % one_second) / 1e9);
}

// (a - b) / (a + b), 0 if both are 0.
inline float asymmetry(std::uint64_t a, std::uint64_t b) {
  if (a + b == 0) return 0;
  return (static_cast<float>(a) - static_cast<float>(b)) / static_cast<float>(a + b);
}

// BS_XCLD: does a packet of this length join the statistics?
inline bool included(std::uint32_t length, [[maybe_unused]] std::uint32_t low, [[maybe_unused]] std::uint32_t high) {
  (void)length;
#if BS_XCLD == 1
  return length > low;
#elif BS_XCLD == 2
  return length < high;
#elif BS_XCLD == 3
  return length >= low && length <= high;
#elif BS_XCLD == 4
  return length < low || length > high;
#else
  return true;
#endif
}

}  // namespace t2::basic_stats
