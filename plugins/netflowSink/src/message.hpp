// Messages of NetFlow 9 (RFC 3954) and IPFIX (RFC 7011): a header, then sets of templates, of the records of one
// template, or of options records. The output thread uses them; a message knows neither sequence nor clock but from the
// header that it is given.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "fields.hpp"
#include "options_records.hpp"

namespace t2::netflow_sink {

// A message that is built set by set, for immediate use.
class MessageWriter {
 public:
  explicit MessageWriter(Version version);
  void add_templates(std::span<const Template> templates);
  void add_options_template(const OptionsRecords& options);
  void add_options(const OptionsRecords& options);
  std::span<const std::uint8_t> finish(const MessageHeader& header);
  unsigned data_records() const { return data_records_; }

 private:
  void put(std::size_t size, std::uint64_t value);
  void begin_set(std::uint16_t id);
  void end_set();

  Version version_;
  std::vector<std::uint8_t> bytes_;
  std::size_t set_ = 0;        // offset of the current set
  unsigned records_ = 0;       // of templates and of data
  unsigned data_records_ = 0;  // of data
};

// Bytes of a message with the first of these templates and as many more as fit into `size`. `count`: how many.
std::size_t template_message_size(std::span<const Template> templates, std::size_t size, std::size_t& count);

// A message that is being filled with records of one template.
class DataMessage {
 public:
  // At most `size` bytes and `max_records` records; one record fits in any case.
  DataMessage(const Template& layout, std::size_t size, unsigned max_records);

  void add(std::span<const std::uint8_t> record, std::uint64_t flow_id);
  bool full() const;  // there may be no room for one more record
  unsigned count() const { return count_; }
  const Template& layout() const { return *layout_; }
  // The complete message; valid until the next add() or clear().
  std::span<const std::uint8_t> finish(const MessageHeader& header);
  void clear() { count_ = 0, used_ = 0; }
  std::size_t size() const { return bytes_.size(); }  // bytes of a full one

 private:
  std::size_t set_size(std::size_t bytes) const;  // of so many bytes of records
  const Template* layout_;
  std::size_t header_size_;
  std::vector<std::uint8_t> bytes_;
  std::size_t room_, used_ = 0;  // bytes of records
  unsigned max_, count_ = 0;     // records
};

}  // namespace t2::netflow_sink
