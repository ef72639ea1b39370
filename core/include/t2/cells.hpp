// The cells of a flow's row one by one, for sinks that hand typed values to a library: databases, columns, messages.
// Used by the output thread. Link the library t2text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "t2/row.hpp"
#include "t2/row_memory.hpp"
#include "t2/row_text.hpp"

namespace t2::text {

class Cells {
 public:
  // Columns of the whole row, `dir` and `flowInd` first. `form`: of values as text.
  explicit Cells(std::span<const Column> columns, const RowForm& form = default_form());

  // The row has to stay until the next one is read.
  void read(const RowView& row);
  // The same, but tells which cells are not those of the row before in the same direction. Only these can be asked for.
  std::span<const std::size_t> read_changes(const RowView& row);
  void forget();  // all cells of the next row of each direction are changes

  std::size_t size() const { return columns_.size(); }
  const Column& column(std::size_t at) const { return columns_[at]; }
  // One value: not several, and no list. Only such cells have a type.
  bool is_single(std::size_t at) const { return columns_[at].size == 1 && !columns_[at].repeats; }
  // Any number of values of one type.
  bool is_list(std::size_t at) const { return columns_[at].size == 1 && columns_[at].repeats; }
  Type type(std::size_t at) const { return columns_[at].type[0]; }
  template <class T>
  T get(std::size_t at) const {  // a single number, as it lies in the row
    T value;
    std::memcpy(&value, cells_[at].data(), sizeof value);
    return value;
  }
  // The values, for t2/row.hpp's Values: of a list behind their number, 32 bits.
  std::span<const std::uint8_t> bytes(std::size_t at) const { return cells_[at]; }
  // As the flow file has it. It stays until the next call.
  std::string_view text(std::size_t at);

 private:
  struct Last {
    std::vector<std::uint8_t> columns;
    std::vector<std::size_t> sizes;  // of each group
    bool known = false;
  };
  void read_name(const RowView& row);  // `dir` and `flowInd`
  std::size_t size_of_cell(std::size_t column, const std::uint8_t* at) const;

  std::vector<Column> columns_;
  std::vector<ColumnGroup> groups_;  // of columns_, without `dir` and `flowInd`
  Last last_[2];                     // row, by direction
  std::vector<std::size_t> changes_;
  std::vector<RowFormatter> formatters_;  // of one column each
  std::vector<std::size_t> fixed_;        // bytes of a cell that has always as many; 0: of others
  std::vector<std::span<const std::uint8_t>> cells_;
  std::uint8_t direction_ = 0;
  std::uint64_t index_ = 0;
  std::vector<char> text_;
};

// A text, label, content or bytes (`type`), as the flow file has it without quotes. `scratch` holds it.
std::string_view plain_text(Type type, std::string_view raw, std::vector<char>& scratch);

}  // namespace t2::text
