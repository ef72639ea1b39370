// Watches the collector's receive buffer, or the clock.
#include "pacer.hpp"

#include <netinet/in.h>

#include <algorithm>

#include "t2/clock.hpp"

namespace t2::netflow_sink {

namespace {

constexpr Time min_pause = one_second / 10'000, max_pause = one_second / 1000;  // between two looks at a full buffer
constexpr Time stall_timeout = one_second;  // without the collector reading anything

}  // namespace

Pacer::Pacer(int socket, unsigned rate) : peer_(socket, IPPROTO_UDP) {
  PeerState state;
  watches_buffer_ = peer_.query(state) != PeerStatus::unavailable;
  if (watches_buffer_ || rate == 0) return;
  interval_ = one_second / rate;
  batch_size_ = std::clamp(rate / 100, 1u, max_batch);
}

unsigned Pacer::wait(std::span<const QueuedMessage> messages, const Observe& observe) {
  if (watches_buffer_) return wait_for_room(messages, observe);
  const unsigned count = std::min(static_cast<unsigned>(messages.size()), batch_size_);
  if (interval_ > 0) wait_for_turn(count);
  return count;
}

// Fills at most half of the buffer. A message that is larger than that waits until the buffer is empty.
unsigned Pacer::wait_for_room(std::span<const QueuedMessage> messages, const Observe& observe) {
  std::size_t all = 0;
  for (const QueuedMessage& m : messages) all += m.buffer_cost;
  Time progress = 0, pause = min_pause;
  std::uint32_t min_unread = UINT32_MAX;
  for (;;) {
    PeerState state;
    if (peer_.query(state) != PeerStatus::found) return static_cast<unsigned>(messages.size());
    const bool may_wait = observe(state);
    const std::size_t limit = state.size / 2;
    // Waits for room for half of the limit, so that messages do not leave one by one.
    if (state.used == 0 || state.used + std::min(all, limit / 2) <= limit) {
      stalled_ = false;
      unsigned count = 1;
      for (std::size_t sum = state.used + messages[0].buffer_cost;
           count < messages.size() && sum + messages[count].buffer_cost <= limit; ++count)
        sum += messages[count].buffer_cost;
      return count;
    }
    if (!may_wait || (stalled_ && state.unread >= stalled_unread_)) return 0;
    const Time now = steady_clock();
    if (state.unread < min_unread) {
      min_unread = state.unread;
      progress = now;
    } else if (now - progress > stall_timeout) {
      stalled_ = true;
      stalled_unread_ = state.unread;
      return 0;
    }
    sleep_for(pause);
    pause = std::min(2 * pause, max_pause);
  }
}

void Pacer::wait_for_turn(unsigned messages) {
  const Time now = steady_clock();
  due_ = std::max(due_ + messages * interval_, now - max_batch * interval_);
  if (due_ > now) sleep_for(due_ - now);
}

}  // namespace t2::netflow_sink
