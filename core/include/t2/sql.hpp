// What sinks for databases share: names in statements, and whether a table that exists has the columns of the rows.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>

namespace t2::sql {

struct TableColumn {
  std::string name, type;  // as the database knows them
};

inline std::string quoted(std::string_view text, char quote) {  // a quote within it twice
  std::string out(1, quote);
  for (const char c : text) out.append(c == quote ? 2 : 1, c);
  return out + quote;
}
inline std::string identifier(std::string_view name) { return quoted(name, '"'); }

inline std::string definitions(std::span<const TableColumn> columns) {  // "a" INT, "b" TEXT
  std::string out;
  for (const TableColumn& column : columns)
    out += (out.empty() ? "" : ", ") + identifier(column.name) + (column.type.empty() ? "" : " " + column.type);
  return out;
}
inline std::string names(std::span<const TableColumn> columns) {  // "a", "b"
  std::string out;
  for (const TableColumn& column : columns) out += (out.empty() ? "" : ", ") + identifier(column.name);
  return out;
}

// For rows that name their columns: the table may have others besides, in any order. Empty: it has those of the rows.
inline std::string difference(std::span<const TableColumn> table, std::span<const TableColumn> rows) {
  for (const TableColumn& wanted : rows) {
    const auto found =
        std::find_if(table.begin(), table.end(), [&](const TableColumn& c) { return c.name == wanted.name; });
    if (found == table.end()) return "it has no column " + wanted.name + " (" + wanted.type + ")";
    if (found->type != wanted.type) return "its column " + wanted.name + " is " + found->type + ", not " + wanted.type;
  }
  return "";
}

}  // namespace t2::sql
