// Writes times, addresses and texts by hand: printf takes several times as long, and rows are made of these.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <ctime>
#include <utility>

#include "t2/text.hpp"
#include "text/eight_digits.hpp"

namespace t2::text {
namespace {

constexpr char digits_lower[] = "0123456789abcdef", digits_upper[] = "0123456789ABCDEF";

using detail::hex_pairs;
using detail::put_pair;

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

// Are these characters all of class 0? Sets the highest bit of each byte that is not.
template <class Word>
bool are_plain(Word characters) {
  constexpr Word ones = static_cast<Word>(~Word{0}) / 255;
  const auto below = [](Word word, Word limit) { return (word - ones * limit) & ~word; };  // limit at most 0x80
  const auto equal = [&](char c) { return below(characters ^ ones * static_cast<Word>(c), 1); };
  const Word other = characters | below(characters, 0x20) | equal('"') | equal('\\') | equal(0x7f);
  return (other & ones * 0x80) == 0;
}

// Copies the first eight or four characters if they are written as they are; returns how many.
inline std::size_t copy_plain(char* to, std::string_view text) {
  const auto copy = [&]<class Word>(Word word) {
    if (text.size() < sizeof word) return false;
    std::memcpy(&word, text.data(), sizeof word);
    if (!are_plain(word)) return false;
    std::memcpy(to, &word, sizeof word);
    return true;
  };
  return copy(std::uint64_t{}) ? 8 : copy(std::uint32_t{}) ? 4 : 0;
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
    at = t2::config::ip4_format == 1 ? put_padded<3>(at, four[i]) : detail::put_short(at, four[i]);
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
    at = detail::put_short(at, sixteen[i]);
  }
  return at;
}

char* put_sanitised(char* at, std::string_view text) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  for (std::size_t i = 0; i < text.size();) {
    if (const std::size_t size = copy_plain(at, text.substr(i)); size > 0) {
      at += size;
      i += size;
      continue;
    }
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
