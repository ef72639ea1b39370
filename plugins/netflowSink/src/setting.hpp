// Settings: numbers with their ranges, and the errors of settings. Used before the first packet only.
#pragma once

#include <cstdint>
#include <string>

#include "t2/plugin.hpp"

namespace t2::netflow_sink {

// An error that stops the run before the first packet. `text`: what is wrong, and what to do.
inline Error setting_error(const std::string& text) { return Error("netflowSink: " + text); }

// The value of a flag of the plugin, which must lie in the range.
inline std::int64_t setting(const Host& host, const char* flag, std::int64_t low, std::int64_t high) {
  const std::int64_t value = host.integer(flag);
  if (value < low || value > high) {
    throw setting_error(std::string(flag) + "=" + std::to_string(value) + " is out of range: use a value of " +
                        std::to_string(low) + "-" + std::to_string(high));
  }
  return value;
}

}  // namespace t2::netflow_sink
