// Compiles columns into members, and writes their values.
#include "t2/row_json.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <charconv>
#include <cmath>
#include <cstring>
#include <string_view>
#include <utility>

#include "t2/text.hpp"
#include "text/eight_digits.hpp"

namespace t2::text {
namespace {

constexpr auto powers_of_ten = [] {
  std::array<Wide, 22> table{1};
  for (std::size_t i = 1; i < table.size(); ++i) table[i] = 10 * table[i - 1];
  return table;
}();

// 17 decimal digits of a value that is not whole, from 1e-4 to 1e15, and its decimal exponent. Exact: they fit into 128
// bits with all that is behind them, and a tie goes to the even digit.
struct Decimal {
  std::uint64_t digits;
  int exponent;
};
Decimal seventeen_digits(double value) {
  constexpr std::uint64_t hidden = std::uint64_t{1} << 52, limit = 100'000'000'000'000'000;
  const auto bits = std::bit_cast<std::uint64_t>(value);
  const int binary = static_cast<int>(bits >> 52) - 1075;  // value: mantissa * 2^binary
  const auto shift = static_cast<unsigned>(-binary);
  int exponent = (binary + 52) * 1233 >> 12;  // log10(2), rounded down: at most one too small
  Wide scaled = ((bits & (hidden - 1)) | hidden) * powers_of_ten[static_cast<std::size_t>(16 - exponent)];
  if (scaled >> shift >= limit) {
    ++exponent;
    scaled = ((bits & (hidden - 1)) | hidden) * powers_of_ten[static_cast<std::size_t>(16 - exponent)];
  }
  auto digits = static_cast<std::uint64_t>(scaled >> shift);
  const Wide half = Wide{1} << (shift - 1), rest = scaled & (2 * half - 1);
  if (rest > half || (rest == half && digits % 2 == 1)) ++digits;
  if (digits == limit) digits /= 10, ++exponent;
  return {digits, exponent};
}

char* put_seventeen_digits(char* at, double value) {
  const Decimal decimal = seventeen_digits(value);
  char digits[17];
  std::uint64_t left = decimal.digits;
  for (char* to = digits + 17; to > digits + 1; left /= 100)
    detail::put_pair(to -= 2, detail::decimal_pairs, left % 100);
  digits[0] = static_cast<char>('0' + left);
  int count = 17;
  while (count > 1 && digits[count - 1] == '0') --count;
  if (decimal.exponent < 0) {
    at = put_string(at, std::string_view("0.000").substr(0, static_cast<std::size_t>(1 - decimal.exponent)));
    return std::copy_n(digits, count, at);
  }
  const int whole = decimal.exponent + 1;
  at = std::copy_n(digits, whole, at);
  if (count <= whole) return put_string(at, ".0");
  *at++ = '.';
  return std::copy(digits + whole, digits + count, at);
}

// All 17 digits of the value, so that it comes back exactly; .0 where it would look like an integer. JSON has neither
// infinity nor NaN. Most values are whole or near 1; the library, which takes ten times as long, writes the others.
char* put_number(char* at, double value) {
  if (!std::isfinite(value)) return put_string(at, "null");
  if (std::signbit(value)) {
    *at++ = '-';
    value = -value;
  }
  if (value < 1e15) {
    const auto whole = static_cast<std::uint64_t>(value);
    if (static_cast<double>(whole) == value) return put_string(put_unsigned(at, whole), ".0");
    if (value >= 1e-4) return put_seventeen_digits(at, value);
  }
  char* const end = std::to_chars(at, at + bytes_per_value, value, std::chars_format::general, 17).ptr;
  const std::string_view text(at, static_cast<std::size_t>(end - at));
  const std::size_t exponent = text.find('e');
  if (exponent == text.npos) return text.find('.') == text.npos ? put_string(end, ".0") : end;
  char* to = at + exponent + 2;  // behind e and its sign: the original writes no leading zeros there
  const char* from = to;
  while (from < end - 1 && *from == '0') ++from;
  return std::copy(from, static_cast<const char*>(end), to);
}

// What put_sanitised() writes and JSON does not know: \b, \f and \v as numbers.
char* put_json_text(char* at, std::string_view text) {
  *at++ = '"';
  const auto is_special = [](char c) { return c == '\b' || c == '\f' || c == '\v'; };
  for (;;) {
    const auto plain = static_cast<std::size_t>(std::find_if(text.begin(), text.end(), is_special) - text.begin());
    at = put_sanitised(at, text.substr(0, plain));
    if (plain == text.size()) break;
    at = put_string(at, text[plain] == '\b' ? "\\u0008" : text[plain] == '\f' ? "\\u000C" : "\\u000B");
    text.remove_prefix(plain + 1);
  }
  *at++ = '"';
  return at;
}

template <class Put, class... T>
char* put_quoted(char* at, Put put, T... value) {
  *at++ = '"';
  at = put(at, value...);
  *at++ = '"';
  return at;
}

char* put_address(char* at, const std::uint8_t* four) {
  return config::ip4_format == 3 ? put_ip4(at, four) : put_quoted(at, put_ip4, four);
}

}  // namespace

JsonFormatter::JsonFormatter(std::span<const Column> columns, const JsonForm& form, std::span<const std::string> only)
    : form_(form), comma_(form.blanks ? ", " : ","), fixed_room_(64 + key_block + Memory::room) {
  const auto wanted = [&](const Column& column) {
    return only.empty() || std::find(only.begin(), only.end(), column.name) != only.end();
  };
  const auto key = [&](const Column& column) {
    fixed_room_ += column.name.size() + 16 + 4 * column.size;
    Key made{comma_ + '"' + std::string(column.name) + (form.blanks ? "\": " : "\":"), 0};
    made.size = made.text.size();
    made.text.resize(made.size + key_block - 1);
    return made;
  };
  if (wanted(columns[0])) direction_ = key(columns[0]);
  if (wanted(columns[1])) index_ = key(columns[1]);
  for (const Column& column : columns.subspan(2)) {
    Member member{key(column), {}, column.size, column.repeats, wanted(column)};
    std::copy_n(column.type, column.size, member.type);
    for (std::uint8_t i = 0; i < column.size; ++i)
      if (column.type[i] == Type::ip) fixed_room_ += std::string_view(T2_CORE_B2T_NON_IP_STR).size();
    members_.push_back(std::move(member));
    add_to_groups(groups_, column, members_.size() - 1, members_.size());
  }
  for (auto& memories : memories_) memories.resize(groups_.size());
}

[[gnu::always_inline]] inline char* JsonFormatter::put_value(char* at, Type type, Values& values) const {
  switch (type) {
    case Type::i8: return put_signed(at, values.get<std::int8_t>());
    case Type::i16: return put_signed(at, values.get<std::int16_t>());
    case Type::i32: return put_signed(at, values.get<std::int32_t>());
    case Type::i64: return put_signed(at, values.get<std::int64_t>());
    case Type::u8: return put_unsigned(at, values.get<std::uint8_t>());
    case Type::u16: return put_unsigned(at, values.get<std::uint16_t>());
    case Type::u32: return put_unsigned(at, values.get<std::uint32_t>());
    case Type::u64: return put_unsigned(at, values.get<std::uint64_t>());
    case Type::h8: return put_quoted(at, put_hex<2>, values.get<std::uint8_t>());
    case Type::h16: return put_quoted(at, put_hex<4>, values.get<std::uint16_t>());
    case Type::h32: return put_quoted(at, put_hex<8>, values.get<std::uint32_t>());
    case Type::h64: return put_quoted(at, put_hex<16>, values.get<std::uint64_t>());
    case Type::f32: return put_number(at, values.get<float>());
    case Type::f64: return put_number(at, values.get<double>());
    case Type::text:
    case Type::label: return put_json_text(at, values.text());
    case Type::content:
    case Type::bytes: return put_quoted(at, put_bytes, values.text());
    case Type::direction: return put_string(at, values.get<std::uint8_t>() == 0 ? "\"A\"" : "\"B\"");
    case Type::time: return put_quoted(at, form_.dates ? put_date : put_seconds, values.get<Time>());
    case Type::duration: return put_quoted(at, put_seconds, values.get<Time>());
    case Type::mac:
      return config::mac_format == 2 ? put_mac(at, values.read(6)) : put_quoted(at, put_mac, values.read(6));
    case Type::ip4: return put_address(at, values.read(4));
    case Type::ip6: return put_quoted(at, put_ip6, values.read(16));
    case Type::ip: {
      const auto family = static_cast<Family>(values.get<std::uint8_t>());
      if (family == Family::ipv4) return put_address(at, values.read(4));
      if (family == Family::ipv6) return put_quoted(at, put_ip6, values.read(16));
      return put_string(put_string(put_string(at, "\""), T2_CORE_B2T_NON_IP_STR), "\"");
    }
  }
  return at;
}

char* JsonFormatter::put_group(char* at, const Member& member, Values& values) const {
  if (member.size > 1) *at++ = '[';
  for (std::uint8_t i = 0; i < member.size; ++i) {
    if (i > 0) at = put_string(at, comma_);
    at = put_value(at, member.type[i], values);
  }
  if (member.size > 1) *at++ = ']';
  return at;
}

// In whole blocks: what they write behind the key is overwritten.
[[gnu::always_inline]] inline char* JsonFormatter::put_key(char* at, const Key& key, std::size_t skip) {
  const char* const text = key.text.data() + skip;
  const std::size_t size = key.size - skip;
  for (std::size_t i = 0; i < size; i += key_block) std::memcpy(at + i, text + i, key_block);
  return at + size;
}

JsonFormatter::Cursor JsonFormatter::put_members(Cursor cursor, const Member* begin, const Member* end,
                                                 Values& values) const {
  auto [at, skip] = cursor;
  for (const Member* member = begin; member < end; ++member) {
    if (!member->repeats && member->size == 1 && member->wanted) {
      at = put_key(at, member->key, std::exchange(skip, 0));
      at = put_value(at, member->type[0], values);
      continue;
    }
    const std::uint32_t count = member->repeats ? values.get<std::uint32_t>() : 1;
    if (!member->wanted) {
      char* const scratch = at;  // what is behind `at` counts for nothing
      for (std::uint32_t i = 0; i < count; ++i) put_group(scratch, *member, values);
      continue;
    }
    if (count == 0 && !form_.empty_lists) continue;
    at = put_key(at, member->key, std::exchange(skip, 0));
    if (member->repeats) *at++ = '[';
    for (std::uint32_t i = 0; i < count; ++i) {
      if (i > 0) at = put_string(at, comma_);
      at = put_group(at, *member, values);
    }
    if (member->repeats) *at++ = ']';
  }
  return {at, skip};
}

char* JsonFormatter::put(char* at, const RowView& row) {
  *at++ = '{';
  Cursor cursor{at, comma_.size()};
  const auto begin = [&](const Key& key) { return put_key(cursor.at, key, std::exchange(cursor.skip, 0)); };
  if (direction_.size > 0) cursor.at = put_string(begin(direction_), row.direction == 0 ? "\"A\"" : "\"B\"");
  if (index_.size > 0) cursor.at = put_unsigned(begin(index_), row.index);
  Values values(row.columns);
  const std::uint8_t* const end = row.columns.data() + row.columns.size();
  Memory* memory = memories_[row.direction & 1].data();
  for (const ColumnGroup& group : groups_) {
    Memory& last = *memory++;
    const bool with_comma = cursor.skip == 0;
    char* const copied = with_comma ? last.copy(cursor.at, values, end) : nullptr;
    if (copied) {
      cursor.at = copied;
    } else {
      const std::uint8_t* const from = values.read(0);
      const char* const text = cursor.at;
      cursor = put_members(cursor, members_.data() + group.begin, members_.data() + group.end, values);
      if (group.bytes > 0 && with_comma) last.keep({from, values.read(0)}, {text, cursor.at});
    }
  }
  assert(values.done());
  *cursor.at++ = '}';
  return cursor.at;
}

}  // namespace t2::text
