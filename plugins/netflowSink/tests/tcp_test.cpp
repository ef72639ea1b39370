// IPFIX over TCP: sessions that break, and what is counted then. Real sockets on loopback.
#include <catch2/catch.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../src/exporter.hpp"
#include "../src/stream.hpp"
#include "../src/transport.hpp"
#include "decoder.hpp"
#include "records.hpp"

namespace t2::test::tcp_test {

using namespace t2::netflow_sink;
using namespace t2::test::netflow9;

namespace {

constexpr t2::Time start_time = 1'700'000'000 * t2::one_second;

class Listener {
 public:
  explicit Listener(std::uint16_t port = 0) : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int yes = 1;
    setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    socklen_t size = sizeof address;
    if (bind(socket_, reinterpret_cast<sockaddr*>(&address), size) != 0) throw std::runtime_error("cannot bind");
    getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    listen(socket_, 4);
  }
  ~Listener() { close(socket_); }
  Listener(const Listener&) = delete;
  int accept_one() const {
    pollfd p{socket_, POLLIN, 0};
    return poll(&p, 1, 5000) > 0 ? accept(socket_, nullptr, nullptr) : -1;
  }
  std::uint16_t port() const { return port_; }

 private:
  int socket_;
  std::uint16_t port_ = 0;
};

// The messages that have arrived so far, without an incomplete last one.
std::vector<DecodedMessage> arrived(int connection) {
  Message all;
  std::uint8_t buffer[65536];
  pollfd p{connection, POLLIN, 0};
  while (poll(&p, 1, 100) > 0) {
    const ssize_t n = recv(connection, buffer, sizeof buffer, 0);
    if (n <= 0) break;
    all.insert(all.end(), buffer, buffer + n);
  }
  Decoder decoder;
  std::vector<DecodedMessage> out;
  for (std::size_t at = 0; at + 4 <= all.size();) {
    const std::size_t size = all[at + 2] * 256u + all[at + 3];
    if (at + size > all.size()) break;
    out.push_back(decoder.decode(
        Message(all.begin() + static_cast<std::ptrdiff_t>(at), all.begin() + static_cast<std::ptrdiff_t>(at + size))));
    at += size;
  }
  return out;
}

std::size_t checked_records(const std::vector<DecodedMessage>& session) {
  REQUIRE_FALSE(session.empty());
  CHECK(session[0].templates.size() == 2);
  std::size_t records = 0, options = 0;
  for (std::size_t i = 0; i < session.size(); ++i) {
    CHECK(session[i].version == 10);
    CHECK(session[i].sequence == records + options);
    CHECK((session[i].templates.empty() || i == 0));
    records += session[i].records.size();
    options += session[i].options.size();
  }
  return records;
}

ExporterSettings ipfix() {
  ExporterSettings s;
  s.layout.version = Version::ipfix;
  s.max_ipv4 = 3;
  s.template_messages = 1;
  return s;
}

void add(Exporter& exporter, unsigned n) {
  FlowRecord r{};
  r.family = t2::Family::ipv4;
  for (unsigned i = 0; i < n; ++i) t2::test::export_record(exporter, {.version = Version::ipfix}, r, start_time);
}

// Waits until the added records have left.
void settle(Exporter& exporter) {
  for (unsigned i = 0; i < 3; ++i) {
    usleep(30'000);
    exporter.tick(start_time);
  }
}

std::vector<std::string> warnings;
void warn(const std::string& text) { warnings.push_back(text); }

}  // namespace

TEST_CASE("netflowSink: a stream begins with the templates, once, and ends when all has arrived", "[netflowSink]") {
  warnings.clear();
  const Listener listener;
  Exporter exporter(ipfix(), make_tcp_transport({"127.0.0.1", listener.port()}, 100, warn));
  exporter.start(start_time);
  const int connection = listener.accept_one();
  REQUIRE(connection >= 0);
  add(exporter, 20);
  exporter.tick(start_time + t2::one_second);
  settle(exporter);
  CHECK(checked_records(arrived(connection)) == 20);
  exporter.finish(start_time);
  CHECK(exporter.transport().delivery().sent == 20);
  CHECK(exporter.transport().delivery().lost == 0);
  CHECK(exporter.counters().template_messages == 1);
  CHECK(warnings.empty());
  close(connection);
}

TEST_CASE("netflowSink: a new connection is a new session, and records wait for it", "[netflowSink]") {
  warnings.clear();
  const Listener listener;
  Exporter exporter(ipfix(), make_tcp_transport({"127.0.0.1", listener.port()}, 100, warn));
  exporter.start(start_time);
  const int first = listener.accept_one();
  add(exporter, 6);
  settle(exporter);
  CHECK(checked_records(arrived(first)) == 6);
  close(first);
  add(exporter, 9);  // the break is noticed
  std::size_t second_records = 0;
  settle(exporter);
  usleep(150'000);
  settle(exporter);
  const int second = listener.accept_one();
  REQUIRE(second >= 0);
  settle(exporter);
  second_records = checked_records(arrived(second));
  CHECK(second_records == 9);
  exporter.finish(start_time);
  CHECK(exporter.transport().delivery().sent == 15);
  CHECK(exporter.transport().delivery().lost == 0);
  CHECK(exporter.counters().template_messages == 2);
  REQUIRE(warnings.size() == 1);
  CHECK_THAT(warnings[0], Catch::Contains("closed by the collector"));
  close(second);
}

TEST_CASE("netflowSink: the queue is bounded, and what does not fit is counted", "[netflowSink]") {
  warnings.clear();
  std::uint16_t port;
  {
    const Listener gone;
    port = gone.port();
  }
  Exporter exporter(ipfix(), make_tcp_transport({"127.0.0.1", port}, 16, warn));
  exporter.start(start_time);
  add(exporter, 3 * 20);
  CHECK(exporter.transport().delivery().lost == 3 * 4);
  CHECK(exporter.transport().delivery().sent == 0);
  const Listener late(port);
  usleep(150'000);
  settle(exporter);
  const int connection = late.accept_one();
  if (connection >= 0) {
    settle(exporter);
    CHECK(checked_records(arrived(connection)) == 3 * 16);
  }
  exporter.finish(start_time);
  CHECK(exporter.transport().delivery().sent == 3 * 16);
  CHECK(exporter.transport().delivery().lost == 3 * 4);
  CHECK(warnings.size() == 2);
  close(connection);
}

TEST_CASE("netflowSink: what a collector had not read when it broke the connection is sent again, and nothing else",
          "[netflowSink]") {
  warnings.clear();
  const Listener listener;
  Exporter exporter(ipfix(), make_tcp_transport({"127.0.0.1", listener.port()}, 100, warn));
  exporter.start(start_time);
  const int first = listener.accept_one();
  add(exporter, 30);
  settle(exporter);
  const std::size_t read = checked_records(arrived(first));
  add(exporter, 12);  // arrives, and is not read
  settle(exporter);
  close(first);  // with unread data: a reset
  settle(exporter);
  usleep(150'000);
  settle(exporter);
  const int second = listener.accept_one();
  REQUIRE(second >= 0);
  settle(exporter);
  CHECK(read + checked_records(arrived(second)) == 42);
  exporter.finish(start_time);
  const DeliveryStats& delivery = exporter.transport().delivery();
  CHECK(delivery.sent == 42);
  CHECK(delivery.resent == 12);
  CHECK(delivery.lost == 0);
  REQUIRE(warnings.size() == 1);
  CHECK_THAT(warnings[0], Catch::Contains("reset by peer"));
  close(second);
}

TEST_CASE("netflowSink: where no other connection comes about, what had not been read is lost", "[netflowSink]") {
  warnings.clear();
  int first;
  std::unique_ptr<Exporter> exporter;
  {
    const Listener listener;
    exporter = std::make_unique<Exporter>(ipfix(), make_tcp_transport({"127.0.0.1", listener.port()}, 100, warn));
    exporter->start(start_time);
    first = listener.accept_one();
  }
  add(*exporter, 30);
  settle(*exporter);
  const std::size_t read = checked_records(arrived(first));
  settle(*exporter);
  add(*exporter, 12);
  settle(*exporter);
  close(first);
  add(*exporter, 3);
  exporter->finish(start_time);
  const DeliveryStats& delivery = exporter->transport().delivery();
  CHECK(delivery.sent == read);
  CHECK(delivery.lost == 45 - read);
  CHECK(delivery.doubtful == 12);
}

TEST_CASE("netflowSink: a collector that talks without end does not hold the exporter", "[netflowSink]") {
  int ends[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
  const std::unique_ptr<Channel> channel = make_tcp_channels()->open(ends[0]);
  const std::vector<char> talk(8192);
  const auto waiting = [&] {
    int bytes = 0;
    ioctl(ends[0], FIONREAD, &bytes);
    return bytes;
  };
  while (send(ends[1], talk.data(), talk.size(), MSG_NOSIGNAL) > 0) {}
  constexpr int in_one_call = max_reads * read_size;
  const int before = waiting();
  REQUIRE(before > in_one_call);
  CHECK(channel->read_until_close() == ChannelStatus::pending);
  CHECK(before - waiting() == in_one_call);
  close(ends[1]);
  for (int calls = 0; channel->read_until_close() == ChannelStatus::pending; ++calls) REQUIRE(calls < 100);
  CHECK(channel->read_until_close() == ChannelStatus::done);
  close(ends[0]);
}

}  // namespace t2::test::tcp_test
