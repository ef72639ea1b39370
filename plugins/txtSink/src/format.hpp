// Rows as text: a run's columns are compiled once into a flat list of operations, which put() runs for each row. Also
// the texts that describe columns. Used by the output thread; put() allocates nothing and never fails.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "t2/row.hpp"

namespace t2::txt_sink {

class RowFormatter {
 public:
  enum class RowsOf { flows, packets };
  // Columns of the whole row. Those of flows begin with `dir` and `flowInd`, which are no values of the row.
  explicit RowFormatter(std::span<const Column> columns, RowsOf of = RowsOf::flows);

  std::size_t room(const RowView& row) const {  // characters that the row needs at most
    return fixed_room_ + row.columns.size() * room_per_byte_;
  }
  char* put(char* at, const RowView& row) const;  // the newline included; returns the end

 private:
  enum class Lead : std::uint8_t { nothing, column, part };  // written before the value: nothing, SEP_CHR, '_'
  struct Operation {
    Type type;
    Lead lead;
    bool list;  // a count comes first: the next `parts` operations are one value of the list
    std::uint8_t parts;
  };
  static char* put_value(char* at, Type type, Values& values);

  bool flows_;
  std::vector<Operation> operations_;
  std::size_t fixed_room_, room_per_byte_ = 6;
};

std::string decimal(std::uint64_t number);
std::string column_names(std::span<const Column> columns);  // joined by SEP_CHR
std::string type_codes(const Column& column);               // "U16:R", "MAC_MAC_U64:R"
std::string type_numbers(const Column& column);             // "9:R", "27_27_10:R"
std::string describe(std::span<const Column> columns);      // lines of the headers file, with their title

}  // namespace t2::txt_sink
