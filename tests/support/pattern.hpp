// Regular expressions for checks of texts: the extended ones of POSIX, with glibc's \w, \s and \b.
//
//   const auto found = search("answer: ([0-9]+)", text);
//   if (found) use((*found)[1]);
//
// A dot and a list like [^"] do not match the end of a line. Files that include <regex> take ten times as long to
// compile.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace t2::test {

using Groups = std::vector<std::string>;  // what all of the pattern matches, then each of its groups

std::optional<Groups> search(const std::string& pattern, const std::string& text);  // the first place that matches
std::optional<Groups> match(const std::string& pattern, const std::string& text);   // all of the text matches
std::vector<Groups> search_all(const std::string& pattern, const std::string& text);

}  // namespace t2::test
