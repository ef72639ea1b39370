// Keeps the sender from running over the collector: UDP has no flow control, and a capture file is analysed faster than
// a collector stores flows.
//
// On the same machine the kernel tells how full the collector's receive buffer is (sock_diag). Elsewhere a rate limit
// with room for short bursts has to do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace netflow {

class Pacer {
 public:
  // A connected UDP socket; `rate` in messages per second, 0: no limit.
  Pacer(int socket, unsigned rate);
  ~Pacer();
  Pacer(const Pacer&) = delete;
  Pacer& operator=(const Pacer&) = delete;

  void wait(std::size_t bytes);  // until a message of this size may go
  std::uint64_t overflowed();    // messages that the collector's buffer has not taken since the start

 private:
  struct Buffer {
    std::uint32_t used = 0, size = 0, dropped = 0;
  };
  enum class Sight { seen, nobody, blind };  // blind: the kernel does not tell
  void prepare_question(int socket);
  Sight look(Buffer& buffer);
  void wait_for_room(std::size_t need);
  void wait_for_turn();

  int netlink_ = -1;
  std::vector<std::uint8_t> question_;
  std::size_t room_ = 0;         // bytes that may be sent without looking again
  std::int64_t looked_ = 0;      // monotonic clock
  bool stalled_ = false;         // the collector does not read: no more waiting until it does
  bool known_ = false;           // dropped_ was set
  std::uint32_t dropped_ = 0, overflowed_ = 0;
  std::int64_t interval_ = 0;    // ns between messages
  std::int64_t turn_ = 0;        // monotonic clock at which the next message is due
};

}  // namespace netflow
