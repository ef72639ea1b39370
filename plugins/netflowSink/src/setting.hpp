// Errors of settings. Used before the first packet only.
#pragma once

#include <string>

#include "t2/error.hpp"

namespace t2::netflow_sink {

// An error that stops the run before the first packet. `text`: what is wrong, and what to do.
inline Error setting_error(const std::string& text) { return Error("netflowSink: " + text); }

}  // namespace t2::netflow_sink
