// What a run says of itself before all else: the banner of the log, and the comment lines of output files.
#pragma once

#include <string>

#include "app/options.hpp"
#include "host/loader.hpp"

namespace t2 {

std::string protocols();                     // of which this build makes flows: "L2, IPv4, IPv6"
std::string banner(const Options& options);  // several lines
// The comment lines that say how an output file came to be.
std::string about(const Options& options, const Plugins& plugins);

}  // namespace t2
