// Values and rows as text, held against printf() and inet_ntop() where these define the form.
#include <catch2/catch.hpp>

#include <arpa/inet.h>

#include <bit>
#include <cstdio>
#include <ctime>
#include <limits>
#include <random>

#include "t2/row_text.hpp"
#include "t2/schema.hpp"
#include "t2/text.hpp"

namespace t2::test::row_text_test {

namespace {

using namespace t2::text;
using namespace t2::schema;

template <class Put, class... T>
std::string made(Put put, T... values) {
  char buffer[512];
  return std::string(buffer, put(buffer, values...));
}
std::string printed(const char* format, double value) {
  char buffer[512];
  return std::string(buffer, static_cast<std::size_t>(std::snprintf(buffer, sizeof buffer, format, value)));
}
std::string sanitised(std::string_view text) {
  std::string buffer(text_room(text.size()), '\0');
  buffer.resize(static_cast<std::size_t>(put_sanitised(buffer.data(), text) - buffer.data()));
  return buffer;
}
std::string line(std::span<const Column> columns, const Row& row, std::uint8_t direction = 0) {
  RowFormatter formatter(columns);
  const RowView view{direction, 7, 0, row.bytes(), {}};
  std::string buffer(formatter.room(view), '\0');
  buffer.resize(static_cast<std::size_t>(formatter.put(buffer.data(), view) - buffer.data()));
  return buffer;
}

}  // namespace

TEST_CASE("text: integers", "[text]") {
  CHECK(made(put_unsigned, 0u) == "0");
  CHECK(made(put_unsigned, 99u) == "99");
  CHECK(made(put_unsigned, 100u) == "100");
  CHECK(made(put_unsigned, 12345u) == "12345");
  CHECK(made(put_unsigned, std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
  CHECK(made(put_signed, std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
  for (std::uint64_t power = 1; power <= 1'000'000'000'000'000'000u; power *= 10)
    for (std::uint64_t value : {power - 1, power, power + 1, 9 * power + power / 7})
      CHECK(made(put_unsigned, value) == std::to_string(value));
  std::mt19937_64 random(1);
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t value = random() >> random() % 64;
    const std::string mine = made(put_unsigned, value), theirs = std::to_string(value);
    if (mine != theirs) CHECK(mine == theirs);
  }
  CHECK(made(put_hex<4>, 0xabcu) == "0x0abc");
  CHECK(made(put_hex<16>, 0xffff'ffff'0000'0001u) == "0xffffffff00000001");
}

TEST_CASE("text: floats are those of %.7g", "[text]") {
  for (float value : {0.0f,
                      -0.0f,
                      1.0f,
                      -1.0f,
                      0.1f,
                      9999999.0f,
                      1e7f,
                      9999999.5f,
                      123456.75f,
                      4e12f,
                      2.147484e9f,
                      1e-4f,
                      9.9999999e-5f,
                      1e-9f,
                      1e38f,
                      0.5f,
                      33554432.0f,
                      16777217.0f,
                      std::numeric_limits<float>::denorm_min(),
                      std::numeric_limits<float>::max(),
                      std::numeric_limits<float>::min(),
                      std::numeric_limits<float>::infinity(),
                      -std::numeric_limits<float>::infinity(),
                      std::numeric_limits<float>::quiet_NaN()})
    CHECK(made(put_float, value) == printed("%.7g", static_cast<double>(value)));
  std::mt19937 random(1);
  for (int i = 0; i < 200'000; ++i) {
    const float any = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    const float usual = static_cast<float>(random()) / static_cast<float>(1 + random() % 10'000'000);
    const float tie = static_cast<float>(random() % 20'000'000) / 2;
    for (float value : {any, usual, tie}) {
      const std::string mine = made(put_float, value), theirs = printed("%.7g", static_cast<double>(value));
      if (mine != theirs) CHECK(mine == theirs);
    }
  }
}

TEST_CASE("text: doubles are those of %f", "[text]") {
  for (double value : {0.0,
                       -0.0,
                       0.1,
                       1e300,
                       -2.5,
                       1e-7,
                       123456789.123456789,
                       4e-7,
                       5e-7,
                       0.5e-6,
                       1.5e-6,
                       0.0000005,
                       0.9999995,
                       0.99999949999,
                       1e12,
                       999999999999.9999,
                       0.0078125,
                       0.00390625,
                       1e-300,
                       5e-324,
                       std::numeric_limits<double>::infinity(),
                       -std::numeric_limits<double>::quiet_NaN()})
    CHECK(made(put_double, value) == printed("%f", value));
  std::mt19937_64 random(1);
  for (int i = 0; i < 50'000; ++i) {
    const double any = std::bit_cast<double>(random());
    const double usual =
        static_cast<double>(random() >> random() % 64) / static_cast<double>(1 + random() % 10'000'000);
    const double tie = static_cast<double>(random() % 20'000'000) / 128;  // with seven digits behind the point
    for (double value : {any, usual, tie}) {
      const std::string mine = made(put_double, value), theirs = printed("%f", value);
      if (mine != theirs) CHECK(mine == theirs);
    }
  }
}

TEST_CASE("text: times", "[text]") {
  CHECK(made(put_seconds, Time{1'700'000'000'750'000'000}) == "1700000000.750000000");
  CHECK(made(put_seconds, Time{0}) == "0.000000000");
  CHECK(made(put_seconds, Time{-1'250'000'000}) == "-1.250000000");
  CHECK(made(put_seconds, Time{-1}) == "-0.000000001");
  for (Time digits = 1; digits < 1'000'000'000; digits = 10 * digits + digits % 10 + 1) {  // 1, 12, 123 ...
    const std::string nine = std::to_string(1'000'000'000 + digits).substr(1);
    CHECK(made(put_seconds, digits) == "0." + nine);
  }
  CHECK(made(put_seconds, Time{5'000'000'000'000'000'001}) == "5000000000.000000001");  // beyond 2106
  CHECK(made(put_date, Time{1'700'000'000'750'000'000}) == "2023-11-14T22:13:20.750000000+0000");
  CHECK(made(put_date, Time{-1}) == "1969-12-31T23:59:59.999999999+0000");
  CHECK(made(put_date, std::numeric_limits<Time>::min()) == "1677-09-21T00:12:43.145224192+0000");
  CHECK(made(put_date, std::numeric_limits<Time>::max()) == "2262-04-11T23:47:16.854775807+0000");
  std::size_t wrong = 0;
  for (std::time_t day = -106'750; day <= 106'750; ++day) {  // all days of a Time but the first and the last
    const std::time_t seconds = 86'400 * day + (day % 1000 + 1000) * 43;
    std::tm parts{};
    char text[64];
    gmtime_r(&seconds, &parts);
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S.000000000+0000", &parts);
    wrong += made(put_date, Time{seconds} * one_second) != text;
  }
  CHECK(wrong == 0);
}

TEST_CASE("text: addresses", "[text]") {
  const std::uint8_t mac[] = {0, 0x1a, 0xff, 3, 4, 5}, ip[] = {192, 168, 0, 1};
  CHECK(made(put_mac, mac) == "00:1a:ff:03:04:05");
  CHECK(made(put_ip4, ip) == "192.168.0.1");
  std::mt19937 random(2);
  for (int i = 0; i < 50'000; ++i) {
    std::uint8_t address[16];
    for (auto& byte : address) byte = static_cast<std::uint8_t>(random() % 3 ? random() : 0);
    const auto zeros = random();
    for (unsigned group = 0; group < 8; ++group)
      if (zeros >> group & 1) address[2 * group] = address[2 * group + 1] = 0;
    if (i % 7 == 0) std::fill_n(address, 12, std::uint8_t{0});
    if (i % 14 == 0) address[10] = address[11] = 0xff;
    char theirs[INET6_ADDRSTRLEN];
    inet_ntop(AF_INET6, address, theirs, sizeof theirs);
    const std::string mine = made(put_ip6, address);
    if (mine != theirs) CHECK(mine == theirs);
  }
}

TEST_CASE("text: texts are made printable", "[text]") {
  CHECK(sanitised("plain text_1;2") == "plain text_1;2");
  CHECK(sanitised("\b\f\n\r\t\v\\\"") == "\\b\\f\\n\\r\\t\\v\\\\\\\"");
  CHECK(sanitised(std::string_view("\0\x01\x1f\x7f", 4)) == "\\u0000\\u0001\\u001F\\u007F");
  CHECK(sanitised("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80") ==
        "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80");
  CHECK(sanitised("\x80 \xbf \xc0 \xc1 \xf5 \xff") == ". . . . . .");  // never the start of a sequence
  CHECK(sanitised("\xc3(") == ".(");                                   // wrong second byte: looked at afresh
  CHECK(sanitised("\xe2\x82(") == ".(");
  CHECK(sanitised("\xe2\x82\xc3\xbc") == ".\xc3\xbc");
  CHECK(sanitised("\xe0\x80\x80") == "..");  // overlong
  CHECK(sanitised("\xf0\x80\x80\x80") == "...");
  CHECK(sanitised("\xf4\x90\x80\x80") == "...");  // above U+10FFFF
  CHECK(sanitised("\xed\xa0\x80") == ".");        // surrogate
  CHECK(sanitised("a\xe2\x82") == "a.");          // ends within a character
  CHECK(sanitised("a\xf0") == "a.");
  for (int c = 0; c < 0x100; ++c) {  // wherever it stands
    const std::string one(1, static_cast<char>(c)), alone = sanitised(one);
    for (std::size_t at = 0; at < 20; ++at)
      for (const unsigned behind : {0u, 1u, 3u, 4u, 7u, 8u, 9u}) {
        const std::string mine = sanitised(std::string(at, 'a') + one + std::string(behind, '~'));
        if (mine != std::string(at, 'a') + alone + std::string(behind, '~')) CHECK(mine == alone);
      }
  }
  CHECK(made(put_text, std::string_view(), true) == "\"\"");
  CHECK(made(put_label, std::string_view("a\tb"), true) == "a\\tb");
}

TEST_CASE("text: values, parts and lists of a row", "[text]") {
  const Column columns[] = {{"dir", "", Type::direction},
                            {"flowInd", "", Type::u64},
                            {"status", "", Type::h16},
                            Column("list", "", Type::u16).repeated(),
                            {"pair", "", Type::h8, Type::h32},
                            Column("pairs", "", Type::mac, Type::label, Type::u64).repeated(),
                            {"source", "", Type::ip},
                            {"other", "", Type::ip},
                            Column("none", "", Type::text).repeated()};
  Row row;
  row.put(std::uint16_t{0x1f});
  row.count(2), row.put(std::uint16_t{200}), row.put(std::uint16_t{12293});
  row.put(std::uint8_t{0}), row.put(std::uint32_t{1});
  row.count(2);
  for (const std::uint8_t last : {std::uint8_t{1}, std::uint8_t{2}}) {
    const std::uint8_t mac[] = {0, 0, 0, 0, 0, last};
    row.mac(mac), row.text("x"), row.put(std::uint64_t{last});
  }
  Endpoint end;
  end.address = {10, 0, 0, 1};
  row.ip(Family::ipv4, end), row.ip(Family::layer2, end);
  row.count(0);
  CHECK(line(columns, row) ==
        "A\t7\t0x001f\t200;12293\t0x00_0x00000001\t00:00:00:00:00:01_x_1;00:00:00:00:00:02_x_2\t10.0.0.1\t-\t\n");
  CHECK(line(columns, row, 1).substr(0, 4) == "B\t7\t");

  CHECK(type_codes(columns[5]) == "MAC_SC_U64:R");
  CHECK(type_numbers(columns[5]) == "27_31_10:R");
  CHECK(column_names(std::span(columns).first(3), "\t") == "dir\tflowInd\tstatus");
}

TEST_CASE("text: rows of packets have nothing in front of their values", "[text]") {
  const Column columns[] = {
      {"pktNo", "", Type::u64}, Column("port", "", Type::u16).repeated(), {"content", "", Type::content}};
  Row row;
  row.put(std::uint64_t{3}), row.count(0), row.text("a\x01\n\\");
  RowFormatter formatter(columns, RowFormatter::RowsOf::packets);
  const RowView view{0, 7, 0, row.bytes(), {}};
  std::string buffer(formatter.room(view), '\0');
  buffer.resize(static_cast<std::size_t>(formatter.put(buffer.data(), view) - buffer.data()));
  CHECK(buffer == "3\t\ta.\\n\\\\\n");
}

TEST_CASE("text: cells of CSV are quoted where they must be", "[text]") {
  const Column columns[] = {{"dir", "", Type::direction},
                            {"flowInd", "", Type::u64},
                            {"text", "", Type::text},
                            Column("list", "", Type::label).repeated(),
                            {"n", "", Type::u8}};
  const auto csv = [&](std::string_view text, std::initializer_list<std::string_view> list, std::string separator) {
    Row row;
    row.text(text), row.count(list.size());
    for (const std::string_view label : list) row.text(label);
    row.put(std::uint8_t{1});
    RowFormatter formatter(columns, RowFormatter::RowsOf::flows, {std::move(separator), false, true, true});
    const RowView view{0, 7, 0, row.bytes(), {}};
    std::string buffer(formatter.room(view), '\0');
    const auto size = static_cast<std::size_t>(formatter.put(buffer.data(), view) - buffer.data());
    REQUIRE(size <= buffer.size());
    return buffer.substr(0, size);
  };
  CHECK(csv("plain", {"a", "b"}, ",") == "A,7,plain,a;b,1\n");
  CHECK(csv("a,b", {}, ",") == "A,7,\"a,b\",,1\n");
  CHECK(csv("a,b", {"x"}, ";") == "A;7;a,b;x;1\n");
  CHECK(csv("", {"a", "b"}, ";") == "A;7;;\"a;b\";1\n");
  CHECK(csv("say \"x\"", {"\"", ","}, ",") == "A,7,\"say \\\"\"x\\\"\"\",\"\\\"\";,\",1\n");
  const std::string quotes(500, '"');
  CHECK(csv(quotes, {}, ",").size() == 2 + 2 + 2 + 3 * quotes.size() + 4);
}

TEST_CASE("text: the room of a row is never too small", "[text]") {
  const Column columns[] = {
      {"dir", "", Type::direction},           {"flowInd", "", Type::u64},
      Column("a", "", Type::text).repeated(), Column("b", "", Type::f64).repeated(),
      Column("c", "", Type::i8).repeated(),   Column("d", "", Type::f32, Type::ip6, Type::mac, Type::time).repeated()};
  Row row;
  row.count(100);
  for (int i = 0; i < 100; ++i) row.text(std::string_view("\0\0\0", 3));
  row.count(10);
  for (int i = 0; i < 10; ++i) row.put(-1e308);
  row.count(300);
  for (int i = 0; i < 300; ++i) row.put(std::int8_t{-128});
  row.count(20);
  for (int i = 0; i < 20; ++i) {
    const std::uint8_t bytes[16] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    row.put(-1.234567e-38f), row.raw(bytes, 16), row.mac(bytes), row.put(std::numeric_limits<Time>::min());
  }
  RowFormatter formatter(columns);
  const RowView view{0, std::numeric_limits<std::uint64_t>::max(), 0, row.bytes(), {}};
  std::string buffer(2 * formatter.room(view), '\0');
  CHECK(static_cast<std::size_t>(formatter.put(buffer.data(), view) - buffer.data()) <= formatter.room(view));
}

}  // namespace t2::test::row_text_test
