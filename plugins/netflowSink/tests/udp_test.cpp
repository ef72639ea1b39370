// UDP on loopback sockets: names, refusals, and pacing.
#include <catch2/catch.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "../src/pacer.hpp"
#include "../src/transport.hpp"
#include "t2/plugin.hpp"

namespace t2::test::udp_test {

using namespace t2::netflow_sink;
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

namespace {

class Receiver {  // a UDP socket on a free port of loopback
 public:
  explicit Receiver(int family = AF_INET, std::uint16_t port = 0)
      : socket_(socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in6 address{};
    socklen_t size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    if (family == AF_INET) {
      auto& four = reinterpret_cast<sockaddr_in&>(address);
      four.sin_family = AF_INET;
      four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      four.sin_port = htons(port);
    } else {
      address.sin6_family = AF_INET6;
      address.sin6_addr = in6addr_loopback;
    }
    usable_ = bind(socket_, reinterpret_cast<sockaddr*>(&address), size) == 0;
    getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin6_port);
    const timeval timeout{20, 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  }
  ~Receiver() { leave(); }
  Receiver(const Receiver&) = delete;
  void leave() {
    if (socket_ >= 0) close(socket_);
    socket_ = -1;
  }
  std::vector<std::uint8_t> receive(bool wait = true) {
    std::vector<std::uint8_t> bytes(65536);
    const ssize_t n = recv(socket_, bytes.data(), bytes.size(), wait ? 0 : MSG_DONTWAIT);
    bytes.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return bytes;
  }
  bool usable() const { return usable_; }
  std::uint16_t port() const { return port_; }

