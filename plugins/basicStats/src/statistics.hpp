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

// The same for one value of each of two; the quotients are computed side by side, each as if alone.
inline void update(Moments& a, float value_a, Moments& b, float value_b, float n) {
#if BS_VAR == 1 && BS_SK == 1
  update(a, value_a, n);
  update(b, value_b, n);
#else
  using Lanes = float __attribute__((vector_size(16)));
  const float m_a = value_a - a.mean, m_b = value_b - b.mean;
  const Lanes change = Lanes{m_a, m_a * m_a - a.variance, m_b, m_b * m_b - b.variance} / n;
  a.mean += change[0], a.variance += change[1];
  b.mean += change[2], b.variance += change[3];
#endif
}

inline float deviation(const Moments& of) { return static_cast<float>(std::sqrt(static_cast<double>(of.variance))); }

#if BS_VAR == 1 && BS_SK == 1
inline float skewness(const Moments& of) {
  if (of.variance == 0) return 0;
  const double v = of.variance;
  return static_cast<float>(of.third / (v * std::sqrt(v)));
}
inline float kurtosis(const Moments& of) { return of.variance == 0 ? 0 : of.fourth / (of.variance * of.variance); }
#endif

// Seconds from one packet to the next; whole seconds and the rest are rounded apart. Which second a time is in takes a
// division: packets come close together, so that of the last one is kept, and most intervals lie within it.
class Intervals {
 public:
  float operator()(Time from, Time to) {
    if (!in_second(to)) start_ = one_second * (second_ = to / one_second);
    if (in_second(from)) return static_cast<float>(static_cast<float>(to - from) / 1e9);
    const Time seconds = second_ - from / one_second;
    return static_cast<float>(static_cast<float>(seconds) + static_cast<float>(to - from - seconds * one_second) / 1e9);
  }

 private:
  bool in_second(Time time) const {
    return static_cast<std::uint64_t>(time - start_) < static_cast<std::uint64_t>(one_second);
  }
  Time second_ = 0, start_ = 0;  // number of the second, and its first nanosecond
};

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
