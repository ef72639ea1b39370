// Bytes of messages.
#include "message.hpp"

#include <algorithm>
#include <cstring>

namespace netflow {

namespace {

constexpr std::size_t set_header_size = 4;
constexpr std::uint16_t enterprise_bit = 0x8000;

constexpr std::size_t header_size(Version version) { return version == Version::ipfix ? 16 : 20; }
constexpr std::uint16_t template_set(Version version) { return version == Version::ipfix ? 2 : 0; }

// NetFlow 9 wants sets of whole 32-bit words. IPFIX does not, and some readers stumble over bytes that need not be there.
constexpr std::size_t padded(Version version, std::size_t size) { return version == Version::ipfix ? size : (size + 3) / 4 * 4; }

// `size` of the whole message; `records` of templates or data, not sets.
void put_header(std::uint8_t* at, Version version, std::size_t size, std::size_t records, const Header& header) {
  const auto put = [&at](std::size_t bytes, std::uint64_t value) {
    store(at, bytes, value);
    at += bytes;
  };
  put(2, static_cast<std::uint16_t>(version));
  if (version == Version::ipfix) {
    put(2, size);
  } else {
    put(2, records);
    put(4, header.uptime);
  }
  put(4, header.seconds);
  put(4, header.sequence);
  put(4, header.source);
}

void put_set_header(std::uint8_t* at, std::uint16_t id, std::size_t size) {
  store(at, 2, id);
  store(at + 2, 2, size);
}

std::size_t specifier_size(const Field& field) { return field.enterprise ? 8 : 4; }

}  // namespace

std::vector<std::uint8_t> template_message(std::span<const Template> templates, const Header& header) {
  const Version version = templates.front().version;
  const std::size_t head = header_size(version);
  std::size_t size = head + set_header_size;
  for (const Template& t : templates) {
    size += 4;
    for (const Field& field : t.fields) size += specifier_size(field);
  }
  std::vector<std::uint8_t> message(size);
  put_header(message.data(), version, size, templates.size(), header);
  put_set_header(&message[head], template_set(version), size - head);
  std::uint8_t* at = &message[head] + set_header_size;
  const auto put = [&at](std::size_t bytes, std::size_t value) {
    store(at, bytes, value);
    at += bytes;
  };
  for (const Template& t : templates) {
    put(2, t.id);
    put(2, t.fields.size());
    for (const Field& field : t.fields) {
      put(2, field.enterprise ? field.element | enterprise_bit : field.element);
      put(2, field.length);
      if (field.enterprise) put(4, field.enterprise);
    }
  }
  return message;
}

DataMessage::DataMessage(const Template& layout, std::size_t size, unsigned most) : layout_(&layout), header_size_(header_size(layout.version)) {
  std::size_t fit = size / layout.record_size;
  while (fit > 0 && header_size_ + set_size(fit) > size) --fit;
  most_ = static_cast<unsigned>(std::clamp<std::size_t>(fit, 1, std::max(1u, most)));
  bytes_.resize(header_size_ + set_size(most_));
}

std::size_t DataMessage::set_size(std::size_t records) const {
  return set_header_size + padded(layout_->version, records * layout_->record_size);
}

void DataMessage::add(const Record& record) {
  layout_->put(&bytes_[header_size_ + set_header_size + count_ * layout_->record_size], record);
  ++count_;
}

std::span<const std::uint8_t> DataMessage::finish(const Header& header) {
  const std::size_t set = set_size(count_), size = header_size_ + set, end = header_size_ + set_header_size + count_ * layout_->record_size;
  put_header(bytes_.data(), layout_->version, size, count_, header);
  put_set_header(&bytes_[header_size_], layout_->id, set);
  std::memset(bytes_.data() + end, 0, size - end);
  return std::span(bytes_).first(size);
}

}  // namespace netflow
