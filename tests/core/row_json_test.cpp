// Rows as JSON: the form of each type, escapes, lists, and the room that they need.
#include <catch2/catch.hpp>

#include <bit>
#include <cmath>
#include <cstdio>
#include <limits>
#include <random>

#include "t2/row_json.hpp"

namespace t2::test::row_json_test {

namespace {

using namespace t2::text;

std::string json(std::span<const Column> columns, const Row& row, const JsonForm& form = {},
                 const std::vector<std::string>& only = {}) {
  JsonFormatter formatter(columns, form, only);
  const RowView view{1, 7, 0, row.bytes(), {}};
  std::string buffer(formatter.room(view), '\0');
  const auto size = static_cast<std::size_t>(formatter.put(buffer.data(), view) - buffer.data());
  REQUIRE(size <= buffer.size());
  return buffer.substr(0, size);
}

template <class... T>
std::string value(Type type, const Row& row) {
  const Column columns[] = {{"dir", "", Type::direction}, {"flowInd", "", Type::u64}, {"v", "", type}};
  const std::string text = json(columns, row);
  const std::string before = R"({"dir":"B","flowInd":7,"v":)";
  REQUIRE(text.starts_with(before));
  return text.substr(before.size(), text.size() - before.size() - 1);
}
template <class T>
std::string number(Type type, T n) {
  Row row;
  row.put(n);
  return value(type, row);
}
std::string string(std::string_view text, Type type = Type::text) {
  Row row;
  row.text(text);
  return value(type, row);
}

}  // namespace

TEST_CASE("json: numbers are numbers, flags, times and addresses are strings", "[text]") {
  CHECK(number(Type::u64, std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
  CHECK(number(Type::i8, std::int8_t{-128}) == "-128");
  CHECK(number(Type::h64, std::uint64_t{0x0400000000004100}) == "\"0x0400000000004100\"");
  CHECK(number(Type::h8, std::uint8_t{0}) == "\"0x00\"");
  CHECK(number(Type::time, Time{13'000'000'000}) == "\"13.000000000\"");
  CHECK(number(Type::duration, Time{-1}) == "\"-0.000000001\"");
  Row mac, none, four, six;
  const std::uint8_t bytes[16] = {0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  mac.mac(bytes);
  CHECK(value(Type::mac, mac) == "\"20:01:0d:b8:00:00\"");
  none.put(std::uint8_t{0});
  CHECK(value(Type::ip, none) == "\"-\"");
  four.put(static_cast<std::uint8_t>(Family::ipv4)), four.raw(bytes, 4);
  CHECK(value(Type::ip, four) == "\"32.1.13.184\"");
  six.put(static_cast<std::uint8_t>(Family::ipv6)), six.raw(bytes, 16);
  CHECK(value(Type::ip, six) == "\"2001:db8::1\"");
}

TEST_CASE("json: floats have all their digits, and what JSON does not know is null", "[text]") {
  CHECK(number(Type::f32, 46.0f) == "46.0");
  CHECK(number(Type::f32, 0.1f) == "0.10000000149011612");
  CHECK(number(Type::f64, 1e-5) == "1.0000000000000001e-5");
  CHECK(number(Type::f64, 1e300) == "1.0000000000000001e+300");
  CHECK(number(Type::f64, -0.5) == "-0.5");
  CHECK(number(Type::f32, 4e12f) == "3999999983616.0");
  CHECK(number(Type::f32, std::numeric_limits<float>::infinity()) == "null");
  CHECK(number(Type::f64, std::numeric_limits<double>::quiet_NaN()) == "null");
}

TEST_CASE("json: floats are those that printf writes with 17 digits", "[text]") {
  const auto printed = [](double value) {
    char text[64];
    std::snprintf(text, sizeof text, "%.17g", value);
    std::string out = text;
    const std::size_t exponent = out.find('e');
    if (exponent == out.npos) return out.find('.') == out.npos ? out + ".0" : out;
    while (out[exponent + 2] == '0') out.erase(exponent + 2, 1);
    return out;
  };
  std::vector<double> values{0.0,
                             -0.0,
                             1e-4,
                             1e15,
                             1e16,
                             123456789012345.625,
                             0.5,
                             0.00012207031250000001,
                             9.9999999999999995e-5,
                             0.1f,
                             1e22,
                             5e-324,
                             1e-5,
                             0.9999999999999999,
                             9.999999999999998,
                             99999999999999.98,
                             0.0009999999999999999};
  std::mt19937_64 random(19);
  for (int i = 0; i < 4000; ++i) {
    values.push_back(std::ldexp(static_cast<double>(random() >> 11), static_cast<int>(random() % 80) - 75));
    values.push_back(static_cast<float>(values.back()));
    values.push_back(std::ldexp(static_cast<double>(random() % 4096), -static_cast<int>(random() % 24)));  // ties
    values.push_back(static_cast<double>(random() % 1'000'000) / 1000);
    values.push_back(std::bit_cast<double>(random() & ~(std::uint64_t{1} << 62)));  // all exponents up to 1
  }
  for (double value : values) {
    INFO(printed(value));
    if (number(Type::f64, value) != printed(value)) CHECK(number(Type::f64, value) == printed(value));
    if (number(Type::f64, -value) != printed(-value)) CHECK(number(Type::f64, -value) == printed(-value));
  }
}

TEST_CASE("json: the first member, which is not always the first column, has no comma", "[text]") {
  const Column columns[] = {{"dir", "", Type::direction},
                            {"flowInd", "", Type::u64},
                            Column{"list", "", Type::u8}.repeated(),
                            {"aNameThatIsLongerThanAllBlocksOfKeys", "", Type::u8}};
  Row row;
  row.count(0), row.put(std::uint8_t{7});
  const JsonForm blanks{.blanks = true};
  CHECK(json(columns, row) == R"({"dir":"B","flowInd":7,"aNameThatIsLongerThanAllBlocksOfKeys":7})");
  CHECK(json(columns, row, blanks, {"flowInd"}) == R"({"flowInd": 7})");
  CHECK(json(columns, row, blanks, {"list", "aNameThatIsLongerThanAllBlocksOfKeys"}) ==
        R"({"aNameThatIsLongerThanAllBlocksOfKeys": 7})");
  CHECK(json(columns, row, {.empty_lists = true, .blanks = true}, {"list"}) == R"({"list": []})");
  CHECK(json(columns, row, blanks, {"list"}) == "{}");
}

TEST_CASE("json: texts", "[text]") {
  CHECK(string("") == "\"\"");
  CHECK(string("a\"b\\c", Type::label) == R"("a\"b\\c")");
  CHECK(string("\t\n\r") == R"("\t\n\r")");
  CHECK(string("\b\f\v") == R"("\u0008\u000C\u000B")");
  CHECK(string("x\by") == R"("x\u0008y")");
  CHECK(string(std::string_view("\0\x1f\x7f", 3)) == R"("\u0000\u001F\u007F")");
  CHECK(string("\xc3\xa9\xff") == "\"\xc3\xa9.\"");
}

TEST_CASE("json: several values are an array, lists arrays of them; empty ones are left out", "[text]") {
  const Column columns[] = {{"dir", "", Type::direction},
                            {"flowInd", "", Type::u64},
                            Column("list", "", Type::u16).repeated(),
                            Column("pairs", "", Type::mac, Type::u8).repeated(),
                            {"both", "", Type::u8, Type::h8}};
  Row row;
  const std::uint8_t mac[6] = {1, 2, 3, 4, 5, 6};
  row.count(2), row.put(std::uint16_t{5}), row.put(std::uint16_t{4});
  row.count(1), row.mac(mac), row.put(std::uint8_t{9});
  row.put(std::uint8_t{1}), row.put(std::uint8_t{2});
  CHECK(json(columns, row) ==
        R"({"dir":"B","flowInd":7,"list":[5,4],"pairs":[["01:02:03:04:05:06",9]],"both":[1,"0x02"]})");
  CHECK(json(columns, row, {.blanks = true}) ==
        R"({"dir": "B", "flowInd": 7, "list": [5, 4], "pairs": [["01:02:03:04:05:06", 9]], "both": [1, "0x02"]})");
  CHECK(json(columns, row, {}, {"flowInd", "both"}) == R"({"flowInd":7,"both":[1,"0x02"]})");
  CHECK(json(columns, row, {}, {"list"}) == R"({"list":[5,4]})");
  Row empty;
  empty.count(0), empty.count(0), empty.put(std::uint8_t{1}), empty.put(std::uint8_t{2});
  CHECK(json(columns, empty) == R"({"dir":"B","flowInd":7,"both":[1,"0x02"]})");
  CHECK(json(columns, empty, {.empty_lists = true}) ==
        R"({"dir":"B","flowInd":7,"list":[],"pairs":[],"both":[1,"0x02"]})");
}

TEST_CASE("json: the room of a row is never too small", "[text]") {
  const Column columns[] = {
      {"dir", "", Type::direction},           {"flowInd", "", Type::u64},
      Column("a", "", Type::text).repeated(), Column("b", "", Type::h8, Type::u8).repeated(),
      Column("c", "", Type::ip).repeated(),   Column("d", "", Type::f32, Type::f64, Type::time).repeated()};
  Row row;
  row.count(200);
  for (int i = 0; i < 200; ++i) row.text(std::string_view("\0\0\0", 3));
  row.count(300);
  for (int i = 0; i < 300; ++i) row.put(std::uint8_t{255}), row.put(std::uint8_t{255});
  row.count(100);
  for (int i = 0; i < 100; ++i) row.put(std::uint8_t{0});
  row.count(20);
  for (int i = 0; i < 20; ++i) row.put(-1.2345678e-38f), row.put(-1.7e-308), row.put(std::numeric_limits<Time>::min());
  json(columns, row, {.blanks = true, .dates = true});  // checks the room
}

}  // namespace t2::test::row_json_test
