// The whole way: packets in, NetFlow messages on a socket of this test, values as the packets had them.
#include <catch2/catch.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "decoder.hpp"
#include "run.hpp"

using namespace t2::test;
using namespace t2::test::netflow9;

namespace {

const std::vector<std::string> plugins = {"basicFlow", "basicStats", "tcpFlags", "tcpStates", "macRecorder", "netflowSink"};

class Socket {
 public:
  Socket() : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(socket_, reinterpret_cast<sockaddr*>(&address), size) != 0) throw std::runtime_error("cannot bind");
    getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  ~Socket() { close(socket_); }
  Socket(const Socket&) = delete;
  std::string port() const { return std::to_string(port_); }
  std::vector<Message> messages() const {
    std::vector<Message> all;
    Message buffer(65536);
    for (ssize_t n; (n = recv(socket_, buffer.data(), buffer.size(), MSG_DONTWAIT)) > 0;) all.emplace_back(buffer.begin(), buffer.begin() + n);
    return all;
  }

 private:
  int socket_;
  std::uint16_t port_ = 0;
};

struct Export {
  Result result;
  std::vector<Decoded> messages;
  std::vector<Values> records;
};

Export export_of(const Capture& capture, const Environment& settings = {}, const Arguments& arguments = {}, const std::vector<std::string>& which = plugins) {
  const Socket socket;
  Environment environment = {{"NF_SERVADD", "127.0.0.1"}, {"NF_DPORT", socket.port()}};
  environment.insert(settings.begin(), settings.end());
  Export out{run(capture, which, arguments, environment), {}, {}};
  Decoder decoder;
  for (const Message& message : socket.messages()) {
    out.messages.push_back(decoder.decode(message));
    for (const auto& record : out.messages.back().records) out.records.push_back(record.second);
  }
  INFO(out.result.out << out.result.err);
  REQUIRE(out.result.status == 0);
  return out;
}

std::uint64_t value(const Values& record, unsigned element) { return number(record.at(element)); }

Frame from_a() { return std::move(Frame().eth("02:00:00:00:00:0a", "02:00:00:00:00:0b").ip4("10.0.0.1", "10.0.0.2")); }
Frame from_b() { return std::move(Frame().eth("02:00:00:00:00:0b", "02:00:00:00:00:0a").ip4("10.0.0.2", "10.0.0.1")); }

Capture connection(std::string_view last_flags) {
  Capture c;
  c.add(epoch + 500 * microsecond, from_a().ttl(64).tos(0x10).id(77).tcp(40000, 80).flags("S").seq(1));
  c.add(epoch + millisecond, from_b().tcp(80, 40000).flags("SA").seq(101).ack(2));
  c.add(epoch + 2 * millisecond, from_a().ttl(62).tos(0x20).id(78).tcp(40000, 80).flags("PA").seq(2).ack(102).payload("hello"));
  c.add(epoch + 3 * millisecond, from_b().tcp(80, 40000).flags(last_flags).seq(102).ack(7));
  return c;
}

}  // namespace

TEST_CASE("netflowSink: a TCP connection as two records", "[netflowSink]") {
  const Export e = export_of(connection("RA"));
  REQUIRE(e.records.size() == 2);
  const Values &a = e.records[0], &b = e.records[1];
  CHECK(value(a, 152) == 1'600'000'000'000);
  CHECK(value(a, 153) == 1'600'000'000'002);
  CHECK(value(a, 1) == 5);
  CHECK(value(a, 2) == 2);
  CHECK(a.at(8) == address("10.0.0.1"));
  CHECK(a.at(12) == address("10.0.0.2"));
  CHECK(value(a, 7) == 40000);
  CHECK(value(a, 11) == 80);
  CHECK(value(a, 4) == 6);
  CHECK(value(a, 5) == 0x30);  // OR of all packets
  CHECK(value(a, 6) == 0x1a);
  CHECK(value(a, 60) == 4);
  CHECK(value(a, 61) == 0);
  CHECK(value(a, 10) == 1);
  CHECK(value(a, 14) == 1);
  CHECK(value(a, 52) == 62);
  CHECK(value(a, 53) == 64);
  CHECK(value(a, 25) == 40);
  CHECK(value(a, 26) == 45);
  CHECK(value(a, 58) == 0);
  CHECK(value(a, 136) == 3);
  CHECK(a.at(56) == mac("02:00:00:00:00:0a"));
  CHECK(a.at(80) == mac("02:00:00:00:00:0b"));
  CHECK(value(a, 32) == 0);
  CHECK(value(a, 54) == 77);
  CHECK(b.at(8) == address("10.0.0.2"));
  CHECK(value(b, 6) == 0x16);
  CHECK(value(b, 61) == 1);
  CHECK(value(b, 136) == 3);
  CHECK(b.at(56) == mac("02:00:00:00:00:0b"));
}

