// The part of netflowSink that runs in the workers: encodes finished directions of flows as records.
#pragma once

#include "fields.hpp"
#include "t2/plugin.hpp"

namespace t2::netflow_sink {

t2::Plugin* create_record_builder(t2::Host& host);

// The layout by the settings; the caller sets which plugins are loaded. Throws t2::Error.
RecordLayout record_layout(const t2::Host& host);

// The beginning of a row's own bytes; the record follows. The first row of a pair has none: its record stands in the
// second one.
struct RowHead {
  std::uint64_t packets;  // of this row, and of the first one of a pair
  RecordKind kind;
  bool sent;  // a record follows
};

}  // namespace t2::netflow_sink
