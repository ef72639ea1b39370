// What was probably meant by a name that does not exist. scripts/lib.sh has the same rule for the shell.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace t2 {

// The candidate that differs least, by case not at all, by fewer than a third of its letters, or whose beginning was
// given. Empty: none.
std::string closest(std::string_view word, std::span<const std::string> candidates);

// ": did you mean X?", or nothing.
std::string did_you_mean(std::string_view word, std::span<const std::string> candidates);

}  // namespace t2
