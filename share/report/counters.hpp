// Sums by name, and a distribution. Used by one thread.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace t2::report {

// Sums for so many different names; further ones share one. Deterministic: depends on the rows and their order alone.
template <class Value>
class ByName {
 public:
  explicit ByName(std::size_t most = 1'000'000) : most_(most) {}
  Value& operator[](std::string_view name) {
    if (const auto found = values_.find(name); found != values_.end()) return found->second;
    if (values_.size() >= most_) {
      overflowed_ = true;
      return rest_;
    }
    return values_.emplace(std::string(name), Value{}).first->second;
  }
  std::size_t size() const { return values_.size(); }
  bool overflowed() const { return overflowed_; }
  // The first n by `weight`; equal ones by name.
  template <class Weight>
  std::vector<std::pair<std::string_view, const Value*>> top(std::size_t n, Weight weight) const {
    std::vector<std::pair<std::string_view, const Value*>> all;
    all.reserve(values_.size());
    for (const auto& [name, value] : values_) all.emplace_back(name, &value);
    n = std::min(n, all.size());
    std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(n), all.end(),
                      [&](const auto& a, const auto& b) {
                        const auto x = weight(*a.second), y = weight(*b.second);
                        return x != y ? x > y : a.first < b.first;
                      });
    all.resize(n);
    return all;
  }

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  std::unordered_map<std::string, Value, Hash, std::equal_to<>> values_;
  Value rest_{};
  std::size_t most_;
  bool overflowed_ = false;
};

// Quantiles of positive numbers, right to 3 %: counts in bins that grow by that.
class Distribution {
 public:
  void add(double value) {
    const double at = std::log(value / least) / std::log(step);
    ++counts_[static_cast<std::size_t>(std::clamp(at, 0.0, static_cast<double>(bins - 1)))];
    ++count_;
  }
  std::uint64_t count() const { return count_; }
  double quantile(double share) const {
    const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < bins; ++i) {
      seen += counts_[i];
      if (seen >= wanted && seen > 0) return least * std::pow(step, static_cast<double>(i) + 0.5);
    }
    return 0;
  }

 private:
  static constexpr double least = 1e-7, step = 1.06;  // seconds
  static constexpr std::size_t bins = 400;
  std::array<std::uint64_t, bins> counts_{};
  std::uint64_t count_ = 0;
};

}  // namespace t2::report
