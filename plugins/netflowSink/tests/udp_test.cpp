// Real sockets on loopback: names, refusals, and a sender that does not run over its receiver.
#include <catch2/catch.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "../src/pace.hpp"
#include "../src/transport.hpp"
#include "t2/plugin.hpp"

using namespace netflow;
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

namespace {

class Receiver {  // a UDP socket on a free port of loopback
 public:
  explicit Receiver(int family = AF_INET) : socket_(socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in6 address{};
    socklen_t size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    if (family == AF_INET) {
      auto& four = reinterpret_cast<sockaddr_in&>(address);
      four.sin_family = AF_INET;
      four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    } else {
      address.sin6_family = AF_INET6;
      address.sin6_addr = in6addr_loopback;
    }
    usable_ = bind(socket_, reinterpret_cast<sockaddr*>(&address), size) == 0;
    getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin6_port);
    const timeval patience{2, 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  ~Receiver() { leave(); }
  Receiver(const Receiver&) = delete;
  void leave() {
    if (socket_ >= 0) close(socket_);
    socket_ = -1;
  }
  std::vector<std::uint8_t> receive() {
    std::vector<std::uint8_t> message(65536);
    const ssize_t n = recv(socket_, message.data(), message.size(), 0);
    message.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return message;
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
  return udp(addresses(host, port).at(0), 5000, [](const std::string& text) { warnings.push_back(text); });
}

}  // namespace

TEST_CASE("netflowSink: messages reach an IPv4 and an IPv6 collector", "[netflowSink]") {
  const std::vector<std::uint8_t> message = {0, 9, 1, 2, 3};
  for (const auto& [family, host] : {std::pair(AF_INET, "127.0.0.1"), std::pair(AF_INET, "localhost"), std::pair(AF_INET6, "::1"), std::pair(AF_INET6, "[::1]")}) {
    Receiver receiver(family);
    if (!receiver.usable()) continue;  // no IPv6 here
    INFO(host);
    const auto transport = to(host, receiver.port());
    CHECK(transport->send(message));
    CHECK(receiver.receive() == message);
    CHECK_FALSE(transport->refused());
  }
  CHECK(to("::1", 9)->destination() == "[::1]:9");
}

TEST_CASE("netflowSink: collectors as they may be written", "[netflowSink]") {
  using List = std::vector<Address>;
  CHECK(addresses("127.0.0.1", 9995) == List{{"127.0.0.1", 9995}});
  CHECK(addresses("collector.example.org:2055", 9995) == List{{"collector.example.org", 2055}});
  CHECK(addresses("::1", 9995) == List{{"::1", 9995}});
  CHECK(addresses("[2001:db8::1]:4739,2001:db8::2 ,\t[2001:db8::3], a , b:1", 9995) ==
        List{{"2001:db8::1", 4739}, {"2001:db8::2", 9995}, {"2001:db8::3", 9995}, {"a", 9995}, {"b", 1}});
  CHECK(addresses("a:1,a:2", 9995).size() == 2);
  for (const char* wrong : {"", " ", ",", "a,", ",a", "a,,b", "a:", ":1", "a:0", "a:65536", "a:-1", "a:x", "a:1x", "[::1", "[]", "[]:1", "[::1]1", "[::1]:", "[::1]:0"}) {
    INFO(wrong);
    CHECK_THROWS_WITH(addresses(wrong, 9995), Catch::Contains("NF_SERVADD names no collector"));
  }
  for (const char* twice : {"a,b,a", "a,a:9995", "::1,[::1]"}) CHECK_THROWS_WITH(addresses(twice, 9995), Catch::Contains("twice"));
}

TEST_CASE("netflowSink: a collector that does not exist is an error that says what to set", "[netflowSink]") {
  for (const char* host : {"no.such.host.invalid", "", "300.1.1.1", "[::1"})
    CHECK_THROWS_WITH(to(host, 9995), Catch::Contains("NF_SERVADD") && Catch::Contains(host));
}

TEST_CASE("netflowSink: a refused message is noticed at the next look, once", "[netflowSink]") {
  const std::vector<std::uint8_t> message(100);
  Receiver receiver;
  const auto transport = to("127.0.0.1", receiver.port());
  receiver.leave();
  CHECK(transport->send(message));
  CHECK(transport->refused());
  CHECK_FALSE(transport->refused());
  CHECK(transport->send(message));
  CHECK(transport->send(message));  // meets the error of the one before, and goes out all the same
  CHECK(transport->refused());
  REQUIRE(warnings.size() == 1);
  CHECK_THAT(warnings[0], Catch::Contains("nobody listens at 127.0.0.1:"));
}

TEST_CASE("netflowSink: a message that is too large is lost, and that is said once", "[netflowSink]") {
  Receiver receiver;
  const auto transport = to("127.0.0.1", receiver.port());
  CHECK_FALSE(transport->send(std::vector<std::uint8_t>(65508)));
  CHECK_FALSE(transport->send(std::vector<std::uint8_t>(65508)));
  CHECK(warnings.size() == 1);
  CHECK(transport->send(std::vector<std::uint8_t>(65507)));
  CHECK(receiver.receive().size() == 65507);
}

TEST_CASE("netflowSink: a slow collector with a buffer of default size gets every message", "[netflowSink]") {
  for (const std::size_t size : {100, 1400, 9000}) {
    Receiver receiver;
    const auto transport = to("127.0.0.1", receiver.port());
    std::atomic<unsigned> got = 0;
    constexpr unsigned count = 3000;
    std::thread reader([&] {
      while (got < count && !receiver.receive().empty()) {
        if (++got % 100 == 0) std::this_thread::sleep_for(2ms);
      }
    });
    for (unsigned i = 0; i < count; ++i) transport->send(std::vector<std::uint8_t>(size));
    reader.join();
    CHECK(got == count);
    CHECK(transport->overflowed() == 0);
  }
}

TEST_CASE("netflowSink: a collector that hangs does not stop the sender", "[netflowSink]") {
  Receiver receiver;  // never reads
  const auto transport = to("127.0.0.1", receiver.port());
  const auto begin = Clock::now();
  for (unsigned i = 0; i < 2000; ++i) CHECK(transport->send(std::vector<std::uint8_t>(1400)));
  CHECK(Clock::now() - begin < 5s);
  if (transport->overflowed() == 0) WARN("this kernel does not tell about receive buffers (udp_diag): only the rate is limited");
}

TEST_CASE("netflowSink: where the buffer cannot be seen, the rate is limited", "[netflowSink]") {
  Pacer pacer(-1, 1000);
  const auto begin = Clock::now();
  for (unsigned i = 0; i < 132; ++i) pacer.wait(1400);  // 32 at once, then 100 in 0.1 s
  const auto spent = Clock::now() - begin;
  CHECK(spent > 95ms);
  CHECK(spent < 2s);
  Pacer unlimited(-1, 0);
  const auto again = Clock::now();
  for (unsigned i = 0; i < 10'000; ++i) unlimited.wait(1400);
  CHECK(Clock::now() - again < 1s);
}
