// Rows as text: a run's columns are compiled once into a flat list of operations, which put() runs for each row, except
// where values are those of the row before: their text is copied. Used by one thread; put() allocates nothing and never
// fails. Link the library t2text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "t2/row.hpp"
#include "t2/row_memory.hpp"

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
  char* put(char* at, const RowView& row);  // the newline included; returns the end
  // All of it but `dir` and `flowInd`: the cells of the columns, before each the separator. No newline.
  char* put_cells(char* at, const RowView& row);

 private:
  struct Operation {
    enum class Kind : std::uint8_t {
      value,
      list,       // a count comes first: the next `parts` operations are one value of the list
      separator,  // of several characters
      cell,       // CSV may have to quote what follows
      cell_end
    } kind = Kind::value;
    Type type = Type::u8;    // of a value
    char lead = '\0';        // written before it
    std::uint8_t leads = 0;  // 1: there is one
    std::uint8_t parts = 0;
  };
  using Memory = GroupMemory<96>;  // characters: a group rarely has more
  struct Cursor {
    char* at;
    Values values;
  };
  void add(const Column& column, bool first);
  bool may_need_quotes(const Column& column) const;
  Cursor run(char* at, Values values, const ColumnGroup& group) const;
  char* put_value(char* at, Type type, Values& values) const;
  char* put_separator(char* at) const;
  char* quote(char* cell, char* end) const;

  bool flows_;
  const RowForm form_;
  std::vector<Operation> operations_;
  std::vector<ColumnGroup> groups_;  // of operations_
  std::vector<Memory> memories_[2];  // of each group, by direction
  std::size_t fixed_room_, room_per_byte_ = 6;
};

}  // namespace t2::text
