// Moves messages between the states waiting, in flight and read, and counts their records.
#include "backlog.hpp"

#include <utility>

#include "wire.hpp"

namespace t2::netflow_sink {

namespace {

// Bytes that are written together; with TLS that is one TLS record.
constexpr std::size_t max_block(bool plain) { return plain ? 64 << 10 : 16 << 10; }

}  // namespace

void Backlog::add(std::span<const std::uint8_t> message, unsigned records, unsigned options) {
  waiting_.push_back({{message.begin(), message.end()}, records, options});
}

void Backlog::begin_session(const std::vector<std::uint8_t>& templates, unsigned options) {
  sequence_ = 0;
  ++delivery_.templates;
  delivery_.template_octets += templates.size();
  waiting_.push_front({templates, 0, options});
}

std::span<const std::uint8_t> Backlog::next(bool plain, std::uint64_t carried, std::uint32_t seconds) {
  if (block_written_ == block_.size()) fill_block(plain, carried, seconds);
  return std::span(block_).subspan(block_written_);
}

void Backlog::clear_block() {
  block_.clear();
  block_written_ = block_messages_ = 0;
}

void Backlog::fill_block(bool plain, std::uint64_t carried, std::uint32_t seconds) {
  clear_block();
  while (!waiting_.empty() && (block_.empty() || block_.size() + waiting_.front().bytes.size() <= max_block(plain))) {
    StreamMessage& message = waiting_.front();
    const HeaderView view(message.bytes);
    MessageHeader header = view.read();
    header.seconds = seconds;
    header.sequence = sequence_;
    view.write(header);
    sequence_ += message.records + message.options;
    block_.insert(block_.end(), message.bytes.begin(), message.bytes.end());
    if (plain) message.end = carried + block_.size();
    delivery_.sent += message.records;
    if (message.resent) delivery_.resent += message.records;
    in_flight_.push_back(std::move(message));
    waiting_.pop_front();
    ++block_messages_;
  }
}

// Encryption hides where a message ends in what TCP carries: all messages of a block end where the block ends.
void Backlog::advance(std::size_t bytes, bool plain, std::uint64_t carried) {
  block_written_ += bytes;
  if (plain || block_written_ < block_.size()) return;
  for (std::size_t i = in_flight_.size() - block_messages_; i < in_flight_.size(); ++i) in_flight_[i].end = carried;
}

bool Backlog::release(std::uint64_t read) {
  const std::size_t before = in_flight_.size();
  while (!in_flight_.empty() && in_flight_.front().end <= read) in_flight_.pop_front();
  return in_flight_.size() < before;
}

void Backlog::end_session(std::uint64_t transmitted) {
  clear_block();
  std::erase_if(waiting_, [](const StreamMessage& message) { return message.records == 0; });
  for (; !in_flight_.empty(); in_flight_.pop_back()) {
    StreamMessage& message = in_flight_.back();
    if (message.records == 0) continue;
    delivery_.sent -= message.records;
    if (message.resent) delivery_.resent -= message.records;
    message.resent |= message.end <= transmitted;
    message.end = UINT64_MAX;
    waiting_.push_front(std::move(message));
  }
}

void Backlog::settle(std::uint64_t accepted, bool peer_known) {
  for (const StreamMessage& message : in_flight_) {
    if (peer_known && message.end <= accepted) delivery_.unread += message.records;
  }
  release(accepted);
}

void Backlog::drop_waiting() {
  for (const StreamMessage& message : waiting_) {
    delivery_.lost += message.records;
    if (message.resent) delivery_.doubtful += message.records;
  }
  waiting_.clear();
}

}  // namespace t2::netflow_sink
