// The run's clock, made from the packets' times. It says which flows have ended, and must never run backwards.
//
// Capture times are not always in order: several interfaces and multi-path links reorder by seconds, a clock is set, a
// list names files in the wrong order, one packet bears the time of tomorrow. So the clock follows a packet at once
// only if that is a small step; a larger step is believed when `window` packets in a row have made it. After a step
// back the packets' positions are shifted, so that the clock goes on from where it was. It stays behind the packets by
// as much as recent packets were late, so that none comes after its flow has been ended.
//
// The clock depends on the packets' times alone, and costs the same whatever they are. Used by the reader thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "capture/block.hpp"

namespace t2 {

class CaptureClock {
 public:
  static constexpr Time small_step = one_second;     // forward; believed at once
  static constexpr Time max_late = 10 * one_second;  // beyond that a packet is not late: the clock was set back
  static constexpr std::size_t window = 3;           // packets that make a large step believable

  struct Steps {
    std::uint64_t back = 0;      // times that the clock was set back
    std::uint64_t outliers = 0;  // packets whose times were far from those around them
  };

  // Where the next packet stands; `number` is left alone.
  [[gnu::always_inline]] void place(Time time, PacketStamp& stamp) {
    const Time at = add(time, offset_);
    recent_[next_] = at;
    next_ = (next_ + 1) % window;
    if (at >= newest_ && at >= believed_ && at - believed_ <= small_step) [[likely]] {
      believed_ = newest_ = previous_ = at;
      if (--until_forgetting_ == 0) [[unlikely]]
        forget();
      clock_ = std::max(clock_, at - slack_);
      stamp.clock = clock_;
      stamp.at = at;
      return;
    }
    place_unusual(at, stamp);
  }
  // Live input: no packet came for this long. Returns the clock.
  Time pass(Time elapsed);
  Time now() const { return clock_; }
  // When the input has ended: the largest position.
  Time end() const { return started_ ? std::max(believed_, *std::max_element(recent_.begin(), recent_.end())) : 0; }
  const Steps& steps() const { return steps_; }

 private:
  static Time add(Time a, Time b) {
    Time sum;
    if (__builtin_add_overflow(a, b, &sum)) sum = b > 0 ? limit : -limit;
    return std::clamp(sum, -limit, limit);
  }
  [[gnu::noinline]] void place_unusual(Time at, PacketStamp& stamp);
  [[gnu::noinline]] void forget();
  void start(Time at);
  void shift(Time by);
  void count_outliers(Time at);
  bool return_to_former(Time lowest);

  static constexpr Time limit = INT64_MAX - (Time{1} << 55);  // of positions: timeouts of up to a year can be added
  static constexpr std::uint32_t memory = 1 << 16;            // packets after which it is forgotten how late some were
  bool started_ = false;
  Time offset_ = 0;            // from a packet's time to its position
  Time believed_ = INT64_MAX;  // the largest position that is believed
  Time newest_ = INT64_MAX;    // from here on a small step is usual
  Time previous_ = INT64_MAX;  // position of the packet before
  Time clock_ = INT64_MIN;
  Time slack_ = 0, late_ = 0;  // how much recent packets were late, at most; those since the last forget()
  std::uint32_t until_forgetting_ = memory;
  std::array<Time, window> recent_{};     // positions of the last packets, a ring
  std::size_t next_ = 0;                  // in it
  int away_ = 0;                          // a large step forward (1) or back (-1), less than `window` packets ago
  std::size_t away_packets_ = 0;          // since that step
  std::array<Time, 4> former_offsets_{};  // before steps back, a ring: packets of that time base may return
  std::size_t former_count_ = 0;
  Steps steps_;
};

}  // namespace t2
