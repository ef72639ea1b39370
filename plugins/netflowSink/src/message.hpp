// Messages of NetFlow 9 (RFC 3954) and IPFIX (RFC 7011): a header and one set, of templates or of the records of one
// template. Which of the two is said by the templates.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "fields.hpp"

namespace netflow {

struct Header {
  std::uint32_t uptime = 0;    // milliseconds since the exporter started; NetFlow 9 alone has it
  std::uint32_t seconds = 0;   // wall clock at sending, since 1970
  std::uint32_t sequence = 0;  // of this source: NetFlow 9: messages before this one, IPFIX: data records before it
  std::uint32_t source = 0;    // source id, observation domain
};

// All of one version.
std::vector<std::uint8_t> template_message(std::span<const Template> templates, const Header& header);

// A message that is being filled with records.
class DataMessage {
 public:
  // At most `size` bytes and `most` records; one record fits in any case.
  DataMessage(const Template& layout, std::size_t size, unsigned most);

  void add(const Record& record);
  bool full() const { return count_ == most_; }
  unsigned count() const { return count_; }
  // The complete message; valid until the next add() or clear().
  std::span<const std::uint8_t> finish(const Header& header);
  void clear() { count_ = 0; }

 private:
  std::size_t set_size(std::size_t records) const;
  const Template* layout_;
  std::size_t header_size_;
  std::vector<std::uint8_t> bytes_;
  unsigned most_, count_ = 0;
};

}  // namespace netflow
