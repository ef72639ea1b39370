// Which messages are meant, and what follows for the books.
#include "sent_log.hpp"

#include <algorithm>

namespace t2::netflow_sink {

void SentLog::sent(std::span<const std::uint8_t> message, std::size_t memory, unsigned records) {
  Sent& s = at(number_++);
  std::copy_n(message.begin(), head_size, s.head.begin());
  s.memory = memory;
  s.records = records;
  delivery_.sent += records;
}

std::uint64_t SentLog::oldest() const { return std::max(session_, number_ > remembered ? number_ - remembered : 0); }

void SentLog::unread(std::size_t memory) {
  read_ = number_;
  while (memory > 0 && read_ > oldest()) {
    --read_;
    memory -= std::min(memory, at(read_).memory);
  }
}

void SentLog::lose(Sent& s) {
  delivery_.sent -= s.records;
  delivery_.lost += s.records;
  s.records = 0;
}

void SentLog::lose_unread() {
  for (std::uint64_t i = std::max(read_, oldest()); i < number_; ++i) {
    delivery_.doubtful += at(i).records;
    lose(at(i));
  }
  session_ = read_ = number_;
}

void SentLog::lose_newest(std::uint32_t count) {
  for (std::uint64_t i = number_; count > 0 && i-- > oldest();) {
    Sent& s = at(i);
    if (s.records == 0) continue;
    delivery_.doubtful += s.records;
    lose(s);
    --count;
  }
}

void SentLog::take_back(std::span<const std::uint8_t> head) {
  if (head.size() < head_size) return lose_newest(1);  // some hosts quote no more than the UDP header
  for (std::uint64_t i = number_, end = number_ > remembered ? number_ - remembered : 0; i-- > end;) {
    if (std::equal(head.begin(), head.end(), at(i).head.begin())) return lose(at(i));
  }
}

void SentLog::close() {
  for (std::uint64_t i = std::max(read_, oldest()); i < number_; ++i) delivery_.unread += at(i).records;
}

}  // namespace t2::netflow_sink
