// From message to block, from session to session.
#include "backlog.hpp"

#include <algorithm>
#include <utility>

#include "fields.hpp"

namespace t2::netflow_sink {

namespace {
constexpr std::size_t plain_block = 64 << 10,
                      protected_block = 16 << 10;    // bytes that leave together; the second: one TLS record
constexpr std::size_t time_at = 4, sequence_at = 8;  // in the header of a message
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

std::span<const std::uint8_t> Backlog::next(bool plain, std::uint64_t written, std::uint32_t seconds) {
  if (block_at_ == block_.size()) fill_block(plain, written, seconds);
  return std::span(block_).subspan(block_at_);
}

void Backlog::fill_block(bool plain, std::uint64_t written, std::uint32_t seconds) {
  block_.clear();
  block_at_ = in_block_ = 0;
  const std::size_t enough = plain ? plain_block : protected_block;
  while (!waiting_.empty() && (block_.empty() || block_.size() + waiting_.front().bytes.size() <= enough)) {
    Message& message = waiting_.front();
    store(&message.bytes[time_at], 4, seconds);
    store(&message.bytes[sequence_at], 4, sequence_);
    sequence_ += message.records + message.options;
    block_.insert(block_.end(), message.bytes.begin(), message.bytes.end());
    if (plain) message.end = written + block_.size();
    delivery_.sent += message.records;
    if (message.again) delivery_.resent += message.records;
    kept_.push_back(std::move(message));
    waiting_.pop_front();
    ++in_block_;
  }
}

void Backlog::took(std::size_t bytes, bool plain, std::uint64_t written) {
  block_at_ += bytes;
  if (plain || block_at_ < block_.size()) return;
  for (std::size_t i = kept_.size() - in_block_; i < kept_.size(); ++i) kept_[i].end = written;
}

bool Backlog::forget(std::uint64_t read) {
  const std::size_t before = kept_.size();
  while (!kept_.empty() && kept_.front().end <= read) kept_.pop_front();
  return kept_.size() < before;
}

void Backlog::end_session(std::uint64_t left) {
  block_.clear();
  block_at_ = in_block_ = 0;
  std::erase_if(waiting_, [](const Message& message) { return message.records == 0; });
  for (; !kept_.empty(); kept_.pop_back()) {
    Message& message = kept_.back();
    if (message.records == 0) continue;
    delivery_.sent -= message.records;
    if (message.again) delivery_.resent -= message.records;
    message.again |= message.end <= left;
    message.end = UINT64_MAX;
    waiting_.push_front(std::move(message));
  }
}

void Backlog::leave(std::uint64_t taken, bool told) {
  for (const Message& message : kept_) {
    if (told && message.end <= taken) delivery_.unread += message.records;
  }
  forget(taken);
}

void Backlog::give_up() {
  for (const Message& message : waiting_) {
    delivery_.lost += message.records;
    if (message.again) delivery_.doubtful += message.records;
  }
  waiting_.clear();
}

}  // namespace t2::netflow_sink
