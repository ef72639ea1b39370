// Keeps the sender from overrunning the collector: UDP has no flow control, and a capture file is analysed faster than
// a collector stores flows. On the same machine the kernel tells how full the collector's receive buffer is; elsewhere
// a rate limit applies, with bursts of max_batch messages. The output thread uses it; it waits at most as long as the
// collector reads nothing for a second.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "peer_socket.hpp"
#include "send_batch.hpp"
#include "t2/packet.hpp"

namespace t2::netflow_sink {

class Pacer {
 public:
  using Observe = std::function<bool(const PeerState&)>;  // false: wait no more

  // A connected UDP socket; `rate` in messages per second, 0: no limit.
  Pacer(int socket, unsigned rate);

  // Waits until some of these messages may leave. How many; 0: the collector does not read, and its buffer stays full,
  // or `observe` ended the wait. It gets each state of the collector's socket that was seen meanwhile.
  unsigned wait(std::span<const QueuedMessage> messages, const Observe& observe);
  PeerStatus query(PeerState& state) const { return peer_.query(state); }
  bool watches_buffer() const { return watches_buffer_; }
  bool stalled() const { return stalled_; }
  unsigned batch_size() const { return batch_size_; }

 private:
  unsigned wait_for_room(std::span<const QueuedMessage> messages, const Observe& observe);
  void wait_for_turn(unsigned messages);

  PeerSocket peer_;
  bool watches_buffer_;
  unsigned batch_size_ = max_batch;
  bool stalled_ = false;              // the collector does not read: no more waiting until it does
  std::uint32_t stalled_unread_ = 0;  // bytes that were unread then
  Time interval_ = 0;                 // between messages
  Time due_ = 0;                      // steady clock at which the next message may leave
};

}  // namespace t2::netflow_sink
