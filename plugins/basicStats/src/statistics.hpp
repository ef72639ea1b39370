// The arithmetic of basicStats, free of packets and flows. Pure functions, any thread.
//
// The order of the operations and their single precision are part of the columns' meaning: other tools' results rest on
// these figures, so no operation may be reordered or widened. Moments take deviations from the mean before the update.
#pragma once

#include <cmath>
#include <cstdint>

#include "basicStats_state.h"
#include "t2/clock.hpp"

namespace t2::basic_stats {

// Value number n (from 1) joins the moments.
inline void update(Moments& of, float value, float n) {
  const float m = value - of.mean;
  const float square = m * m;
  of.mean += m / n;
  of.variance += (square - of.variance) / n;
  if constexpr (config::higher_moments) {
    of.higher->third += (square * m - of.higher->third) / n;
    of.higher->fourth += (square * square - of.higher->fourth) / n;
  }
}

// The same for one value of each of two; the quotients are computed side by side, each as if alone.
inline void update(Moments& a, float value_a, Moments& b, float value_b, float n) {
  if constexpr (config::higher_moments) {
    update(a, value_a, n);
    update(b, value_b, n);
  } else {
    using Lanes = float __attribute__((vector_size(16)));
    const float m_a = value_a - a.mean, m_b = value_b - b.mean;
    const Lanes change = Lanes{m_a, m_a * m_a - a.variance, m_b, m_b * m_b - b.variance} / n;
    a.mean += change[0], a.variance += change[1];
    b.mean += change[2], b.variance += change[3];
  }
}

inline float deviation(const Moments& of) { return static_cast<float>(std::sqrt(static_cast<double>(of.variance))); }

// Only where there are higher moments.
inline float skewness(float variance, const HigherMoments& of) {
  if (variance == 0) return 0;
  const double v = variance;
  return static_cast<float>(of.third / (v * std::sqrt(v)));
}
inline float kurtosis(float variance, const HigherMoments& of) {
  return variance == 0 ? 0 : of.fourth / (variance * variance);
}

// Seconds from one packet to the next; whole seconds and the rest are rounded apart.
inline float interval(TimeSplitter& splitter, Time from, Time to) {
  const TimeSplitter::Parts end = splitter.split(to), start = splitter.split_earlier(from);
  const double fraction = static_cast<float>(end.fraction - start.fraction) / fractions_per_second;
  if (start.second == end.second) return static_cast<float>(fraction);
  return static_cast<float>(static_cast<float>(end.second - start.second) + fraction);
}

inline float seconds(Time duration) {
  return static_cast<float>(static_cast<double>(duration / one_second) +
                            static_cast<double>(duration % one_second) / 1e9);
}

// (a - b) / (a + b), 0 if both are 0.
inline float asymmetry(std::uint64_t a, std::uint64_t b) {
  if (a + b == 0) return 0;
  return (static_cast<float>(a) - static_cast<float>(b)) / static_cast<float>(a + b);
}

// BS_XCLD: does a packet of this length join the statistics?
inline bool is_selected(std::uint32_t length, std::uint32_t low, std::uint32_t high) {
  using config::Selection;
  switch (config::selection) {
    case Selection::longer: return length > low;
    case Selection::shorter: return length < high;
    case Selection::within: return length >= low && length <= high;
    case Selection::outside: return length < low || length > high;
    case Selection::all: break;
  }
  return true;
}

}  // namespace t2::basic_stats
