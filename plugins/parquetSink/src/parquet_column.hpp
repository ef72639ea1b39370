// A column of a row group: its values in Parquet's PLAIN encoding, the levels of its lists, the smallest and the
// largest value. Used by the output thread.
#pragma once

#include <cstdint>
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

  // A row's cell; its values are those of the row, or with `text` what the flow file has.
  void put(Values values);
  void put_text(std::string_view text);

  void put_schema(Thrift& to) const;  // elements of the schema
  unsigned schema_elements() const { return is_list_ ? 3 : 1; }
  void put_statistics(Thrift& to) const;
  std::vector<std::string> path() const;
  Physical physical() const { return physical_; }
  const std::string& unit() const { return unit_; }
  const std::string& name() const { return name_; }

  std::size_t levels() const { return is_list_ ? repetition_.size() : rows_; }  // values, and lists without any
  std::string_view page(std::string& scratch) const;  // levels and values; `scratch` may hold them
  std::size_t size() const { return values_.size() + 2 * repetition_.size(); }  // bytes in memory
  void clear();

 private:
  void put_value(Values& values);
  void put_bytes(std::string_view text);
  template <class T>
  void put_number(T value);
  void put_address(Type type, Values& values);

  // What each value touches is in one line of the cache: a row has all columns.
  Type type_;
  bool is_list_;
  Physical physical_;
  bool has_range_ = false, long_text_ = false;
  std::size_t rows_ = 0;  // without lists
  GrowingBytes values_;
  std::uint64_t smallest_ = 0, largest_ = 0;  // as 64 bits, signed where the type is
  std::string first_text_, last_text_;
  std::vector<std::uint8_t> repetition_, definition_;  // of lists: 0 begins a row; 0: no value
  std::vector<char> scratch_;
  std::string name_, unit_;
};

}  // namespace t2::parquet_sink
