// What happens when packets' times are not in order, or step.
#include "pipeline/capture_clock.hpp"

namespace t2 {

void CaptureClock::start(Time at) {
  started_ = true;
  recent_.fill(at);
  believed_ = newest_ = previous_ = clock_ = at;
}

// Moves all positions: packets' times are counted in another way from now on.
void CaptureClock::shift(Time by) {
  offset_ = add(offset_, by);
  for (Time& position : recent_) position = add(position, by);
}

// Packets of a time base that was left by a step back may return, say those of an interface whose clock is an hour
// ahead of another's. That is no gap: whether in that base they stand near the clock.
bool CaptureClock::return_to_former(Time lowest) {
  for (std::size_t i = 0; i < std::min(former_count_, former_offsets_.size()); ++i) {
    const Time change = former_offsets_[i] - offset_;
    const Time distance = add(lowest, change) - believed_;
    if (distance > max_late || distance < -max_late) continue;
    former_offsets_[i] = offset_;
    shift(change);
    return true;
  }
  return false;
}

// Outliers: fewer packets than `window` after a large step in one direction, before one in the other.
void CaptureClock::count_outliers(Time at) {
  const bool forward = at > add(previous_, max_late), back = at < add(previous_, -max_late);
  if ((forward && away_ < 0) || (back && away_ > 0)) {
    steps_.outliers += away_packets_;
    away_ = 0;
  } else if (forward || back) {
    away_ = forward ? 1 : -1;
    away_packets_ = 1;
  } else if (away_ != 0 && ++away_packets_ == window) {
    away_ = 0;
  }
}

void CaptureClock::place_unusual(Time at, PacketStamp& stamp) {
  if (!started_) start(at);
  const auto [lowest, highest] = std::minmax_element(recent_.begin(), recent_.end());
  count_outliers(at);
  if (*highest < add(believed_, -max_late)) {  // all of them: the clock was set back
    former_offsets_[former_count_++ % former_offsets_.size()] = offset_;
    shift(believed_ - *highest);
    at = recent_[(next_ + window - 1) % window];
    ++steps_.back;
  } else if (*lowest > add(believed_, max_late)) {  // all of them: time went on, or a former base returns
    if (return_to_former(*lowest)) at = recent_[(next_ + window - 1) % window];
  }
  newest_ = away_ ? INT64_MAX : at;  // away: the next packet comes here, too
  previous_ = at;
  believed_ = std::max(believed_, *std::min_element(recent_.begin(), recent_.end()));
  if (at >= believed_ && at - believed_ <= small_step) believed_ = at;
  if (at < believed_ && at >= add(believed_, -max_late)) late_ = std::max(late_, believed_ - at);
  slack_ = std::max(slack_, late_);
  if (--until_forgetting_ == 0) forget();
  clock_ = std::max(clock_, add(believed_, -slack_));
  stamp.clock = clock_;
  // What is far behind has no position of its own yet.
  stamp.at = at < add(believed_, -max_late) ? believed_ : std::max(at, clock_);
}

void CaptureClock::forget() {
  until_forgetting_ = memory;
  slack_ = late_;
  late_ = 0;
}

Time CaptureClock::pass(Time elapsed) {
  if (!started_ || elapsed <= 0) return clock_;
  // A large step of the last packet alone is not believed here either.
  const Time last = recent_[(next_ + window - 1) % window], before = recent_[(next_ + window - 2) % window];
  believed_ = std::max(believed_, add(std::min(last, before), elapsed));
  return clock_ = std::max(clock_, add(believed_, -slack_));
}

}  // namespace t2
