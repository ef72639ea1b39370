// A line on the terminal about a run that takes longer: share of the input, speed, flows, time left. Used by the main
// thread; the log takes the line away when it has something to say.
#pragma once

#include <cstdint>

#include "capture/source.hpp"
#include "t2/clock.hpp"

namespace t2 {

class Progress {
 public:
  static bool is_wanted();  // standard error is a terminal
  // After each block; shown after two seconds, twice in a second.
  void update(const Source& source, std::uint64_t packets, std::uint64_t flows);

 private:
  static constexpr Time delay = 2 * one_second, interval = one_second / 2;
  Time begin_ = steady_clock(), next_ = begin_ + delay;
  Time last_ = begin_;
  std::uint64_t last_packets_ = 0;
};

}  // namespace t2
