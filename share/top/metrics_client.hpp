// Asks a running t2 for its metrics (--metrics), and reads the answer. Used by one thread.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace t2::top {

// name{labels} -> value, as the text form of Prometheus has it.
using Metrics = std::map<std::string, double, std::less<>>;

Metrics parse_metrics(std::string_view text);
// Throws Error. `address`: PORT, ADDRESS:PORT or [ADDRESS]:PORT.
Metrics ask_metrics(const std::string& address);
// The value of a label: label("a{b=\"c\"}", "b") is c.
std::string label(std::string_view name, std::string_view wanted);

}  // namespace t2::top
