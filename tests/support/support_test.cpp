// The test helpers themselves: checksums against published vectors, file layouts against the formats.
#include <catch2/catch.hpp>

#include "pattern.hpp"
#include "run.hpp"

namespace t2::test::support_test {

namespace {

// Sum over data that contains its own checksum is 0.
bool verifies(const Buffer& data) { return internet_checksum(data) == 0; }
Buffer slice(const Buffer& data, std::size_t from, std::size_t to) {
  return {data.begin() + static_cast<std::ptrdiff_t>(from), data.begin() + static_cast<std::ptrdiff_t>(to)};
}

}  // namespace

TEST_CASE("checksums have the published values", "[support]") {
  CHECK(internet_checksum(hex("4500 0073 0000 4000 4011 0000 c0a8 0001 c0a8 00c7")) == 0xb861);
  CHECK(crc32c(text("123456789")) == 0xe3069283);
}

TEST_CASE("a frame gets correct lengths, types and checksums", "[support]") {
  const Buffer frame = Frame()
                           .eth()
                           .vlan(5, 0, 0x88a8)
                           .vlan(100, 3)
                           .ip4("10.0.0.1", "10.0.0.2")
                           .id(7)
                           .tcp(40000, 80)
                           .flags("SA")
                           .options(mss(1460))
                           .payload("abc")
                           .bytes();
  REQUIRE(frame.size() == 14 + 8 + 20 + 24 + 3);
  CHECK(slice(frame, 12, 22) == hex("88a8 0005 8100 6064 0800"));
  CHECK(slice(frame, 22, 26) == hex("4500 002f"));
  CHECK(verifies(slice(frame, 22, 42)));
  CHECK(slice(frame, 54, 56) == hex("6012"));
  CHECK(verifies(address("10.0.0.1") + address("10.0.0.2") + hex("0006 001b") + slice(frame, 42, frame.size())));
}

TEST_CASE("IPv6, extension headers and UDP", "[support]") {
  const Buffer frame = Frame()
                           .eth()
                           .ip6("2001:db8::1", "2001:db8::2")
                           .tos(0xb8)
                           .flow_label(0x12345)
                           .hop_by_hop()
                           .udp(53, 53)
                           .payload("x")
                           .bytes();
  CHECK(slice(frame, 12, 22) == hex("86dd 6b81 2345 0011 00 40"));
  CHECK(slice(frame, 54, 56) == hex("11 00"));
  CHECK(verifies(address("2001:db8::1") + address("2001:db8::2") + hex("00000009 00000011") +
                 slice(frame, 62, frame.size())));
}

TEST_CASE("overrides win over computed fields", "[support]") {
  const Buffer frame = Frame()
                           .eth()
                           .ip4("1.2.3.4", "5.6.7.8")
                           .length(1000)
                           .next(99)
                           .header_words(4)
                           .checksum(0x1234)
                           .raw(hex("ff"))
                           .bytes();
  CHECK(slice(frame, 14, 18) == hex("44 00 03e8"));
  CHECK(slice(frame, 23, 26) == hex("63 1234"));
  CHECK(Frame().eth().arp(1, "02:00:00:00:00:01", "10.0.0.1", "00:00:00:00:00:00", "10.0.0.2").pad().bytes().size() ==
        60);
}

TEST_CASE("fragments cover the content once", "[support]") {
  const auto four = Frame().eth().ip4("1.2.3.4", "5.6.7.8").udp(1, 2).zeros(3000).fragments(1480, 77);
  REQUIRE(four.size() == 3);
  CHECK(slice(four[0], 16, 24) == hex("05dc 004d 2000 40 11"));
  CHECK(slice(four[2], 16, 24) == hex("0044 004d 0172 40 11"));
  const auto six = Frame().eth().ip6("::1", "::2").udp(1, 2).zeros(1500).fragments(1000, 9);
  REQUIRE(six.size() == 2);
  CHECK(slice(six[0], 18, 22) == hex("03f0 2c 40"));
  CHECK(slice(six[1], 54, 62) == hex("11 00 03e8 00000009"));
}

TEST_CASE("pcap and pcapng files have the layout of their formats", "[support]") {
  const Capture capture = Capture().add(1 * second + 5 * microsecond, hex("0102030405"), 9);
  CHECK(capture.pcap({.nanoseconds = false}) ==
        hex("d4c3b2a1 0200 0400 00000000 00000000 ffff0000 01000000 01000000 05000000 05000000 09000000 0102030405"));
  CHECK(capture.pcap({.big_endian = true, .link_type = 101, .snaplen = 2}) ==
        hex("a1b23c4d 0002 0004 00000000 00000000 00000002 00000065 00000001 00001388 00000002 00000009 0102"));
  CHECK(capture.pcapng({.big_endian = true, .interfaces = {{.link_type = 1, .resolution = 6}}}) ==
        hex("0a0d0d0a 0000001c 1a2b3c4d 0001 0000 ffffffffffffffff 0000001c"
            "00000001 00000020 0001 0000 0000ffff 0009 0001 06000000 0000 0000 00000020"
            "00000006 00000028 00000000 00000000 000f4245 00000005 00000009 0102030405 000000 00000028"));
  CHECK(Capture().add_simple(hex("01020304")).pcapng().size() == 28 + 32 + 20);
}

TEST_CASE("a flow file is read by column names", "[support]") {
  const Table table("%dir\tflowInd\tflowStat\nA\t1\t0x0000400000004000\nB\t1\t0x0000400000004001\n");
  REQUIRE(table.size() == 2);
  CHECK(table.row(1)["dir"] == "B");
  CHECK(table.find({{"dir", "A"}, {"flowInd", "1"}}).number("flowStat") == 0x0000400000004000);
  CHECK(table.all({{"flowInd", "1"}}).size() == 2);
  CHECK_THROWS_WITH(table.find({{"flowInd", "1"}}), Catch::Contains("2 of 2 rows"));
  CHECK_THROWS_WITH(table.row(0)["nothing"], Catch::Contains("'nothing'"));
}

TEST_CASE("programs are run with their own streams and environment", "[support]") {
  const TempFolder folder;
  const auto result = execute({"sh", "-c", "echo out; echo \"$T2_X\" >&2; exit 3"}, folder, {{"T2_X", "value"}});
  CHECK(result.status == 3);
  CHECK(result.out == "out\n");
  CHECK(result.err == "value\n");
  CHECK(execute({"sleep", "9"}, folder, {}, 0).status == 124);
}

TEST_CASE("patterns are found in texts", "[support]") {
  CHECK(search("(a+)(b)?c", "x aac") == Groups{"aac", "aa", ""});
  CHECK(search("x.*y", "x\ny") == std::nullopt);
  CHECK(search("^b", "a\nb") == Groups{"b"});
  CHECK(search("\\bword\\b", "words word") == Groups{"word"});
  CHECK(match("([0-9]+) x (\\w+)", "16 x U16") == Groups{"16 x U16", "16", "U16"});
  CHECK(match("a|ab", "ab") == Groups{"ab"});
  CHECK(match("a", "ab") == std::nullopt);
  CHECK(match("a", "b\na") == std::nullopt);
  CHECK(search_all("[0-9]", "a1b22") == std::vector<Groups>{{"1"}, {"2"}, {"2"}});
  CHECK(search_all("x*", "axx").size() == 3);
  CHECK_THROWS_WITH(search("(", ""), Catch::Contains("'('"));
}

}  // namespace t2::test::support_test