TEST_CASE("netflowSink: why a flow ended", "[netflowSink]") {
  CHECK(value(export_of(connection("A")).records.at(0), 136) == 4);  // the input ended
  Capture c;
  c.add(epoch, from_a().udp(1000, 2000).payload("x"));
  c.add(epoch + 1000 * second, from_a().udp(1001, 2000).payload("x"));
  const Export e = export_of(c);
  CHECK(value(e.records.at(0), 136) == 1);  // silence
  CHECK(value(e.records.at(1), 136) == 4);
}

TEST_CASE("netflowSink: octets of the payload or of IP", "[netflowSink]") {
  Capture c;
  c.add(epoch, from_a().udp(1000, 2000).payload("hello"));
  CHECK(value(export_of(c, {{"NF_OCTETS", "0"}}).records.at(0), 1) == 5);
  CHECK(value(export_of(c, {{"NF_OCTETS", "1"}}).records.at(0), 1) == 33);
}

TEST_CASE("netflowSink: IPv6, ICMP, VLAN", "[netflowSink]") {
  Capture c;
  c.add(epoch, Frame().eth().vlan(30, 7).ip6("2001:db8::1", "2001:db8::2").flow_label(0xabcde).ttl(5).icmp6(128, 3));
  c.add(epoch + millisecond, Frame().eth().vlan(10, 0, 0x88a8).vlan(20).ip4("10.0.0.1", "10.0.0.2").icmp(3, 13));
  const Export e = export_of(c, {{"NF_IFINDEX", "42"}});
  REQUIRE(e.records.size() == 2);
  const auto six = std::find_if(e.records.begin(), e.records.end(), [](const Values& r) { return r.contains(27); });
  const auto four = std::find_if(e.records.begin(), e.records.end(), [](const Values& r) { return r.contains(8); });
  REQUIRE((six != e.records.end() && four != e.records.end()));
  CHECK(six->at(27) == address("2001:db8::1"));
  CHECK(six->at(28) == address("2001:db8::2"));
  CHECK(value(*six, 60) == 6);
  CHECK(value(*six, 4) == 58);
  CHECK(value(*six, 31) == 0xabcde);
  CHECK(value(*six, 178) == 128);
  CHECK(value(*six, 179) == 3);
  CHECK(value(*six, 58) == 30);
  CHECK(value(*six, 52) == 5);
  CHECK(value(*six, 10) == 42);
  CHECK(value(*four, 32) == 3 * 256 + 13);
  CHECK(value(*four, 58) == 20);
  CHECK(value(*four, 7) == 0);
}

TEST_CASE("netflowSink: what IPFIX has on top", "[netflowSink]") {
  Capture c = connection("RA");
  c.add(epoch + 10 * millisecond, Frame().eth().vlan(10, 3, 0x88a8).vlan(20, 5).ip6("2001:db8::1", "2001:db8::2").flow_label(0xabcde).icmp6(128, 3));
  const Export e = export_of(c, {{"NF_VER", "10"}, {"NF_PEN", "32473"}}, {"-x", "17"});
  REQUIRE(e.records.size() == 3);
  CHECK(e.messages[0].version == 10);
  CHECK(e.messages[0].source == 17);
  const Values &a = e.records[0], &b = e.records[1], &six = e.records[2];
  CHECK(value(a, 184) == 1);
  CHECK(value(b, 184) == 101);
  CHECK(value(a, 186) > 0);
  CHECK(value(a, 148) == value(b, 148));
  CHECK(value(a, 148) != value(six, 148));
  CHECK(value(a, 1) == 5);
  CHECK(value(a, enterprise_element + 1) == 5);
  CHECK(value(a, enterprise_element + 2) == 85);
  CHECK(value(six, 139) == 128 * 256 + 3);
  CHECK(value(six, 31) == 0xabcde);
  CHECK(value(six, 58) == 20);
  CHECK(value(six, 243) == 10);
  CHECK(value(six, 244) == 3);
  CHECK(value(six, 245) == 20);
  CHECK(value(six, 246) == 5);
  CHECK(value(six, 209) == 0);
}

