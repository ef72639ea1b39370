// Takes a fuzzer's bytes apart: numbers, and frames that are copied into heap blocks of exactly their size, so that
// AddressSanitizer sees a read behind the captured bytes.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <string>

#include "host/config.hpp"
#include "t2/packet.hpp"

namespace t2::fuzz {

// Link types of the decoder, by libpcap's numbers.
inline constexpr std::array link_types{1,   274, 0,   108, 101, 228, 229, 113, 276, 9,   50,  204,
                                       104, 205, 107, 206, 137, 178, 167, 99,  119, 127, 105, 192};

class Input {
 public:
  explicit Input(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  bool empty() const { return bytes_.empty(); }
  std::uint8_t u8() {
    if (bytes_.empty()) return 0;
    const std::uint8_t value = bytes_[0];
    bytes_ = bytes_.subspan(1);
    return value;
  }
  std::uint16_t u16() {
    const unsigned high = u8();
    return static_cast<std::uint16_t>(high << 8 | u8());
  }
  std::uint32_t u32() {
    const std::uint32_t high = u16();
    return high << 16 | u16();
  }
  std::span<const std::uint8_t> read(std::size_t n) {
    const auto taken = bytes_.first(std::min(n, bytes_.size()));
    bytes_ = bytes_.subspan(taken.size());
    return taken;
  }
  std::span<const std::uint8_t> rest() { return read(bytes_.size()); }

 private:
  std::span<const std::uint8_t> bytes_;
};

struct Frame {
  explicit Frame(std::span<const std::uint8_t> bytes)
      : data(new std::uint8_t[bytes.size()]), size(static_cast<std::uint32_t>(bytes.size())) {
    if (size > 0) std::memcpy(data.get(), bytes.data(), size);
  }
  std::unique_ptr<std::uint8_t[]> data;
  std::uint32_t size;
};

// A step of time: mostly microseconds, also hours, also backwards.
inline Time time_step(std::uint8_t code) {
  constexpr Time units[] = {1'000,           100'000,          10'000'000,  one_second,
                            20 * one_second, 600 * one_second, -one_second, -3600 * one_second};
  return units[code & 7] * (1 + (code >> 3));
}

// These settings alone, and no values from a file, whatever stands in the home of who runs this.
inline Config config(std::span<const std::string> sets) {
  unsetenv("HOME");
  return Config("", sets);
}

}  // namespace t2::fuzz
