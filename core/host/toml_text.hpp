// What is looked for in TOML text before the library sees it.
#pragma once

#include <optional>
#include <string_view>

namespace t2 {

// The line of the first character outside ASCII that is neither in quotes nor in a comment. No name or value here has
// one, and toml++ 3.3 does not survive some: its table of blanks ends, for `ü`, in a place that it calls unreachable.
std::optional<unsigned> foreign_character(std::string_view text);

}  // namespace t2
