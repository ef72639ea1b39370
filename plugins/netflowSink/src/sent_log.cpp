// Finds the messages that an event is about and counts their records.
#include "sent_log.hpp"

#include <algorithm>

namespace t2::netflow_sink {

void SentLog::add(std::span<const std::uint8_t> message, std::size_t buffer_cost, unsigned records) {
  SentMessage& entry = at(next_++);
  std::copy_n(message.begin(), prefix_size, entry.prefix.begin());
  entry.buffer_cost = buffer_cost;
  entry.records = records;
  delivery_.sent += records;
}

std::uint64_t SentLog::oldest_of_session() const { return std::max(session_, oldest()); }

// A collector reads in order, so what is unread are the newest messages.
void SentLog::update_unread(std::size_t cost) {
  read_ = next_;
  while (cost > 0 && read_ > oldest_of_session()) {
    --read_;
    cost -= std::min(cost, at(read_).buffer_cost);
  }
}

void SentLog::lose(SentMessage& message) {
  delivery_.sent -= message.records;
  delivery_.lost += message.records;
  message.records = 0;
}

void SentLog::lose_unread() {
  for (std::uint64_t i = std::max(read_, oldest_of_session()); i < next_; ++i) {
    delivery_.doubtful += at(i).records;
    lose(at(i));
  }
  session_ = read_ = next_;
}

void SentLog::lose_newest(std::uint32_t messages) {
  for (std::uint64_t i = next_; messages > 0 && i-- > oldest_of_session();) {
    SentMessage& message = at(i);
    if (message.records == 0) continue;
    delivery_.doubtful += message.records;
    lose(message);
    --messages;
  }
}

void SentLog::lose_refused(std::span<const std::uint8_t> prefix) {
  if (prefix.size() < prefix_size) return lose_newest(1);  // some hosts quote no more than the UDP header
  for (std::uint64_t i = next_; i-- > oldest();) {
    if (std::equal(prefix.begin(), prefix.end(), at(i).prefix.begin())) return lose(at(i));
  }
}

void SentLog::finish() {
  for (std::uint64_t i = std::max(read_, oldest_of_session()); i < next_; ++i) delivery_.unread += at(i).records;
}

}  // namespace t2::netflow_sink
