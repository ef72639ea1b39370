// A table in a PostgreSQL database, which takes batches of rows: each in a transaction of its own.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "connection.hpp"
#include "t2/delivery.hpp"
#include "t2/sql.hpp"

namespace t2::psql_sink {

enum class Existing : std::uint8_t { refuse, replace, use };

class Table {
 public:
  Table(Settings settings, std::string name, std::vector<sql::TableColumn> columns, Existing existing);

  // Before the first row. A server that is not there yet is no error; throws Error for what only the user can change.
  void check();
  Delivery store(const Batch& batch);

 private:
  Answer make();  // makes the table, or compares it with the rows; not good without a state: it is another one
  Answer prepare();
  Delivery failed(const Answer& answer);
  // The last transaction's COMMIT was sent and not answered: what became of it.
  enum class Fate : std::uint8_t { none, committed, aborted, unknown };
  Fate fate(Answer& answer);

  Connection connection_;
  const std::string name_;
  const std::vector<sql::TableColumn> columns_;
  const std::string copy_statement_;
  Existing existing_;
  bool made_ = false;           // the table was found in order over this connection
  std::string in_doubt_;        // number of that transaction; empty: there is none
  bool checked_again_ = false;  // the table was compared once more for the batch that is stored
};

}  // namespace t2::psql_sink
