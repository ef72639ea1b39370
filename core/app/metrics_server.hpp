// --metrics: answers HTTP requests for the metrics, in a thread of its own that the analysis never waits for.
//
// HTTP is libmicrohttpd's, which is loaded only here: a run without --metrics does not pay for it. Its clients may be
// hostile: there are at most `max_connections` at once, a request has a bounded size, and a connection ends after
// `max_age`, whatever happens on it.
#pragma once

#include <functional>
#include <memory>
#include <string>

namespace t2 {

class MetricsServer {
 public:
  static constexpr unsigned max_connections = 32, max_age = 5;  // s
  // Listens; connections wait until start(). `address`: ADDRESS:PORT, [IPv6]:PORT, or PORT of the loopback interface.
  // `text` makes the answer, in the server's thread. Throws Error.
  MetricsServer(const std::string& address, std::function<std::string()> text);
  ~MetricsServer();
  MetricsServer(const MetricsServer&) = delete;
  MetricsServer& operator=(const MetricsServer&) = delete;
  void start();
  const std::string& where() const;  // "127.0.0.1:9100"
  bool is_loopback() const;

 private:
  struct Server;
  std::unique_ptr<Server> server_;
};

}  // namespace t2
