// Lines of the end report that plugins have in common.
#pragma once

#include <cstdio>
#include <string>

#include "t2/plugin.hpp"

namespace t2 {

// "Number of DNS packets: 48 [3.10%]", where the title ends with ": "; no line for 0.
inline void report_share(Report& report, std::string title, std::uint64_t count, std::uint64_t of) {
  if (count == 0) return;
  char share[32];
  std::snprintf(share, sizeof share, " [%.2f%%]", 100. * static_cast<double>(count) / static_cast<double>(of));
  report.line(std::move(title) + report.number(count) + share);
}

// "Aggregated dnsStat=0x0201", with so many digits; no line for 0.
inline void report_bits(Report& report, std::string_view column, std::uint64_t bits, int digits) {
  if (bits == 0) return;
  char text[32];
  std::snprintf(text, sizeof text, "=0x%0*llx", digits, static_cast<unsigned long long>(bits));
  report.line("Aggregated " + std::string(column) + text);
}

}  // namespace t2
