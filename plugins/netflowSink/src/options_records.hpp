// Options records (RFC 3954 and RFC 7011, section 4): facts about the exporter and its templates, not about a flow.
// They are few, so template and values are kept together. Used by the output thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

#include "fields.hpp"
#include "t2/plugin.hpp"
#include "wire.hpp"

namespace t2::netflow_sink {

struct OptionsField {
  std::uint16_t element, length;
};

struct OptionsRecords {
  std::uint16_t id;  // of the template
  unsigned scopes;   // so many of the first fields are scope fields
  std::vector<OptionsField> fields;
  std::vector<std::uint8_t> bytes = {};  // of the records
  unsigned records = 0;

  // Adds a record. `texts`: the last fields, of variable length, each below 255 bytes.
  void add(std::initializer_list<std::uint64_t> numbers, std::initializer_list<std::string_view> texts = {});
};

// Totals since the exporter was started.
struct ExporterStatistics {
  std::uint64_t start = 0;                 // milliseconds since 1970
  std::uint64_t octets = 0, messages = 0;  // sent; octets without headers of UDP, TCP and IP
  std::uint64_t records = 0, lost = 0;     // flow records: sent, lost
  std::uint64_t flows = 0, packets = 0;    // directions of flows that have ended, and their packets
  std::uint64_t ignored = 0, dropped = 0;  // packets without a flow, packets that could not be read
};

OptionsRecords statistics(Version version, std::uint32_t domain, const ExporterStatistics& s);
// One packet of `interval` was captured.
OptionsRecords sampling(Version version, std::uint32_t domain, std::uint32_t interval);
// Live: packets that each interface captured and lost, and its name, in parts of at most `size` bytes; without any, one
// part with no record.
std::vector<OptionsRecords> interfaces(Version version, std::span<const t2::CaptureInterface> all, std::size_t size);
// IPFIX: which fields of a template make the flow's key.
OptionsRecords flow_keys(std::span<const Template> templates);
// IPFIX: names and types of the enterprise elements (RFC 5610), in parts of at most `size` bytes.
std::vector<OptionsRecords> element_types(const RecordLayout& layout, std::size_t size);

}  // namespace t2::netflow_sink
