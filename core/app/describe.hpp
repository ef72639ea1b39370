// --describe: what plugins measure and which settings they have, from their descriptors.
#pragma once

#include <string>
#include <vector>

#include "host/config.hpp"
#include "host/loader.hpp"

namespace t2 {

// Of these plugins, of all where none is named; tranalyzer2 is the core. Text for people, or one JSON object. Throws
// Error.
std::string describe(const std::vector<std::string>& names, const Config& config, const Plugins& plugins, bool json);

}  // namespace t2
