// The fields of a record and the templates made of them. Template and record come from one table, so that lengths and
// order cannot disagree. Immutable once made: workers encode records, the output thread writes templates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "flow_record.hpp"
#include "wire.hpp"

namespace t2::netflow_sink {

// Each kind of record has a template of its own. A pair holds both directions of a flow (RFC 5103); records with MPLS
// labels are longer than others.
enum class RecordKind : std::uint8_t {
  ipv4,
  ipv6,
  layer2,
  ipv4_pair,
  ipv6_pair,
  layer2_pair,
  ipv4_mpls,
  ipv6_mpls,
  layer2_mpls,
  ipv4_pair_mpls,
  ipv6_pair_mpls,
  layer2_pair_mpls
};
constexpr unsigned record_kinds = 12;

constexpr bool is_pair(RecordKind kind) { return static_cast<unsigned>(kind) / 3 % 2 == 1; }
constexpr bool has_labels(RecordKind kind) { return kind >= RecordKind::ipv4_mpls; }
constexpr t2::Family family_of(RecordKind kind) {
  constexpr t2::Family families[] = {t2::Family::ipv4, t2::Family::ipv6, t2::Family::layer2};
  return families[static_cast<unsigned>(kind) % 3];
}
constexpr RecordKind record_kind(t2::Family family, bool pair, bool labels) {
  const unsigned base = family == t2::Family::ipv4 ? 0 : family == t2::Family::ipv6 ? 1 : 2;
  return static_cast<RecordKind>(base + (pair ? 3 : 0) + (labels ? 6 : 0));
}
// 256 and 257 are Tranalyzer2's as well.
constexpr std::uint16_t template_id(RecordKind kind) {
  return static_cast<std::uint16_t>(256 + static_cast<unsigned>(kind));
}

struct Field {
  std::uint16_t element;  // number of the information element
  std::uint16_t length;   // bytes
  void (*put)(std::uint8_t* at, const FlowRecord& record);
  std::uint32_t enterprise = 0;  // whose element it is; 0: IANA's
  bool reverse = false;          // of the other direction of a pair
};

enum class Biflow : std::uint8_t { off, counters, all };  // which reverse elements a pair has; off: no pairs

// The facts that decide which fields the templates have.
struct RecordLayout {
  Version version = Version::netflow9;
  bool macs = true;                          // the pair of MAC addresses is known
  bool tcp_flags = true, tcp_states = true;  // these plugins are loaded
  bool ip_octets = false;                    // octetDeltaCount is that of IP headers and payload
  bool layer2 = false;                       // flows without IP are sent
  Biflow biflow = Biflow::off;
  unsigned listed_packets = 0;   // IPFIX: NF_PACKETS, how many the lists of a direction hold at most; 0: no lists
  std::uint32_t enterprise = 0;  // IPFIX: NF_PEN, whose number the enterprise elements have; 0: they are left out
};

struct Template {
  Template(const RecordLayout& layout, RecordKind kind);
  // Encodes a record into `record_size` bytes. `reverse`: the other direction of a pair; ignored for other kinds.
  void put(std::uint8_t* at, const FlowRecord& record, const FlowRecord& reverse) const {
    if (usual_put) return usual_put(at, record);
    for (const Field& field : fields) {
      field.put(at, field.reverse ? reverse : record);
      at += field.length;
    }
  }
  using Put = void (*)(std::uint8_t* at, const FlowRecord& record);
  t2::Family family() const { return family_of(kind); }
  Version version;
  RecordKind kind;
  std::uint16_t id;
  std::vector<Field> fields;
  std::vector<Field> lists;         // behind these: fields of variable length, which put() leaves out
  Put usual_put = nullptr;          // compiled for exactly these fields; null: the fields are put one by one
  std::size_t record_size = 0;      // without lists
  std::size_t max_record_size = 0;  // with the longest lists
  std::size_t flow_id = none;       // offset of flowId, which the output thread fills in
  static constexpr std::size_t none = ~std::size_t{0};
};

std::vector<RecordKind> sent_kinds(const RecordLayout& layout);  // those with labels come last

// How RFC 5610 describes elements that belong to the organisation of NF_PEN.
enum class Semantics : std::uint8_t { none = 0, quantity = 1, total = 2, delta = 3, identifier = 4, flags = 5 };
enum class Unit : std::uint8_t { none = 0, octets = 2, packets = 3, microseconds = 7 };
struct EnterpriseElement {
  std::uint16_t element, length;
  std::string_view name, column;  // `column`: of the flow file
  Semantics semantics;
  Unit unit;
};
std::vector<EnterpriseElement> enterprise_elements(const RecordLayout& layout);  // those that are sent

constexpr std::uint16_t reverse_offset = 0x4000;     // number of a reverse enterprise element - that of the forward one
constexpr std::uint32_t reverse_enterprise = 29305;  // of IANA's elements in reverse (RFC 5103)

}  // namespace t2::netflow_sink
