// What sslDecode reads, in one piece or in many, and what it takes for TLS.
#include <catch2/catch.hpp>

#include <algorithm>
#include <random>

#include "messages.hpp"
#include "run.hpp"

namespace t2::test::ssl_decode_test {

using namespace t2::test::tls;

namespace {

const std::vector<std::string> plugins{"basicFlow", "sslDecode", "txtSink"};
constexpr std::uint32_t sequence = 0xfffffe00;  // wraps within a hello

Frame segment(char from, std::uint32_t at, const Buffer& bytes, const char* flags = "PA") {
  Frame frame = from == 'a' ? Frame().eth().ip4("10.0.0.1", "10.0.0.2").tcp(40000, 8443)
                            : Frame().eth().ip4("10.0.0.2", "10.0.0.1").tcp(8443, 40000);
  return frame.flags(flags).seq(sequence + at).ack(1).raw(bytes);
}
Frame datagram(char from, const Buffer& bytes) {
  return (from == 'a' ? Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(40000, 4443)
                      : Frame().eth().ip4("10.0.0.2", "10.0.0.1").udp(4443, 40000))
      .raw(bytes);
}

// A connection: the handshake of TCP, then each side's bytes in segments of this size.
Capture connection(const Buffer& client, const Buffer& server, std::size_t size = 1400) {
  Capture capture;
  capture.add(epoch, segment('a', 0xffffffff, {}, "S")).add(epoch + 1, segment('b', 0xffffffff, {}, "SA"));
  for (const auto& [from, bytes] : {std::pair<char, const Buffer&>{'a', client}, {'b', server}}) {
    for (std::size_t at = 0; at < bytes.size(); at += size) {
      const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(at);
      const Buffer part(begin, begin + static_cast<std::ptrdiff_t>(std::min(size, bytes.size() - at)));
      capture.add(epoch + static_cast<std::int64_t>(capture.records().size()) * millisecond,
                  segment(from, static_cast<std::uint32_t>(at), part));
    }
  }
  return capture;
}

HelloMessage server_hello() {
  HelloMessage hello;
  hello.client = false;
  hello.session_id = Buffer(32, 7);
  hello.ciphers = {0x1302};
  hello.extensions = {{0x0033, number(0x001d, 2) + counted(Buffer(32, 3), 2)}, {0x002b, number(0x0304, 2)}};
  return hello;
}

std::string cells(const Table::Row& row) {
  std::string out;
  for (const std::string& cell : row.cells()) out += cell + '\t';
  return out.substr(out.find("\t6\t"));  // without times and counts
}

Buffer certificate_with(EVP_PKEY* key, long serial = 0x1234ab) {
  return certificate_of(
      key, {.serial = std::to_string(serial),
            .from = "20170714024000Z",
            .until = "20200913122640Z",
            .names = {
                {"CN", "www.example.org"}, {"O", "Example"}, {"OU", "Web"}, {"L", "Bern"}, {"ST", "BE"}, {"C", "CH"}}});
}

}  // namespace

TEST_CASE("sslDecode: a browser and its server", "[sslDecode]") {
  const Buffer client = record(22, browser("www.example.org"), 0x0301) + record(20, {1}) + record(23, Buffer(100));
  const Buffer server = record(22, server_hello()) + record(20, {1}) + record(23, Buffer(900)) + record(23, Buffer(20));
  const Result result = run(connection(client, server), plugins);
  REQUIRE(result.status == 0);
  const auto a = result.flows.find({{"dir", "A"}}), b = result.flows.find({{"dir", "B"}});
  CHECK(a["sslVersion"] == "0x0304");
  CHECK(b["sslVersion"] == "0x0304");
  CHECK(a["sslServerName"] == "\"www.example.org\"");
  CHECK(b["sslServerName"] == "\"www.example.org\"");
  CHECK(a["sslRecVer"] == "0x0301;0x0303");
  CHECK(a["sslNumExt"] == "18");
  CHECK(("" + a["sslExtList"]).ends_with("0x4a4a;0x0023"));
  CHECK(a["sslSuppVer"] == "0x3a3a;0x0304;0x0303");
  CHECK(a["sslALPNList"] == "\"h2\";\"http/1.1\"");
  CHECK(a["sslALPSList"] == "\"h2\"");
  CHECK(a["sslNumCipher"] == "16");
  CHECK(a["sslCipher"] == "0x5a5a");
  CHECK(b["sslCipher"] == "0x1302");
  CHECK(a["sslNumCC_A_H_AD_HB"] == "1_0_1_1_0");
  CHECK(b["sslNumCC_A_H_AD_HB"] == "1_0_1_2_0");
  CHECK(a["sslProto"] == "0x00000003");
  CHECK(a["sslEch"] == "0x01");
  CHECK(("" + a["sslJA4"]).starts_with("t13d1516h2_8daaf6152771_"));
  CHECK(b["sslJA4"] == "t130200_1302_234ea6891581");
  CHECK(result.out.find("sslDecode: Number of TLS 1.3 flows: 2") != std::string::npos);
}

TEST_CASE("sslDecode: JA4 as in its definition", "[sslDecode]") {
  HelloMessage hello = browser("example.org");
  hello.extensions.clear();
  for (const unsigned type : {0x001bu, 0x0000u, 0x0033u, 0x0010u, 0x4469u, 0x0017u, 0x002du, 0x000du, 0x0005u, 0x0023u,
                              0x0012u, 0x002bu, 0xff01u, 0x000bu, 0x000au, 0x0015u}) {
    Buffer content{0};
    if (type == 0) content = name_extension("example.org").second;
    if (type == 0x10) content = alpn_extension({"h2"}).second;
    if (type == 0x0d)
      content = list_extension(0, {0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601}).second;
    if (type == 0x2b) content = list_extension(0, {0x0304, 0x0303}, 1).second;
    hello.extensions.emplace_back(type, content);
  }
  const Result result = run(connection(record(22, hello), {}), plugins);
  CHECK(result.flows.find({{"dir", "A"}})["sslJA4"] == "t13d1516h2_8daaf6152771_e5627efa2ab1");
}

TEST_CASE("sslDecode: lists that are longer than shown, and none", "[sslDecode]") {
  HelloMessage hello;
  hello.ciphers.clear();
  for (unsigned i = 0; i < 70; ++i) hello.ciphers.push_back(0xc000 + i);
  const Result result = run(connection(record(22, hello), {}), plugins);
  const auto many = result.flows.find({{"dir", "A"}});
  CHECK(many["sslNumCipher"] == "70");
  CHECK(std::count(many["sslCipherList"].begin(), many["sslCipherList"].end(), ';') == 29);
  CHECK((many.number("sslStat") & 0x00180080) == 0x80);
  CHECK(("" + many["sslJA4"]).starts_with("t12i700000_"));
  CHECK(("" + many["sslJA4"]).ends_with("_000000000000"));
  CHECK(many["sslJA3Hash"] != "");
}

TEST_CASE("sslDecode: in segments of any size and order it reads the same", "[sslDecode]") {
  const Buffer client = record(22, browser("www.example.org"), 0x0301) + record(20, {1}) + record(23, Buffer(3000));
  const Buffer message = server_hello();
  const Buffer server = record(22, Buffer(message.begin(), message.begin() + 50)) +
                        record(22, Buffer(message.begin() + 50, message.end())) + record(23, Buffer(2000));
  const Result whole = run(connection(client, server), plugins);
  for (const std::size_t size : {1u, 5u, 7u, 100u, 513u}) {
    CAPTURE(size);
    const Result cut = run(connection(client, server, size), plugins);
    for (const char* direction : {"A", "B"})
      CHECK(cells(cut.flows.find({{"dir", direction}})) == cells(whole.flows.find({{"dir", direction}})));
  }
  std::mt19937 random(5);
  for (unsigned round = 0; round < (sanitized ? 2u : 6u); ++round) {
    const Capture in_order = connection(client, server, 150);
    std::vector<Buffer> frames;
    for (const auto& record : in_order.records()) frames.push_back(record.bytes);
    for (std::size_t i = 2; i + 1 < frames.size(); ++i)
      std::swap(frames[i], frames[std::min<std::size_t>(frames.size() - 1, i + random() % 3)]);
    Capture capture;
    for (std::size_t i = 0; i < frames.size(); ++i) {
      capture.add(epoch + static_cast<std::int64_t>(i) * millisecond, frames[i]);
      if (i > 2 && random() % 4 == 0)
        capture.add(epoch + static_cast<std::int64_t>(i) * millisecond, frames[i - random() % 2]);
    }
    const Result mixed = run(capture, plugins);
    for (const char* direction : {"A", "B"})
      CHECK(cells(mixed.flows.find({{"dir", direction}})) == cells(whole.flows.find({{"dir", direction}})));
  }
}

TEST_CASE("sslDecode: what was not captured ends a hello, and is never read", "[sslDecode]") {
  const Buffer hello = record(22, browser("a-name-that-is-long-enough.example.org"));
  for (std::size_t size = 1; size < hello.size(); size += 9) {
    CAPTURE(size);
    const Buffer frame = segment('a', 0, hello);
    Capture capture;
    capture.add(epoch, segment('a', 0xffffffff, {}, "S"));
    capture.add(epoch + 1, Buffer(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(54 + size)),
                static_cast<std::uint32_t>(frame.size()));
    const Result result = run(capture, plugins);
    REQUIRE(result.status == 0);
    const auto row = result.flows.row(0);
    if (row["sslVersion"] == "0x0000") continue;
    CHECK((row.number("sslStat") & 1 << 18) != 0);
    CHECK(std::string("\"a-name-that-is-long-enough.example.org\"")
              .starts_with(
                  ("" + row["sslServerName"]).substr(0, std::max<std::size_t>(row["sslServerName"].size(), 1) - 1)));
    CHECK(row["sslJA3Hash"] == "");
  }
}

TEST_CASE("sslDecode: lists are those of the first hello", "[sslDecode]") {
  HelloMessage retry = server_hello();
  retry.extensions.pop_back();
  const Buffer hello = record(22, browser("a.example"), 0x0301);
  const Result result =
      run(connection(hello + record(20, {1}) + hello, record(22, retry) + record(22, server_hello())), plugins);
  CHECK(result.flows.find({{"dir", "A"}})["sslNumExt"] == "18");
  CHECK(result.flows.find({{"dir", "B"}})["sslExtList"] == "0x0033");
}

TEST_CASE("sslDecode: the version in JA4 is the highest that is offered", "[sslDecode]") {
  const auto code = [](const std::vector<unsigned>& offered, bool client) {
    HelloMessage hello;
    hello.client = client;
    hello.extensions = {client ? list_extension(0x002b, offered, 1) : Extension{0x002b, number(offered[0], 2)}};
    const Buffer sent = record(22, hello);
    const Result result = run(client ? connection(sent, {}) : connection({}, sent), plugins);
    return ("" + result.flows.find({{"dir", client ? "A" : "B"}})["sslJA4"]).substr(0, 3);
  };
  for (const bool client : {true, false}) {
    CHECK(code({0x0304}, client) == "t13");
    CHECK(code({0x0303}, client) == "t12");
    CHECK(code({0x7f17}, client) == "t00");  // a draft
    CHECK(code({0xfb1a}, client) == "t00");
    CHECK(code({0x002c}, client) == "t00");  // none of TLS
  }
  CHECK(code({0x3a3a, 0x0303, 0x0304, 0x0302}, true) == "t13");
  CHECK(code({0x0304, 0x7f1c, 0x0303}, true) == "t00");
}

TEST_CASE("sslDecode: server hellos of early drafts of TLS 1.3", "[sslDecode]") {
  const Buffer body =
      number(0x7f13, 2) + Buffer(32, 9) + number(0x1302, 2) + counted(number(0x0028, 2) + counted({1, 2}, 2), 2);
  const Result result = run(connection({}, record(22, Buffer{2} + counted(body, 3), 0x0301)), plugins);
  const auto row = result.flows.find({{"dir", "B"}});
  CHECK(row["sslVersion"] == "0x7f13");
  CHECK(row["sslCipher"] == "0x1302");
  CHECK(row["sslExtList"] == "0x0028");
}

TEST_CASE("sslDecode: records go on behind a gap", "[sslDecode]") {
  const Buffer bytes = record(22, browser("a.example")) + record(23, Buffer(5000)) + record(23, Buffer(30));
  Capture capture = connection(bytes, {}, 1000), lossy;
  std::size_t n = 0;
  for (const auto& record : capture.records())
    if (++n != 5) lossy.add(record.time, record.bytes);  // within the record of 5000 bytes
  const Result result = run(lossy, plugins);
  CHECK(result.flows.find({{"dir", "A"}})["sslNumCC_A_H_AD_HB"] == "0_0_1_2_0");
}

TEST_CASE("sslDecode: bytes that continue no record are malformed, and it goes on where a segment begins with one",
          "[sslDecode]") {
  const Buffer hello = record(22, browser("a.example"), 0x0301);
  Capture capture = connection(hello + Buffer{0xba, 0x90, 0xb4, 0, 0}, {}, 5000);
  const auto at = static_cast<std::uint32_t>(hello.size() + 5);
  capture.add(epoch + second, segment('a', at, record(23, Buffer(100))));
  const Result result = run(capture, plugins);
  const auto row = result.flows.find({{"dir", "A"}});
  CHECK((row.number("sslStat") & 4) == 4);
  CHECK(row["sslNumCC_A_H_AD_HB"] == "0_0_1_1_0");
  CHECK(row["sslServerName"] == "\"a.example\"");
}

TEST_CASE("sslDecode: serial numbers as they are encoded", "[sslDecode]") {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  for (const auto& [serial, shown] :
       std::vector<std::pair<long, std::string>>{{0x80, "80"},
                                                 {0x1234, "1234"},
                                                 {-1, "FF"},
                                                 {-128, "80"},
                                                 {-129, "FF7F"},
                                                 {-255, "FF01"},
                                                 {-256, "FF00"},
                                                 {-0x5ac9129ffffbc80e, "A536ED60000437F2"}}) {
    CAPTURE(serial);
    HelloMessage hello = server_hello();
    hello.extensions.clear();
    const Buffer message = Buffer{11} + counted(counted(counted(certificate_with(key, serial), 3), 3), 3);
    const Result result = run(connection({}, record(22, hello.message() + message)), plugins);
    CHECK(result.flows.find({{"dir", "B"}})["sslCertSerial"] == shown);
  }
  EVP_PKEY_free(key);
}

TEST_CASE("sslDecode: certificates", "[sslDecode]") {
  EVP_PKEY* keys[] = {EVP_EC_gen("P-256"), EVP_RSA_gen(1024), EVP_RSA_gen(512)};
  const std::vector<std::pair<std::string, bool>> expected{
      {"ECDSA_256", false}, {"RSA_1024", false}, {"RSA_512", true}};
  for (std::size_t i = 0; i < 3; ++i) {
    const Buffer der = certificate_with(keys[i]);
    HelloMessage hello = server_hello();
    hello.extensions.clear();
    const Buffer message = Buffer{11} + counted(counted(counted(der, 3) + counted(Buffer(6000), 3), 3), 3);
    const Result result = run(connection(record(22, browser("x")), record(22, hello.message() + message), 700), plugins,
                              {}, {{"TZ", "America/New_York"}});
    const auto b = result.flows.find({{"dir", "B"}});
    CHECK(b["sslVersion"] == "0x0303");
    CHECK(b["sslCertVersion"] == "3");
    CHECK(b["sslCertSerial"] == "1234AB");
    CHECK(b["sslCNotValidBefore_after_lifetime"] == "1500000000.000000000_1600000000.000000000_100000000");
    CHECK(b["sslCPKeyType_Size"] == expected[i].first);
    CHECK(((b.number("sslStat") & 1 << 15) != 0) == expected[i].second);
    CHECK(b["sslCSubjectCommonName"] == "\"www.example.org\"");
    CHECK(b["sslCIssuerLocality"] == "\"Bern\"");
    CHECK(b["sslCSubjectCountry"] == "CH");
    EVP_PKEY_free(keys[i]);
  }
}

TEST_CASE("sslDecode: alerts", "[sslDecode]") {
  const Result result =
      run(connection(record(22, browser("x")) + record(21, {2, 45}), record(21, {1, 0}) + record(21, Buffer(26, 2))),
          plugins);
  const auto a = result.flows.find({{"dir", "A"}}), b = result.flows.find({{"dir", "B"}});
  CHECK(a["sslAlert"] == "0x0000000000000800");
  CHECK((a.number("sslStat") & 0x18) == 0x18);
  CHECK(b["sslAlert"] == "0x0000000000000001");
  CHECK(b["sslNumCC_A_H_AD_HB"] == "0_2_0_0_0");
}

TEST_CASE("sslDecode: begins in the middle of a connection", "[sslDecode]") {
  Capture capture = connection(text("EHLO a\r\n") + text("STARTTLS\r\n"), text("220 ready\r\n"));
  capture.add(epoch + second, segment('a', 18, record(22, browser("mail.example"))));
  const Result result = run(capture, plugins);
  const auto row = result.flows.find({{"dir", "A"}});
  CHECK(row["sslServerName"] == "\"mail.example\"");
}

TEST_CASE("sslDecode: DTLS, in fragments", "[sslDecode]") {
  HelloMessage hello = browser("d.example");
  hello.datagrams = true;
  hello.version = 0xfefd;
  for (auto& [type, content] : hello.extensions)
    if (type == 0x2b) content = list_extension(0, {0xfefd}, 1).second;
  const Buffer message = hello;
  const std::size_t half = (message.size() - 4) / 2;
  Capture capture;
  capture.add(epoch, datagram('a', datagram_record(22, fragment(message, 0, 0, half), 0, 0xfeff)));
  capture.add(epoch + 1,
              datagram('a', datagram_record(22, fragment(message, 0, half, message.size() - 4 - half), 0, 0xfeff)));
  capture.add(epoch + 2,
              datagram('a', datagram_record(22, fragment(message, 0, half, message.size() - 4 - half), 0, 0xfeff)));
  const Result result = run(capture, plugins);
  const auto row = result.flows.row(0);
  CHECK(row["sslServerName"] == "\"d.example\"");
  CHECK(row["sslVersion"] == "0xfefd");
  CHECK(("" + row["sslJA4"]).starts_with("dd2d1516h2_"));
}

TEST_CASE("sslDecode: DTLS of CAPWAP", "[sslDecode]") {
  HelloMessage hello = browser("d.example");
  hello.datagrams = true;
  hello.version = 0xfefd;
  const Buffer message = hello;
  const Buffer bytes = datagram_record(22, fragment(message, 0, 0, message.size() - 4));
  const auto name = [&](unsigned port, const Buffer& content) {
    const Frame frame = Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(40000, port).raw(content);
    return std::string(run(Capture().add(epoch, frame), plugins).flows.row(0)["sslServerName"]);
  };
  for (const unsigned port : {5246u, 5247u}) {
    CHECK(name(port, Buffer{1, 0, 0, 0} + bytes) == "\"d.example\"");
    CHECK(name(port, Buffer{0, 0, 0, 0} + bytes).empty());  // not encrypted
    CHECK(name(port, {1, 0, 0, 0, 22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0}).empty());
  }
  CHECK(name(5248, Buffer{1, 0, 0, 0} + bytes).empty());
}

TEST_CASE("sslDecode: what is no TLS is not taken for it", "[sslDecode]") {
  std::mt19937 random(3);
  Capture capture;
  for (unsigned flow = 0; flow < 4000; ++flow) {
    Buffer bytes(40 + random() % 60);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
    bytes[0] = static_cast<std::uint8_t>(20 + random() % 5), bytes[1] = 3,
    bytes[2] = static_cast<std::uint8_t>(random() % 5);
    bytes[3] = 0;
    capture.add(epoch + flow, Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(1000 + flow, 9).raw(bytes));
  }
  capture.add(epoch + second, Frame()
                                  .eth()
                                  .ip4("10.0.0.1", "224.0.0.252")
                                  .udp(5355, 5355)
                                  .raw(hex("1801 0000 0001 0000 0000 0000 04 77706164 00 0001 0001")));
  const Result result = run(capture, plugins);
  for (const auto& row : result.flows.all()) CHECK(row["sslVersion"] == "0x0000");
}

}  // namespace t2::test::ssl_decode_test
