#include "distribution.hpp"

#include <algorithm>
#include <cmath>

namespace t2::descriptive_stats {

namespace {

std::uint64_t total(const Distribution& d) {
  std::uint64_t n = 0;
  for (const Step& step : d) n += step.count;
  return n;
}

// The k-th value, from 1.
double nth(const Distribution& d, std::uint64_t k) {
  for (const Step& step : d) {
    if (k <= step.count) return step.value;
    k -= step.count;
  }
  return d.back().value;
}

struct Moments {
  double mean = 0, second = 0, third = 0, fourth = 0;  // sums of powers of what is left of each value behind its mean
};

Moments moments(const Distribution& d, double n) {
  Moments m;
  for (const Step& step : d) m.mean += step.value * static_cast<double>(step.count);
  m.mean /= n;
  for (const Step& step : d) {
    const double off = step.value - m.mean, square = off * off, count = static_cast<double>(step.count);
    m.second += square * count, m.third += square * off * count, m.fourth += square * square * count;
  }
  return m;
}

// The smallest of the most frequent values.
double mode(const Distribution& d) {
  return std::max_element(d.begin(), d.end(), [](const Step& a, const Step& b) { return a.count < b.count; })->value;
}

struct Quartiles {
  double lower, median, upper;
};

// The standard deviation is the root of the squares, divided by `deviation_of`: all values, or one less.
Statistics statistics(const Distribution& d, double n, double deviation_of, const Quartiles& q) {
  const Moments m = moments(d, n);
  const double min = d.front().value, max = d.back().value, distance = q.upper - q.lower;
  const double deviation = deviation_of > 0 ? std::sqrt(m.second / deviation_of) : 0, variance = m.second / n;
  const double all[] = {min,
                        max,
                        m.mean,
                        q.lower,
                        q.median,
                        q.upper,
                        distance,
                        mode(d),
                        max - min,
                        deviation,
                        std::min(deviation, 0.7413 * distance),
                        variance > 0 ? m.third / n / std::pow(variance, 1.5) : 0,
                        variance > 0 ? m.fourth / n / (variance * variance) - 3 : 0};
  Statistics s{};
  std::ranges::transform(all, s.begin(), [](double value) { return static_cast<float>(value); });
  return s;
}

}  // namespace

Statistics of_lengths(const Distribution& d) {
  if (d.empty()) return {};
  const std::uint64_t n = total(d);
  const auto quantile = [&](double share) {  // linear between neighbours
    const double position = std::clamp(static_cast<double>(n) * share + 0.5, 1., static_cast<double>(n));
    const auto below = static_cast<std::uint64_t>(position);
    const double low = nth(d, below), high = nth(d, std::min(below + 1, n));
    return low + (position - static_cast<double>(below)) * (high - low);
  };
  const auto count = static_cast<double>(n);
  return statistics(d, count, count, {quantile(0.25), quantile(0.5), quantile(0.75)});
}

Statistics of_intervals(const Distribution& d) {
  if (d.empty()) return {};
  const std::uint64_t n = total(d);
  const auto quantile = [&](double share) {
    return nth(d, static_cast<std::uint64_t>(std::ceil(static_cast<double>(n - 1) * share)) + 1);
  };
  const auto count = static_cast<double>(n);
  return statistics(d, count, count - 1, {quantile(0.25), quantile(0.5), quantile(0.75)});
}

double middle_of_bin(unsigned bin) { return (bins.lower_edge(bin) + bins.lower_edge(bin + 1)) / 2.; }

}  // namespace t2::descriptive_stats
