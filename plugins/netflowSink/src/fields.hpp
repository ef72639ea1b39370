// The fields of a record and the templates made of them. Template and record come from one table, so that lengths and
// order cannot disagree.
#pragma once

#include <cstdint>
#include <vector>

#include "record.hpp"

namespace netflow {

// Big endian, the last `size` bytes of the value.
inline void store(std::uint8_t* at, std::size_t size, std::uint64_t value) {
  for (std::size_t i = size; i-- > 0; value >>= 8) at[i] = static_cast<std::uint8_t>(value);
}

enum class Version : std::uint8_t { netflow9 = 9, ipfix = 10 };

struct Field {
  std::uint16_t element;   // number of the information element: IANA's, or one of `enterprise`
  std::uint16_t length;    // bytes
  void (*put)(std::uint8_t* at, const Record& record);
  std::uint32_t enterprise = 0;
};

// What decides which fields the templates have.
struct Layout {
  Version version = Version::netflow9;
  bool macs = true;              // the pair of MAC addresses is known
  bool ip_octets = false;        // octetDeltaCount is that of IP headers and payload
  std::uint32_t enterprise = 0;  // IPFIX: private enterprise number for the own elements, 0: leave them out
};

struct Template {
  Template(Version version_, std::uint16_t id_, std::vector<Field> fields_) : version(version_), id(id_), fields(std::move(fields_)) {
    for (const Field& field : fields) record_size += field.length;
  }
  void put(std::uint8_t* at, const Record& record) const {
    for (const Field& field : fields) {
      field.put(at, record);
      at += field.length;
    }
  }
  Version version;
  std::uint16_t id;
  std::vector<Field> fields;
  std::size_t record_size = 0;
};

constexpr std::uint16_t ipv4_template = 256, ipv6_template = 257;  // numbers of the original

Template ipv4_fields(const Layout& layout);
Template ipv6_fields(const Layout& layout);

}  // namespace netflow
