// The table is made from the columns of the rows or compared with them, over each connection and after each error that
// does not pass by itself. Rows come by COPY.
//
// No batch is stored twice: its transaction begins with its number, in a table beside, as the last one of this run.
// That finds a batch whose COMMIT was not answered, and waits where the server still works on it.
#include "table.hpp"

#include <fstream>
#include <utility>

#include "encoder.hpp"
#include "t2/error.hpp"

namespace t2::psql_sink {

namespace {

std::string random_name() {
  std::ifstream file("/proc/sys/kernel/random/uuid");
  std::string name;
  if (!(file >> name)) throw Error("psqlSink: cannot read /proc/sys/kernel/random/uuid: mount /proc");
  return name;
}

}  // namespace

Table::Table(Settings settings, std::string name, std::vector<sql::TableColumn> columns, Existing existing)
    : connection_(std::move(settings)),
      name_(std::move(name)),
      columns_(std::move(columns)),
      table_(sql::identifier(name_)),
      batches_table_(sql::identifier(name_ + "_batches")),
      copy_statement_("COPY " + table_ + " (" + sql::names(columns_) + ") FROM STDIN (FORMAT binary)"),
      existing_(existing),
      run_(sql::quoted(random_name(), '\'')) {}

Answer Table::make() {
  const std::string place = "to_regclass(" + sql::quoted(table_, '\'') + ")";
  const std::string list =
      "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = " + place +
      " AND attnum > 0 AND NOT attisdropped ORDER BY attnum";
  Answer answer = connection_.execute("SET standard_conforming_strings = on; " + list);
  if (!answer.good) return answer;
  if (!answer.rows.empty() && existing_ == Existing::refuse) {
    answer.good = false;
    answer.state = "42P07";  // duplicate table
    answer.why = "the table '" + name_ + "' exists: name another, or set PSQL_OVERWRITE_TABLE to 1 or 2";
    return answer;
  }
  if (answer.rows.empty() || existing_ == Existing::replace) {
    Answer made =
        connection_.execute(std::string("BEGIN; ") + (answer.rows.empty() ? "" : "DROP TABLE " + table_ + "; ") +
                            "CREATE TABLE " + table_ + " (" + sql::definitions(columns_) + "); COMMIT");
    if (made.good) existing_ = Existing::use;
    else if (connection_.is_open()) connection_.execute("ROLLBACK");
    return made;
  }
  std::vector<sql::TableColumn> found;
  for (const auto& row : answer.rows) found.push_back({row[0], row[1]});
  const std::string other = sql::difference(found, columns_);
  if (!other.empty()) {
    answer.good = false;
    answer.state = "42804";  // datatype mismatch
    answer.why = "the table '" + name_ + "' does not fit the rows: " + other +
                 ": name another table, or set PSQL_OVERWRITE_TABLE to 1";
  }
  existing_ = Existing::use;
  return answer;
}

Answer Table::make_tables() {
  Answer answer = make();
  // Another probe made it at the same moment: duplicate table, unique violation in the catalogue.
  if (!answer.good && existing_ != Existing::refuse && (answer.state == "42P07" || answer.state == "23505"))
    answer = make();
  if (!answer.good) return answer;
  answer = connection_.execute("SELECT to_regclass(" + sql::quoted(batches_table_, '\'') + ")");
  if (!answer.good || !answer.rows[0][0].empty()) return answer;
  answer = connection_.execute("CREATE TABLE " + batches_table_ + " (run text PRIMARY KEY, batch bigint NOT NULL)");
  if (!answer.good && (answer.state == "42P07" || answer.state == "23505")) answer.good = true;
  return answer;
}

Answer Table::prepare() {
  if (!connection_.is_open()) {
    made_ = false;
    Answer answer = connection_.open();
    if (!answer.good) return answer;
  }
  if (made_) return {.good = true, .state = {}, .why = {}, .rows = {}};
  Answer answer = make_tables();
  made_ = answer.good;
  return answer;
}

void Table::check() {
  const Answer answer = prepare();
  if (answer.good) return;
  if (answer.is_passing() && (connection_.is_open() || !connection_.is_server_up())) return;
  throw Error("psqlSink: cannot use " + connection_.settings().name() + ": " + answer.why);
}

BatchResult Table::failed(const Answer& answer) {
  if (connection_.is_open()) connection_.execute("ROLLBACK");
  made_ = false;  // the table was altered or dropped, perhaps: it is looked at again before the rows are given up
  if (answer.is_passing()) return {.outcome = BatchResult::Outcome::again, .why = answer.why};
  if (!std::exchange(checked_again_, true)) return {.outcome = BatchResult::Outcome::again, .why = answer.why};
  checked_again_ = false;
  ++batch_;
  return {.outcome = BatchResult::Outcome::refused, .why = answer.why};
}

BatchResult Table::stored() {
  checked_again_ = false;
  ++batch_;
  return {};
}

BatchResult Table::store(const Batch& batch) {
  Answer answer = prepare();
  if (!answer.good) return failed(answer);
  const std::string number = std::to_string(batch_);
  answer = connection_.execute("BEGIN; INSERT INTO " + batches_table_ + " AS t VALUES (" + run_ + ", " + number +
                               ") ON CONFLICT (run) DO UPDATE SET batch = " + number + " WHERE t.batch < " + number +
                               " RETURNING batch");
  if (!answer.good) return failed(answer);
  if (answer.rows.empty()) {  // by an attempt whose answer was lost
    connection_.execute("ROLLBACK");
    return stored();
  }
  answer = connection_.copy(copy_statement_, batch.bytes);
  if (answer.good) answer = connection_.execute("COMMIT");
  return answer.good ? stored() : failed(answer);
}

void Table::finish() {
  if (connection_.is_open() && batch_ > 1)
    connection_.execute("DELETE FROM " + batches_table_ + " WHERE run = " + run_);
}

}  // namespace t2::psql_sink
