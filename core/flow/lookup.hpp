// What the flow table is asked with: the key of a packet's conversation, its hash, and which end sent the packet.
#pragma once

#include <cstdint>

#include "flow/entries.hpp"

namespace t2 {

struct Lookup {
  Key key;
  std::uint64_t hash = 0;            // of the key, by the keyed hash
  FlowEntry* cached_flow = nullptr;  // what prefetch_lookup() found; valid while `removals` is that of the table
  std::uint32_t removals = 0;        // FlowTable::removals() at that time
  std::uint32_t identification = 0;  // of IPv4, or of the IPv6 fragment header
  std::uint8_t source_end = 0;       // which end of the key sent the packet: 0 or 1
};

}  // namespace t2