TEST_CASE("netflowSink: several collectors get the same records, each in a sequence of its own", "[netflowSink]") {
  const Socket first, second;
  const Result result = run(connection("RA"), plugins, {}, {{"NF_SERVADD", "127.0.0.1,localhost:" + second.port()}, {"NF_DPORT", first.port()}, {"NF_NUM4FLWS", "1"}});
  CHECK(result.status == 0);
  std::vector<std::vector<Decoded>> got;
  for (const Socket* socket : {&first, &second}) {
    Decoder decoder;
    got.emplace_back();
    for (const Message& message : socket->messages()) got.back().push_back(decoder.decode(message));
  }
  REQUIRE(got[0].size() == 4);
  REQUIRE(got[1].size() == 4);
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(got[0][i].sequence == i);
    CHECK(got[1][i].sequence == i);
    CHECK(got[0][i].records == got[1][i].records);
  }
  CHECK_THAT(result.out + result.err, Catch::Contains("Collector: 127.0.0.1:" + first.port()) && Catch::Contains("Collector: localhost:" + second.port()));
}

TEST_CASE("netflowSink: one collector of two is missing", "[netflowSink]") {
  const Socket there;
  std::string nobody;
  {
    const Socket gone;
    nobody = gone.port();
  }
  const Result result = run(connection("RA"), plugins, {}, {{"NF_SERVADD", "127.0.0.1:" + nobody + ",127.0.0.1"}, {"NF_DPORT", there.port()}});
  CHECK(result.status == 3);
  Decoder decoder;
  std::size_t records = 0;
  for (const Message& message : there.messages()) records += decoder.decode(message).records.size();
  CHECK(records == 2);
  CHECK_THAT(result.out + result.err, Catch::Contains("Number of flow records lost: 2"));
}

TEST_CASE("netflowSink: layer-2 flows are counted, not sent", "[netflowSink]") {
  Capture c;
  c.add(epoch, Frame().eth().arp(1, "02:00:00:00:00:01", "10.0.0.1", "00:00:00:00:00:00", "10.0.0.2").pad());
  c.add(epoch, from_a().udp(1, 2));
  const Export e = export_of(c);
  CHECK(e.records.size() == 1);
  CHECK_THAT(e.result.out + e.result.err, Catch::Contains("Number of layer-2 flows not exported: 1"));
}

TEST_CASE("netflowSink: the sensor id is the source id, and templates are sent without flows too", "[netflowSink]") {
  const Export e = export_of(Capture(), {}, {"-x", "4711"});
  REQUIRE(e.messages.size() == 1);
  CHECK(e.messages[0].source == 4711);
  CHECK(e.messages[0].templates.size() == 2);
}

TEST_CASE("netflowSink: without macRecorder the MAC addresses are left out", "[netflowSink]") {
  const Export e = export_of(connection("A"), {}, {}, {"basicFlow", "basicStats", "tcpFlags", "tcpStates", "netflowSink"});
  REQUIRE(e.records.size() == 2);
  CHECK_FALSE(e.records[0].contains(56));
  CHECK_FALSE(e.records[0].contains(80));
  CHECK(value(e.records[0], 54) == 77);
}

TEST_CASE("netflowSink: records do not depend on the batch size", "[netflowSink]") {
  Capture c;
  for (unsigned i = 0; i < 300; ++i) {
    c.add(epoch + i * millisecond, from_a().udp(1000 + i % 50, 2000).zeros(i));
    c.add(epoch + i * millisecond, Frame().eth().ip6("2001:db8::1", "2001:db8::2").tcp(1000 + i % 60, 443).flags(i % 7 ? "A" : "S").seq(i));
  }
  const std::vector<Values> want = export_of(c, {}, {"--batch", "64"}).records;
  CHECK(want.size() == 110);
  for (const char* batch : {"1", "7"}) CHECK(export_of(c, {}, {"--batch", batch}).records == want);
}
