// What the machine offers to this process.
#pragma once

#include <cstddef>
#include <cstdint>

namespace t2 {

std::size_t processors();          // on which this process may run
std::uint64_t memory_for_flows();  // bytes: FLOW_MEMORY percent of the machine's memory

}  // namespace t2
