// Writes values by hand: printf takes several times as long, and rows are made of these.
#include "t2/text.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstring>
#include <ctime>
#include <utility>

namespace t2::text {
namespace {

constexpr char digits_lower[] = "0123456789abcdef", digits_upper[] = "0123456789ABCDEF";

using detail::decimal_pairs;
using detail::hex_pairs;
using detail::put_pair;

// The eight decimal digits of a number below 100,000,000, one in each byte, the first in the lowest: split in halves
// three times, all halves at once. They stay in a register, where they are counted and shifted.
std::uint64_t eight_digits(std::uint32_t value) {
  std::uint64_t digits = value / 10'000 | static_cast<std::uint64_t>(value % 10'000) << 32;
  const std::uint64_t hundreds = (digits * 10486 >> 20) & 0x7f0000007f;
  digits = hundreds | (digits - 100 * hundreds) << 16;
  const std::uint64_t tens = (digits * 103 >> 10) & 0xf000f000f000f;
  return tens | (digits - 10 * tens) << 8;
}

constexpr std::uint64_t eight_zeros = 0x3030303030303030;

// Writes eight characters, the lowest byte first.
char* put_eight(char* at, std::uint64_t characters) {
  if constexpr (std::endian::native == std::endian::big) characters = __builtin_bswap64(characters);
  std::memcpy(at, &characters, 8);
  return at + 8;
}

// Exactly `count` decimal digits, with leading zeros.
template <unsigned count>
char* put_padded(char* at, std::uint32_t value) {
  static_assert(count <= 9);
  if constexpr (count == 9) {
    *at = static_cast<char>('0' + value / 100'000'000);
    return put_eight(at + 1, eight_digits(value % 100'000'000) | eight_zeros);
  } else {
    put_eight(at, (eight_digits(value) | eight_zeros) >> 8 * (8 - count));
    return at + count;
  }
}

constexpr double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                             1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22, 1e23,
                             1e24, 1e25, 1e26, 1e27, 1e28, 1e29, 1e30, 1e31, 1e32, 1e33, 1e34, 1e35,
                             1e36, 1e37, 1e38, 1e39, 1e40, 1e41, 1e42, 1e43, 1e44, 1e45};

double times_power(double value, int exponent) {
  return exponent >= 0 ? value * powers[exponent] : value / powers[-exponent];
}

// Seven significant digits (1000000 to 9999999) of a positive normal number and its decimal exponent. False where the
// next digit is too close to a tie for double arithmetic to tell.
bool seven_digits(float value, std::uint32_t& mantissa, int& exponent) {
  const int binary = static_cast<int>(std::bit_cast<std::uint32_t>(value) >> 23) - 127;
  exponent = binary * 1233 >> 12;  // log10(2), rounded down: at most one too small
  const double wide = value;
  if (wide >= times_power(1, exponent + 1)) ++exponent;
  const double scaled = times_power(wide, 6 - exponent);
  mantissa = static_cast<std::uint32_t>(scaled);
  const double rest = scaled - mantissa;
  if (std::fabs(rest - 0.5) < 1e-7) return false;
  if (rest > 0.5) ++mantissa;
  if (mantissa == 10'000'000) mantissa = 1'000'000, ++exponent;
  return mantissa >= 1'000'000 && mantissa < 10'000'000;
}

char* put_exponent(char* at, int exponent) {
  *at++ = 'e';
  *at++ = exponent < 0 ? '-' : '+';
  return put_pair(at, decimal_pairs, static_cast<std::size_t>(exponent < 0 ? -exponent : exponent));
}

