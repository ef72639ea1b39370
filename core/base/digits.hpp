// Numbers of the command line and of file names.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace t2 {

// Digits and nothing else; nothing: there are none, others, or too many for 64 bits.
inline std::optional<std::uint64_t> digits_as_number(std::string_view text, int base = 10) {
  std::uint64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (problem != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

}  // namespace t2
