// What the machine offers to this process, and where the process runs on it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "app/options.hpp"
#include "base/log.hpp"

namespace t2 {

std::size_t processors();          // on which this process may run
std::uint64_t memory_for_flows();  // bytes: FLOW_MEMORY percent of the machine's memory
// -c and -P: the processor and the priority of this process. Throws Error.
void place_process(const Options& options, Log& log);

}  // namespace t2
