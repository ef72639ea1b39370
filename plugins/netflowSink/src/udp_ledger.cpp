// Which messages are meant, and what follows for the books.
#include "udp_ledger.hpp"

#include <algorithm>

namespace netflow {

void Ledger::sent(std::span<const std::uint8_t> message, std::size_t memory, unsigned records) {
  Sent& s = at(number_++);
  std::copy_n(message.begin(), head_size, s.head.begin());
  s.memory = memory;
  s.records = records;
  books_.sent += records;
}

std::uint64_t Ledger::oldest() const { return std::max(session_, number_ > remembered ? number_ - remembered : 0); }

void Ledger::unread(std::size_t memory) {
  read_ = number_;
  while (memory > 0 && read_ > oldest()) {
    --read_;
    memory -= std::min(memory, at(read_).memory);
  }
}

void Ledger::lose(Sent& s) {
  books_.sent -= s.records;
  books_.lost += s.records;
  s.records = 0;
}

void Ledger::lose_unread() {
  for (std::uint64_t i = std::max(read_, oldest()); i < number_; ++i) {
    books_.doubtful += at(i).records;
    lose(at(i));
  }
  session_ = read_ = number_;
}

void Ledger::lose_newest(std::uint32_t count) {
  for (std::uint64_t i = number_; count > 0 && i-- > oldest();) {
    Sent& s = at(i);
    if (s.records == 0) continue;
    books_.doubtful += s.records;
    lose(s);
    --count;
  }
}

void Ledger::take_back(std::span<const std::uint8_t> head) {
  if (head.size() < head_size) return lose_newest(1);  // some hosts quote no more than the UDP header
  for (std::uint64_t i = number_, end = number_ > remembered ? number_ - remembered : 0; i-- > end;) {
    if (std::equal(head.begin(), head.end(), at(i).head.begin())) return lose(at(i));
  }
}

void Ledger::close() {
  for (std::uint64_t i = std::max(read_, oldest()); i < number_; ++i) books_.unread += at(i).records;
}

}  // namespace netflow
