// Metrics for monitoring systems: counts of the run as text (Prometheus, exposition format 0.0.4), from counters that
// the reader and the output thread keep up to date. From any thread; takes no locks.
#pragma once

#include <string>

#include "base/totals.hpp"

namespace t2 {

struct MetricsFacts {  // that do not change
  std::string version;
  Time start = 0;  // wall clock
};

std::string metrics_text(const InputTotals& totals, const MetricsFacts& facts);

}  // namespace t2
