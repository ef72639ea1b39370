// QUIC: the examples of its RFCs, frames in any order, and all of it beside tshark.
#include <catch2/catch.hpp>

#include <algorithm>
#include <random>
#include <sstream>

#include "messages.hpp"
#include "quic.hpp"
#include "run.hpp"

namespace t2::test::quic_test {

using namespace t2::test::tls;

namespace {

const std::vector<std::string> plugins{"basicFlow", "sslDecode", "txtSink"};
constexpr unsigned version_1 = 1, version_2 = 0x6b3343cf;

Frame datagram(unsigned port, const Buffer& bytes) {
  return Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(port, 443).raw(bytes);
}

// The packets of a hello whose CRYPTO frames are cut and mixed.
std::vector<Buffer> first_flight(unsigned version, const Buffer& hello, const Buffer& id, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<Buffer> frames;
  for (std::size_t at = 0; at < hello.size();) {
    const std::size_t size = std::min<std::size_t>(hello.size() - at, 1 + random() % 120);
    frames.push_back(crypto(hello, at, size));
    at += size;
  }
  std::shuffle(frames.begin(), frames.end(), random);
  std::vector<Buffer> packets;
  Buffer content;
  for (const Buffer& frame : frames) {
    if (content.size() + frame.size() > 1000)
      packets.push_back(initial(version, id, static_cast<unsigned>(packets.size()), content)), content.clear();
    content = content + frame + Buffer{1};  // PING
  }
  packets.push_back(initial(version, id, static_cast<unsigned>(packets.size()), content));
  return packets;
}

HelloMessage quic_hello(const std::string& name, std::size_t extra = 0) {
  HelloMessage hello = browser(name);
  hello.session_id.clear();
  for (auto& [type, content] : hello.extensions)
    if (type == 0x10) content = alpn_extension({"h3"}).second;
  if (extra > 0) hello.extensions.insert(hello.extensions.begin() + 3, {0x0039, Buffer(extra, 5)});
  return hello;
}

std::vector<std::string> split(const std::string& line, char by) {
  std::vector<std::string> out;
  std::istringstream in(line);
  for (std::string part; std::getline(in, part, by);) out.push_back(part);
  return out;
}
std::string joined_hex(const std::string& list) {  // "0x0a0a;0x1301" as numbers, joined by commas
  std::string out;
  for (const std::string& value : split(list, ';'))
    out += (out.empty() ? "" : ",") + std::to_string(std::stoul(value, nullptr, 16));
  return out;
}
std::string as_numbers(const std::string& list) {  // of tshark: decimal or hex, without GREASE or not
  std::string out;
  for (const std::string& value : split(list, ','))
    out += (out.empty() ? "" : ",") + std::to_string(std::stoul(value, nullptr, 0));
  return out;
}

}  // namespace

TEST_CASE("sslDecode: a server's first packet of RFC 9001, A.3", "[sslDecode]") {
  const Buffer packet =
      hex("cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c69797554780bb38cc5a99f5ede"
          "4cf73c3ec2493a1839b3db"
          "cba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84022f8ef4cdd93795d77d06edbb7aaf2f58891850abbdca"
          "3d20398c276456cbc42158"
          "407dd074ee");
  t2::QuicHeader header;
  REQUIRE(t2::parse_quic(packet, header));
  CHECK(header.type == t2::QuicType::initial);
  t2::ssl_decode::QuicDecryption decryption;
  const auto frames = decryption.decrypt(packet, header, hex("8394c8f03e515708"), false);
  CHECK(Buffer(frames.begin(), frames.end()) ==
        hex("02000000000600405a020000560303eefce7f7b37ba1d1632e96677825ddf73988cfc79825df566dc5430b9a045a1200130100002e"
            "00330024001d00209d3c940d89"
            "690b84d08a60993c144eca684d1081287c834d5311bcf32bb9da1a002b00020304"));
  CHECK(decryption.decrypt(packet, header, hex("8394c8f03e515709"), false).empty());
}

TEST_CASE("sslDecode: QUIC versions 1 and 2, frames in any order", "[sslDecode]") {
  for (const unsigned version : {version_1, version_2}) {
    for (unsigned seed = 0; seed < 4; ++seed) {
      CAPTURE(version, seed);
      Capture capture;
      std::vector<Buffer> packets =
          first_flight(version, quic_hello("quic.example.org", seed % 2 ? 1500 : 0), hex("8394c8f03e515708"), seed);
      if (seed == 3) std::reverse(packets.begin(), packets.end());
      for (const Buffer& packet : packets)
        capture.add(epoch + static_cast<std::int64_t>(capture.records().size()), datagram(50000, packet));
      const Result result = run(capture, plugins);
      REQUIRE(result.status == 0);
      const auto row = result.flows.row(0);
      CHECK(row["sslServerName"] == "\"quic.example.org\"");
      CHECK(row["sslALPNList"] == "\"h3\"");
      CHECK(row["sslVersion"] == "0x0304");
      CHECK(("" + row["sslJA4"]).starts_with("q13d151"));
      CHECK(row["sslQuicVersion"] == (version == version_1 ? "0x00000001" : "0x6b3343cf"));
    }
  }
}

// Behind it, keys follow from the id that the server chose; the client's hello was read before it.
TEST_CASE("sslDecode: QUIC behind a Retry", "[sslDecode]") {
  const Buffer first = hex("8394c8f03e515708"), chosen = hex("00112233445566778899");
  const Buffer hello = quic_hello("quic.example.org");
  HelloMessage answer;
  answer.client = false;
  answer.ciphers = {0x1302};
  answer.extensions = {{0x002b, {3, 4}}};
  const Buffer retry = Buffer{0xf0} + number(version_1, 4) + Buffer{0} + counted(chosen, 1) + Buffer(40, 7);
  for (const bool captured : {true, false}) {
    for (const bool again : {true, false}) {  // the client acknowledges between two packets with the server's hello
      CAPTURE(captured, again);
      Capture capture;
      const auto back = [](const Buffer& bytes) {
        return Frame().eth().ip4("10.0.0.2", "10.0.0.1").udp(443, 50000).raw(bytes);
      };
      const Buffer message = answer;
      const std::size_t half = again ? message.size() / 2 : message.size();
      capture.add(epoch, datagram(50000, initial(version_1, first, 0, crypto(hello, 0, hello.size()))));
      if (captured) capture.add(epoch + 1, back(retry));
      capture.add(epoch + 2, datagram(50000, initial(version_1, chosen, 1, crypto(hello, 0, hello.size()))));
      capture.add(epoch + 3, back(initial(version_1, chosen, 0, crypto(message, 0, half), false)));
      if (again) {
        Buffer acknowledges = initial(version_1, chosen, 2, {2, 0, 0, 0, 0});
        acknowledges[6] = 0xee;  // goes to an id that the server chose anew; its own keys do not matter
        capture.add(epoch + 4, datagram(50000, acknowledges));
        capture.add(epoch + 5,
                    back(initial(version_1, chosen, 1, crypto(message, half, message.size() - half), false)));
      }
      const Result result = run(capture, plugins);
      REQUIRE(result.status == 0);
      CHECK(result.flows.find({{"dir", "A"}})["sslServerName"] == "\"quic.example.org\"");
      CHECK(result.flows.find({{"dir", "B"}})["sslCipher"] == "0x1302");
      CHECK(result.flows.find({{"dir", "B"}})["sslQuicVersion"] == "0x00000001");
    }
  }
}

TEST_CASE("sslDecode: packets of one datagram go to one connection id", "[sslDecode]") {
  const Buffer id = hex("8394c8f03e515708"), other = hex("8394c8f03e515709");
  const Buffer hello = quic_hello("quic.example.org");
  const std::size_t half = hello.size() / 2;
  const Buffer one = initial(version_1, id, 0, crypto(hello, 0, half));
  const Buffer two = initial(version_1, id, 1, crypto(hello, half, hello.size() - half));
  const auto ja4 = [](const Buffer& bytes) -> std::string {
    return run(Capture().add(epoch, datagram(50000, bytes)), plugins).flows.row(0)["sslJA4"];
  };
  CHECK(ja4(one + two).starts_with("q13d"));
  CHECK(ja4(two + one) == ja4(one + two));
  CHECK_FALSE(ja4(one + initial(version_1, other, 0, {1}) + two).starts_with("q13d"));
}

TEST_CASE("sslDecode: keys are those of the packet, in whatever order connections come", "[sslDecode]") {
  const Buffer content = crypto(Buffer(300, 7), 0, 300);
  std::mt19937 random(3);
  t2::ssl_decode::QuicDecryption all;
  for (int i = 0; i < 300; ++i) {
    const unsigned version = random() % 2 ? version_1 : version_2;
    const bool from_client = random() % 2;
    const Buffer id(8 + random() % 2, static_cast<std::uint8_t>(random() % 3));
    const Buffer packet = initial(version, id, 0, content, from_client);
    t2::QuicHeader header;
    REQUIRE(t2::parse_quic(packet, header));
    t2::ssl_decode::QuicDecryption fresh;
    const auto frames = all.decrypt(packet, header, id, from_client);
    const auto expected = fresh.decrypt(packet, header, id, from_client);
    REQUIRE(expected.size() >= content.size());
    REQUIRE(std::equal(frames.begin(), frames.end(), expected.begin(), expected.end()));
    CHECK(fresh.decrypt(packet, header, id, !from_client).empty());
    CHECK(all.decrypt(packet, header, id + Buffer{1}, from_client).empty());
  }
}

TEST_CASE("sslDecode: QUIC that cannot be decrypted says nothing", "[sslDecode]") {
  Buffer packet = initial(version_1, hex("8394c8f03e515708"), 0, crypto(quic_hello("x"), 0, 100));
  packet[packet.size() / 2] ^= 1;
  const Result result = run(Capture().add(epoch, datagram(50000, packet)), plugins);
  CHECK(result.flows.row(0)["sslVersion"] == "0x0000");
}

// Truth: https://www.wireshark.org, which knows these fields.
TEST_CASE("sslDecode: fields agree with those of tshark", "[sslDecode]") {
  const TempFolder folder;
  if (execute({"sh", "-c", "command -v tshark"}, folder).status != 0) {
    WARN("tshark is not installed: its fields are not compared");
    return;
  }
  Capture capture;
  std::int64_t at = epoch;
  unsigned port = 41000;
  const auto send = [&](const Buffer& bytes, std::size_t size) {  // over TCP
    Frame syn = Frame().eth().ip4("10.0.0.1", "10.0.0.2").tcp(port, 443).flags("S").seq(1000);
    capture.add(at += millisecond, syn);
    for (std::size_t from = 0; from < bytes.size(); from += size) {
      const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(from);
      const Buffer part(begin, begin + static_cast<std::ptrdiff_t>(std::min(size, bytes.size() - from)));
      capture.add(at += millisecond, Frame()
                                         .eth()
                                         .ip4("10.0.0.1", "10.0.0.2")
                                         .tcp(port, 443)
                                         .flags("PA")
                                         .seq(static_cast<std::uint32_t>(1001 + from))
                                         .ack(1)
                                         .raw(part));
    }
    ++port;
  };
  HelloMessage old;
  old.version = 0x0301;
  old.ciphers = {0x002f, 0x0035, 0x000a};
  HelloMessage longest = browser("long.example.net");
  for (unsigned i = 0; i < 80; ++i) longest.ciphers.push_back(0xc02b + i);
  for (const Buffer& hello : {Buffer(browser("www.example.org")), Buffer(old), Buffer(longest)})
    for (const std::size_t size : {1400u, 60u}) send(record(22, hello, 0x0301), size);
  for (const unsigned version : {version_1, version_2}) {
    for (const Buffer& packet : first_flight(version, quic_hello("quic.example.org"), number(port, 8), port))
      capture.add(at += millisecond, datagram(port, packet));
    ++port;
  }
  write_file(folder / "hellos.pcap", capture.pcap());
  const Execution tshark = execute({"tshark", "-n",
                                    "-r",     (folder / "hellos.pcap").string(),
                                    "-Y",     "tls.handshake.type==1",
                                    "-T",     "fields",
                                    "-E",     "separator=|",
                                    "-E",     "occurrence=a",
                                    "-e",     "tcp.srcport",
                                    "-e",     "udp.srcport",
                                    "-e",     "tls.handshake.extensions_server_name",
                                    "-e",     "tls.handshake.ciphersuite",
                                    "-e",     "tls.handshake.extension.type",
                                    "-e",     "tls.handshake.ja3",
                                    "-e",     "tls.handshake.extensions_alpn_str",
                                    "-e",     "tls.handshake.sig_hash_alg",
                                    "-e",     "tls.handshake.extensions_supported_group"},
                                   folder, {{"HOME", folder.path().string()}});
  INFO(tshark.err);
  const Result result = run_file(folder / "hellos.pcap", plugins);
  unsigned compared = 0;
  for (const std::string& line : split(tshark.out, '\n')) {
    std::vector<std::string> field = split(line + "|.", '|');
    REQUIRE(field.size() == 10);
    CAPTURE(line);
    const auto row = result.flows.find({{"srcPort", field[0].empty() ? field[1] : field[0]}});
    CHECK(row["sslServerName"] == (field[2].empty() ? "" : "\"" + field[2] + "\""));
    const std::string ciphers = as_numbers(field[3]), extensions = as_numbers(field[4]);
    CHECK(ciphers.starts_with(joined_hex(row["sslCipherList"])));
    CHECK(std::to_string(split(ciphers, ',').size()) == row["sslNumCipher"]);
    CHECK(extensions == joined_hex(row["sslExtList"]));
    CHECK(row["sslJA3Hash"] == field[5]);
    std::string names;
    for (const std::string& name : split(field[6], ',')) names += (names.empty() ? "\"" : ";\"") + name + "\"";
    CHECK(row["sslALPNList"] == names);
    CHECK(as_numbers(field[7]) == joined_hex(row["sslSigAlg"]));
    CHECK(as_numbers(field[8]) == joined_hex(row["sslECPt"]));
    ++compared;
  }
  CHECK(compared == 8);
}

}  // namespace t2::test::quic_test
