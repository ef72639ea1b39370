// Looks at the collector's receive buffer, or at the clock.
#include "pacer.hpp"

#include <netinet/in.h>

#include <algorithm>
#include <ctime>

namespace t2::netflow_sink {

namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t shortest_nap = 100'000, longest_nap = 1'000'000;  // ns between two looks at a full buffer
constexpr std::int64_t timeout = second;                                 // without the collector reading anything

std::int64_t monotonic() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * second + t.tv_nsec;
}

void sleep_for(std::int64_t time) {
  const timespec t{time / second, time % second};
  nanosleep(&t, nullptr);
}

}  // namespace

Pacer::Pacer(int socket, unsigned rate) : peer_(socket, IPPROTO_UDP) {
  PeerState view;
  sees_ = peer_.query(view) != PeerStatus::unavailable;
  if (sees_ || rate == 0) return;
  interval_ = second / rate;
  at_once_ = std::clamp(rate / 100, 1u, max_at_once);
}

unsigned Pacer::wait(std::span<const std::size_t> memory, const std::function<void(const PeerState&)>& note) {
  if (sees_) return wait_for_room(memory, note);
  const unsigned count = std::min(static_cast<unsigned>(memory.size()), at_once_);
  if (interval_ > 0) wait_for_turn(count);
  return count;
}

// Fills at most half of the buffer. A message that is larger than that waits until the buffer is empty.
unsigned Pacer::wait_for_room(std::span<const std::size_t> memory, const std::function<void(const PeerState&)>& note) {
  std::size_t all = 0;
  for (const std::size_t m : memory) all += m;
  std::int64_t since = 0, nap = shortest_nap;
  std::uint32_t least = UINT32_MAX;
  for (;;) {
    PeerState view;
    if (peer_.query(view) != PeerStatus::found) return static_cast<unsigned>(memory.size());
    note(view);
    const std::size_t limit = view.size / 2;
    if (view.used == 0 || view.used + std::min(all, limit / 2) <= limit) {  // worth it: not one message after the other
      stalled_ = false;
      unsigned count = 1;
      for (std::size_t sum = view.used + memory[0]; count < memory.size() && sum + memory[count] <= limit; ++count)
        sum += memory[count];
      return count;
    }
    if (stalled_ && view.unread >= left_unread_) return 0;
    const std::int64_t now = monotonic();
    if (view.unread < least) {
      least = view.unread;
      since = now;
    } else if (now - since > timeout) {
      stalled_ = true;
      left_unread_ = view.unread;
      return 0;
    }
    sleep_for(nap);
    nap = std::min(2 * nap, longest_nap);
  }
}

void Pacer::wait_for_turn(unsigned messages) {
  const std::int64_t now = monotonic();
  turn_ = std::max(turn_ + messages * interval_, now - max_at_once * interval_);
  if (turn_ > now) sleep_for(turn_ - now);
}

}  // namespace t2::netflow_sink
