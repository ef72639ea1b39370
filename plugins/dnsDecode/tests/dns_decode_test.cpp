// Messages of DNS: what is listed, over UDP and TCP, and what damaged ones do.
#include <catch2/catch.hpp>

#include <algorithm>
#include <random>

#include "run.hpp"

namespace t2::test::dns_decode_test {

namespace {

const std::vector<std::string> plugins{"basicFlow", "dnsDecode", "txtSink"};

Buffer number(std::uint64_t value, unsigned bytes) {
  Buffer out;
  while (bytes-- > 0) out.push_back(static_cast<std::uint8_t>(bytes < 8 ? value >> 8 * bytes : 0));
  return out;
}
Buffer name(const std::string& dotted) {
  Buffer out;
  for (std::size_t at = 0; at < dotted.size();) {
    const std::size_t end = std::min(dotted.find('.', at), dotted.size());
    out = out + number(end - at, 1) + text(dotted.substr(at, end - at));
    at = end + 1;
  }
  return out + Buffer{0};
}
Buffer question(const std::string& of, unsigned type, unsigned class_ = 1) {
  return name(of) + number(type, 2) + number(class_, 2);
}
Buffer record(const Buffer& owner, unsigned type, std::uint32_t ttl, const Buffer& data, unsigned class_ = 1) {
  return owner + number(type, 2) + number(class_, 2) + number(ttl, 4) + number(data.size(), 2) + data;
}
Buffer message(unsigned flags, const std::vector<Buffer>& questions, const std::vector<Buffer>& answers = {},
               const std::vector<Buffer>& more = {}) {
  Buffer out = number(0x1234, 2) + number(flags, 2) + number(questions.size(), 2) + number(answers.size(), 2) +
               number(0, 2) + number(more.size(), 2);
  for (const auto* section : {&questions, &answers, &more})
    for (const Buffer& part : *section) out = out + part;
  return out;
}
const Buffer first_question{0xc0, 12};  // pointer to its name

Frame query(const Buffer& content) { return Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(5000, 53).raw(content); }
Frame answer(const Buffer& content) { return Frame().eth().ip4("10.0.0.2", "10.0.0.1").udp(53, 5000).raw(content); }

Buffer framed(const Buffer& content) { return number(content.size(), 2) + content; }
Capture over_tcp(const Buffer& bytes, std::size_t size) {
  Capture capture;
  capture.add(epoch, Frame().eth().ip4("10.0.0.2", "10.0.0.1").tcp(53, 5000).flags("SA").seq(99).ack(1));
  for (std::size_t at = 0; at < bytes.size(); at += size) {
    const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    const Buffer part(begin, begin + static_cast<std::ptrdiff_t>(std::min(size, bytes.size() - at)));
    capture.add(epoch + static_cast<std::int64_t>(at + 1), Frame()
                                                               .eth()
                                                               .ip4("10.0.0.2", "10.0.0.1")
                                                               .tcp(53, 5000)
                                                               .flags("PA")
                                                               .seq(static_cast<std::uint32_t>(100 + at))
                                                               .ack(1)
                                                               .raw(part));
  }
  return capture;
}

const Buffer response = message(
    0x8180, {question("www.example.org", 1)},
    {record(first_question, 5, 86400, name("host.example.org")),
     record(name("host.example.org"), 1, 300, {192, 0, 2, 7}),
     record(name("example.org"), 15, 60, number(10, 2) + name("mx.example.org")),
     record(name("example.org"), 16, 60, Buffer{3} + text("abc")),
     record(name("example.org"), 16, 60, Buffer{1, 'a', 1, 'b'}),
     record(name("_x._tcp.example.org"), 33, 60, number(1, 2) + number(2, 2) + number(389, 2) + name("s.example.org")),
     record(name("example.org"), 6, 7,
            name("ns.example.org") + name("admin.example.org") + number(0, 16) + number(900, 4)),
     record(name("example.org"), 257, 5, {0, 1, 2})},
    {record({0}, 41, 0x01008000, {}, 1232)});

void check_response(const Table::Row& row) {
  CHECK(row["dnsQname"] == "\"www.example.org\"");
  CHECK(row["dnsAname"] ==
        "\"www.example.org\";\"host.example.org\";\"example.org\";\"example.org\";\"example.org\";\"_x._tcp.example."
        "org\";\"example.org\";\"\";\"example.org\";\"\"");
  CHECK(row["dnsAPname"] ==
        "\"host.example.org\";\"\";\"mx.example.org\";\"abc\";\"\\u0001a\\u0001b\";\"s.example.org\";\"ns.example."
        "org\";\"admin.example.org\";\"\";\"\"");
  CHECK(row["dns4Aaddress"] == "0.0.0.0;192.0.2.7;0.0.0.0;0.0.0.0;0.0.0.0;0.0.0.0;0.0.0.0;0.0.0.0;0.0.0.0;0.0.0.0");
  CHECK(row["dns6Aaddress"] == "");
  CHECK(row["dnsAType"] == "5;1;15;16;16;33;6;0;257;41");
  CHECK(row["dnsATTL"] == "86400;300;60;60;60;60;7;900;5;0");
  CHECK(row["dnsMXpref"] == "0;0;10;0;0;0;0;0;0;0");
  CHECK(row["dnsSRVprt"] == "0;0;0;0;0;389;0;0;0;0");
  CHECK(("" + row["dnsOptStat"]).ends_with(";0x01008000"));
  CHECK(row["dnsHFlg_OpC_RetC"] == "0x98_0x0001_0x0001");
  CHECK(row["dnsCntQu_Asw_Aux_Add"] == "1_8_0_1");
}

}  // namespace

TEST_CASE("dnsDecode: question and answer", "[dnsDecode]") {
  const Result result = run(
      Capture().add(epoch, query(message(0x0100, {question("www.example.org", 1)}))).add(epoch + 1, answer(response)),
      plugins);
  REQUIRE(result.status == 0);
  const auto a = result.flows.find({{"dir", "A"}}), b = result.flows.find({{"dir", "B"}});
  CHECK(a["dnsQname"] == "\"www.example.org\"");
  CHECK(a["dnsStat"] == "0x0001");
  CHECK(a["dnsAAAqF"] == "0");
  check_response(b);
  CHECK(b["dnsStat"] == "0x0201");
  CHECK(result.out.find("dnsDecode: Number of DNS packets: 2 [100.00%]") != std::string::npos);
}

TEST_CASE("dnsDecode: questions of all messages are listed, as many as are asked for", "[dnsDecode]") {
  Capture capture;
  for (int i = 0; i < 20; ++i)
    capture.add(epoch + i, query(message(0x0100, {question("n" + std::to_string(i) + ".example", 28)})));
  const Result result = run(capture, plugins);
  CHECK(("" + result.flows.row(0)["dnsQname"]).starts_with("\"n0.example\";\"n1.example\";"));
  CHECK(("" + result.flows.row(0)["dnsQname"]).ends_with(";\"n14.example\""));
  CHECK(result.flows.row(0)["dnsStat"] == "0x0401");
  const Result all = run(capture, plugins, {"--set", "DNS_QRECMAX=100"});
  CHECK(("" + all.flows.row(0)["dnsQname"]).ends_with(";\"n19.example\""));
  CHECK(all.flows.row(0)["dnsStat"] == "0x0001");
  std::vector<Buffer> records;
  for (int i = 0; i < 40; ++i) records.push_back(record(name("r" + std::to_string(i)), 1, 1, {10, 0, 0, 1}));
  const Result cut = run(Capture().add(epoch, answer(message(0x8180, {}, {}, records))), plugins);
  CHECK(("" + cut.flows.row(0)["dnsAname"]).ends_with(";\"r19\""));
  CHECK(cut.flows.row(0)["dnsStat"] == "0x0901");
}

TEST_CASE("dnsDecode: over TCP, in segments of any size", "[dnsDecode]") {
  const Buffer two = framed(message(0x8400, {question("a.example", 252)})) + framed(response);
  for (const std::size_t size : {1u, 2u, 3u, 50u, 5000u}) {
    CAPTURE(size);
    const Result result = run(over_tcp(two, size), plugins);
    const auto row = result.flows.row(0);
    CHECK(row["dnsQname"] == "\"a.example\";\"www.example.org\"");
    CHECK(row["dnsAType"] == "5;1;15;16;16;33;6;0;257;41");
    CHECK((row.number("dnsStat") & 0xf0fd) == (size == 5000 ? 0x0089 : 0x0085));
  }
}

TEST_CASE("dnsDecode: NetBIOS names", "[dnsDecode]") {
  std::string encoded;
  for (const char c : std::string("FILES          ") + '\x20')
    encoded += static_cast<char>('A' + (c >> 4)), encoded += static_cast<char>('A' + (c & 0xf));
  const Result result =
      run(Capture().add(
              epoch,
              Frame().eth().ip4("10.0.0.1", "10.0.0.255").udp(137, 137).raw(message(0x0110, {question(encoded, 32)}))),
          plugins);
  CHECK(result.flows.row(0)["dnsQname"] == "\"FILES<20>\"");
  CHECK(result.flows.row(0)["dnsStat"] == "0x0003");
  const Buffer status =
      message(0x8400, {},
              {record(name(encoded), 33, 0, Buffer{1} + text("FILES          ") + number(0x000400, 3) + Buffer(46))});
  const Result of_node =
      run(Capture().add(epoch, Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(137, 137).raw(status)), plugins);
  CHECK(of_node.flows.row(0)["dnsAPname"] == "\"\"");
  CHECK(of_node.flows.row(0)["dnsStat"] == "0x0203");
}

TEST_CASE("dnsDecode: a message that cannot be right is left out, the next is not", "[dnsDecode]") {
  Buffer odd = message(0x0140, {question("x.example", 1)});
  Buffer loop = message(0x8180, {question("y.example", 1)}, {record({0xc0, 27}, 1, 1, {1, 2, 3, 4})});
  Capture capture;
  capture.add(epoch, query(odd))
      .add(epoch + 1, query(Buffer(13)))
      .add(epoch + 2, query(message(0x0100, {question("z.example", 1)})));
  CHECK(run(capture, plugins).flows.row(0)["dnsQname"] == "\"z.example\"");
  const Result looping = run(Capture().add(epoch, answer(loop)), plugins);
  CHECK((looping.flows.row(0).number("dnsStat") & 0x2000) == 0x2000);
}

TEST_CASE("dnsDecode: bytes that were not captured do not exist", "[dnsDecode]") {
  const Buffer whole = answer(response);
  for (std::size_t size = 42; size < whole.size(); size += 3) {
    const Result result =
        run(Capture().add(epoch, Buffer(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)),
                          static_cast<std::uint32_t>(whole.size())),
            plugins);
    REQUIRE(result.status == 0);
    const auto row = result.flows.row(0);
    if (size >= 42 + 17) CHECK((row.number("dnsStat") & 0x1000) == 0x1000);
  }
}

TEST_CASE("dnsDecode: random bytes", "[dnsDecode]") {
  std::mt19937 random(1);
  Capture capture;
  for (int i = 0; i < 3000; ++i) {
    Buffer bytes = response;
    for (auto changes = 1 + random() % 6; changes > 0; --changes)
      bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
    bytes.resize(bytes.size() - random() % 40);
    capture.add(epoch + i,
                Frame().eth().ip4("10.0.0.2", "10.0.0.1").udp(53, 1000 + static_cast<unsigned>(i)).raw(bytes));
  }
  const Result result = run(capture, plugins);
  CHECK(result.status == 0);
  CHECK(result.flows.size() == 3000);
}

}  // namespace t2::test::dns_decode_test
