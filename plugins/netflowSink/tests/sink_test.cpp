// The whole way: packets in, NetFlow messages on a socket of this test, values as the packets had them.
#include <catch2/catch.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "decoder.hpp"
#include "run.hpp"

namespace t2::test::sink_test {

using namespace t2::test::netflow9;

namespace {

const std::vector<std::string> plugins = {"basicFlow", "basicStats",  "tcpFlags",
                                          "tcpStates", "macRecorder", "netflowSink"};

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
    for (ssize_t n; (n = recv(socket_, buffer.data(), buffer.size(), MSG_DONTWAIT)) > 0;)
      all.emplace_back(buffer.begin(), buffer.begin() + n);
    return all;
  }

 private:
  int socket_;
  std::uint16_t port_ = 0;
};

struct Export {
  Result result;
  std::vector<DecodedMessage> messages;
  std::vector<Values> records;
  std::vector<Values> options;
};

template <class Input>  // a Capture, or a file
Export export_of(const Input& capture, const Environment& settings = {}, const Arguments& arguments = {},
                 const std::vector<std::string>& which = plugins) {
  const Socket socket;
  Environment environment = {{"NF_SERVADD", "127.0.0.1"}, {"NF_DPORT", socket.port()}};
  environment.insert(settings.begin(), settings.end());
  Export out{run(capture, which, arguments, environment), {}, {}, {}};
  Decoder decoder;
  for (const Message& message : socket.messages()) {
    out.messages.push_back(decoder.decode(message));
    for (const auto& record : out.messages.back().records) out.records.push_back(record.second);
    for (const auto& record : out.messages.back().options) out.options.push_back(record.second);
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
  c.add(epoch + 2 * millisecond,
        from_a().ttl(62).tos(0x20).id(78).tcp(40000, 80).flags("PA").seq(2).ack(102).payload("hello"));
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

TEST_CASE("netflowSink: a flow never ends before it starts, whatever the order of its packets", "[netflowSink]") {
  Capture c;
  for (const int at : {700, 200, 450}) c.add(epoch + at * millisecond, from_a().udp(40000, 50000).zeros(3));
  for (const int at : {900, 100}) c.add(epoch + at * millisecond, from_b().udp(50000, 40000).zeros(3));
  constexpr std::uint64_t base = epoch / millisecond;
  for (const char* version : {"9", "10"}) {
    INFO("NF_VER=" << version);
    const Export out = export_of(c, {{"NF_VER", version}});
    REQUIRE(out.records.size() == 2);
    for (const Values& record : out.records) {
      const bool answer = value(record, 7) == 50000;
      CHECK(value(record, 152) == base + (answer ? 100 : 200));
      CHECK(value(record, 153) == base + (answer ? 900 : 700));
    }
  }
  const Export pair = export_of(c, {{"NF_VER", "10"}, {"NF_BIFLOW", "2"}});
  REQUIRE(pair.records.size() == 1);
  CHECK(value(pair.records[0], 152) == base + 200);
  CHECK(value(pair.records[0], 153) == base + 700);
  CHECK(value(pair.records[0], reverse_element + 152) == base + 100);
  CHECK(value(pair.records[0], reverse_element + 153) == base + 900);
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
  CHECK(value(*four, 243) == 10);
  CHECK(value(*four, 245) == 20);
  CHECK(value(*four, 7) == 0);
}

TEST_CASE("netflowSink: MPLS labels, in records that have some", "[netflowSink]") {
  const auto labelled = [] { return std::move(Frame().eth().mpls(1000, 30, 5).mpls(2000, 255).mpls(16).mpls(17)); };
  Capture c;
  c.add(epoch, labelled().ip4("10.0.0.1", "10.0.0.2").udp(4000, 2000).payload("x"));
  c.add(epoch + millisecond,
        Frame().eth().ip4("10.0.0.2", "10.0.0.1").udp(2000, 4000));  // the last router has taken them off
  c.add(epoch + 2 * millisecond, labelled().ip6("2001:db8::1", "2001:db8::2").udp(4000, 2000));
  for (const char* version : {"9", "10"}) {
    const Export e = export_of(c, {{"NF_VER", version}});
    REQUIRE(e.records.size() == 3);
    unsigned with_labels = 0;
    for (const Values& r : e.records) {
      if (!r.contains(70)) {
        CHECK(r.at(8) == address("10.0.0.2"));
        CHECK_FALSE(r.contains(200));
        continue;
      }
      ++with_labels;
      CHECK(value(r, 70) == (1000u << 4 | 5 << 1));
      CHECK(value(r, 71) == 2000u << 4);
      CHECK(value(r, 72) == 16u << 4);
      CHECK_FALSE(r.contains(73));
      if (r.contains(200)) CHECK(value(r, 200) == 30);
      CHECK(r.contains(200) == (version[0] == '1'));
    }
    CHECK(with_labels == 2);
  }
  const Export pairs = export_of(c, {{"NF_VER", "10"}, {"NF_BIFLOW", "2"}});
  REQUIRE(pairs.records.size() == 2);
  const Values& pair = pairs.records[pairs.records[0].contains(reverse_element + 2) ? 0 : 1];
  CHECK(value(pair, 70) == (1000u << 4 | 5 << 1));
  CHECK(value(pair, reverse_element + 70) == 0);
}

TEST_CASE("netflowSink: IGMP type and extension headers", "[netflowSink]") {
  Capture c;
  c.add(epoch, Frame().eth().ip4("10.0.0.1", "224.0.0.22").next(2).raw(hex("22 00 fb fc 00 00 00 00")));
  const auto six = [] { return std::move(Frame().eth().ip6("2001:db8::1", "2001:db8::2")); };
  c.add(epoch + millisecond, six().hop_by_hop().udp(1000, 2000));
  c.add(epoch + 2 * millisecond, six().routing().destination_options().udp(1000, 2000));
  c.add(epoch + 3 * millisecond, six().udp(1001, 2000));
  const Export e = export_of(c);
  REQUIRE(e.records.size() == 3);
  for (const Values& r : e.records) {
    if (r.contains(8)) CHECK(value(r, 33) == 0x22);
    else CHECK(value(r, 64) == (value(r, 7) == 1000 ? 0xc4000000 : 0u));
  }
}

TEST_CASE("netflowSink: packets without a flow are in the statistics, however many workers there are",
          "[netflowSink][threads]") {
  Capture c;
  for (unsigned i = 0; i < 200; ++i) {
    const std::string host = "10.0." + std::to_string(i) + ".1";
    c.add(epoch + 3 * i * millisecond, Frame().eth().ip4(host, "10.9.0.1").udp(1000, 2000).payload("x"));
    Buffer cut = Frame().eth().ip6("2001:db8::1", "2001:db8::2").udp(1000, 2000).bytes();
    cut.resize(40);  // in the middle of the addresses
    c.add(epoch + (3 * i + 1) * millisecond, cut);
    if (i % 2 == 0) c.add(epoch + (3 * i + 2) * millisecond, hex("02 00 00"));
    else c.add(epoch + (3 * i + 2) * millisecond, hex("01 02 03 04"), 0, 1);
  }
  constexpr std::uint16_t unknown_link_type = 147;
  const Buffer file = c.pcapng({.interfaces = {{}, {.link_type = unknown_link_type}}});
  for (const char* threads : {"0", "1", "3"}) {
    const Export e = export_of(file, {}, {"-t", threads});
    REQUIRE(e.options.size() == 1);
    const Values& last = e.options[0];
    CHECK(value(last, 86) == 200);
    CHECK(value(last, 164) == 400);
    CHECK(value(last, 135) == 0);
    CHECK_THAT(e.result.out + e.result.err, Catch::Contains("Number of packets without flow: 400"));
  }
}

TEST_CASE("netflowSink: what IPFIX has on top", "[netflowSink]") {
  Capture c = connection("RA");
  c.add(epoch + 10 * millisecond, Frame()
                                      .eth()
                                      .vlan(10, 3, 0x88a8)
                                      .vlan(20, 5)
                                      .ip6("2001:db8::1", "2001:db8::2")
                                      .flow_label(0xabcde)
                                      .icmp6(128, 3));
  const Export e = export_of(c, {{"NF_VER", "10"}, {"NF_PEN", "32473"}}, {"-x", "17"});
  REQUIRE(e.records.size() == 3);
  for (const DecodedMessage& d : e.messages) {
    CHECK(d.version == 10);
    CHECK(d.source == (d.options.empty() ? 17u : 0u));
  }
  const Values &a = e.records[0], &b = e.records[1], &six = e.records[2];
  CHECK(value(a, 184) == 1);
  CHECK(value(b, 184) == 101);
  CHECK(value(a, 186) > 0);
  CHECK(value(a, 148) == value(b, 148));
  CHECK(value(a, 148) != value(six, 148));
  CHECK(value(a, 1) == 5);
  CHECK(value(a, 85) == 85);
  CHECK(value(a, 401) == 5);
  CHECK_FALSE(a.contains(352));
  CHECK(value(a, enterprise_element + 1) == 5);
  CHECK(value(a, enterprise_element + 18) == 1);     // TTL changes
  CHECK(value(a, enterprise_element + 19) == 500);   // SYN to SYN-ACK, microseconds
  CHECK(value(a, enterprise_element + 23) == 1500);  // and on to the ACK
  CHECK(value(b, enterprise_element + 23) == 1500);
  CHECK(value(a, enterprise_element + 32) >> 8 == 0);
  CHECK(value(b, enterprise_element + 32) >> 8 == 0x06);  // SYN-ACK, RST-ACK
  CHECK(value(six, 139) == 128 * 256 + 3);
  CHECK(value(six, 31) == 0xabcde);
  CHECK(value(six, 58) == 20);
  CHECK(value(six, 243) == 10);
  CHECK(value(six, 244) == 3);
  CHECK(value(six, 245) == 20);
  CHECK(value(six, 246) == 5);
  CHECK(value(six, 209) == 0);
}

TEST_CASE("netflowSink: the window scale factor is that of tcpWS, also for shifts above 14", "[netflowSink]") {
  for (const unsigned shift : {0u, 7u, 14u, 15u, 16u, 255u}) {
    CAPTURE(shift);
    Capture c;
    c.add(epoch, from_a().tcp(40000, 80).flags("S").seq(1).options(window_scale(static_cast<std::uint8_t>(shift))));
    c.add(epoch + millisecond, from_b().tcp(80, 40000).flags("SA").seq(101).ack(2).options(window_scale(1)));
    c.add(epoch + 2 * millisecond, from_a().tcp(40000, 80).flags("A").seq(2).ack(102));
    const Export e = export_of(c, {{"NF_VER", "10"}, {"NF_PEN", "32473"}});
    REQUIRE(e.records.size() == 2);
    CHECK(value(e.records[0], enterprise_element + 35) == 1u << std::min(shift, 14u));
    CHECK(value(e.records[1], enterprise_element + 35) == 2);
  }
}

TEST_CASE("netflowSink: several collectors get the same records, each in a sequence of its own", "[netflowSink]") {
  const Socket first, other;
  const Result result =
      run(connection("RA"), plugins, {},
          {{"NF_SERVADD", "127.0.0.1,localhost:" + other.port()}, {"NF_DPORT", first.port()}, {"NF_NUM4FLWS", "1"}});
  CHECK(result.status == 0);
  std::vector<std::vector<DecodedMessage>> got;
  for (const Socket* socket : {&first, &other}) {
    Decoder decoder;
    got.emplace_back();
    for (const Message& message : socket->messages()) got.back().push_back(decoder.decode(message));
  }
  REQUIRE(got[0].size() == 5);  // templates, a record, templates, a record, statistics
  REQUIRE(got[1].size() == 5);
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(got[0][i].sequence == i);
    CHECK(got[1][i].sequence == i);
    CHECK(got[0][i].records == got[1][i].records);
  }
  CHECK_THAT(result.out + result.err, Catch::Contains("Collector: 127.0.0.1:" + first.port()) &&
                                          Catch::Contains("Collector: localhost:" + other.port()));
}

TEST_CASE("netflowSink: one collector of two is missing", "[netflowSink]") {
  const Socket there;
  std::string absent_port;
  {
    const Socket gone;
    absent_port = gone.port();
  }
  const Result result = run(connection("RA"), plugins, {},
                            {{"NF_SERVADD", "127.0.0.1:" + absent_port + ",127.0.0.1"}, {"NF_DPORT", there.port()}});
  CHECK(result.status == 3);
  Decoder decoder;
  std::size_t records = 0;
  for (const Message& message : there.messages()) records += decoder.decode(message).records.size();
  CHECK(records == 2);
  CHECK_THAT(result.out + result.err, Catch::Contains("Number of flow records lost: 2"));
}

TEST_CASE("netflowSink: layer-2 flows are counted, and sent where that is wanted", "[netflowSink]") {
  Capture c;
  const Frame question = Frame()
                             .eth("02:00:00:00:00:0a", "ff:ff:ff:ff:ff:ff")
                             .vlan(7, 2)
                             .arp(1, "02:00:00:00:00:0a", "10.0.0.1", "00:00:00:00:00:00", "10.0.0.2")
                             .pad();
  c.add(epoch + millisecond, question);
  c.add(epoch + 2 * millisecond, question);
  c.add(epoch, from_a().udp(1, 2));
  const Export without = export_of(c);
  CHECK(without.records.size() == 1);
  CHECK_THAT(without.result.out + without.result.err, Catch::Contains("Number of layer-2 flows not exported: 1"));
  CHECK(value(without.options.at(0), 163) == 2);
  for (const char* version : {"9", "10"}) {
    const Export e = export_of(c, {{"NF_LAYER2", "1"}, {"NF_VER", version}});
    REQUIRE(e.records.size() == 2);
    const Values& r = e.records[e.records[0].contains(256) ? 0 : 1];
    CHECK(value(r, 256) == 0x0806);
    CHECK(value(r, 2) == 2);
    CHECK(value(r, 352) == 120);
    CHECK(r.at(56) == mac("02:00:00:00:00:0a"));
    CHECK(r.at(80) == mac("ff:ff:ff:ff:ff:ff"));
    CHECK(value(r, 58) == 7);
    CHECK(value(r, 243) == 7);
    CHECK(value(r, 244) == 2);
    CHECK(value(r, 152) == 1'600'000'000'001);
    CHECK(value(r, 153) == 1'600'000'000'002);
    CHECK(value(r, 136) == 4);
    if (version[0] == '1') CHECK(value(e.records[e.records[0].contains(256) ? 1 : 0], 352) == 14 + 28);
    for (const unsigned absent : {1u, 4u, 7u, 8u, 27u}) CHECK_FALSE(r.contains(absent));
    CHECK(e.result.out.find("not exported") == std::string::npos);
  }
}

TEST_CASE("netflowSink: both directions of a flow in one record", "[netflowSink]") {
  Capture c = connection("RA");
  c.add(epoch + 10 * millisecond, from_b().udp(53, 4000).payload("x"));  // no answer
  for (const char* biflow : {"1", "2"}) {
    const Export e = export_of(c, {{"NF_VER", "10"}, {"NF_BIFLOW", biflow}, {"NF_OCTETS", "1"}});
    REQUIRE(e.records.size() == 2);
    const Values& r = e.records[e.records[0].contains(reverse_element + 2) ? 0 : 1];
    const Values& lone = e.records[e.records[0].contains(reverse_element + 2) ? 1 : 0];
    CHECK(r.at(8) == address("10.0.0.1"));
    CHECK(value(r, 7) == 40000);
    CHECK(value(r, 239) == 1);
    CHECK(value(r, 61) == 0);
    CHECK(value(r, 2) == 2);
    CHECK(value(r, reverse_element + 2) == 2);
    CHECK(value(r, 1) == 85);
    CHECK(value(r, reverse_element + 1) == 80);
    CHECK(value(r, 6) == 0x1a);
    CHECK(r.contains(reverse_element + 6) == (*biflow == '2'));
    if (*biflow == '2') CHECK(value(r, reverse_element + 6) == 0x16);
    CHECK_FALSE(lone.contains(reverse_element + 2));
    CHECK(value(lone, 239) == 2);  // it looks like an answer
    CHECK(value(lone, 61) == 1);
    CHECK(value(lone, 7) == 53);
    CHECK_THAT(e.result.out, Catch::Contains("Number of flow records sent: 2") &&
                                 Catch::Contains("records made for both directions of a flow: 1"));
    CHECK(value(e.options.at(0), 163) == 3);
    CHECK(value(e.options.at(0), 42) == 2);
    CHECK(value(e.options.at(0), 86) == 5);
  }
  CHECK(run(c, plugins, {}, {{"NF_BIFLOW", "1"}}).status == 1);  // NetFlow 9 has no such records
}

TEST_CASE("netflowSink: the source of a record is who asked, even if the answer was seen first", "[netflowSink]") {
  Capture c;
  c.add(epoch, from_b().tcp(80, 40000).flags("SA").seq(101).ack(2));
  c.add(epoch + millisecond, from_a().tcp(40000, 80).flags("A").seq(2).ack(102));
  const Export two = export_of(c, {{"NF_VER", "10"}});
  const Export one = export_of(c, {{"NF_VER", "10"}, {"NF_BIFLOW", "2"}});
  REQUIRE(one.records.size() == 1);
  CHECK(value(one.records[0], 61) == 0);
  CHECK(value(one.records[0], 239) == 1);
  const Values& asked = two.records.at(value(two.records.at(0), 61) == 0 ? 0 : 1);
  for (const unsigned element : {7u, 8u, 152u, 184u}) CHECK(one.records[0].at(element) == asked.at(element));
}

TEST_CASE("netflowSink: statistics at the end, also when nothing else is left to say", "[netflowSink]") {
  const Export e = export_of(connection("RA"));
  REQUIRE(e.options.size() == 1);
  CHECK(value(e.options[0], 42) == 2);
  CHECK(value(e.options[0], 166) == 0);
  CHECK(value(e.options[0], 86) == 4);
  CHECK(e.messages.back().options.size() == 1);
  CHECK(export_of(connection("RA"), {{"NF_STAT_SECS", "0"}}).options.empty());
}

TEST_CASE("netflowSink: without tcpFlags and tcpStates their fields are missing, and the rest is as with them",
          "[netflowSink]") {
  const Export all = export_of(connection("A"), {{"NF_VER", "10"}, {"NF_PEN", "32473"}});
  const Export few = export_of(connection("A"), {{"NF_VER", "10"}, {"NF_PEN", "32473"}}, {},
                               {"basicFlow", "basicStats", "netflowSink"});
  REQUIRE(few.records.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    for (const auto& [element, bytes] : few.records[i]) {
      INFO("element " << element);
      CHECK(all.records[i].at(element) == bytes);
    }
    for (const unsigned element :
         {5u, 6u, 32u, 52u, 53u, 54u, 56u, 80u, 184u, 186u, 209u, enterprise_element + 32, enterprise_element + 48}) {
      CHECK(all.records[i].contains(element));
      CHECK_FALSE(few.records[i].contains(element));
    }
  }
}

TEST_CASE("netflowSink: the sensor id is the source id, and templates are sent without flows too", "[netflowSink]") {
  const Export e = export_of(Capture(), {}, {"-x", "4711"});
  REQUIRE(e.messages.size() == 2);
  CHECK(e.messages[0].source == 4711);
  CHECK(e.messages[0].templates.size() == 2);
  CHECK(e.messages[1].options.size() == 1);
}

TEST_CASE("netflowSink: without macRecorder the MAC addresses are left out", "[netflowSink]") {
  const Export e =
      export_of(connection("A"), {}, {}, {"basicFlow", "basicStats", "tcpFlags", "tcpStates", "netflowSink"});
  REQUIRE(e.records.size() == 2);
  CHECK_FALSE(e.records[0].contains(56));
  CHECK_FALSE(e.records[0].contains(80));
  CHECK(value(e.records[0], 54) == 77);
}

TEST_CASE("netflowSink: records do not depend on the batch size or the number of threads", "[netflowSink]") {
  Capture c;
  for (unsigned i = 0; i < 300; ++i) {
    c.add(epoch + i * millisecond, from_a().udp(1000 + i % 50, 2000).zeros(i));
    if (i % 3 == 0) c.add(epoch + i * millisecond, from_b().udp(2000, 1000 + i % 25).zeros(i % 7));
    c.add(epoch + i * millisecond,
          Frame().eth().ip6("2001:db8::1", "2001:db8::2").tcp(1000 + i % 60, 443).flags(i % 7 ? "A" : "S").seq(i));
    c.add(epoch + i * millisecond, Frame()
                                       .eth("02:00:00:00:00:0a", "ff:ff:ff:ff:ff:ff")
                                       .arp(1, "02:00:00:00:00:0a", "10.0.0.1", "00:00:00:00:00:00", "10.0.0.2")
                                       .pad());
  }
  const Environment pairs = {{"NF_VER", "10"}, {"NF_BIFLOW", "2"}, {"NF_LAYER2", "1"}, {"NF_PEN", "32473"}};
  const std::vector<Values> want = export_of(c, {}, {"--batch", "64"}).records,
                            want_pairs = export_of(c, pairs, {"--batch", "64"}).records;
  CHECK(want.size() == 110 + 25);
  CHECK(want_pairs.size() == 110 + 1);
  for (const Arguments& how : {Arguments{"--batch", "1"}, Arguments{"--batch", "7"}, Arguments{"-t", "2"}}) {
    CHECK(export_of(c, {}, how).records == want);
    CHECK(export_of(c, pairs, how).records == want_pairs);
  }
}

}  // namespace t2::test::sink_test
