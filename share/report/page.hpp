// The page: one HTML file with its script, its styles and the sums as JSON. Used by one thread.
#pragma once

#include <string>
#include <string_view>

#include "summary.hpp"

namespace t2::report {

// `title`: of the page; text, as all that comes from traffic.
std::string page_of(Summary& summary, std::string_view title, std::size_t rows_of_tables);

// A JSON string that may stand in a script element: what is no valid UTF-8 becomes U+FFFD, and <, > and & are escaped.
std::string script_json(std::string_view text);
std::string html_text(std::string_view text);

}  // namespace t2::report
