// Settings that are numbers, held against what they may be.
#pragma once

#include <cstdint>
#include <string>

#include "t2/plugin.hpp"

namespace t2::netflow_sink {

inline std::int64_t setting(const t2::Host& host, const char* flag, std::int64_t low, std::int64_t high) {
  const std::int64_t value = host.integer(flag);
  if (value < low || value > high) {
    throw t2::Error("netflowSink: " + std::string(flag) + "=" + std::to_string(value) +
                    " is out of range: use a value of " + std::to_string(low) + "-" + std::to_string(high));
  }
  return value;
}

}  // namespace t2::netflow_sink
