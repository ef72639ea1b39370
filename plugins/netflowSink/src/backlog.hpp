// Messages of IPFIX on their way over connections that come and go, and what is known about their records: what waits,
// what is being written, and what was written and may have to be sent again. Knows nothing of sockets.
//
// A connection is a session: the templates go first, the sequence begins at 0. Header fields that belong to the session
// are filled in when a message leaves. How far a session is, is counted in bytes that TCP carried.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "transport.hpp"

namespace t2::netflow_sink {

class Backlog {
 public:
  explicit Backlog(std::size_t max_waiting) : limit_(max_waiting) {}

  bool full() const { return waiting_.size() >= limit_; }
  bool all_written() const { return waiting_.empty() && block_at_ == block_.size(); }
  bool none_in_flight() const { return kept_.empty(); }  // all that was begun to be written has been read
  bool empty() const { return waiting_.empty() && kept_.empty(); }
  const DeliveryStats& delivery() const { return delivery_; }

  void add(std::span<const std::uint8_t> message, unsigned records, unsigned options);
  void lose(unsigned records) { delivery_.lost += records; }

  void begin_session(const std::vector<std::uint8_t>& templates, unsigned options);
  // The bytes to write next; empty: none. `written`: bytes that TCP carried so far. `plain`: it carries exactly these
  // bytes.
  std::span<const std::uint8_t> next(bool plain, std::uint64_t written, std::uint32_t seconds);
  // So many of them were taken.
  void took(std::size_t bytes, bool plain, std::uint64_t written);
  // What ends before this has been read. Whether that is news.
  bool forget(std::uint64_t read);
  // The session is over. What has not been read waits again, in its old order; what has left, up to here, may arrive
  // twice.
  void end_session(std::uint64_t left);

  // The end: what the other host has taken counts as sent; `told`: that it was not read is known.
  void leave(std::uint64_t taken, bool told);
  void give_up();  // what still waits is lost

 private:
  struct Message {
    std::vector<std::uint8_t> bytes;
    unsigned records;  // 0: templates, or options: neither is sent again
    unsigned options;
    bool again = false;              // may have arrived on an earlier connection
    std::uint64_t end = UINT64_MAX;  // where it ends in what TCP carried; last: not all of it has left
  };
  void fill_block(bool plain, std::uint64_t written, std::uint32_t seconds);

  std::size_t limit_;
  std::deque<Message> waiting_;              // not yet in a block
  std::deque<Message> kept_;                 // in a block or written, not known to have been read
  std::vector<std::uint8_t> block_;          // leaves together
  std::size_t block_at_ = 0, in_block_ = 0;  // bytes of it that have left; messages, the last ones kept
  std::uint32_t sequence_ = 0;
  DeliveryStats delivery_;
};

}  // namespace t2::netflow_sink
