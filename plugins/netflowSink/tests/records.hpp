// Records as the workers hand them to an exporter.
#pragma once

#include <vector>

#include "../src/exporter.hpp"

namespace t2::test {

// `layout`: that of the exporter.
inline void export_record(netflow::Exporter& exporter, const netflow::Layout& layout, const netflow::Record& record, Time now) {
  const netflow::Kind kind = netflow::kind_of(record.family, false);
  const netflow::Template form(layout, kind);
  std::vector<std::uint8_t> bytes(form.record_size);
  form.put(bytes.data(), record, record);
  exporter.add(kind, bytes, 0, now);
}

}  // namespace t2::test
