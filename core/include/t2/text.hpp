// Single values as text, in the forms that core/tranalyzer.h selects ("Text form of values"): what all sinks share.
// Link the library t2text.
//
// Each function writes at `at` and returns the end. The caller provides the room: a value needs at most
// bytes_per_value, a text text_room(). A function may write up to 8 bytes behind the end, too. Any thread; nothing
// allocates or throws.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "t2/config.hpp"
#include "t2/packet.hpp"

namespace t2::text {

constexpr std::size_t bytes_per_value = 400;  // a double below 1e308 with %f is the longest
constexpr std::size_t text_room(std::size_t size) { return 6 * size + 2; }  // every byte as \u00XX, and quotes

char* put_long(char* at, std::uint64_t value);  // from 1000 on
char* put_float(char* at, float value);         // as printf's %.7g
char* put_double(char* at, double value);       // as printf's %f
char* put_mac(char* at, const std::uint8_t* six);
char* put_ip4(char* at, const std::uint8_t* four);
char* put_ip6(char* at, const std::uint8_t* sixteen);
// With `sanitise` as put_sanitised(); else quotes, backslashes and control characters with a letter are escaped in a
// text, nothing in a label.
char* put_text(char* at, std::string_view text, bool sanitise);   // in double quotes
char* put_label(char* at, std::string_view text, bool sanitise);  // without
char* put_content(char* at, std::string_view text);               // packet content as characters
char* put_bytes(char* at, std::string_view text);                 // as hex bytes

char* put_seconds(char* at, Time value);     // with nine decimals; TSTAMP_PREC 0: six
char* put_date(char* at, Time value);        // 2023-11-14T22:13:20.750000000+0000
char* put_day(char* at, std::int64_t days);  // since 1970, of the years 0 to 9999: 2023-11-14
// Replaces invalid UTF-8 by dots, and escapes control characters, quotes and backslashes.
char* put_sanitised(char* at, std::string_view text);

inline char* put_string(char* at, std::string_view text) {
  for (char c : text) *at++ = c;
  return at;
}

namespace detail {

// Two digits at a time.
using Pairs = std::array<char, 512>;
template <class Make>
constexpr Pairs pairs(Make make, unsigned base) {
  Pairs table{};
  for (unsigned i = 0; i < base * base; ++i) table[2 * i] = make(i / base), table[2 * i + 1] = make(i % base);
  return table;
}
inline constexpr Pairs hex_pairs =
    pairs([](unsigned n) { return (t2::config::hex_capital ? "0123456789ABCDEF" : "0123456789abcdef")[n]; }, 16);
inline constexpr Pairs decimal_pairs = pairs([](unsigned n) { return "0123456789"[n]; }, 10);

inline char* put_pair(char* at, const Pairs& table, std::size_t n) {
  std::memcpy(at, table.data() + 2 * n, 2);
  return at + 2;
}

// A number of up to three digits and how many it has: four bytes, which are written at once.
struct ShortNumber {
  char digits[3];
  std::uint8_t count;
};
inline constexpr auto shorts = [] {
  std::array<ShortNumber, 1000> table{};
  for (unsigned i = 0; i < table.size(); ++i) {
    unsigned left = i;
    auto& [digits, count] = table[i];
    count = i < 10 ? 1 : i < 100 ? 2 : 3;
    for (unsigned place = count; place > 0; left /= 10) digits[--place] = static_cast<char>('0' + left % 10);
  }
  return table;
}();

inline char* put_short(char* at, std::size_t value) {  // below 1000
  std::memcpy(at, &shorts[value], sizeof(ShortNumber));
  return at + shorts[value].count;
}

}  // namespace detail

inline char* put_unsigned(char* at, std::uint64_t value) {
  return value < 1000 ? detail::put_short(at, value) : put_long(at, value);
}

inline char* put_signed(char* at, std::int64_t value) {
  if (value >= 0) return put_unsigned(at, static_cast<std::uint64_t>(value));
  *at++ = '-';
  return put_unsigned(at, -static_cast<std::uint64_t>(value));
}

std::string decimal(std::uint64_t number);

// 0x and `count` digits.
template <unsigned count>
char* put_hex(char* at, std::uint64_t value) {
  *at++ = '0';
  *at++ = 'x';
  for (unsigned shift = 4 * count; shift > 0;)
    at = detail::put_pair(at, detail::hex_pairs, value >> (shift -= 8) & 0xff);
  return at;
}

}  // namespace t2::text
