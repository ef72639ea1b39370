// Statistics of a distribution: values in ascending order, each with how often it came.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "t2/interval_bins.hpp"

namespace t2::descriptive_stats {

struct Step {
  double value;
  std::uint64_t count;
};
using Distribution = std::vector<Step>;

// In the order of the columns: min, max, mean, lower quartile, median, upper quartile, their distance, mode, range,
// standard deviation, robust standard deviation, skewness, excess.
using Statistics = std::array<float, 13>;

Statistics of_lengths(const Distribution& d);
Statistics of_intervals(const Distribution& d);

// Intervals are counted in bins: of 1 ms below 200 ms, 5 ms below 400 ms, 10 ms below 1 s, and one for all others.
constexpr IntervalBins bins(3);
double middle_of_bin(unsigned bin);  // ms; of the last one its edge

}  // namespace t2::descriptive_stats
