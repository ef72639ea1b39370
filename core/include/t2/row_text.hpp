// Rows as text: a run's columns are compiled once into a flat list of operations, which put() runs for each row. Used
// by the output thread; put() allocates nothing and never fails. Link the library t2text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "t2/row.hpp"

namespace t2::text {

struct RowForm {
  std::string separator;  // between cells
  bool dates = false;     // times as dates, not as seconds
  bool sanitise = true;   // texts: see put_text()
  bool csv = false;       // cells are quoted where RFC 4180 asks for it, texts have no quotes of their own
};
RowForm default_form();  // as core/tranalyzer.h has it: SEP_CHR, B2T_TIMESTR

class RowFormatter {
 public:
  enum class RowsOf { flows, packets };
  // Columns of the whole row. Those of flows begin with `dir` and `flowInd`, which are no values of the row.
  explicit RowFormatter(std::span<const Column> columns, RowsOf of = RowsOf::flows, RowForm form = default_form());

  std::size_t room(const RowView& row) const {  // characters that the row needs at most
    return fixed_room_ + row.columns.size() * room_per_byte_;
  }
  char* put(char* at, const RowView& row) const;  // the newline included; returns the end

  // Both directions of a flow in one row: flowInd, the cells of A, those of B. Null: that direction has no row, its
  // cells are empty. Needs the room of both.
  char* put_joined(char* at, const RowView* a, const RowView* b) const;
  static std::vector<std::string> joined_names(std::span<const Column> columns);  // flowInd, NAME_A ..., NAME_B ...

 private:
  enum class Lead : std::uint8_t { nothing, column, part };  // written before the value: nothing, separator, '_'
  struct Operation {
    Type type;
    Lead lead;
    bool list;  // a count comes first: the next `parts` operations are one value of the list
    std::uint8_t parts;
  };
  char* put_value(char* at, Type type, Values& values) const;
  char* put_separator(char* at) const;
  template <bool csv>
  char* put_cells(char* at, const RowView& row) const;
  char* quote(char* cell, char* end) const;

  bool flows_;
  const RowForm form_;
  std::vector<Operation> operations_;
  std::size_t columns_, fixed_room_, room_per_byte_ = 6;
};

}  // namespace t2::text
