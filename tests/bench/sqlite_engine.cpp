// What SQLite's engine takes for the rows of the table `flow`, without binding their values: that is the sink's work.
//
//   sqlite_engine DATABASE COPY   prints CPU nanoseconds (user and system)
//
// Rows are read, bound alone, then bound and stored in a new database, as the sink stores them: the difference counts.
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include <sqlite3.h>
#include <unistd.h>

namespace {

constexpr int rows_together = 40'000;  // of a transaction, the sink's default
constexpr std::size_t rows_in_memory = 1'000;

void require(bool good, sqlite3* database) {
  if (good) return;
  std::fprintf(stderr, "sqlite_engine: %s\n", sqlite3_errmsg(database));
  std::exit(1);
}

sqlite3* open(const char* path) {
  sqlite3* database = nullptr;
  require(sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr) ==
              SQLITE_OK,
          database);
  return database;
}

void execute(sqlite3* database, const std::string& statement) {
  require(sqlite3_exec(database, statement.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK, database);
}

sqlite3_stmt* prepare(sqlite3* database, const std::string& text) {
  sqlite3_stmt* statement = nullptr;
  require(sqlite3_prepare_v2(database, text.c_str(), -1, &statement, nullptr) == SQLITE_OK, database);
  return statement;
}

std::string answer(sqlite3* database, const std::string& question) {
  sqlite3_stmt* const statement = prepare(database, question);
  require(sqlite3_step(statement) == SQLITE_ROW, database);
  std::string text = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
  sqlite3_finalize(statement);
  return text;
}

long long now() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return std::fputs("usage: sqlite_engine DATABASE COPY\n", stderr), 2;
  unlink(argv[2]);
  sqlite3 *const from = open(argv[1]), *const to = open(argv[2]);
  execute(to, "PRAGMA page_size = " + answer(from, "PRAGMA page_size"));
  execute(to, answer(from, "SELECT sql FROM sqlite_master WHERE name = 'flow'"));
  sqlite3_stmt* const select = prepare(from, "SELECT * FROM flow");
  const int columns = sqlite3_column_count(select);
  std::string text = "INSERT INTO flow VALUES (?";
  for (int i = 1; i < columns; ++i) text += ",?";
  sqlite3_stmt* const insert = prepare(to, text + ")");

  std::vector<sqlite3_value*> values;
  const auto bind = [&](std::size_t row) {
    for (int i = 0; i < columns; ++i)
      sqlite3_bind_value(insert, i + 1, values[row * static_cast<std::size_t>(columns) + static_cast<std::size_t>(i)]);
  };
  long long taken = 0;
  int pending = 0;
  for (bool more = true; more;) {
    std::size_t rows = 0;
    while (rows < rows_in_memory && (more = sqlite3_step(select) == SQLITE_ROW)) {
      ++rows;
      for (int i = 0; i < columns; ++i) values.push_back(sqlite3_value_dup(sqlite3_column_value(select, i)));
    }
    const long long begin = now();
    for (std::size_t row = 0; row < rows; ++row) bind(row);
    const long long bound = now();
    for (std::size_t row = 0; row < rows; ++row) {
      if (pending == 0) execute(to, "BEGIN IMMEDIATE");
      bind(row);
      require(sqlite3_step(insert) == SQLITE_DONE, to);
      sqlite3_reset(insert);
      if (++pending == rows_together) execute(to, "COMMIT"), pending = 0;
    }
    if (!more && pending > 0) execute(to, "COMMIT");
    taken += (now() - bound) - (bound - begin);
    for (sqlite3_value* const value : values) sqlite3_value_free(value);
    values.clear();
  }
  for (sqlite3_stmt* const statement : {select, insert}) sqlite3_finalize(statement);
  for (sqlite3* const database : {from, to}) sqlite3_close(database);
  std::printf("%lld\n", taken);
}
