// Bytes of NetFlow 9 messages.
#include "message.hpp"

#include <algorithm>
#include <cstring>

namespace netflow {

namespace {

constexpr std::size_t header_size = 20, set_header_size = 4;
constexpr std::uint16_t version = 9, template_set = 0;

constexpr std::size_t padded(std::size_t size) { return (size + 3) / 4 * 4; }

void put_header(std::uint8_t* at, std::size_t records, const Header& header) {
  store(at, 2, version);
  store(at + 2, 2, records);  // of templates or data, not FlowSets
  store(at + 4, 4, header.uptime);
  store(at + 8, 4, header.seconds);
  store(at + 12, 4, header.sequence);
  store(at + 16, 4, header.source);
}

void put_set_header(std::uint8_t* at, std::uint16_t id, std::size_t size) {
  store(at, 2, id);
  store(at + 2, 2, size);
}

}  // namespace

std::vector<std::uint8_t> template_message(std::span<const Template> templates, const Header& header) {
  std::size_t size = header_size + set_header_size;
  for (const Template& t : templates) size += 4 + 4 * t.fields.size();
  std::vector<std::uint8_t> message(size);
  put_header(message.data(), templates.size(), header);
  put_set_header(&message[header_size], template_set, size - header_size);
  std::uint8_t* at = &message[header_size] + set_header_size;
  const auto put = [&at](std::size_t value) {
    store(at, 2, value);
    at += 2;
  };
  for (const Template& t : templates) {
    put(t.id);
    put(t.fields.size());
    for (const Field& field : t.fields) {
      put(field.element);
      put(field.length);
    }
  }
  return message;
}

DataMessage::DataMessage(const Template& layout, std::size_t size, unsigned most) : layout_(&layout) {
  const std::size_t head = header_size + set_header_size;
  std::size_t fit = size > head ? (size - head) / layout.record_size : 0;
  while (fit > 0 && head + padded(fit * layout.record_size) > size) --fit;
  most_ = static_cast<unsigned>(std::clamp<std::size_t>(fit, 1, std::max(1u, most)));
  bytes_.resize(head + padded(most_ * layout.record_size));
}

void DataMessage::add(const Record& record) {
  layout_->put(&bytes_[header_size + set_header_size + count_ * layout_->record_size], record);
  ++count_;
}

std::span<const std::uint8_t> DataMessage::finish(const Header& header) {
  const std::size_t content = count_ * layout_->record_size, set = set_header_size + padded(content);
  put_header(bytes_.data(), count_, header);
  put_set_header(&bytes_[header_size], layout_->id, set);
  std::memset(bytes_.data() + header_size + set_header_size + content, 0, padded(content) - content);
  return std::span(bytes_).first(header_size + set);
}

}  // namespace netflow
