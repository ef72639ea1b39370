// Asks the system.
#include "app/machine.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/settings.hpp"
#include "t2/error.hpp"
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

void place_process(const Options& options, Log& log) {
  if (options.cpu) {
    const int before = sched_getcpu() + 1, wanted = *options.cpu == 0 ? before : *options.cpu;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<unsigned>(wanted - 1), &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0)
      log.warn(fmt::format("could not bind to CPU {}: {}", wanted, std::strerror(errno)));
    else log.info(fmt::format("Tranalyzer bound to CPU {}", wanted));
  }
  if (options.priority && setpriority(PRIO_PROCESS, 0, *options.priority) != 0) {
    throw Error(fmt::format("Option '-P': cannot set priority {}: {}", *options.priority, std::strerror(errno)));
  }
}

}  // namespace t2
