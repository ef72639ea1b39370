// A connection to a PostgreSQL server. No call waits longer than the timeout without progress, or than until it must
// stop. Used by one thread at a time.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "t2/packet.hpp"

struct pg_conn;  // PGconn of <libpq-fe.h>
struct pg_result;

namespace t2::psql_sink {

struct Settings {
  std::string host, port, user, password, database, sslmode;
  Time timeout = 0;
  std::function<bool()> must_stop;
  std::string name() const { return "the database '" + database + "' at " + host + ":" + port; }
};

struct Answer {
  bool good = false;
  std::string state, why;  // SQLSTATE, empty: the connection is gone; one line
  std::vector<std::vector<std::string>> rows;
  // The same later may go well: no connection, no room, locks, a server that is shut down (classes of SQLSTATE).
  bool is_passing() const;
};

class Connection {
 public:
  explicit Connection(Settings settings);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  const Settings& settings() const { return settings_; }
  bool is_open() const { return connection_ != nullptr; }
  Answer open();
  void close();
  // The server answers, so what open() said will not change by itself. It may wait for two seconds.
  bool is_server_up() const;
  Answer execute(const std::string& statements);  // the rows of the last one that has some
  Answer copy(const std::string& statement, std::string_view bytes);

 private:
  bool wait(short events);  // false: the timeout, or it must stop
  bool flush();
  pg_result* next_result();
  Answer collect(Answer answer = {.good = true, .state = {}, .why = {}, .rows = {}});
  Answer gone(const std::string& why = "");

  const Settings settings_;
  pg_conn* connection_ = nullptr;
};

}  // namespace t2::psql_sink
