// A column of a row group: its values in Parquet's PLAIN encoding, the levels of its lists, the smallest and the
// largest value. Used by the output thread.
//
// Most cells are those of the row before in the same direction: they are kept once, and the page repeats them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "growing_bytes.hpp"
#include "t2/row.hpp"
#include "thrift.hpp"

namespace t2::parquet_sink {

class alignas(64) ParquetColumn {
 public:
  enum class Physical : std::uint8_t { int32 = 1, int64 = 2, float32 = 4, float64 = 5, bytes = 6 };
  // Of one type (of each element, where it is a list), or a text that holds several values.
  ParquetColumn(const Column& column, bool is_list, bool is_text);

  struct Place {
    std::size_t row;  // of the group
    std::uint8_t direction;
    std::size_t of_direction;  // how many rows of the direction are before it
  };
  // The cell of a row, and of those behind it in its direction until another one is put. Its values are those of the
  // row, or with `text` what the flow file has.
  void put(Place place, Values values);
  void put_text(Place place, std::string_view text);

  void put_schema(Thrift& to) const;  // elements of the schema
  unsigned schema_elements() const { return is_list_ ? 3 : 1; }
  void put_statistics(Thrift& to) const;
  std::vector<std::string> path() const;
  Physical physical() const { return physical_; }
  const std::string& unit() const { return unit_; }
  const std::string& name() const { return name_; }

  struct Page {
    std::size_t levels = 0;                            // values, and lists without any
    GrowingBytes bytes;                                // levels and values
    std::vector<std::uint8_t> repetition, definition;  // of lists: 0 begins a row; 0: no value
    GrowingBytes values;
  };
  void put_page(Page& to, std::span<const std::uint8_t> directions);  // of all rows of the group
  std::size_t size(const std::size_t (&rows)[2]) const;  // bytes of values and levels, with so many rows by direction
  void clear();

 private:
  // Cells of one direction behind each other. A list has its number of values in front.
  struct Side {
    GrowingBytes cells;
    std::size_t last = 0, since = 0;  // of the last cell: where it begins, the row of its direction
    std::size_t levels = 0;           // of the last cell
    std::size_t repeated = 0;         // what the cells before that one have in the page
  };
  void begin_cell(Place place);
  void put_value(Values& values);
  void put_bytes(std::string_view text);
  template <class T>
  void put_number(T value);
  void put_address(Type type, Values& values);
  std::size_t in_page(const Side& side, std::size_t rows) const;
  std::size_t size_of_values(const char* at, std::size_t count) const;
  template <class Begin, class Repeat>
  void each_row(std::span<const std::uint8_t> directions, Begin begin, Repeat repeat) const;
  template <class T>
  void put_numbers(GrowingBytes& to, std::span<const std::uint8_t> directions) const;
  void put_texts(GrowingBytes& to, std::span<const std::uint8_t> directions) const;
  void put_lists(Page& to, std::span<const std::uint8_t> directions) const;

  // What each value touches is in one line of the cache: a row has all columns.
  Type type_;
  bool is_list_;
  Physical physical_;
  bool has_range_ = false, long_text_ = false;
  GrowingBytes* cells_ = nullptr;             // where values go: those of one side
  std::uint64_t smallest_ = 0, largest_ = 0;  // as 64 bits, signed where the type is
  std::string first_text_, last_text_;
  Side sides_[2];                      // by direction
  std::vector<std::uint64_t> begins_;  // a bit for each row: it has another cell than the one before in its direction
  std::vector<char> scratch_;
  std::string name_, unit_;
};

}  // namespace t2::parquet_sink
