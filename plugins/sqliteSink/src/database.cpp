// Opens the database, makes or checks the table, and keeps count of the rows that could not be stored.
#include "database.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "t2/error.hpp"

namespace t2::sqlite_sink {

namespace {

using sql::identifier;

constexpr int lock_timeout = 5000;  // ms, while another program writes

int number_of(std::size_t column) { return static_cast<int>(column) + 1; }  // of the value in the statement

}  // namespace

Database::Database(Form form, Warn warn) : form_(std::move(form)), warn_(std::move(warn)) {
  struct stat about {};
  const bool exists = stat(form_.path.c_str(), &about) == 0;
  if (exists && form_.file == Existing::refuse) refuse("it exists: remove it, or set SQLITE_OVERWRITE_DB to 1 or 2");
  open(form_.file, form_.existing_table);
}

Database::~Database() { commit(); }

void Database::Close::operator()(sqlite3* database) const { sqlite3_close_v2(database); }
void Database::Close::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

void Database::refuse(const std::string& why) const {
  throw Error("sqliteSink: cannot use the database '" + form_.path + "': " + why);
}

std::string Database::problem() const { return database_ ? sqlite3_errmsg(database_.get()) : "no memory"; }

bool Database::execute(const std::string& statement) {
  return sqlite3_exec(database_.get(), statement.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK;
}

void Database::open(Existing file, Existing existing_table) {
  if (file == Existing::replace) {
    for (const char* behind : {"", "-journal", "-wal", "-shm"})
      if (unlink((form_.path + behind).c_str()) != 0 && errno != ENOENT) refuse(std::strerror(errno));
  }
  sqlite3* database = nullptr;
  const int status = sqlite3_open_v2(form_.path.c_str(), &database,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  for (Insert& insert : inserts_) insert.statement.reset();
  database_.reset(database);
  if (status != SQLITE_OK) refuse(problem());
  sqlite3_busy_timeout(database, lock_timeout);
  execute("PRAGMA page_size = 32768");  // of a new database: of 4 KB it takes eight times as many calls of the kernel
  make_table(existing_table);
  struct stat about {};
  if (stat(form_.path.c_str(), &about) != 0) refuse(std::strerror(errno));
  device_ = about.st_dev, number_ = about.st_ino;

  std::string text = "INSERT INTO " + identifier(form_.table) + " VALUES (";
  for (std::size_t i = 0; i < form_.columns.size(); ++i) text += i == 0 ? "?" : ",?";
  text += ')';
  for (Insert& insert : inserts_) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(database, text.c_str(), -1, &statement, nullptr) != SQLITE_OK) refuse(problem());
    insert.statement.reset(statement);
    insert.texts.resize(form_.columns.size());
  }
  anew_ = true;
}

// A table that is used has the same columns in the same order.
void Database::make_table(Existing existing_table) {
  std::vector<TableColumn> found;
  const auto note = [](void* to, int, char** values, char**) {
    static_cast<std::vector<TableColumn>*>(to)->push_back({values[1], values[2] ? values[2] : ""});
    return 0;
  };
  if (sqlite3_exec(database_.get(), ("PRAGMA table_info(" + identifier(form_.table) + ")").c_str(), note, &found,
                   nullptr) != SQLITE_OK)
    refuse(problem());
  if (!found.empty() && existing_table == Existing::refuse)
    refuse("the table '" + form_.table + "' exists: name another, or set SQLITE_OVERWRITE_TABLE to 1 or 2");
  if (!found.empty() && existing_table == Existing::replace) {
    if (!execute("DROP TABLE " + identifier(form_.table))) refuse(problem());
    found.clear();
  }
  if (found.empty()) {
    if (!execute("CREATE TABLE " + identifier(form_.table) + " (" + sql::definitions(form_.columns) + ")"))
      refuse(problem());
    return;
  }
  for (std::size_t i = 0; i < std::max(found.size(), form_.columns.size()); ++i) {
    const TableColumn none{"no column", ""};
    const TableColumn& there = i < found.size() ? found[i] : none;
    const TableColumn& wanted = i < form_.columns.size() ? form_.columns[i] : none;
    if (there.name != wanted.name || there.type != wanted.type)
      refuse("the table '" + form_.table + "' has other columns: " + there.name + ' ' + there.type + " instead of " +
             wanted.name + ' ' + wanted.type + ": name another table, or set SQLITE_OVERWRITE_TABLE to 1");
  }
}

bool Database::is_in_place() const {
  struct stat about {};
  return stat(form_.path.c_str(), &about) == 0 && about.st_dev == device_ && about.st_ino == number_;
}

// The rows of the transaction are lost.
void Database::lose(const std::string& why) {
  if (database_ && sqlite3_get_autocommit(database_.get()) == 0) execute("ROLLBACK");
  lost_ += std::exchange(pending_, 0);
  if (why == warned_) return;
  warned_ = why;
  warn_("rows are lost: cannot write to the database '" + form_.path + "': " + why);
}

// A database that was removed is made again; what was in it is not known to be lost, its owner may have moved it.
Database::Begun Database::begin_row(std::uint8_t direction) {
  insert_ = &inserts_[direction & 1];
  if (pending_ > 0) return Begun::after;
  std::string why;
  try {
    if (!is_in_place()) open(Existing::use, Existing::use);
    if (execute("BEGIN IMMEDIATE")) return std::exchange(anew_, false) ? Begun::anew : Begun::after;
    why = problem();
  } catch (const Error& e) {
    why = e.what();
  }
  ++pending_;
  lose(why);
  return Begun::failed;
}

void Database::put(std::size_t column, std::int64_t value) {
  sqlite3_bind_int64(insert_->statement.get(), number_of(column), value);
}
void Database::put(std::size_t column, double value) {
  sqlite3_bind_double(insert_->statement.get(), number_of(column), value);
}
void Database::put(std::size_t column, std::string_view value) {
  std::string& text = insert_->texts[column];
  text = value;
  sqlite3_bind_text64(insert_->statement.get(), number_of(column), text.data(), text.size(), SQLITE_STATIC,
                      SQLITE_UTF8);
}

void Database::insert() {
  ++pending_;
  const int status = sqlite3_step(insert_->statement.get());
  sqlite3_reset(insert_->statement.get());
  if (status != SQLITE_DONE) return lose(problem());
  if (pending_ >= form_.rows_together) commit();
}

void Database::commit() {
  if (pending_ == 0) return;
  if (!is_in_place()) return lose("the file was removed or replaced");
  if (!execute("COMMIT")) return lose(problem());
  pending_ = 0;
  warned_.clear();
}

}  // namespace t2::sqlite_sink