// Writes eight characters where up to seven are needed: the rest is overwritten, or lies behind the end.
char* put_general(char* at, std::uint32_t mantissa, int exponent) {
  const std::uint64_t digits = eight_digits(mantissa * 10), seven = digits | eight_zeros;
  const int count = 8 - std::countl_zero(digits) / 8;  // without the zeros at the end
  if (exponent < -4 || exponent >= 7) {
    *at++ = static_cast<char>(seven & 0xff);
    if (count > 1) {
      *at++ = '.';
      put_eight(at, seven >> 8);
      at += count - 1;
    }
    return put_exponent(at, exponent);
  }
  if (exponent < 0) {
    std::memcpy(at, "0.000000", 8);
    at += 1 - exponent;
    put_eight(at, seven);
    return at + count;
  }
  const int whole = exponent + 1;
  put_eight(at, seven);
  if (count <= whole) return at + whole;
  at[whole] = '.';
  put_eight(at + whole + 1, seven >> 8 * whole);
  return at + count + 1;
}

char* put_fraction(char* at, std::uint32_t nanoseconds) {
  *at++ = '.';
  return t2::config::tstamp_prec == 1 ? put_padded<9>(at, nanoseconds) : put_padded<6>(at, nanoseconds / 1000);
}

char* put_backslash(char* at, char letter) {
  *at++ = '\\';
  *at++ = letter;
  return at;
}

// The class of each byte: 0: written as it is, 1: as \u00XX, 2: starts a UTF-8 sequence or is invalid; any other value
// is the letter of its escape.
constexpr auto classes = [] {
  std::array<char, 256> table{};
  for (std::size_t i = 0; i < 0x20; ++i) table[i] = 1;
  table[0x7f] = 1;
  for (std::size_t i = 0x80; i < 0x100; ++i) table[i] = 2;
  table['\b'] = 'b', table['\f'] = 'f', table['\n'] = 'n', table['\r'] = 'r', table['\t'] = 't', table['\v'] = 'v';
  table['\\'] = '\\', table['"'] = '"';
  return table;
}();

// A sequence that starts with a byte above 0x7f: its length in bytes, and whether it is a character (RFC 3629).
struct Utf8Sequence {
  std::size_t size;
  bool valid;
};
Utf8Sequence sequence(const unsigned char* at, std::size_t left) {
  const unsigned first = at[0];
  if (first < 0xc2 || first > 0xf4) return {1, false};
  const std::size_t size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  for (std::size_t i = 1; i < size; ++i) {
    if (i >= left) return {left, false};
    if ((at[i] & 0xc0) != 0x80) return {i, false};  // this byte starts a new sequence
    if (i > 1) continue;
    if (first == 0xe0 && at[1] < 0xa0) return {2, false};  // overlong
    if (first == 0xf0 && at[1] < 0x90) return {2, false};
    if (first == 0xf4 && at[1] > 0x8f) return {2, false};  // above U+10FFFF
  }
  return {size, !(first == 0xed && at[1] > 0x9f)};  // not a surrogate
}

// Writes the escapes with a letter only: for texts that are not sanitised.
char* put_escaped(char* at, std::string_view text) {
  for (char c : text) {
    const char kind = classes[static_cast<unsigned char>(c)];
    if (kind > 2) at = put_backslash(at, kind);
    else *at++ = c;
  }
  return at;
}

}  // namespace

std::string decimal(std::uint64_t number) {
  char text[20];
  return std::string(text, put_unsigned(text, number));
}

char* put_long(char* at, std::uint64_t value) {
  if (value >= 100'000'000) {
    at = put_unsigned(at, value / 100'000'000);
    return put_eight(at, eight_digits(static_cast<std::uint32_t>(value % 100'000'000)) | eight_zeros);
  }
  const std::uint64_t digits = eight_digits(static_cast<std::uint32_t>(value));
  const int zeros = std::countr_zero(digits) / 8;  // in front
  put_eight(at, (digits | eight_zeros) >> 8 * zeros);
  return at + 8 - zeros;
}

// Not into put_float(): whole numbers, which most are, need no frame whose end is checked.
[[gnu::noinline]] static char* put_fractional(char* at, float value) {
  if (!std::isfinite(value)) return put_string(at, std::isnan(value) ? "nan" : "inf");
  std::uint32_t mantissa;
  int exponent;
  if (std::isnormal(value) && seven_digits(value, mantissa, exponent)) return put_general(at, mantissa, exponent);
  return std::to_chars(at, at + 32, static_cast<double>(value), std::chars_format::general, 7).ptr;
}

