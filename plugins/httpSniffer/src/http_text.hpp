// Small searches in texts of HTTP. Pure functions, any thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>

namespace t2::http_sniffer {

using View = std::span<const std::uint8_t>;

constexpr std::size_t longest_method = 20;

inline std::string_view text_of(View bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
inline char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
inline bool is_same(std::string_view a, std::string_view lower_case) {
  return a.size() == lower_case.size() &&
         std::equal(a.begin(), a.end(), lower_case.begin(), [](char x, char y) { return lower(x) == y; });
}
inline std::size_t find(std::string_view in, std::string_view lower_case) {
  const auto at = std::search(in.begin(), in.end(), lower_case.begin(), lower_case.end(),
                              [](char x, char y) { return lower(x) == y; });
  return at == in.end() ? in.npos : static_cast<std::size_t>(at - in.begin());
}
inline std::string_view trim(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t' || s.back() == '\r')) s.remove_suffix(1);
  return s;
}
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool in_method(char c) { return (c >= 'A' && c <= 'Z') || c == '-' || c == '_'; }

}  // namespace t2::http_sniffer
