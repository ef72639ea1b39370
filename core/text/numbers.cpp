// Writes numbers by hand: printf takes several times as long, and rows are made of these.
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

#include "t2/text.hpp"
#include "text/eight_digits.hpp"

namespace t2::text {
namespace {

using detail::decimal_pairs;
using detail::put_pair;

// 10^-45 to 10^45. The negative ones are off by up to two units in the last place.
constexpr std::size_t max_power = 45;
constexpr auto powers = [] {
  constexpr double exact[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                              1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22, 1e23,
                              1e24, 1e25, 1e26, 1e27, 1e28, 1e29, 1e30, 1e31, 1e32, 1e33, 1e34, 1e35,
                              1e36, 1e37, 1e38, 1e39, 1e40, 1e41, 1e42, 1e43, 1e44, 1e45};
  std::array<double, 2 * max_power + 1> table{};
  for (std::size_t i = 0; i <= max_power; ++i) table[max_power + i] = exact[i], table[max_power - i] = 1 / exact[i];
  return table;
}();
double power(int exponent) { return powers[static_cast<std::size_t>(exponent) + max_power]; }

// Seven significant digits (1000000 to 9999999) of a positive normal number and its decimal exponent. False where the
// next digit is too close to a tie for double arithmetic to tell, whose error here is below 1e-8.
bool seven_digits(float value, std::uint32_t& mantissa, int& exponent) {
  const int binary = static_cast<int>(std::bit_cast<std::uint32_t>(value) >> 23) - 127;
  exponent = binary * 1233 >> 12;  // log10(2), rounded down: at most one too small
  const double wide = value;
  exponent += wide >= power(exponent + 1);
  const double scaled = wide * power(6 - exponent);
  mantissa = static_cast<std::uint32_t>(scaled);
  const double rest = scaled - mantissa;
  if (std::fabs(rest - 0.5) < 1e-7) return false;
  mantissa += rest > 0.5;
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

}  // namespace

std::string decimal(std::uint64_t number) {
  char text[28];
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

// In millionths where that is exact: the mantissa times a million has 73 bits. A tie goes to the even digit.
char* put_double(char* at, double value) {
  if (std::signbit(value)) {
    *at++ = '-';
    value = -value;
  }
  if (!std::isfinite(value)) return put_string(at, std::isnan(value) ? "nan" : "inf");
  if (value < 4e-7) return put_string(at, "0.000000");
  if (value >= 1e12) return std::to_chars(at, at + bytes_per_value - 1, value, std::chars_format::fixed, 6).ptr;
  constexpr std::uint64_t hidden = std::uint64_t{1} << 52;
  const auto bits = std::bit_cast<std::uint64_t>(value);
  const auto shift = static_cast<unsigned>(1075 - (bits >> 52));  // value: mantissa / 2^shift, 13 to 74
  const Wide scaled = static_cast<Wide>((bits & (hidden - 1)) | hidden) * 1'000'000;
  const Wide half = Wide{1} << (shift - 1), rest = scaled & (2 * half - 1);
  auto millionths = static_cast<std::uint64_t>(scaled >> shift);
  millionths += rest > half || (rest == half && millionths % 2 == 1);
  at = put_unsigned(at, millionths / 1'000'000);
  *at++ = '.';
  return put_padded<6>(at, static_cast<std::uint32_t>(millionths % 1'000'000));
}

}  // namespace t2::text
