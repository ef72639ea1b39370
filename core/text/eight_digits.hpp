// Decimal digits eight at a time: what the files of this folder share.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace t2::text {

__extension__ using Wide = unsigned __int128;

// The eight decimal digits of a number below 100,000,000, one in each byte, the first in the lowest: split in halves
// three times, all halves at once. They stay in a register, where they are counted and shifted.
inline std::uint64_t eight_digits(std::uint32_t value) {
  std::uint64_t digits = value / 10'000 | static_cast<std::uint64_t>(value % 10'000) << 32;
  const std::uint64_t hundreds = (digits * 10486 >> 20) & 0x7f0000007f;
  digits = hundreds | (digits - 100 * hundreds) << 16;
  const std::uint64_t tens = (digits * 103 >> 10) & 0xf000f000f000f;
  return tens | (digits - 10 * tens) << 8;
}

constexpr std::uint64_t eight_zeros = 0x3030303030303030;

// Writes eight characters, the lowest byte first.
inline char* put_eight(char* at, std::uint64_t characters) {
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

}  // namespace t2::text
