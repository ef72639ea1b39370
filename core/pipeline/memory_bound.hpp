// How much memory may be in use for what grows with traffic, by its kind: figures for the log, before the first packet.
#pragma once

#include <cstdint>

namespace t2 {

struct MemoryBound {            // bytes
  std::uint64_t flows = 0;      // records, index, timeouts, order of eviction
  std::uint64_t lists = 0;      // of plugins, in blocks from Host::flow_alloc()
  std::uint64_t fragments = 0;  // datagrams whose fragments are known
  std::uint64_t rows = 0;       // on their way to the sinks
  std::uint64_t packets = 0;    // on their way to workers
  std::uint64_t stacks = 0;     // descriptions of packets' headers
  std::uint64_t sinks = 0;      // what waits for slow receivers

  std::uint64_t total() const { return flows + lists + fragments + rows + packets + stacks + sinks; }
  MemoryBound& operator+=(const MemoryBound& more) {
    flows += more.flows, lists += more.lists, fragments += more.fragments;
    rows += more.rows, packets += more.packets, stacks += more.stacks, sinks += more.sinks;
    return *this;
  }
};

}  // namespace t2
