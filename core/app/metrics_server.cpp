// A listening socket of the program's own, served by libmicrohttpd in external polling mode.
#include "app/metrics_server.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <map>
#include <string_view>
#include <thread>

#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/format.h>

#include "t2/clock.hpp"
#include "t2/error.hpp"
#include "t2/packet.hpp"

#ifdef LIBMICROHTTPD_SONAME
#include <microhttpd.h>

#include "t2/library.hpp"
#endif

namespace t2 {

#ifndef LIBMICROHTTPD_SONAME

struct MetricsServer::Server {
  std::string where;
};
MetricsServer::MetricsServer(const std::string&, std::function<std::string()>) {
  throw Error(
      "Option '--metrics': built without libmicrohttpd: install libmicrohttpd-dev, then run t2build -f tranalyzer2");
}
MetricsServer::~MetricsServer() = default;
void MetricsServer::start() {}
const std::string& MetricsServer::where() const { return server_->where; }
bool MetricsServer::is_loopback() const { return true; }

#else

namespace {

constexpr std::size_t max_request = 8 << 10;  // bytes of memory of a connection: of its request's head
constexpr int look_after = 250;  // ms between looks at old connections; at its limit the library listens again in run()

[[noreturn]] void refuse_address(const std::string& address, std::string_view why) {
  throw Error(fmt::format("Option '--metrics': '{}' {}", address, why));
}

struct Libmicrohttpd {
  Library library{LIBMICROHTTPD_SONAME, "libmicrohttpd12"};
  T2_IMPORT(MHD_add_response_header);
  T2_IMPORT(MHD_create_response_from_buffer);
  T2_IMPORT(MHD_destroy_response);
  T2_IMPORT(MHD_get_connection_info);
  T2_IMPORT(MHD_get_daemon_info);
  T2_IMPORT(MHD_queue_response);
  T2_IMPORT(MHD_run);
  T2_IMPORT(MHD_start_daemon);
  T2_IMPORT(MHD_stop_daemon);
};
const Libmicrohttpd& http() {
  static const Libmicrohttpd loaded;
  return loaded;
}

struct Listener {
  int socket = -1;
  std::string where;
  bool loopback = false;
};

Listener listen_on(const std::string& address) {
  http();  // throws where the library is missing
  const std::size_t colon = address.rfind(':');
  std::string host = colon == std::string::npos ? "" : address.substr(0, colon);
  const std::string port = colon == std::string::npos ? address : address.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  else if (host.find(':') != std::string::npos)
    refuse_address(address, "is no ADDRESS:PORT: put IPv6 addresses in brackets");
  if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != std::string::npos ||
      std::stoi(port) > 65535)
    refuse_address(address, "has no port from 0 to 65535: use ADDRESS:PORT");
  if (host.empty()) host = "127.0.0.1";
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  if (const int problem = getaddrinfo(host.c_str(), port.c_str(), &hints, &found); problem != 0)
    refuse_address(address, fmt::format("is no address to listen on: {}", gai_strerror(problem)));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> release(found, freeaddrinfo);
  Listener made;
  made.socket = ::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(made.socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_storage own{};
  socklen_t size = sizeof own;
  if (made.socket < 0 || bind(made.socket, found->ai_addr, found->ai_addrlen) != 0 || ::listen(made.socket, 64) != 0 ||
      getsockname(made.socket, reinterpret_cast<sockaddr*>(&own), &size) != 0) {
    const int problem = errno;
    if (made.socket >= 0) close(made.socket);
    refuse_address(address, fmt::format("cannot be listened on: {}", std::strerror(problem)));
  }
  char text[INET6_ADDRSTRLEN] = "";
  if (own.ss_family == AF_INET6) {
    const auto& six = reinterpret_cast<const sockaddr_in6&>(own);
    made.loopback = IN6_IS_ADDR_LOOPBACK(&six.sin6_addr);
    made.where = fmt::format("[{}]:{}", inet_ntop(AF_INET6, &six.sin6_addr, text, sizeof text), ntohs(six.sin6_port));
  } else {
    const auto& four = reinterpret_cast<const sockaddr_in&>(own);
    made.loopback = ntohl(four.sin_addr.s_addr) >> 24 == 127;
    made.where = fmt::format("{}:{}", inet_ntop(AF_INET, &four.sin_addr, text, sizeof text), ntohs(four.sin_port));
  }
  return made;
}

}  // namespace

struct MetricsServer::Server {
  Server(const std::string& address, std::function<std::string()> its_text)
      : text(std::move(its_text)), listener(listen_on(address)), wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    daemon =
        http().MHD_start_daemon(MHD_USE_EPOLL, 0, nullptr, nullptr, &Server::answer, this, MHD_OPTION_LISTEN_SOCKET,
                                listener.socket, MHD_OPTION_CONNECTION_LIMIT, max_connections,
                                MHD_OPTION_CONNECTION_TIMEOUT, max_age, MHD_OPTION_CONNECTION_MEMORY_LIMIT, max_request,
                                MHD_OPTION_NOTIFY_CONNECTION, &Server::notify, this, MHD_OPTION_END);
    if (daemon && wake >= 0) return;
    if (daemon) http().MHD_stop_daemon(daemon);
    else close(listener.socket);
    refuse_address(address, "cannot be served: libmicrohttpd does not start");
  }
  ~Server() {
    stopping = true;
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(wake, &one, sizeof one);
    if (thread.joinable()) thread.join();
    http().MHD_stop_daemon(daemon);  // closes the listening socket
    close(wake);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  void serve() {
    const int events = http().MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    while (!stopping) {
      pollfd waiting[] = {{events, POLLIN, 0}, {wake, POLLIN, 0}};
      poll(waiting, 2, look_after);
      http().MHD_run(daemon);
      const Time now = steady_clock();
      for (const auto& [socket, since] : connections) {
        if (now - since > max_age * one_second) shutdown(socket, SHUT_RDWR);  // the library closes it then
      }
    }
  }

  static int socket_of(MHD_Connection* connection) {
    return http().MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
  }
  static void notify(void* self, MHD_Connection* connection, void**, MHD_ConnectionNotificationCode what) {
    Server& me = *static_cast<Server*>(self);
    if (what == MHD_CONNECTION_NOTIFY_STARTED) me.connections[socket_of(connection)] = steady_clock();
    else me.connections.erase(socket_of(connection));
  }

  static MHD_Result answer(void* self, MHD_Connection* connection, const char* path, const char* method, const char*,
                           const char*, std::size_t*, void**) {
    const Server& me = *static_cast<Server*>(self);
    const std::string_view verb = method, what = path;
    unsigned status = MHD_HTTP_OK;
    std::string body;
    if (verb != "GET" && verb != "HEAD") status = MHD_HTTP_METHOD_NOT_ALLOWED, body = "GET /metrics\n";
    else if (what != "/metrics") status = MHD_HTTP_NOT_FOUND, body = "There is /metrics only\n";
    else body = me.text();
    MHD_Response* const response =
        http().MHD_create_response_from_buffer(body.size(), body.data(), MHD_RESPMEM_MUST_COPY);
    if (!response) return MHD_NO;
    http().MHD_add_response_header(
        response, "Content-Type",
        status == MHD_HTTP_OK ? "text/plain; version=0.0.4; charset=utf-8" : "text/plain; charset=utf-8");
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED) http().MHD_add_response_header(response, "Allow", "GET, HEAD");
    http().MHD_add_response_header(response, "Connection", "close");
    const MHD_Result queued = http().MHD_queue_response(connection, status, response);
    http().MHD_destroy_response(response);
    return queued;
  }

  std::function<std::string()> text;
  Listener listener;
  int wake;  // eventfd: the thread is to look at `stopping`
  MHD_Daemon* daemon = nullptr;
  std::map<int, Time> connections;  // socket, since when; of the thread
  std::atomic<bool> stopping = false;
  std::thread thread;
};

MetricsServer::MetricsServer(const std::string& address, std::function<std::string()> text)
    : server_(std::make_unique<Server>(address, std::move(text))) {}

MetricsServer::~MetricsServer() = default;

void MetricsServer::start() {
  sigset_t all, before;  // signals are for the thread that reads
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  server_->thread = std::thread([server = server_.get()] { server->serve(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

const std::string& MetricsServer::where() const { return server_->listener.where; }
bool MetricsServer::is_loopback() const { return server_->listener.loopback; }

#endif

}  // namespace t2
