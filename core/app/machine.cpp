// Asks the system.
#include "app/machine.hpp"

#include <algorithm>

#include <sched.h>
#include <unistd.h>

#include "base/settings.hpp"
#include "tranalyzer.h"

namespace t2 {

std::size_t processors() {
  cpu_set_t ours;
  CPU_ZERO(&ours);
  const long count = sched_getaffinity(0, sizeof ours, &ours) == 0
                         ? CPU_COUNT(&ours)
                         : sysconf(_SC_NPROCESSORS_ONLN);  // the set may be too small
  return static_cast<std::size_t>(std::max(count, 1L));
}

std::uint64_t memory_for_flows() {
  return static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) / 100 *
         settings.flow_memory;
}

}  // namespace t2
