// Bins that intervals are counted in: the longer an interval, the wider its bin.
#pragma once

#include <algorithm>
#include <cstdint>

namespace t2 {

class IntervalBins {
 public:
  static constexpr unsigned max_sections = 6;
  // Of these sections; all longer intervals have one bin more.
  explicit constexpr IntervalBins(unsigned sections) : sections_(sections) {}

  constexpr unsigned of(std::int64_t nanoseconds) const {
    const std::int64_t all = std::max<std::int64_t>(nanoseconds, 0) / 1'000'000;
    const auto ms = static_cast<unsigned>(std::min<std::int64_t>(all, table[max_sections - 1].end));
    if (ms < table[0].end) return ms;  // most are so short: their bins are 1 ms wide
    for (unsigned i = 1; i < sections_; ++i) {
      const Section& s = table[i];
      if (ms < s.end) return s.first_bin + (ms - s.begin) / s.width;
    }
    return count() - 1;
  }
  constexpr unsigned lower_edge(unsigned bin) const {  // ms; of bins behind the last one, too, where that would end
    const Section* s = table;
    while (s + 1 < table + sections_ && bin >= s[1].first_bin) ++s;
    return std::min(s->begin + (bin - s->first_bin) * s->width, s->end);
  }
  constexpr unsigned count() const {
    const Section& last = table[sections_ - 1];
    return last.first_bin + (last.end - last.begin) / last.width + 1;
  }

 private:
  struct Section {
    unsigned begin, end, width, first_bin;  // ms; the end is the next one's begin
  };
  static constexpr Section table[max_sections] = {
      {0, 200, 1, 0},          {200, 400, 5, 200},         {400, 1000, 10, 240},
      {1000, 10'000, 20, 300}, {10'000, 100'000, 50, 750}, {100'000, 1'000'000, 100, 2550}};
  unsigned sections_;
};

}  // namespace t2
