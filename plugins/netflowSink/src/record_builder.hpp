// The part that runs in the workers: turns finished directions of flows into records, as they go over the wire.
#pragma once

#include "fields.hpp"
#include "t2/plugin.hpp"

namespace t2::netflow_sink {

t2::Plugin* create_record_builder(t2::Host& host);

// What the records are made of, by the settings. Which plugins are loaded is not said here. Throws t2::Error.
RecordLayout record_layout(const t2::Host& host);

// What stands in a row's own bytes; the record follows. Rows that go into the row after them have none.
struct RowHead {
  std::uint64_t packets;  // of this row, and of the one before if it is in here
  RecordKind kind;
  bool sent;  // a record follows
};

}  // namespace t2::netflow_sink
