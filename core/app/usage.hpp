// The text of -h: manual page and completions have the same options, which tests/lint/scripts_test.sh checks.
#pragma once

#include <string_view>

namespace t2 {

extern const std::string_view usage;

}  // namespace t2
