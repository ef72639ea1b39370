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

struct Field {
  std::uint16_t element;   // IANA number of the information element
  std::uint16_t length;    // bytes
  void (*put)(std::uint8_t* at, const Record& record);
};

struct Template {
  Template(std::uint16_t id_, std::vector<Field> fields_) : id(id_), fields(std::move(fields_)) {
    for (const Field& field : fields) record_size += field.length;
  }
  void put(std::uint8_t* at, const Record& record) const {
    for (const Field& field : fields) {
      field.put(at, record);
      at += field.length;
    }
  }
  std::uint16_t id;
  std::vector<Field> fields;
  std::size_t record_size = 0;
};

constexpr std::uint16_t ipv4_template = 256, ipv6_template = 257;  // numbers of the original

// With `macs`: the pair of MAC addresses is known.
Template ipv4_fields(bool macs);
Template ipv6_fields(bool macs);

}  // namespace netflow
