// Shortens names, and looks for the country in an address.
#include "labels.hpp"

#include <algorithm>

#include "characters.hpp"

namespace t2::mac_recorder {
namespace {

bool in_name(char c) {
  return is_upper(c) || is_lower(c) || is_digit(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }  // UTF-8: not the first byte
char lower(char c) { return is_upper(c) ? static_cast<char>(c + 32) : c; }

std::string_view beginning(std::string_view s, std::size_t characters) {
  std::size_t end = 0;
  while (end < s.size() && (continues(s[end]) || characters-- > 0)) ++end;
  return s.substr(0, end);
}

}  // namespace

// The address ends with the country and a postal code that may have letters, too: "... Zwaag NL 1689 AL", "... HK NA".
// So: the last word of two capitals, unless it looks like the end of a code that follows another such word.
std::string_view country_of(std::string_view address) {
  constexpr std::size_t max_words = 4;  // words at the end that are looked at
  std::string_view words[max_words];
  std::size_t n = 0, code = max_words;
  auto is_code = [](std::string_view w) { return w.size() == 2 && is_upper(w[0]) && is_upper(w[1]); };
  auto has_digit = [](std::string_view w) { return std::any_of(w.begin(), w.end(), is_digit); };
  auto last_word = [](std::string_view& rest) {
    rest = trim(rest);
    std::size_t at = rest.size();
    while (at > 0 && !is_blank(rest[at - 1])) --at;
    const std::string_view word = rest.substr(at);
    rest = rest.substr(0, at);
    return word;
  };
  for (std::string_view rest = address; !rest.empty();) {
    const std::string_view word = last_word(rest);
    if (code == max_words) {
      if (!is_code(word)) continue;
      code = n;
    }
    if (n == max_words) break;
    words[n++] = word;
  }
  if (n == 0) return {};
  // words[0] is the candidate, words[1] stands in front of it, and so on.
  if (words[0] == "NA" && n > 1 && is_code(words[1])) return words[1];
  if (n > 1 && has_digit(words[1]))
    for (std::size_t i = 2; i < n && i < 4; ++i)
      if (is_code(words[i])) return words[i];
  return words[0];
}

std::string short_label(const LabelMatch& match, std::size_t longest) {
  if (match.number == 0) return "-";
  const std::string_view name = match.organisation;
  // Words of three and more capitals are written Xxx - except in names like XEROX CORPORATION, which stay as they are.
  bool keep = match.standard;
  if (std::none_of(name.begin(), name.end(), is_lower))
    for (std::string_view end : {" CORPORATION", " INCORPORATED"}) keep = keep || name.ends_with(end);

  std::string label;
  for (std::size_t at = 0, end = 0; at < name.size(); at = std::max(end, at + 1)) {
    bool small = false;
    for (end = at; end < name.size() && in_name(name[end]); ++end) small = small || is_lower(name[end]);
    std::string word(name.substr(at, end - at));
    if (!keep && !small && word.size() > 2) {
      std::transform(word.begin() + 1, word.end(), word.begin() + 1, lower);
      if (word == "Technology") word = "Tech";
    }
    label += word;
  }
  label = beginning(label, 9);
  if (!match.standard) label.append(",").append(match.country);
  return std::string(beginning(label, longest));
}

std::string full_label(const LabelMatch& match, std::size_t longest) {
  if (match.number == 0) return "-";
  return std::string(beginning(match.organisation, longest));
}

}  // namespace t2::mac_recorder
