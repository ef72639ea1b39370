// Templates and values of the options records.
#include "options_records.hpp"

#include <algorithm>
#include <iterator>
#include <string>

#include "compiled_flags.hpp"

namespace t2::netflow_sink {

namespace {

constexpr std::uint16_t statistics_template = 300, sampling_template = 301, keys_template = 302, types_template = 303,
                        interfaces_template = 304;

// A record is about the observation domain; in NetFlow 9 about the exporting system.
OptionsField domain_scope(Version version) {
  return version == Version::ipfix ? OptionsField{149, 4} : OptionsField{1, 4};
}

// libfixbuf accepts an element only if all of these are given.
OptionsRecords types() {
  return {types_template,
          2,
          {{346, 4},                  // privateEnterpriseNumber
           {303, 2},                  // informationElementId
           {339, 1},                  // informationElementDataType
           {344, 1},                  // informationElementSemantics
           {345, 2},                  // informationElementUnits
           {342, 8},                  // informationElementRangeBegin
           {343, 8},                  // informationElementRangeEnd
           {341, variable_length},    // informationElementName
           {340, variable_length}}};  // informationElementDescription
}

// unsigned8 ... unsigned64
unsigned data_type(std::size_t length) { return length == 1 ? 1 : length == 2 ? 2 : length == 4 ? 3 : 4; }

}  // namespace

void OptionsRecords::add(std::initializer_list<std::uint64_t> numbers, std::initializer_list<std::string_view> texts) {
  const OptionsField* field = fields.data();
  for (const std::uint64_t number : numbers) {
    bytes.resize(bytes.size() + field->length);
    store(&bytes[bytes.size() - field->length], field->length, number);
    ++field;
  }
  for (const std::string_view text : texts) {
    bytes.push_back(static_cast<std::uint8_t>(text.size()));
    bytes.insert(bytes.end(), text.begin(), text.end());
  }
  ++records;
}

OptionsRecords statistics(Version version, std::uint32_t domain, const ExporterStatistics& s) {
  OptionsRecords options{statistics_template,
                         1,
                         {domain_scope(version),
                          {160, 8},    // systemInitTimeMilliseconds
                          {41, 8},     // exportedMessageTotalCount
                          {40, 8},     // exportedOctetTotalCount
                          {42, 8},     // exportedFlowRecordTotalCount
                          {166, 8},    // notSentFlowTotalCount
                          {163, 8},    // observedFlowTotalCount
                          {86, 8},     // packetTotalCount
                          {164, 8},    // ignoredPacketTotalCount
                          {135, 8}}};  // droppedPacketTotalCount
  options.add({domain, s.start, s.messages, s.octets, s.records, s.lost, s.flows, s.packets, s.ignored, s.dropped});
  return options;
}

// The old and the new elements: nfdump 1.7.1 knows 34 and 35 only, later releases want 305 and 306.
OptionsRecords sampling(Version version, std::uint32_t domain, std::uint32_t interval) {
  OptionsRecords options{sampling_template,
                         1,
                         {domain_scope(version),
                          {34, 4},     // samplingInterval
                          {35, 1},     // samplingAlgorithm, 1: deterministic
                          {305, 4},    // samplingPacketInterval
                          {306, 4}}};  // samplingPacketSpace
  options.add({domain, interval, 1, 1, interval - 1});
  return options;
}

std::vector<OptionsRecords> interfaces(Version version, std::span<const t2::CaptureInterface> all, std::size_t size) {
  constexpr std::size_t name_size = 16;  // as long as names are in Linux, in NetFlow 9
  const bool ipfix = version == Version::ipfix;
  const OptionsRecords empty{interfaces_template,
                             1,
                             {ipfix ? OptionsField{10, 4} : OptionsField{2, 4},  // ingressInterface; scope Interface
                              {86, 8},                                           // packetTotalCount
                              {164, 8},  // ignoredPacketTotalCount: came to the kernel, whose buffer was full
                              {135, 8},  // droppedPacketTotalCount: did not come so far
                              {82, ipfix ? variable_length : std::uint16_t{name_size}}}};  // interfaceName
  std::vector<OptionsRecords> parts{empty};
  for (const t2::CaptureInterface& one : all) {
    if (parts.back().bytes.size() + 29 + std::max(name_size, one.name.size()) > size) parts.push_back(empty);
    const std::initializer_list<std::uint64_t> numbers{one.number, one.received, one.dropped_by_kernel,
                                                       one.dropped_by_interface};
    if (ipfix) {
      parts.back().add(numbers, {one.name});
      continue;
    }
    parts.back().add(numbers);
    std::string name(one.name);
    name.resize(name_size);
    parts.back().bytes.insert(parts.back().bytes.end(), name.begin(), name.end());
  }
  return parts;
}

OptionsRecords flow_keys(std::span<const Template> templates) {
  constexpr std::uint16_t keys[] = {8, 12, 27, 28, 7, 11, 4, 58, 256};
  OptionsRecords options{keys_template, 1, {{145, 2}, {173, 8}}};  // templateId, flowKeyIndicator
  for (const Template& t : templates) {
    std::uint64_t indicator = 0;
    for (std::size_t i = 0; i < std::min<std::size_t>(t.fields.size(), 64); ++i) {
      const Field& field = t.fields[i];
      const bool mac =
          (t.family() == t2::Family::layer2 || macs_in_key) && (field.element == 56 || field.element == 80);
      if (field.enterprise == 0 &&
          (mac || std::find(std::begin(keys), std::end(keys), field.element) != std::end(keys)))
        indicator |= std::uint64_t{1} << i;
    }
    options.add({t.id, indicator});
  }
  return options;
}

std::vector<OptionsRecords> element_types(const RecordLayout& layout, std::size_t size) {
  std::vector<OptionsRecords> parts;
  for (const EnterpriseElement& e : enterprise_elements(layout)) {
    if (parts.empty() || parts.back().bytes.size() + 28 + e.name.size() + e.column.size() > size)
      parts.push_back(types());
    parts.back().add({layout.enterprise, e.element, data_type(e.length), static_cast<std::uint64_t>(e.semantics),
                      static_cast<std::uint64_t>(e.unit), 0, ~std::uint64_t{0} >> (64 - 8 * e.length)},
                     {e.name, e.column});
  }
  return parts;
}

}  // namespace t2::netflow_sink
