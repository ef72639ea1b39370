// The analysis of one capture, from its first packet to the end report.
#pragma once

#include "app/options.hpp"
#include "app/outcome.hpp"
#include "app/privileges.hpp"
#include "host/config.hpp"
#include "host/loader.hpp"

namespace t2 {

// Throws Error for what can be told before the first packet: then nothing else was printed.
Outcome analyse(const Options& options, const Config& config, const Plugins& plugins, Privileges& rights);

}  // namespace t2
