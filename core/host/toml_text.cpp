// Steps over quotes and comments of TOML 1.0 (https://toml.io/en/v1.0.0), no more: the library reports what is wrong.
#include "host/toml_text.hpp"

#include <algorithm>

namespace t2 {

namespace {

// A quote inside a word, as in `1"x"`, begins no text: the library reads on for a blank to say which word is wrong.
bool text_may_begin(char before, bool value) {
  return std::string_view(" \t\r\n=,[{").find(before) != std::string_view::npos || (before == '.' && !value);
}

}  // namespace

std::optional<unsigned> foreign_character(std::string_view text) {
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  unsigned line = 1;
  char quote = 0;           // that ends the text here; 0: none does
  bool long_quote = false;  // three of them
  bool value = false;       // behind the line's '='
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const std::size_t run = std::min(text.find_first_not_of(c, i), text.size()) - i;  // of equal characters
    if (c == '\n') {
      ++line;
      value = false;
      if (!long_quote) quote = 0;
    } else if (quote != 0) {
      if (c == '\\' && quote == '"' && i + 1 < text.size() && text[i + 1] != '\n') ++i;
      else if (c == quote && !long_quote) quote = 0;
      else if (c == quote && run >= 3) i += std::min<std::size_t>(run, 5) - 1, quote = 0, long_quote = false;
    } else if ((c == '"' || c == '\'') && text_may_begin(i == 0 ? '\n' : text[i - 1], value)) {
      if (run == 2 || run >= 6) {  // empty
        i += run == 2 ? 1 : 5;
      } else {
        long_quote = run >= 3;
        quote = c;
        if (long_quote) i += 2;
      }
    } else if (c == '#') {
      i = std::min(text.find('\n', i), text.size()) - 1;
    } else if (static_cast<unsigned char>(c) >= 0x80) {
      return line;
    } else if (c == '=') {
      value = true;
    }
  }
  return {};
}

}  // namespace t2
