// Rows in PostgreSQL's binary format of COPY. Used by the output thread.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "t2/cells.hpp"
#include "t2/repeated_fields.hpp"
#include "t2/sql.hpp"

namespace t2::psql_sink {

class Encoder {
 public:
  // `chosen`: positions of columns; `time_as_integer`: times and durations in nanoseconds.
  Encoder(std::span<const Column> columns, std::vector<std::size_t> chosen, bool time_as_integer);

  std::vector<sql::TableColumn> columns() const;  // with types as format_type() of the server writes them
  void put(std::string& to, const RowView& row);

  static constexpr std::string_view head{"PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19};  // before the rows of a batch

 private:
  struct PgType {
    const char* name;
    std::uint32_t oid;  // of pg_type
  };
  PgType type_of(Type type) const;
  void put_cell(std::string& to, std::size_t at);
  void put_value(std::string& to, Type type, Values& values);

  text::Cells cells_;
  const std::vector<std::size_t> chosen_;
  text::RepeatedFields fields_;
  const bool time_as_integer_;
  std::vector<char> scratch_;
};

}  // namespace t2::psql_sink
