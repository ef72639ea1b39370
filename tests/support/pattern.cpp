#include "pattern.hpp"

#include <array>
#include <stdexcept>

#include <regex.h>

namespace t2::test {

namespace {

class Pattern {
 public:
  explicit Pattern(const std::string& text) {
    if (const int problem = regcomp(&compiled_, text.c_str(), REG_EXTENDED | REG_NEWLINE); problem != 0)
      throw std::invalid_argument("the pattern '" + text + "' is wrong (error " + std::to_string(problem) + ")");
  }
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;
  ~Pattern() { regfree(&compiled_); }

  // The first match at or behind `at`, which moves to its end.
  std::optional<Groups> find(const std::string& text, std::size_t& at) const {
    std::array<regmatch_t, 10> places;
    if (at > text.size() ||
        regexec(&compiled_, text.c_str() + at, places.size(), places.data(), at > 0 ? REG_NOTBOL : 0))
      return std::nullopt;
    Groups out;
    for (std::size_t i = 0; i <= compiled_.re_nsub && i < places.size(); ++i) {
      const auto [first, last] = places[i];  // of a group that takes no part: -1
      out.push_back(
          first < 0 ? "" : text.substr(at + static_cast<std::size_t>(first), static_cast<std::size_t>(last - first)));
    }
    at += static_cast<std::size_t>(places[0].rm_eo) + (places[0].rm_eo == places[0].rm_so);
    return out;
  }

 private:
  regex_t compiled_;
};

}  // namespace

std::optional<Groups> search(const std::string& pattern, const std::string& text) {
  std::size_t at = 0;
  return Pattern(pattern).find(text, at);
}

std::optional<Groups> match(const std::string& pattern, const std::string& text) {
  auto out = search("^(" + pattern + ")$", text);
  if (!out || out->front() != text) return std::nullopt;
  out->erase(out->begin());
  return out;
}

std::vector<Groups> search_all(const std::string& pattern, const std::string& text) {
  const Pattern compiled(pattern);
  std::vector<Groups> out;
  for (std::size_t at = 0;;) {
    auto found = compiled.find(text, at);
    if (!found) return out;
    out.push_back(std::move(*found));
  }
}

}  // namespace t2::test
