// Values in PostgreSQL's binary format; `scripts/test sinks` asks a server what they mean.
#include <catch2/catch.hpp>

#include "encoder.hpp"

namespace t2::test::psql_encoder_test {

namespace {

constexpr Column dir("dir", "", Type::direction), index("flowInd", "", Type::u64);

// The fields of a row with the two usual columns and one more, as hex; a blank behind the number of fields and each
// field.
std::string encoded(const Column& column, const Row& row, bool integers = false) {
  const Column columns[] = {dir, index, column};
  psql_sink::Encoder encoder(columns, {2}, integers);
  std::string bytes, out;
  encoder.put(bytes, {.direction = 0, .index = 10'000, .end = 0, .columns = row.bytes(), .own = {}});
  for (const char c : bytes) {
    const char* const digits = "0123456789abcdef";
    out += {digits[static_cast<unsigned char>(c) >> 4], digits[c & 15]};
  }
  CHECK(out.substr(0, 4) == "0001");
  return out.substr(4);
}
template <class T>
std::string number(Type type, T value, bool integers = false) {
  Row row;
  row.put(value);
  return encoded(Column("x", "", type), row, integers);
}

}  // namespace

TEST_CASE("psqlSink: numbers", "[psqlSink]") {
  CHECK(number<std::int8_t>(Type::i8, -2) == "00000002fffe");
  CHECK(number<std::uint8_t>(Type::u8, 255) == "0000000200ff");
  CHECK(number<std::uint16_t>(Type::u16, 0xffff) == "000000040000ffff");
  CHECK(number<std::uint32_t>(Type::h32, 0xffffffff) == "0000000800000000ffffffff");
  CHECK(number<std::int64_t>(Type::i64, -1) == "00000008ffffffffffffffff");
  CHECK(number<float>(Type::f32, 1.5f) == "000000043fc00000");
  CHECK(number<std::uint64_t>(Type::u64, 0) == "000000080000000000000000");
  CHECK(number<std::uint64_t>(Type::u64, 10'000) ==
        "0000000c0002000100000000"
        "00010000");
  CHECK(number<std::uint64_t>(Type::h64, UINT64_MAX) == "00000012000500040000000007341a5802e103bb064f");
}

TEST_CASE("psqlSink: times are cut to microseconds, or are nanoseconds", "[psqlSink]") {
  constexpr Time epoch_2000 = 946'684'800 * one_second;
  CHECK(number<Time>(Type::time, epoch_2000 + 1999) == "000000080000000000000001");
  CHECK(number<Time>(Type::time, epoch_2000 - 1) == "00000008ffffffffffffffff");
  CHECK(number<Time>(Type::time, 15, true) == "00000008000000000000000f");
  CHECK(number<Time>(Type::duration, 2'000'999) == "0000001000000000000007d00000000000000000");
}

TEST_CASE("psqlSink: addresses, none of them is NULL", "[psqlSink]") {
  Row row;
  row.put(std::uint8_t{4});
  row.raw("\300\0\2\1", 4);
  CHECK(encoded(Column("x", "", Type::ip), row) == "0000000802200004c0000201");
  row.clear();
  row.put(std::uint8_t{6});
  row.raw("\x20\1\r\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
  CHECK(encoded(Column("x", "", Type::ip), row) == "000000140380001020010db8000000000000000000000001");
  row.clear();
  row.put(std::uint8_t{0});
  CHECK(encoded(Column("x", "", Type::ip), row) == "ffffffff");
}

TEST_CASE("psqlSink: lists are arrays, several values a text", "[psqlSink]") {
  Row row;
  row.count(0);
  CHECK(encoded(Column("x", "", Type::u16).repeated(), row) == "0000000c000000000000000000000017");
  row.clear();
  row.count(2);
  row.text("a");
  row.text("\"\n");
  CHECK(encoded(Column("x", "", Type::text).repeated(), row) ==
        "00000021"
        "00000001"
        "00000000"
        "00000019"
        "00000002"
        "00000001"
        "0000000161"
        "000000045c225c6e");
  row.clear();
  row.put(std::uint8_t{1});
  row.put(std::uint16_t{2});
  CHECK(encoded(Column("x", "", Type::u8, Type::u16), row) == "00000003315f32");
}

TEST_CASE("psqlSink: types of columns", "[psqlSink]") {
  const Column columns[] = {dir, index, Column("a", "", Type::time), Column("b", "", Type::ip).repeated(),
                            Column("c", "", Type::u8, Type::u8)};
  psql_sink::Encoder encoder(columns, {0, 1, 2, 3, 4}, false);
  std::string types;
  for (const auto& column : encoder.columns()) types += column.name + " " + column.type + "; ";
  CHECK(types == "dir character(1); flowInd numeric; a timestamp with time zone; b inet[]; c text; ");
}

}  // namespace t2::test::psql_encoder_test
