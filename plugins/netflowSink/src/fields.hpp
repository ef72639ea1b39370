// The fields of a record and the templates made of them. Template and record come from one table, so that lengths and
// order cannot disagree.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "flow_record.hpp"

namespace t2::netflow_sink {

// Big endian, the last `size` bytes of the value.
inline void store(std::uint8_t* at, std::size_t size, std::uint64_t value) {
  for (std::size_t i = size; i-- > 0; value >>= 8) at[i] = static_cast<std::uint8_t>(value);
}

enum class Version : std::uint8_t { netflow9 = 9, ipfix = 10 };

// What a record is about. Each kind has a template of its own. A pair is both directions of a flow in one record (RFC
// 5103); records with MPLS labels are longer than others.
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
  const unsigned plain = family == t2::Family::ipv4 ? 0 : family == t2::Family::ipv6 ? 1 : 2;
  return static_cast<RecordKind>(plain + (pair ? 3 : 0) + (labels ? 6 : 0));
}
constexpr std::uint16_t template_id(RecordKind kind) {
  return static_cast<std::uint16_t>(256 + static_cast<unsigned>(kind));
}  // 256 and 257: of the original

struct Field {
  std::uint16_t element;  // number of the information element: IANA's, or one of `enterprise`
  std::uint16_t length;   // bytes
  void (*put)(std::uint8_t* at, const FlowRecord& record);
  std::uint32_t enterprise = 0;
  bool reverse = false;  // of the other direction of a pair
};

enum class Biflow : std::uint8_t { off, counters, all };  // which reverse elements a pair has

// What decides which fields the templates have.
struct RecordLayout {
  Version version = Version::netflow9;
  bool macs = true;                          // the pair of MAC addresses is known
  bool tcp_flags = true, tcp_states = true;  // these plugins are loaded
  bool ip_octets = false;                    // octetDeltaCount is that of IP headers and payload
  bool layer2 = false;                       // flows without IP are sent
  Biflow biflow = Biflow::off;
  std::uint32_t enterprise = 0;  // IPFIX: private enterprise number for the own elements, 0: leave them out
};

struct Template {
  Template(const RecordLayout& layout, RecordKind kind);
  // `reverse`: the other direction of a pair.
  void put(std::uint8_t* at, const FlowRecord& record, const FlowRecord& reverse) const {
    if (known_put) return known_put(at, record);
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
  Put known_put = nullptr;  // does the same as all fields one after the other; null: there is none
  std::size_t record_size = 0;
  std::size_t flow_id = none;  // where flowId stands: only the output thread knows it
  static constexpr std::size_t none = ~std::size_t{0};
};

std::vector<RecordKind> sent_kinds(const RecordLayout& layout);  // those that are sent, the ones with labels last

// What is said about elements that only NF_PEN's organisation knows; numbers of RFC 5610.
enum class Semantics : std::uint8_t { none = 0, quantity = 1, total = 2, delta = 3, identifier = 4, flags = 5 };
enum class Unit : std::uint8_t { none = 0, octets = 2, packets = 3, microseconds = 7 };
struct EnterpriseElement {
  std::uint16_t element, length;
  std::string_view name, column;  // column of the flow file
  Semantics semantics;
  Unit unit;
};
std::vector<EnterpriseElement> enterprise_elements(const RecordLayout& layout);  // those that are sent

// Own elements: number of the reverse one = number + this.
constexpr std::uint16_t own_reverse = 0x4000;
constexpr std::uint32_t reverse_enterprise = 29305;  // RFC 5103

}  // namespace t2::netflow_sink
