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
  BatchResult store(const Batch& batch);
  void finish();  // no batch comes any more

 private:
  Answer make();  // makes the table, or compares it with the rows; not good without a state: it is another one
  Answer prepare();
  Answer make_tables();
  BatchResult failed(const Answer& answer);
  BatchResult stored();
  Connection connection_;
  const std::string name_;
  const std::vector<sql::TableColumn> columns_;
  const std::string table_, batches_table_, copy_statement_;  // as statements have them
  Existing existing_;
  const std::string run_;       // a name that no other run has
  std::uint64_t batch_ = 1;     // number of the batch that is stored
  bool made_ = false;           // the table was found in order over this connection
  bool checked_again_ = false;  // ... and once more for the batch that is stored
};

}  // namespace t2::psql_sink
