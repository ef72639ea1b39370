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

  // A row: begin_row(), put() for each of its values in order, insert(). False: there is no database at the moment, and
  // the row is counted as lost.
  bool begin_row();
  void put(std::int64_t value);
  void put(double value);
  void put(std::string_view value);
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
  std::unique_ptr<sqlite3_stmt, Close> insert_;
  struct Text {
    int at;  // value
    std::size_t begin, size;
  };
  std::string bytes_;  // of the row's texts
  std::vector<Text> texts_;
  int values_ = 0;                        // of the row that were put
  std::uint64_t pending_ = 0, lost_ = 0;  // rows: of the open transaction; in all
  std::string warned_;                    // about what last: a fault that lasts is said once
  dev_t device_ = 0;
  ino_t number_ = 0;
};

}  // namespace t2::sqlite_sink
