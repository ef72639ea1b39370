// The messages that were sent last over UDP, and what became of their records: which the collector has read, which came
// back, which were lost with it. Knows nothing of sockets.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "transport.hpp"

namespace t2::netflow_sink {

class SentLog {
 public:
  static constexpr std::size_t head_size = 24;  // bytes by which a message is recognised: its header and what follows

  SentLog() : sent_(remembered) {}
  const DeliveryStats& delivery() const { return delivery_; }
  bool all_read() const { return read_ == number_; }

  void sent(std::span<const std::uint8_t> message, std::size_t memory,
            unsigned records);  // memory: in the collector's buffer
  void sent_templates(std::span<const std::uint8_t> message) {
    ++delivery_.templates, delivery_.template_octets += message.size();
  }
  void lose(unsigned records) { delivery_.lost += records; }  // of a message that was not sent

  void begin_session() { session_ = number_; }  // what follows is for another collector
  void unread(std::size_t memory);              // so much waits in the collector's buffer
  void
  lose_unread();  // the collector is gone, with what it had not read when it was looked at last, and what came since
  void lose_newest(std::uint32_t count);               // messages that did not fit into the buffer
  void take_back(std::span<const std::uint8_t> head);  // a message that nobody took: its first bytes
  void close();                                        // what is unread now will stay so, as far as is known

 private:
  static constexpr std::size_t remembered = 8192;  // messages
  struct Sent {
    std::array<std::uint8_t, head_size> head{};
    std::size_t memory = 0;
    unsigned records = 0;  // 0: templates, or known to be lost
  };
  std::uint64_t oldest() const;
  Sent& at(std::uint64_t number) { return sent_[number % remembered]; }
  void lose(Sent& s);

  std::vector<Sent> sent_;     // the latest, by number
  std::uint64_t number_ = 0;   // of the next message
  std::uint64_t session_ = 0;  // number of the first message for this collector
  std::uint64_t read_ = 0;     // the messages before have been read
  DeliveryStats delivery_;
};

}  // namespace t2::netflow_sink
