// Numbers in network byte order: loads and stores at a place that is known to be there, and a reader for untrusted
// bytes.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

namespace t2 {

// Swaps bytes between network order and host order; either way it is the same.
template <class T>
requires std::is_unsigned_v<T>
constexpr T network_order(T value) {
  if constexpr (std::endian::native == std::endian::big || sizeof(T) == 1) return value;
  else if constexpr (sizeof(T) == 2) return static_cast<T>(__builtin_bswap16(value));
  else if constexpr (sizeof(T) == 4) return static_cast<T>(__builtin_bswap32(value));
  else return static_cast<T>(__builtin_bswap64(value));
}

// The number whose sizeof(T) bytes stand at `from`, which need not be aligned.
template <class T>
requires std::is_unsigned_v<T>
inline T load_big(const void* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return network_order(value);
}
template <class T>
requires std::is_unsigned_v<T>
inline void store_big(void* to, T value) {
  value = network_order(value);
  std::memcpy(to, &value, sizeof value);
}

// A MAC address as a number of 48 bits.
inline std::uint64_t load_mac(const std::uint8_t* six) {
  return std::uint64_t{load_big<std::uint16_t>(six)} << 32 | load_big<std::uint32_t>(six + 2);
}

// Bounds-checked reader. Reading past the end returns zero and makes ok() false for good, so a decoder checks once, at
// the end.
class Bytes {
 public:
  Bytes() = default;
  explicit Bytes(std::span<const std::uint8_t> data) : data_(data) {}

  std::uint8_t u8() { return number<std::uint8_t>(); }
  std::uint16_t u16() { return number<std::uint16_t>(); }
  std::uint32_t u32() { return number<std::uint32_t>(); }
  std::uint64_t u64() { return number<std::uint64_t>(); }
  std::span<const std::uint8_t> read(std::size_t n) {
    if (n > left()) return fail(), std::span<const std::uint8_t>{};
    return data_.subspan((at_ += n) - n, n);
  }
  void skip(std::size_t n) { read(n); }
  std::span<const std::uint8_t> rest() { return read(left()); }
  bool ok() const { return ok_; }
  std::size_t left() const { return data_.size() - at_; }
  std::size_t position() const { return at_; }

 private:
  template <class T>
  T number() {
    if (sizeof(T) > left()) return fail(), T{0};
    at_ += sizeof(T);
    return load_big<T>(data_.data() + at_ - sizeof(T));
  }
  void fail() { ok_ = false, at_ = data_.size(); }

  std::span<const std::uint8_t> data_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace t2
