// Single values as text, in the forms that core/tranalyzer.h selects ("Text form of values").
//
// Each function writes at `at` and returns the place behind the last character. The caller provides the room:
// bytes_per_value says how much a value needs at most, texts need text_room(). Nothing here allocates or throws.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "t2/packet.hpp"

namespace t2::text {

constexpr std::size_t bytes_per_value = 400;                              // a double below 1e308 with %f is the longest
constexpr std::size_t text_room(std::size_t size) { return 6 * size + 2; }  // every byte as \u00XX, and quotes

char* put_unsigned(char* at, std::uint64_t value);
char* put_signed(char* at, std::int64_t value);
char* put_hex(char* at, std::uint64_t value, unsigned digits);  // 0x and so many digits
char* put_float(char* at, float value);                         // as printf's %.7g
char* put_double(char* at, double value);                       // as printf's %f
char* put_time(char* at, Time value);                           // seconds, or a date: B2T_TIMESTR
char* put_duration(char* at, Time value);                       // always seconds
char* put_mac(char* at, const std::uint8_t* six);
char* put_ip4(char* at, const std::uint8_t* four);
char* put_ip6(char* at, const std::uint8_t* sixteen);
char* put_text(char* at, std::string_view text);                // in double quotes
char* put_label(char* at, std::string_view text);               // without
char* put_content(char* at, std::string_view text);             // packet content as characters
char* put_bytes(char* at, std::string_view text);               // as hex bytes

// Both forms of times, whatever B2T_TIMESTR says.
char* put_seconds(char* at, Time value);
char* put_date(char* at, Time value);
// Replaces what is not valid UTF-8 by dots and escapes control characters, quote and backslash.
char* put_sanitised(char* at, std::string_view text);

inline char* put_string(char* at, std::string_view text) {
  for (char c : text) *at++ = c;
  return at;
}

}  // namespace t2::text
