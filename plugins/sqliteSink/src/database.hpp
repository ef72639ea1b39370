// A table in a SQLite database. Rows are stored in transactions, all of one or none of them. Used by the output thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "t2/sql.hpp"

struct sqlite3;  // <sqlite3.h> has macros with names of flags
struct sqlite3_stmt;

namespace t2::sqlite_sink {

// What to do with a file or a table that exists.
enum class Existing : std::uint8_t { refuse, replace, use };

using sql::TableColumn;  // no type: values keep the one they have

class Database {
 public:
  struct Form {
    std::string path, table;
    std::vector<TableColumn> columns;
    Existing file = Existing::use, existing_table = Existing::use;
    std::uint64_t rows_together = 1;
  };
  using Warn = std::function<void(const std::string&)>;

  // Throws Error.
  Database(Form form, Warn warn);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // A row: begin_row(), put() for its values, insert(). Values that are not put are those of the row before in the same
  // direction.
  enum class Begun : std::uint8_t {
    failed,  // there is no database at the moment, and the row is counted as lost
    anew,    // no row before is known: all values are to be put
    after    // other rows
  };
  Begun begin_row(std::uint8_t direction);
  void put(std::size_t column, std::int64_t value);
  void put(std::size_t column, double value);
  void put(std::size_t column, std::string_view value);
  void insert();
  void commit();                                // stores the rows since the last commit
  std::uint64_t lost() const { return lost_; }  // rows

 private:
  struct Close {
    void operator()(sqlite3* database) const;
    void operator()(sqlite3_stmt* statement) const;
  };
  void open(Existing file, Existing existing_table);
  void make_table(Existing existing_table);
  bool execute(const std::string& statement);
  [[noreturn]] void refuse(const std::string& why) const;
  void lose(const std::string& why);
  std::string problem() const;
  bool is_in_place() const;  // the file that was opened, under its name

  Form form_;
  Warn warn_;
  std::unique_ptr<sqlite3, Close> database_;
  // Of each direction, with the values of its last row: SQLite keeps what is bound, and reads texts where they are.
  struct Insert {
    std::unique_ptr<sqlite3_stmt, Close> statement;
    std::vector<std::string> texts;  // by column
  };
  Insert inserts_[2];
  Insert* insert_ = inserts_;             // of the row
  bool anew_ = true;                      // the database was opened since the last row
  std::uint64_t pending_ = 0, lost_ = 0;  // rows: of the open transaction; in all
  std::string warned_;                    // about what last: a fault that lasts is said once
  dev_t device_ = 0;
  ino_t number_ = 0;
};

}  // namespace t2::sqlite_sink
