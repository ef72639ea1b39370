// The table is made from the columns of the rows or compared with them, over each connection and after each error that
// does not pass by itself. Rows come by COPY. A COMMIT whose answer was lost with the connection is looked up by the
// number of its transaction, so that no row is stored twice.
#include "table.hpp"

#include <utility>

#include "encoder.hpp"
#include "t2/error.hpp"

namespace t2::psql_sink {

Table::Table(Settings settings, std::string name, std::vector<sql::TableColumn> columns, Existing existing)
    : connection_(std::move(settings)),
      name_(std::move(name)),
      columns_(std::move(columns)),
      copy_statement_("COPY " + sql::identifier(name_) + " (" + sql::names(columns_) + ") FROM STDIN (FORMAT binary)"),
      existing_(existing) {}

Answer Table::make() {
  const std::string place = "to_regclass(" + sql::quoted(sql::identifier(name_), '\'') + ")";
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
    Answer made = connection_.execute("BEGIN; DROP TABLE IF EXISTS " + sql::identifier(name_) + "; CREATE TABLE " +
                                      sql::identifier(name_) + " (" + sql::definitions(columns_) + "); COMMIT");
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

Answer Table::prepare() {
  if (!connection_.is_open()) {
    made_ = false;
    Answer answer = connection_.open();
    if (!answer.good) return answer;
  }
  if (made_) return {.good = true, .state = {}, .why = {}, .rows = {}};
  Answer answer = make();
  made_ = answer.good;
  return answer;
}

void Table::check() {
  const Answer answer = prepare();
  if (answer.good) return;
  if (answer.is_passing() && (connection_.is_open() || !connection_.is_server_up())) return;
  throw Error("psqlSink: cannot use " + connection_.settings().name() + ": " + answer.why);
}

Table::Fate Table::fate(Answer& answer) {
  if (in_doubt_.empty()) return Fate::none;
  answer = connection_.execute("SELECT coalesce(txid_status(" + in_doubt_ + "), '')");
  if (!answer.good) return Fate::unknown;
  const std::string status = answer.rows.empty() ? "" : answer.rows[0][0];
  if (status == "in progress") {
    answer.good = false;
    answer.why = "the transaction whose connection broke is still at work";
    return Fate::unknown;
  }
  in_doubt_.clear();
  return status == "committed" ? Fate::committed : Fate::aborted;
}

Delivery Table::failed(const Answer& answer) {
  if (connection_.is_open()) connection_.execute("ROLLBACK");
  made_ = false;  // the table was altered or dropped, perhaps: it is looked at again before the rows are given up
  if (answer.is_passing()) return {.outcome = Delivery::Outcome::again, .why = answer.why};
  if (!std::exchange(checked_again_, true)) return {.outcome = Delivery::Outcome::again, .why = answer.why};
  checked_again_ = false;
  in_doubt_.clear();
  return {.outcome = Delivery::Outcome::refused, .why = answer.why};
}

Delivery Table::store(const Batch& batch) {
  Answer answer = prepare();
  if (!answer.good) return failed(answer);
  switch (fate(answer)) {
    case Fate::committed: checked_again_ = false; return {};
    case Fate::unknown: return failed(answer);
    case Fate::none:
    case Fate::aborted: break;
  }
  answer = connection_.execute("BEGIN; SELECT txid_current()");
  if (!answer.good) return failed(answer);
  const std::string transaction = answer.rows.empty() ? "" : answer.rows[0][0];
  answer = connection_.copy(copy_statement_, batch.bytes);
  if (!answer.good) return failed(answer);
  answer = connection_.execute("COMMIT");
  if (!answer.good) {
    if (answer.state.empty()) in_doubt_ = transaction;
    return failed(answer);
  }
  checked_again_ = false;
  return {};
}

}  // namespace t2::psql_sink
