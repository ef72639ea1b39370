// The messages that were sent last over UDP, and what became of their records: which the collector has read, which were
// refused, which were lost with the collector. Used by the output thread; knows nothing of sockets.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "transport.hpp"

namespace t2::netflow_sink {

class SentLog {
 public:
  static constexpr std::size_t prefix_size = 24;  // bytes that identify a message: its header and what follows

  const DeliveryStats& delivery() const { return delivery_; }
  bool all_read() const { return read_ == next_; }

  // `buffer_cost`: what it occupies in the collector's receive buffer.
  void add(std::span<const std::uint8_t> message, std::size_t buffer_cost, unsigned records);
  void count_templates(std::span<const std::uint8_t> message) {
    ++delivery_.templates, delivery_.template_octets += message.size();
  }
  void count_lost(unsigned records) { delivery_.lost += records; }  // of a message that was not sent

  void begin_session() { session_ = next_; }  // the messages that follow are for another collector
  void update_unread(std::size_t cost);       // so much is unread in the collector's buffer
  void lose_unread();                        // the collector has ended: what it had not read at the last update is lost
  void lose_newest(std::uint32_t messages);  // they found no room in the buffer
  void lose_refused(std::span<const std::uint8_t> prefix);  // an ICMP error quotes the first bytes of a message
  void finish();                                            // what is unread now stays unread, as far as is known

 private:
  static constexpr std::size_t capacity = 8192;  // messages
  struct SentMessage {
    std::array<std::uint8_t, prefix_size> prefix;
    std::size_t buffer_cost;
    unsigned records;  // 0: templates, or already counted as lost
  };
  std::uint64_t oldest() const { return next_ > capacity ? next_ - capacity : 0; }
  std::uint64_t oldest_of_session() const;
  SentMessage& at(std::uint64_t number) { return entries_[number % capacity]; }
  void lose(SentMessage& message);

  // The latest, by number. Not filled with zeros: of most runs few pages are ever used.
  std::unique_ptr<SentMessage[]> entries_ = std::make_unique_for_overwrite<SentMessage[]>(capacity);
  std::uint64_t next_ = 0;     // number of the next message
  std::uint64_t session_ = 0;  // number of the first message for this collector
  std::uint64_t read_ = 0;     // messages with smaller numbers have been read
  DeliveryStats delivery_;
};

}  // namespace t2::netflow_sink
