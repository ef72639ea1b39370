// Headers of QUIC packets: which are recognised, and what is kept of them.
#include <catch2/catch.hpp>

#include <random>

#include "run.hpp"

namespace t2::test::quic_decode_test {

namespace {

const std::vector<std::string> plugins{"basicFlow", "quicDecode", "txtSink"};
const Buffer client_id = hex("0102030405060708"), server_id = hex("aabbccdd"), none;

Buffer long_header(unsigned first, std::uint32_t version, const Buffer& destination, const Buffer& source) {
  Buffer out{static_cast<std::uint8_t>(first)};
  append32(out, version);
  return out + Buffer{static_cast<std::uint8_t>(destination.size())} + destination +
         Buffer{static_cast<std::uint8_t>(source.size())} + source;
}
Buffer counted(const Buffer& content) {
  Buffer size;
  append16(size, 0x4000u + static_cast<std::uint32_t>(content.size()));
  return size + content;
}
Buffer initial(const Buffer& destination, const Buffer& source, std::uint32_t version = 1, std::size_t size = 100) {
  return long_header(version == 0x6b3343cf ? 0xd0 : 0xc0, version, destination, source) + Buffer{3, 9, 9, 9} +
         counted(Buffer(size, 0x55));
}
Buffer handshake(const Buffer& destination, const Buffer& source) {
  return long_header(0xe0, 1, destination, source) + counted(Buffer(50, 0x66));
}

Frame there(const Buffer& content) { return Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(5000, 8443).raw(content); }
Frame back(const Buffer& content) { return Frame().eth().ip4("10.0.0.2", "10.0.0.1").udp(8443, 5000).raw(content); }

std::string row_of(const Frame& frame) {
  const Result result = run(Capture().add(epoch, frame), plugins);
  REQUIRE(result.status == 0);
  const auto row = result.flows.row(0);
  return row["quicStat"] + " " + row["quicVersion"] + " " + row["quicPktTypes"] + " " + row["quicPkts"];
}

}  // namespace

TEST_CASE("quicDecode: a connection begins", "[quicDecode]") {
  Capture capture;
  capture.add(epoch, there(initial(client_id, hex("77"))));
  capture.add(epoch + 1, back(initial(hex("77"), server_id) + handshake(hex("77"), server_id)));
  capture.add(epoch + 2, there(initial(server_id, hex("77")) + handshake(server_id, hex("77"))));
  capture.add(epoch + 3, there(hex("40 aabbccdd 0102030405060708")));
  const Result result = run(capture, plugins, {"-s"});
  REQUIRE(result.status == 0);
  const auto a = result.flows.find({{"dir", "A"}}), b = result.flows.find({{"dir", "B"}});
  CHECK(a["quicStat"] == "0x13");
  CHECK(b["quicStat"] == "0x03");
  CHECK(a["quicVersion"] == "0x00000001");
  CHECK(a["quicFlags"] == "0xe0");
  CHECK(a["quicPktTypes"] == "0x05");
  CHECK(a["quicDCID"] == "aabbccdd");
  CHECK(a["quicSCID"] == "77");
  CHECK(a["quicODCID"] == "0102030405060708");
  CHECK(b["quicODCID"] == "0102030405060708");
  CHECK(b["quicDCID"] == "77");
  CHECK(a["quicPkts"] == "3");
  CHECK(b["quicPkts"] == "2");
  const Table packets(result.file("_packets.txt"));
  CHECK(packets.row(0)["quicPktType"] == "Initial");
  CHECK(packets.row(0)["quicDCID"] == "0102030405060708");
  CHECK(packets.row(3)["quicStat"] == "0x00");
  CHECK(packets.row(3)["quicPktType"] == "");
  CHECK(result.out.find("quicDecode: Number of QUIC packets: 5\n") != std::string::npos);
  CHECK(result.out.find("quicDecode: Number of QUIC Initial packets: 3 [60.00%]") != std::string::npos);
}

TEST_CASE("quicDecode: versions and types", "[quicDecode]") {
  CHECK(row_of(there(initial(client_id, none, 0x6b3343cf))) == "0x01 0x6b3343cf 0x01 1");
  CHECK(row_of(there(initial(client_id, none, 0xff00001d))) == "0x01 0xff00001d 0x01 1");
  CHECK(row_of(there(initial(client_id, none, 0xff000014))) == "0x00 0x00000000 0x00 0");
  CHECK(row_of(there(initial(client_id, none, 0x12345678))) == "0x00 0x00000000 0x00 0");
  CHECK(row_of(there(long_header(0xd0, 1, client_id, none) + counted(Buffer(40)))) == "0x01 0x00000001 0x02 1");
  CHECK(row_of(back(long_header(0xf0, 1, client_id, server_id) + Buffer(30))) == "0x01 0x00000001 0x08 1");
  CHECK(row_of(back(long_header(0xc0, 0x6b3343cf, client_id, server_id) + Buffer(30))) == "0x01 0x6b3343cf 0x08 1");
  const Buffer offer = long_header(0xaa, 0, client_id, server_id) + hex("00000001 6b3343cf 1a2a3a4a");
  CHECK(row_of(back(offer)) == "0x05 0x00000000 0x10 1");
  CHECK(run(Capture().add(epoch, back(offer)), plugins).flows.row(0)["quicOffered"] ==
        "0x00000001;0x6b3343cf;0x1a2a3a4a");
  CHECK(row_of(back(long_header(0xaa, 0, client_id, server_id) + hex("0000"))) == "0x00 0x00000000 0x00 0");
  const Result changed = run(
      Capture().add(epoch, there(initial(client_id, none))).add(epoch + 1, there(initial(client_id, none, 0x6b3343cf))),
      plugins);
  CHECK(changed.flows.row(0)["quicStat"] == "0x09");
}

TEST_CASE("quicDecode: what is no QUIC is not taken for it", "[quicDecode]") {
  Buffer long_id = initial(Buffer(21, 1), none), too_long = initial(client_id, none);
  too_long.resize(too_long.size() - 1);
  Buffer not_fixed = initial(client_id, none);
  not_fixed[0] = 0x80;
  for (const Buffer& content : {long_id, too_long, not_fixed, Buffer(200, 0xc0), Buffer{0xc0, 0, 0, 0, 1}})
    CHECK(row_of(there(content)) == "0x00 0x00000000 0x00 0");
  const std::size_t whole = Buffer(there(initial(client_id, none))).size();
  Capture capture;  // a flow for each size
  const auto port_of = [](std::size_t size) { return 5000 + static_cast<unsigned>(size); };
  for (std::size_t size = 42; size < whole; ++size) {
    const Buffer frame =
        Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(port_of(size), 8443).raw(initial(client_id, none));
    capture.add(epoch, Buffer(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size)),
                static_cast<std::uint32_t>(whole));
  }
  const Result result = run(capture, plugins, {"-s"});
  REQUIRE(result.status == 0);
  for (std::size_t size = 42; size < whole; ++size)
    CHECK(result.flows.find({{"srcPort", std::to_string(port_of(size))}})["quicStat"] ==
          (size >= 42 + 21 ? "0x81" : "0x00"));
}

TEST_CASE("quicDecode: random bytes", "[quicDecode]") {
  std::mt19937 random(4);
  Capture capture;
  for (int i = 0; i < 3000; ++i) {
    Buffer bytes = initial(client_id, server_id, 1, 20) + handshake(server_id, client_id);
    for (auto changes = random() % 5; changes > 0; --changes)
      bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
    bytes.resize(bytes.size() - random() % 90);
    capture.add(epoch + i, there(bytes));
  }
  CHECK(run(capture, plugins, {"-s"}).status == 0);
}

}  // namespace t2::test::quic_decode_test
