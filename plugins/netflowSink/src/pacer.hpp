// Keeps the sender from running over the collector: UDP has no flow control, and a capture file is analysed faster than
// a collector stores flows.
//
// On the same machine the kernel tells how full the collector's receive buffer is. Elsewhere a rate limit with room for
// short bursts has to do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "peer_socket.hpp"

namespace t2::netflow_sink {

constexpr unsigned max_at_once = 32;  // messages

class Pacer {
 public:
  // A connected UDP socket; `rate` in messages per second, 0: no limit.
  Pacer(int socket, unsigned rate);

  // How many of these messages may go; waits until some may. 0: the collector does not read, and its buffer stays full.
  // `memory`: what each takes in that buffer. `note` gets everything that is seen meanwhile.
  unsigned wait(std::span<const std::size_t> memory, const std::function<void(const PeerState&)>& note);
  PeerStatus query(PeerState& view) const { return peer_.query(view); }
  bool sees() const { return sees_; }
  bool stalled() const { return stalled_; }
  unsigned at_once() const { return at_once_; }

 private:
  unsigned wait_for_room(std::span<const std::size_t> memory, const std::function<void(const PeerState&)>& note);
  void wait_for_turn(unsigned messages);

  PeerSocket peer_;
  bool sees_;
  unsigned at_once_ = max_at_once;
  bool stalled_ = false;           // the collector does not read: no more waiting until it does
  std::uint32_t left_unread_ = 0;  // when it stalled
  std::int64_t interval_ = 0;      // ns between messages
  std::int64_t turn_ = 0;          // monotonic clock at which the next message is due
};

}  // namespace t2::netflow_sink
