// Writes messages byte by byte.
#include "message.hpp"

#include <algorithm>
#include <cstring>

namespace t2::netflow_sink {

namespace {

constexpr std::size_t set_header_size = 4, template_header_size = 4;
constexpr std::uint16_t enterprise_bit = 0x8000;

// NetFlow 9 wants sets of whole 32-bit words. IPFIX does not, and some collectors stumble over padding.
constexpr std::size_t padded(Version version, std::size_t size) {
  return version == Version::ipfix ? size : (size + 3) / 4 * 4;
}

void put_header(std::span<std::uint8_t> message, Version version, std::size_t records, const MessageHeader& header) {
  const HeaderView view(message);
  view.begin(version, message.size(), records);
  view.write(header);
}

std::size_t specifiers_size(const Template& t) {
  std::size_t size = template_header_size;
  for (const auto* fields : {&t.fields, &t.lists})
    for (const Field& field : *fields) size += field.enterprise ? 8 : 4;
  return size;
}

}  // namespace

MessageWriter::MessageWriter(Version version) : version_(version), bytes_(header_size(version)) {}

void MessageWriter::put(std::size_t size, std::uint64_t value) {
  bytes_.resize(bytes_.size() + size);
  store(&bytes_[bytes_.size() - size], size, value);
}

void MessageWriter::begin_set(std::uint16_t id) {
  set_ = bytes_.size();
  put(2, id);
  put(2, 0);
}

void MessageWriter::end_set() {
  bytes_.resize(set_ + padded(version_, bytes_.size() - set_));
  store(&bytes_[set_ + 2], 2, bytes_.size() - set_);
}

void MessageWriter::add_templates(std::span<const Template> templates) {
  begin_set(version_ == Version::ipfix ? 2 : 0);
  for (const Template& t : templates) {
    put(2, t.id);
    put(2, t.fields.size() + t.lists.size());
    for (const auto* fields : {&t.fields, &t.lists}) {
      for (const Field& field : *fields) {
        put(2, field.enterprise ? field.element | enterprise_bit : field.element);
        put(2, field.length);
        if (field.enterprise) put(4, field.enterprise);
      }
    }
    ++records_;
  }
  end_set();
}

// Makes a set of its own: nfcapd reads the first options template of a set only.
void MessageWriter::add_options_template(const OptionsRecords& options) {
  begin_set(version_ == Version::ipfix ? 3 : 1);
  put(2, options.id);
  if (version_ == Version::ipfix) {  // numbers of fields
    put(2, options.fields.size());
    put(2, options.scopes);
  } else {  // bytes
    put(2, 4 * options.scopes);
    put(2, 4 * (options.fields.size() - options.scopes));
  }
  for (const OptionsField& field : options.fields) {
    put(2, field.element);
    put(2, field.length);
  }
  ++records_;
  end_set();
}

void MessageWriter::add_options(const OptionsRecords& options) {
  begin_set(options.id);
  bytes_.insert(bytes_.end(), options.bytes.begin(), options.bytes.end());
  records_ += options.records;
  data_records_ += options.records;
  end_set();
}

std::span<const std::uint8_t> MessageWriter::finish(const MessageHeader& header) {
  put_header(bytes_, version_, records_, header);
  return bytes_;
}

std::size_t template_message_size(std::span<const Template> templates, std::size_t limit, std::size_t& count) {
  std::size_t size = header_size(templates.front().version) + set_header_size + specifiers_size(templates.front());
  for (count = 1; count < templates.size(); ++count) {
    const std::size_t more = specifiers_size(templates[count]);
    if (size + more > limit) break;
    size += more;
  }
  return size;
}

DataMessage::DataMessage(const Template& layout, std::size_t size, unsigned max_records)
    : layout_(&layout), header_size_(header_size(layout.version)) {
  std::size_t fit = size / layout.max_record_size;
  while (fit > 0 && header_size_ + set_size(fit * layout.max_record_size) > size) --fit;
  max_ = std::max(1u, max_records);
  room_ = std::clamp<std::size_t>(fit, 1, max_) * layout.max_record_size;
  const std::size_t headers = header_size_ + set_header_size;
  if (!layout.lists.empty() && size > headers) room_ = std::max(room_, size - headers);  // of shorter records more fit
  bytes_.resize(header_size_ + set_size(room_));
}

std::size_t DataMessage::set_size(std::size_t bytes) const { return set_header_size + padded(layout_->version, bytes); }

bool DataMessage::full() const { return count_ == max_ || used_ + layout_->max_record_size > room_; }

void DataMessage::add(std::span<const std::uint8_t> record, std::uint64_t flow_id) {
  std::uint8_t* at = &bytes_[header_size_ + set_header_size + used_];
  std::memcpy(at, record.data(), record.size());
  if (layout_->flow_id != Template::none) store(at + layout_->flow_id, 8, flow_id);
  used_ += record.size();
  ++count_;
}

std::span<const std::uint8_t> DataMessage::finish(const MessageHeader& header) {
  const std::size_t set = set_size(used_), size = header_size_ + set, end = header_size_ + set_header_size + used_;
  put_header(std::span(bytes_).first(size), layout_->version, count_, header);
  store(&bytes_[header_size_], 2, layout_->id);
  store(&bytes_[header_size_ + 2], 2, set);
  std::memset(bytes_.data() + end, 0, size - end);
  return std::span(bytes_).first(size);
}

}  // namespace t2::netflow_sink
