// A table of a ClickHouse server, which takes batches of rows, each as one block.
#pragma once

#include <string>
#include <vector>

#include "block_encoder.hpp"
#include "http.hpp"
#include "t2/delivery.hpp"

namespace t2::clickhouse_sink {

enum class Existing : std::uint8_t { refuse, replace, use };

class Store {
 public:
  Store(Settings settings, std::string name, Existing existing);

  // Which types the server has. It must be there: columns depend on it. Throws Error.
  ServerTypes types();
  // Makes the table, or compares it. Throws Error for what only the user can change.
  void check(std::vector<sql::TableColumn> columns);
  BatchResult store(const Batch& batch);

 private:
  Reply make();  // makes the table, or compares it with the rows
  [[noreturn]] void refuse(const std::string& why) const;
  std::string engine() const;

  Http http_;
  const std::string name_;
  std::vector<sql::TableColumn> columns_;
  std::string insert_statement_;
  Existing existing_;
  bool made_ = false;           // the table was found in order
  bool checked_again_ = false;  // it was compared once more for the batch that is inserted
};

}  // namespace t2::clickhouse_sink