 private:
  int socket_;
  bool usable_ = false;
  std::uint16_t port_ = 0;
};

std::vector<std::string> warnings;
std::unique_ptr<Transport> to(const std::string& host, std::uint16_t port) {
  warnings.clear();
  return make_udp_transport(parse_collectors(host, port).at(0), 5000,
                            [](const std::string& text) { warnings.push_back(text); });
}

// A header of NetFlow 9 or IPFIX with a sequence, then zeros.
std::vector<std::uint8_t> message(std::uint32_t sequence, std::size_t size = 100, std::uint8_t version = 9) {
  std::vector<std::uint8_t> m(size);
  m.at(1) = version;
  for (std::size_t i = 0, at = version == 9 ? 12 : 8; i < 4; ++i)
    m.at(at + i) = static_cast<std::uint8_t>(sequence >> (24 - 8 * i));
  return m;
}
std::uint32_t sequence_of(const std::vector<std::uint8_t>& m) {
  const std::size_t at = m[1] == 9 ? 12 : 8;
  return m[at] * 0x1000000u + m[at + 1] * 0x10000u + m[at + 2] * 0x100u + m[at + 3];
}
constexpr std::size_t template_size = 80;
std::vector<std::uint8_t> templates(std::uint8_t version = 9) { return message(0, template_size, version); }

// Whether this kernel tells about receive buffers and reports refused messages at once.
bool watches_buffer(std::uint16_t port) {
  const int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  CHECK(connect(s, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  const bool result = Pacer(s, 0).watches_buffer();
  close(s);
  if (!result) WARN("skipped: this kernel does not tell about receive buffers (udp_diag): only the rate is limited");
  return result;
}

}  // namespace

TEST_CASE("netflowSink: messages reach an IPv4 and an IPv6 collector", "[netflowSink]") {
  for (const auto& [family, host] : {std::pair(AF_INET, "127.0.0.1"), std::pair(AF_INET, "localhost"),
                                     std::pair(AF_INET6, "::1"), std::pair(AF_INET6, "[::1]")}) {
    Receiver receiver(family);
    if (!receiver.usable()) {
      WARN("skipped: no IPv6 here");
      continue;
    }
    INFO(host);
    const auto transport = to(host, receiver.port());
    transport->set_templates({templates()});
    transport->send(message(7), 3);
    transport->tick();
    CHECK(receiver.receive() == message(7));
    transport->finish();
    CHECK(transport->delivery().sent == 3);
    CHECK(transport->delivery().lost == 0);
    CHECK(warnings.empty());
  }
  CHECK(to("::1", 9)->destination() == "[::1]:9");
}

TEST_CASE("netflowSink: messages of one size and of others arrive one by one, in order", "[netflowSink]") {
  const std::vector<std::size_t> sizes = [] {
    std::vector<std::size_t> all;
    for (const auto& [count, size] : {std::pair(5, 100), std::pair(33, 1360), std::pair(1, 120), std::pair(70, 1400),
                                      std::pair(2, 30'000), std::pair(3, 40'000), std::pair(3, 99)})
      all.insert(all.end(), static_cast<std::size_t>(count), static_cast<std::size_t>(size));
    return all;
  }();
  for (const auto& [family, host] : {std::pair(AF_INET, "127.0.0.1"), std::pair(AF_INET6, "::1")}) {
    Receiver receiver(family);
    if (!receiver.usable()) {
      WARN("skipped: no IPv6 here");
      continue;
    }
    const auto transport = to(host, receiver.port());
    transport->set_templates({templates()});
    std::vector<std::vector<std::uint8_t>> received;
    std::thread reader([&] {
      while (received.size() < sizes.size()) received.push_back(receiver.receive());
    });
    for (std::uint32_t i = 0; i < sizes.size(); ++i) transport->send(message(i, sizes[i]), 2);
    transport->finish();
    reader.join();
    for (std::uint32_t i = 0; i < sizes.size(); ++i) {
      INFO("message " << i << " of " << sizes[i] << " bytes to " << host);
      CHECK((received[i] == message(i, sizes[i])));
    }
    CHECK(transport->delivery().sent == 2 * sizes.size());
    CHECK(transport->delivery().unread == 0);
    CHECK(warnings.empty());
  }
}

TEST_CASE("netflowSink: collectors as they may be written", "[netflowSink]") {
  using List = std::vector<CollectorAddress>;
  CHECK(parse_collectors("127.0.0.1", 9995) == List{{"127.0.0.1", 9995}});
  CHECK(parse_collectors("collector.example.org:2055", 9995) == List{{"collector.example.org", 2055}});
  CHECK(parse_collectors("::1", 9995) == List{{"::1", 9995}});
  CHECK(parse_collectors("[2001:db8::1]:4739,2001:db8::2 ,\t[2001:db8::3], a , b:1", 9995) ==
        List{{"2001:db8::1", 4739}, {"2001:db8::2", 9995}, {"2001:db8::3", 9995}, {"a", 9995}, {"b", 1}});
  CHECK(parse_collectors("a:1,a:2", 9995).size() == 2);
  for (const char* wrong : {"",        " ",      ",",       "a,",   ",a",   "a,,b",  "a:",     ":1",     "a:0",
                            "a:65536", "a:-1",   "a:x",     "a:1x", "[::1", "[]",    "[]:1",   "[::1]1", "[::1]:",
                            "[::1]:0", "[ ::1]", "[a\t]:1", "a b",  "a\nb", "a\x7f", "[a[]:1", "a]",     "[a]b:1"}) {
    INFO(wrong);
    CHECK_THROWS_WITH(parse_collectors(wrong, 9995), Catch::Contains("NF_SERVADD names no collector"));
  }
  for (const char* twice : {"a,b,a", "a,a:9995", "::1,[::1]"})
    CHECK_THROWS_WITH(parse_collectors(twice, 9995), Catch::Contains("twice"));
}

TEST_CASE("netflowSink: a collector that does not exist is an error that says what to set", "[netflowSink]") {
  for (const char* host : {"no.such.host.invalid", "", "300.1.1.1", "[::1"})
    CHECK_THROWS_WITH(to(host, 9995), Catch::Contains("NF_SERVADD") && Catch::Contains(host));
}

TEST_CASE("netflowSink: refused messages are lost, with one warning", "[netflowSink]") {
  Receiver receiver;
  const auto transport = to("127.0.0.1", receiver.port());
  receiver.leave();
  transport->set_templates({templates()});
  for (unsigned i = 0; i < 200; ++i) transport->send(message(i), 2);
  transport->finish();
  CHECK(transport->delivery().lost == 400);
  CHECK(transport->delivery().sent == 0);
  CHECK(transport->delivery().doubtful == 0);
  REQUIRE(warnings.size() == 1);
  CHECK_THAT(warnings[0], Catch::Contains("nobody listens at 127.0.0.1:"));
}

TEST_CASE("netflowSink: a collector that starts late gets the templates first, where they belong in the sequence",
          "[netflowSink]") {
  for (const std::uint8_t version : {std::uint8_t{9}, std::uint8_t{10}}) {
    Receiver early;
    const std::uint16_t port = early.port();
    const auto transport = to("127.0.0.1", port);
    early.leave();
    transport->set_templates({templates(version), templates(version)});
    for (unsigned i = 0; i < 40; ++i) transport->send(message(i, 100, version), 1);
    transport->finish();
    Receiver late(AF_INET, port);
    for (unsigned i = 40; i < 50; ++i) transport->send(message(i, 100, version), 1);
    transport->finish();
    for (const std::uint32_t number : {38u, 39u}) {
      const auto first = late.receive();
      CHECK(first.size() == template_size);
      CHECK(sequence_of(first) == (version == 9 ? number : 40));
    }
    for (unsigned i = 40; i < 50; ++i) CHECK(sequence_of(late.receive()) == i);
    CHECK(transport->delivery().sent == 10);
    CHECK(transport->delivery().lost == 40);
    CHECK(transport->delivery().templates == 2);
    CHECK(transport->delivery().template_octets == 2 * template_size);
  }
}

TEST_CASE(
    "netflowSink: a collector that takes another's place gets the templates first, and what the other one had not read "
    "is lost",
    "[netflowSink]") {
  Receiver first;
  const std::uint16_t port = first.port();
  if (!watches_buffer(port)) return;
  const auto transport = to("127.0.0.1", port);
  transport->set_templates({templates()});
  for (unsigned i = 0; i < 10; ++i) transport->send(message(i, i < 5 ? 100 : 1300), 1);
  transport->tick();
  for (unsigned i = 0; i < 4; ++i) CHECK(sequence_of(first.receive()) == i);
  usleep(50'000);
  transport->tick();  // sees how far the first one is
  first.leave();
  Receiver second(AF_INET, port);
  for (unsigned i = 10; i < 15; ++i) transport->send(message(i), 1);
  std::thread reader([&] {
    CHECK(second.receive().size() == template_size);
    for (unsigned i = 10; i < 15; ++i) CHECK(sequence_of(second.receive()) == i);
  });
  transport->finish();
  reader.join();
  CHECK(transport->delivery().sent == 9);
  CHECK(transport->delivery().lost == 6);
  CHECK(transport->delivery().doubtful == 6);
}

TEST_CASE("netflowSink: a message that is too large is lost, with one warning", "[netflowSink]") {
  Receiver receiver;
  const auto transport = to("127.0.0.1", receiver.port());
  transport->set_templates({templates()});
  transport->send(message(0, 65508), 1);
  transport->send(message(1, 65508), 1);
  transport->send(message(2, 65507), 1);
  transport->tick();
  CHECK(warnings.size() == 1);
  CHECK(transport->delivery().lost == 2);
  CHECK(transport->delivery().sent == 1);
  CHECK(receiver.receive().size() == 65507);
}

TEST_CASE("netflowSink: a slow collector with a buffer of default size gets every message", "[netflowSink]") {
  for (const std::size_t size : {100u, 1400u, 9000u}) {
    Receiver receiver;
    const auto transport = to("127.0.0.1", receiver.port());
    transport->set_templates({templates()});
    std::atomic<unsigned> got = 0;
    constexpr unsigned count = 3000;
    std::thread reader([&] {
      while (got < count && !receiver.receive().empty()) {
        if (++got % 100 == 0) std::this_thread::sleep_for(2ms);
      }
    });
    for (unsigned i = 0; i < count; ++i) transport->send(message(i, size), 1);
    transport->finish();
    reader.join();
    CHECK(got == count);
    CHECK(transport->delivery().sent == count);
  }
}

TEST_CASE(
    "netflowSink: a collector that hangs does not stop the sender, and what it will not find in its buffer is lost",
    "[netflowSink]") {
  Receiver receiver;
  if (!watches_buffer(receiver.port())) return;
  const auto transport = to("127.0.0.1", receiver.port());
  transport->set_templates({templates()});
  const auto begin = Clock::now();
  for (unsigned i = 0; i < 2000; ++i) transport->send(message(i, 1400), 1);
  transport->finish();
  CHECK(Clock::now() - begin < 60s);
  unsigned found = 0;
  while (!receiver.receive(false).empty()) ++found;
  CHECK(found > 10);
  CHECK(transport->delivery().sent == found);
  CHECK(transport->delivery().unread == found);
  CHECK(transport->delivery().lost == 2000 - found);
}

TEST_CASE("netflowSink: where the buffer cannot be seen, the rate is limited", "[netflowSink]") {
  const std::vector<QueuedMessage> messages(32);
  Pacer pacer(-1, 1000);
  const auto begin = Clock::now();
  for (unsigned sent = 0; sent < 132;) {  // 32 at once, then 100 in 0.1 s
    const unsigned n = pacer.wait(messages, {});
    CHECK(n == 10);  // a hundredth of a second
    sent += n;
  }
  CHECK(Clock::now() - begin > 95ms);
  Pacer slow(-1, 50);
  CHECK(slow.wait(messages, {}) == 1);
  Pacer unlimited(-1, 0);
  CHECK(unlimited.wait(messages, {}) == 32);
}

}  // namespace t2::test::udp_test