char* put_float(char* at, float value) {
  if (std::signbit(value)) {
    *at++ = '-';
    value = -value;
  }
  if (value < 1e7f) {
    const auto whole = static_cast<std::uint32_t>(value);
    if (static_cast<float>(whole) == value) return put_unsigned(at, whole);
  }
  return put_fractional(at, value);
}

char* put_double(char* at, double value) {
  if (std::signbit(value)) {
    *at++ = '-';
    value = -value;
  }
  if (!std::isfinite(value)) return put_string(at, std::isnan(value) ? "nan" : "inf");
  return std::to_chars(at, at + bytes_per_value - 1, value, std::chars_format::fixed, 6).ptr;
}

char* put_seconds(char* at, Time value) {
  auto magnitude = static_cast<std::uint64_t>(value);
  if (value < 0) {
    *at++ = '-';
    magnitude = -magnitude;
  }
  at = put_unsigned(at, magnitude / one_second);
  return put_fraction(at, static_cast<std::uint32_t>(magnitude % one_second));
}

char* put_day(char* at, std::int64_t days) {
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days}}};
  at = put_padded<4>(at, static_cast<std::uint32_t>(static_cast<int>(date.year())));
  *at++ = '-';
  at = put_padded<2>(at, static_cast<unsigned>(date.month()));
  *at++ = '-';
  return put_padded<2>(at, static_cast<unsigned>(date.day()));
}

static char* put_utc_date(char* at, Time value) {
  constexpr Time day = 86'400 * one_second;  // all days of a Time are in the years 1677 to 2262
  Time days = value / day, rest = value % day;
  if (rest < 0) rest += day, --days;
  at = put_day(at, days);
  auto seconds = static_cast<std::uint32_t>(rest / one_second);
  char before = 'T';
  for (const std::uint32_t unit : {3600u, 60u, 1u}) {
    *at++ = std::exchange(before, ':');
    at = put_padded<2>(at, seconds / unit);
    seconds %= unit;
  }
  at = put_fraction(at, static_cast<std::uint32_t>(rest % one_second));
  return put_string(at, "+0000");
}

char* put_date(char* at, Time value) {
  if constexpr (t2::config::tstamp_utc == 1) return put_utc_date(at, value);
  std::time_t seconds = value / one_second;
  Time rest = value % one_second;
  if (rest < 0) rest += one_second, --seconds;
  std::tm date{};
  if (!localtime_r(&seconds, &date)) return put_seconds(at, value);
  at += std::strftime(at, 32, "%Y-%m-%dT%H:%M:%S", &date);
  at = put_fraction(at, static_cast<std::uint32_t>(rest));
  return at + std::strftime(at, 8, "%z", &date);
}

char* put_mac(char* at, const std::uint8_t* six) {
  if constexpr (t2::config::mac_format != 0) {
    const std::uint64_t number = load_mac(six);
    return t2::config::mac_format == 1 ? put_hex<16>(at, number) : put_unsigned(at, number);
  }
  at = put_pair(at, hex_pairs, six[0]);
  for (int i = 1; i < 6; ++i) at = put_pair(put_string(at, T2_CORE_MAC_SEP), hex_pairs, six[i]);
  return at;
}

char* put_ip4(char* at, const std::uint8_t* four) {
  if constexpr (t2::config::ip4_format >= 2) {
    const auto number = load_big<std::uint32_t>(four);
    return t2::config::ip4_format == 2 ? put_hex<8>(at, number) : put_unsigned(at, number);
  }
  for (int i = 0; i < 4; ++i) {
    if (i > 0) *at++ = '.';
    at = t2::config::ip4_format == 1 ? put_padded<3>(at, four[i]) : put_unsigned(at, four[i]);
  }
  return at;
}

