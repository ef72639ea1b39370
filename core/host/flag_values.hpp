// Values of flags as text: numbers as C writes them, and what a header allows in brackets behind a flag.
//
// The rules are those of scripts/flags.sh, which t2conf and t2build apply to headers: the comment in the plugin's
// header is the only place where a range stands. Nothing here depends on the locale.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "t2/plugin.hpp"

namespace t2 {

// "9995", "0x270b", "-1", "07" (octal), "5UL", "(7)", "UINT16_MAX"; nothing: it is no whole number of 64 bits.
std::optional<std::int64_t> whole_number(std::string_view text);

// `allowed`: `a` or `a-b`, joined by `|`; anything else allows every value.
bool is_allowed(std::string_view value, std::string_view allowed);

// Why a flag cannot have this value, as the end of a sentence: "is not a number"; empty: it can.
std::string why_refused(const Flag& flag, std::string_view value);

}  // namespace t2
