// The Internet checksum (RFC 1071): the one's complement sum of 16-bit words.
//
// The sum does not depend on byte order, so words are added as they lie in memory, 64 bits at a time, in two
// accumulators that cannot overflow below 32 GB; the caller folds once. Bytes that include a correct checksum fold to
// 0xffff on any machine. Reads exactly the bytes given, at any alignment.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace tcp_flags {

// A number as its two bytes in network order would be added by sum_words().
inline std::uint64_t as_word(std::uint16_t number) {
  if constexpr (std::endian::native == std::endian::little) return static_cast<std::uint16_t>(number << 8 | number >> 8);
  return number;
}

inline std::uint64_t sum_words(const std::uint8_t* data, std::size_t bytes) {
  std::uint64_t low = 0, high = 0;
  const auto load = [](const std::uint8_t* from, auto word) {
    std::memcpy(&word, from, sizeof word);
    return word;
  };
  const auto add = [&](const std::uint8_t* from) {
    const std::uint64_t word = load(from, std::uint64_t{});
    low += word & 0xffff'ffff;
    high += word >> 32;
  };
  for (; bytes >= 64; data += 64, bytes -= 64)
    for (std::size_t i = 0; i < 64; i += 8) add(data + i);  // a fixed count: becomes vector code
  for (; bytes >= 8; data += 8, bytes -= 8) add(data);
  if (bytes & 4) low += load(data, std::uint32_t{}), data += 4;
  if (bytes & 2) low += load(data, std::uint16_t{}), data += 2;
  if (bytes & 1) low += as_word(static_cast<std::uint16_t>(*data << 8));  // an odd end is filled up with zero
  return low + high;
}

inline std::uint16_t fold(std::uint64_t sum) {
  sum = (sum & 0xffff'ffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

}  // namespace tcp_flags