// RFC 5952, in the form that inet_ntop() gives it: the longest run of zeros (the first of equal ones, two groups at
// least) is left out, and an IPv4 address at the end of ::/96 and ::ffff:0:0/96 is dotted.
char* put_ip6(char* at, const std::uint8_t* sixteen) {
  if constexpr (t2::config::ip6_format >= 1) {
    if (t2::config::ip6_format >= 2) at = put_string(at, "0x");
    for (int i = 0; i < 16; ++i) {
      if (t2::config::ip6_format == 1 && i > 0 && i % 2 == 0) *at++ = ':';
      if (t2::config::ip6_format == 3 && i == 8) at = put_string(at, "_0x");
      at = put_pair(at, hex_pairs, sixteen[i]);
    }
    return at;
  }
  unsigned group[8];
  for (unsigned i = 0; i < 8; ++i) group[i] = load_big<std::uint16_t>(sixteen + 2 * i);
  unsigned gap = 8, gap_size = 1;
  for (unsigned i = 0; i < 8;) {
    unsigned end = i;
    while (end < 8 && group[end] == 0) ++end;
    if (end - i > gap_size) gap = i, gap_size = end - i;
    i = end + 1;
  }
  const bool dotted = gap == 0 && (gap_size == 6 || (gap_size == 5 && group[5] == 0xffff));
  const unsigned groups = dotted ? 6 : 8;
  for (unsigned i = 0; i < groups;) {
    if (i == gap) {
      *at++ = ':';
      i += gap_size;
      if (i == 8) *at++ = ':';
      continue;
    }
    if (i > 0) *at++ = ':';
    for (unsigned shift = 12; shift > 0; shift -= 4)
      if (group[i] >> shift) *at++ = digits_lower[group[i] >> shift & 15];
    *at++ = digits_lower[group[i++] & 15];
  }
  if (!dotted) return at;
  *at++ = ':';
  for (int i = 12; i < 16; ++i) {
    if (i > 12) *at++ = '.';
    at = put_unsigned(at, sixteen[i]);
  }
  return at;
}

char* put_sanitised(char* at, std::string_view text) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  for (std::size_t i = 0; i < text.size();) {
    const char kind = classes[bytes[i]];
    if (kind == 0) {
      *at++ = text[i++];
    } else if (kind == 1) {
      at = put_string(at, "\\u00");
      *at++ = digits_upper[bytes[i] >> 4];
      *at++ = digits_upper[bytes[i++] & 15];
    } else if (kind == 2) {
      const Utf8Sequence s = sequence(bytes + i, text.size() - i);
      at = s.valid ? put_string(at, text.substr(i, s.size)) : put_string(at, ".");
      i += s.size;
    } else {
      at = put_backslash(at, kind);
      ++i;
    }
  }
  return at;
}

char* put_text(char* at, std::string_view text, bool sanitise) {
  *at++ = '"';
  at = sanitise ? put_sanitised(at, text) : put_escaped(at, text);
  *at++ = '"';
  return at;
}

char* put_label(char* at, std::string_view text, bool sanitise) {
  return sanitise ? put_sanitised(at, text) : put_string(at, text);
}

char* put_content(char* at, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '\b': at = put_string(at, "\\b"); break;
      case '\f': at = put_string(at, "\\f"); break;
      case '\n': at = put_string(at, "\\n"); break;
      case '\r': at = put_string(at, "\\r"); break;
      case '\t': at = put_string(at, "\\t"); break;
      case '\v': at = put_string(at, "\\v"); break;
      case '\\': at = put_string(at, "\\\\"); break;
      default: *at++ = c >= 0x20 && c < 0x7f ? c : '.';
    }
  }
  return at;
}

char* put_bytes(char* at, std::string_view text) {
  constexpr std::string_view prefix = T2_CORE_SPKTMD_PCNTH_PREF, between = T2_CORE_SPKTMD_PCNTH_SEP;
  constexpr std::string_view digits = t2::config::hex_capital ? "0123456789ABCDEF" : "0123456789abcdef";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (i > 0) at = put_string(at, between);
    at = put_string(at, prefix);
    *at++ = digits[byte >> 4];
    *at++ = digits[byte & 15];
  }
  return at;
}

}  // namespace t2::text
