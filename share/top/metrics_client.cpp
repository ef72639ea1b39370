// HTTP/1.0: one request, the answer until the connection ends.
#include "metrics_client.hpp"

#include <cerrno>
#include <charconv>
#include <cstring>

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/format.h>

#include "t2/error.hpp"

namespace t2::top {

namespace {

constexpr std::size_t longest_answer = 4u << 20;

class Connection {
 public:
  explicit Connection(const std::string& address) {
    std::string host = "127.0.0.1", port = address;
    if (const std::size_t colon = address.rfind(':'); colon != address.npos) {
      host = address.substr(0, colon);
      port = address.substr(colon + 1);
      if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    }
    addrinfo hints{}, *found = nullptr;
    hints.ai_socktype = SOCK_STREAM;
    if (const int problem = getaddrinfo(host.c_str(), port.c_str(), &hints, &found); problem != 0)
      throw Error(fmt::format("there is no address '{}': {}", address, gai_strerror(problem)));
    int reason = 0;
    for (const addrinfo* each = found; each && number_ < 0; each = each->ai_next) {
      number_ = socket(each->ai_family, each->ai_socktype | SOCK_CLOEXEC, each->ai_protocol);
      if (number_ < 0 || connect(number_, each->ai_addr, each->ai_addrlen) == 0) continue;
      reason = errno;
      close(number_);
      number_ = -1;
    }
    freeaddrinfo(found);
    if (number_ < 0)
      throw Error(fmt::format("no t2 answers at {}: {}: start it with --metrics", address, std::strerror(reason)));
  }
  ~Connection() { close(number_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  std::string exchange(std::string_view request) {
    std::string answer;
    if (send(number_, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
      return answer;
    for (char piece[65536]; answer.size() < longest_answer;) {
      pollfd waiting{number_, POLLIN, 0};
      if (poll(&waiting, 1, 3000) <= 0) break;
      const ssize_t got = recv(number_, piece, sizeof piece, 0);
      if (got <= 0) break;
      answer.append(piece, static_cast<std::size_t>(got));
    }
    return answer;
  }

 private:
  int number_ = -1;
};

}  // namespace

Metrics parse_metrics(std::string_view text) {
  Metrics out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    const std::size_t blank = line.rfind(' ');
    if (line.empty() || line[0] == '#' || blank == line.npos) continue;
    double value = 0;
    const std::string_view number = line.substr(blank + 1);
    if (std::from_chars(number.data(), number.data() + number.size(), value).ec != std::errc()) continue;
    out[std::string(line.substr(0, blank))] = value;
  }
  return out;
}

Metrics ask_metrics(const std::string& address) {
  Connection connection(address);
  const std::string answer = connection.exchange("GET /metrics HTTP/1.0\r\nConnection: close\r\n\r\n");
  const std::size_t body = answer.find("\r\n\r\n");
  if (!answer.starts_with("HTTP/") || body == answer.npos) throw Error(fmt::format("{} does not speak HTTP", address));
  Metrics metrics = parse_metrics(std::string_view(answer).substr(body + 4));
  if (!metrics.contains("t2_packets_total")) throw Error(fmt::format("{} has no metrics of t2", address));
  return metrics;
}

std::string label(std::string_view name, std::string_view wanted) {
  const std::string mark = std::string(wanted) + "=\"";
  std::size_t at = name.find(mark);
  if (at == name.npos) return {};
  std::string value;
  for (at += mark.size(); at < name.size() && name[at] != '"'; ++at) {
    if (name[at] == '\\' && at + 1 < name.size()) ++at;
    value += name[at];
  }
  return value;
}

}  // namespace t2::top
