// Reads numbers and ranges.
#include "host/flag_values.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

namespace t2 {

namespace {

std::optional<std::int64_t> named_bound(std::string_view text) {
  struct Bound {
    std::string_view name;
    std::int64_t value;
  };
  constexpr Bound bounds[] = {{"INT8_MAX", INT8_MAX},     {"UINT8_MAX", UINT8_MAX}, {"INT16_MAX", INT16_MAX},
                              {"UINT16_MAX", UINT16_MAX}, {"INT32_MAX", INT32_MAX}, {"UINT32_MAX", UINT32_MAX},
                              {"INT_MAX", INT32_MAX},     {"UINT_MAX", UINT32_MAX}, {"INT64_MAX", INT64_MAX},
                              {"UINT64_MAX", INT64_MAX}};  // the largest that fits
  for (const Bound& bound : bounds) {
    if (text == bound.name) return bound.value;
  }
  return {};
}

// With a point: "1.5", ".5e3", "2.0f".
std::optional<double> fraction(std::string_view text) {
  if (text.find('.') == text.npos) return {};
  if (text.ends_with('f') || text.ends_with('F')) text.remove_suffix(1);
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return {};
  return value;
}

std::optional<double> number(std::string_view text) {
  if (const auto whole = whole_number(text)) return static_cast<double>(*whole);
  return fraction(text);
}

bool in_range(std::string_view value, std::string_view low, std::string_view high) {
  const auto a = whole_number(value), b = whole_number(low), c = whole_number(high);
  if (a && b && c) return *a >= *b && *a <= *c;
  const auto x = number(value), y = number(low), z = number(high);
  return x && y && z && *x >= *y && *x <= *z;
}

// "a-b": where the '-' between the bounds stands; npos: it is no range.
std::size_t dash_of(std::string_view part) {
  const std::size_t dash = part.empty() ? part.npos : part.find('-', 1);  // the first may be a sign
  const bool range = dash != part.npos && number(part.substr(0, dash)) && number(part.substr(dash + 1));
  return range ? dash : part.npos;
}

bool is_list(std::string_view allowed) {
  return allowed.find('|') != allowed.npos || dash_of(allowed) != allowed.npos || number(allowed);
}

bool is_quoted(std::string_view text) { return text.size() >= 2 && (text[0] == '"' || text[0] == '\''); }

}  // namespace

std::optional<std::int64_t> whole_number(std::string_view text) {
  while (text.size() >= 2 && text.front() == '(' && text.back() == ')') text = text.substr(1, text.size() - 2);
  if (const auto bound = named_bound(text)) return bound;
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2), base = 16;
  else if (text.size() > 1 && text[0] == '0') text.remove_prefix(1), base = 8;
  std::int64_t value = 0;
  if (text.starts_with('-')) return {};
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  const std::string_view suffix(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (problem != std::errc{}) return {};
  for (const std::string_view known :
       {"", "u", "U", "l", "L", "ul", "uL", "Ul", "UL", "ll", "LL", "ull", "uLL", "Ull", "ULL"}) {
    if (suffix == known) return negative ? -value : value;
  }
  return {};
}

bool is_allowed(std::string_view value, std::string_view allowed) {
  if (!is_list(allowed)) return true;
  while (!allowed.empty()) {
    const std::string_view part = allowed.substr(0, allowed.find('|'));
    allowed.remove_prefix(std::min(allowed.size(), part.size() + 1));
    if (const std::size_t dash = dash_of(part); dash != part.npos) {
      if (in_range(value, part.substr(0, dash), part.substr(dash + 1))) return true;
      continue;
    }
    if (value == part) return true;
    const auto a = whole_number(value), b = whole_number(part);
    if (a && b && *a == *b) return true;
  }
  return false;
}

std::string why_refused(const Flag& flag, std::string_view value) {
  const bool text = is_quoted(flag.value);
  if (text && flag.value[0] == '\'' && value.size() != 1) return "is not one character";
  // It is the end of a file's name, behind the prefix of -w, and names no other folder.
  if (text && flag.name.ends_with("SUFFIX") && value.find('/') != value.npos) return "holds a '/'";
  if (!text && number(flag.value)) {
    if (!number(value)) return "is not a number";
    const bool with_fraction = !whole_number(flag.value) || flag.allowed.find('.') != flag.allowed.npos;
    if (!with_fraction && !whole_number(value)) return "is not a whole number";
  }
  return is_allowed(value, flag.allowed) ? "" : "is not allowed";
}

}  // namespace t2
