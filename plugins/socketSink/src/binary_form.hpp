// The binary form of rows that t2b2t and other readers of Tranalyzer2's sinks know: numbers in the order of the
// machine, values without padding, no length in front of a row. Used by the output thread.
#pragma once

#include <span>
#include <string>

#include "t2/row.hpp"

namespace t2::socket_sink {

// Words of 32 bits: "ANTEATER", 1; of each column name and meaning (with a NUL, padded to words), number of values,
// their types, whether it is a list; 0xffffffff.
std::string binary_header(std::span<const Column> columns);

// Who sends: sensor id, time (seconds in 8 bytes, microseconds in 4), then as text, padded to words, system and
// addresses of the interfaces: "node;system;release;version;machine;eth0(02:00:00:00:00:01);eth0(192.0.2.1/24);".
std::string host_block(unsigned sensor_id);

// A row: `dir`, `flowInd`, the values. Texts end with a NUL, of which they have no other; times are seconds in 8 bytes
// and nanoseconds in 4; a list begins with its length in 4 bytes; an address is its version (0, 4, 6), then 0, 4 or 16
// bytes.
class BinaryForm {
 public:
  explicit BinaryForm(std::span<const Column> columns) : columns_(columns.subspan(2)) {}  // those of flows
  std::string row(const RowView& row) const;

 private:
  std::span<const Column> columns_;  // without dir and flowInd
};

}  // namespace t2::socket_sink
