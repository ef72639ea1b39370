// IPFIX messages on their way over connections that break and are made again: those that wait, those being written, and
// those written that may have to be sent again. Used by the output thread; knows nothing of sockets.
//
// A connection is a session: the templates go first, the sequence begins at 0. Header fields that belong to the session
// are filled in when a message leaves. Positions in a session are counted in bytes that TCP carried.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "transport.hpp"

namespace t2::netflow_sink {

class Backlog {
 public:
  explicit Backlog(std::size_t max_waiting) : max_waiting_(max_waiting) {}

  bool full() const { return waiting_.size() >= max_waiting_; }
  bool all_written() const { return waiting_.empty() && block_written_ == block_.size(); }
  bool none_in_flight() const { return in_flight_.empty(); }  // all messages that were begun have been read
  bool empty() const { return waiting_.empty() && in_flight_.empty(); }
  const DeliveryStats& delivery() const { return delivery_; }

  void add(std::span<const std::uint8_t> message, unsigned records, unsigned options);
  void count_lost(unsigned records) { delivery_.lost += records; }  // of a message that was not added

  void begin_session(const std::vector<std::uint8_t>& templates, unsigned options);
  // The bytes to write next; empty: none. `carried`: bytes that TCP carried so far in this session. `plain`: TCP
  // carries exactly these bytes. `seconds`: wall clock, for the headers.
  std::span<const std::uint8_t> next(bool plain, std::uint64_t carried, std::uint32_t seconds);
  // So many bytes of next() were written; TCP has carried `carried` bytes since then.
  void advance(std::size_t bytes, bool plain, std::uint64_t carried);
  // The collector has read so many carried bytes. Whether that completes a message.
  bool release(std::uint64_t read);
  // The session is over. Messages that were not read wait again, in their old order; those that end within the first
  // `transmitted` bytes may arrive twice.
  void end_session(std::uint64_t transmitted);

  // The end of the run. Messages that the other host has accepted count as sent. `peer_known`: it is known that the
  // collector has not read them.
  void settle(std::uint64_t accepted, bool peer_known);
  void drop_waiting();  // what still waits is lost

 private:
  struct StreamMessage {
    std::vector<std::uint8_t> bytes;
    unsigned records;  // 0: templates or options, which are not sent again
    unsigned options;
    bool resent = false;             // may have arrived over an earlier connection
    std::uint64_t end = UINT64_MAX;  // carried bytes up to its end; maximum: not all of it has been written
  };
  void fill_block(bool plain, std::uint64_t carried, std::uint32_t seconds);
  void clear_block();

  std::size_t max_waiting_;
  std::deque<StreamMessage> waiting_;    // not yet in a block
  std::deque<StreamMessage> in_flight_;  // in a block or written, not known to have been read
  std::vector<std::uint8_t> block_;      // bytes that are written together
  std::size_t block_written_ = 0;        // bytes of it that were written
  std::size_t block_messages_ = 0;       // messages in it; they are the last ones in flight
  std::uint32_t sequence_ = 0;
  DeliveryStats delivery_;
};

}  // namespace t2::netflow_sink
