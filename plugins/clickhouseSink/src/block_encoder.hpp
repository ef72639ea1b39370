// Rows in ClickHouse's format RowBinary. Used by the output thread.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "t2/cells.hpp"
#include "t2/repeated_fields.hpp"
#include "t2/sql.hpp"

namespace t2::clickhouse_sink {

// What servers of different age have: without them times are nanoseconds and addresses texts.
struct ServerTypes {
  bool date_time_64 = true, addresses = true;
};

class BlockEncoder {
 public:
  BlockEncoder(std::span<const Column> columns, std::vector<std::size_t> chosen, ServerTypes types);

  std::vector<sql::TableColumn> columns() const;
  void put(std::string& to, const RowView& row);

 private:
  std::string type_name(Type type) const;
  void put_cell(std::string& to, std::size_t at);
  void put_value(std::string& to, Type type, Values& values);
  void put_address(std::string& to, Type type, Family family, Values& values);

  text::Cells cells_;
  const std::vector<std::size_t> chosen_;
  text::RepeatedFields fields_;
  const ServerTypes types_;
  std::vector<char> scratch_;
};

}  // namespace t2::clickhouse_sink
