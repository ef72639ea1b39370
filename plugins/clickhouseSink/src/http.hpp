// Requests to a ClickHouse server over HTTP, on a connection that is kept. Used by one thread at a time.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "t2/packet.hpp"

namespace t2::clickhouse_sink {

struct Settings {
  std::string host, user, password, database, ca;
  unsigned port = 0;
  bool tls = false;
  Time timeout = 0;  // without progress
  std::function<bool()> must_stop;
  std::string address() const {  // "http://127.0.0.1:8123"
    const bool is_ip6 = host.find(':') != host.npos && host[0] != '[';
    return (tls ? "https://" : "http://") + (is_ip6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
  }
};

struct Reply {
  bool good = false;
  bool answered = false;  // there was a complete answer, good or not
  int code = 0;           // ClickHouse's number of the error
  std::string text;       // the answer, or why there is none, in one line
  // The same later may go well: no connection, no room, too much to do.
  bool is_passing() const;
};

class Http {
 public:
  explicit Http(Settings settings);  // throws Error
  ~Http();
  Http(const Http&) = delete;
  Http& operator=(const Http&) = delete;

  const Settings& settings() const { return settings_; }
  // `body`: what follows the statement, of an INSERT.
  Reply send(const std::string& statement, std::string_view body = {});

 private:
  struct Transfer;
  const Settings settings_;
  void* curl_ = nullptr;
};

}  // namespace t2::clickhouse_sink
