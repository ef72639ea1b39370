// Metrics: their text, and the server with clients that are in order. Hostile ones: tests/live/metrics.
#include <catch2/catch.hpp>

#include <thread>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/metrics.hpp"
#include "app/metrics_server.hpp"
#include "t2/error.hpp"

namespace t2::test::metrics_test {

namespace {

using Catch::Contains;

std::string ask(const std::string& where, const std::string& request) {
  const int s = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(where.substr(where.rfind(':') + 1))));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  if (connect(s, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 &&
      send(s, request.data(), request.size(), MSG_NOSIGNAL) >= 0) {
    char part[4096];
    for (ssize_t n; (n = recv(s, part, sizeof part, 0)) > 0;) answer.append(part, static_cast<std::size_t>(n));
  }
  close(s);
  return answer;
}

std::string problem_with(const std::string& address) {
  try {
    MetricsServer(address, [] { return std::string(); });
  } catch (const Error& e) {
    return e.what();
  }
  return {};
}

}  // namespace

TEST_CASE("metrics: names, labels and values", "[metrics]") {
  InputTotals totals;
  totals.packets = 7, totals.rows = 4, totals.flows_in_memory = 3, totals.left_out = 9;
  totals.interfaces.emplace_back("eth0", 2).received = 5;
  totals.interfaces.emplace_back("a\"b\\c\n", 3).dropped_by_kernel = 6;
  totals.sinks.emplace_back("txtSink");
  totals.sinks.emplace_back("netflowSink").lost_rows = 8;
  totals.sinks.emplace_back("jsonSink").lost_rows = 2;
  const std::string text = metrics_text(totals, {"Tranalyzer 1", 1'500'000'000});
  for (const char* line :
       {"\nt2_packets_total 7\n", "\nt2_rows_total 4\n", "\nt2_flows 3\n", "\nt2_unsampled_packets_total 9\n",
        "\nt2_interface_received_packets_total{interface=\"eth0\"} 5\n",
        "\nt2_interface_dropped_packets_total{interface=\"a\\\"b\\\\c\\n\",by=\"kernel\"} 6\n",
        "\nt2_sink_lost_rows_total{sink=\"txtSink\"} 0\n", "\nt2_sink_lost_rows_total{sink=\"netflowSink\"} 8\n",
        "\nt2_lost_rows_total 10\n", "\nt2_build_info{version=\"Tranalyzer 1\"} 1\n",
        "\nprocess_start_time_seconds 1.500\n", "\n# TYPE t2_packets_total counter\n", "\n# TYPE t2_flows gauge\n"})
    CHECK_THAT(text, Contains(line));
  CHECK(text.starts_with("# HELP t2_build_info "));
  CHECK(text.ends_with("\n"));
  CHECK_THAT(metrics_text(InputTotals{}, {}), !Contains("t2_interface"));
}

TEST_CASE("metrics: the server answers while counters change", "[metrics]") {
  InputTotals totals;
  MetricsServer server("0", [&] { return metrics_text(totals, {}); });
  CHECK(server.is_loopback());
  REQUIRE(server.where().starts_with("127.0.0.1:"));
  std::atomic<bool> done = false;
  std::thread reader([&] {
    while (!done) totals.packets.fetch_add(1, std::memory_order_relaxed);
  });
  server.start();
  for (unsigned i = 0; i < 20; ++i) {
    const std::string answer = ask(server.where(), "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK_THAT(answer, Catch::StartsWith("HTTP/1.1 200 OK\r\n") && Contains("text/plain; version=0.0.4") &&
                           Contains("\r\n\r\n# HELP") && Contains("\nt2_packets_total "));
  }
  done = true;
  reader.join();
  CHECK_THAT(ask(server.where(), "HEAD /metrics HTTP/1.0\r\n\r\n"),
             Contains(" 200 OK\r\n") && Contains("Content-Length: ") && !Contains("HELP"));
  CHECK_THAT(ask(server.where(), "GET /../etc/passwd HTTP/1.0\r\n\r\n"), Contains(" 404 "));
  CHECK_THAT(ask(server.where(), "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"),
             Contains(" 405 ") && Contains("Allow: GET, HEAD"));
  CHECK_THAT(ask(server.where(), std::string("\0\xff\r\n\r\n", 6)), !Contains(" 200 "));
  CHECK_THAT(ask(server.where(), "GET /metrics HTTP/1.1\r\nHost: x\r\nA: " + std::string(100'000, 'a') + "\r\n\r\n"),
             !Contains(" 200 "));
}

TEST_CASE("metrics: addresses that cannot be listened on are errors", "[metrics]") {
  for (const char* address : {"", ":", "x", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "::1:80",
                              "127.0.0.1:80x", "300.1.1.1:80", "[::1:9100", "192.0.2.1:9100"}) {
    INFO(address);
    CHECK_THAT(problem_with(address), Catch::StartsWith(std::string("Option '--metrics': '") + address + "'"));
  }
  const MetricsServer first("127.0.0.1:0", [] { return std::string(); });
  CHECK_THAT(problem_with(first.where()), Contains("in use"));
  const MetricsServer all("0.0.0.0:0", [] { return std::string(); });
  CHECK_FALSE(all.is_loopback());
}

}  // namespace t2::test::metrics_test
