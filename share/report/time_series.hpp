// Sums over time, in bins whose width doubles until all of the time fits. Used by one thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "t2/packet.hpp"

namespace t2::report {

class TimeSeries {
 public:
  static constexpr std::size_t most_bins = 720;

  explicit TimeSeries(Time width) : width_(width) {}

  // `amount` at one time, or spread evenly over the time between two.
  void add(Time from, Time to, double amount) {
    if (to < from) to = from;
    cover(from, to);
    const std::size_t a = bin(from), b = bin(to);
    if (a == b) {
      single_[a] += amount;
      return;
    }
    const double per_ns = amount / static_cast<double>(to - from);
    single_[a] += per_ns * static_cast<double>(start(a + 1) - from);
    single_[b] += per_ns * static_cast<double>(to - start(b));
    if (b > a + 1) {  // the bins between them get the same
      steps_[a + 1] += per_ns * static_cast<double>(width_);
      steps_[b] -= per_ns * static_cast<double>(width_);
    }
  }

  Time width() const { return width_; }
  std::size_t size() const { return single_.size(); }
  Time start(std::size_t bin) const { return (first_ + static_cast<std::int64_t>(bin)) * width_; }
  // Call it last. Up to rounding, the sums of all that was added.
  const std::vector<double>& sums() {
    settle();
    return single_;
  }
  // So that two series can be drawn over the same times.
  void cover(Time from, Time to) {
    while (true) {
      const std::int64_t a = floor_of(from), b = floor_of(to);
      const std::int64_t low = single_.empty() ? a : std::min(a, first_);
      const std::int64_t high =
          single_.empty() ? b : std::max(b, first_ + static_cast<std::int64_t>(single_.size()) - 1);
      if (high - low < static_cast<std::int64_t>(most_bins)) {
        grow(low, high);
        return;
      }
      widen();
    }
  }

  void widen() {
    settle();
    const std::int64_t old_first = first_;
    width_ *= 2;
    first_ = old_first >= 0 ? old_first / 2 : (old_first - 1) / 2;
    std::vector<double> wide;
    for (std::size_t i = 0; i < single_.size(); ++i) {
      const auto at = static_cast<std::size_t>((old_first + static_cast<std::int64_t>(i) - 2 * first_) / 2);
      if (wide.size() <= at) wide.resize(at + 1);
      wide[at] += single_[i];
    }
    single_ = std::move(wide);
    steps_.assign(single_.size() + 1, 0.0);
  }

 private:
  std::int64_t floor_of(Time t) const { return t / width_ - (t % width_ < 0 ? 1 : 0); }
  std::size_t bin(Time t) const { return static_cast<std::size_t>(floor_of(t) - first_); }

  void grow(std::int64_t low, std::int64_t high) {
    if (single_.empty()) first_ = low;
    if (const auto more = static_cast<std::size_t>(first_ - low); more > 0) {
      single_.insert(single_.begin(), more, 0.0);
      steps_.insert(steps_.begin(), more, 0.0);
      first_ = low;
    }
    single_.resize(static_cast<std::size_t>(high - low) + 1);
    steps_.resize(single_.size() + 1);
  }
  void settle() {  // steps become sums
    double level = 0;
    for (std::size_t i = 0; i < single_.size(); ++i) {
      level += steps_[i];
      single_[i] += level;
    }
    std::fill(steps_.begin(), steps_.end(), 0.0);
    for (double& sum : single_) sum = std::max(sum, 0.0);  // what rounding left
  }
  Time width_;              // ns
  std::int64_t first_ = 0;  // number of the first bin, counted from 1970
  std::vector<double> single_, steps_;
};

}  // namespace t2::report
