// Levenshtein's distance.
#include "base/closest.hpp"

#include <algorithm>
#include <cctype>
#include <vector>

namespace t2 {

namespace {

std::string lower(std::string_view text) {
  std::string made(text);
  for (char& c : made) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return made;
}

std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t above = row[0];
    row[0] = i;
    for (std::size_t j = 1; j < row.size(); ++j) {
      const std::size_t here = std::min(above + (a[i - 1] != b[j - 1]), std::min(row[j], row[j - 1]) + 1);
      above = row[j];
      row[j] = here;
    }
  }
  return row.back();
}

}  // namespace

std::string closest(std::string_view word, std::span<const std::string> candidates) {
  const std::string wanted = lower(word);
  std::size_t best = wanted.size() / 3 + 1;
  std::string found;
  for (const std::string& candidate : candidates) {
    const std::string name = lower(candidate);
    std::size_t far = distance(wanted, name);
    if (wanted.size() > 2 && name.starts_with(wanted)) far = std::min<std::size_t>(far, 1);
    if (far < best) best = far, found = candidate;
  }
  return found;
}

std::string did_you_mean(std::string_view word, std::span<const std::string> candidates) {
  const std::string near = closest(word, candidates);
  return near.empty() ? std::string() : ": did you mean " + near + "?";
}

}  // namespace t2
