// What the flow table is asked with: the key of a packet's conversation, its hash, and which end sent the packet.
#pragma once

#include <cstdint>

#include "t2/packet.hpp"

namespace t2 {

// What a packet needs to find its flow; made by the decoding thread.
struct Lookup {
  Key key;
  std::uint64_t hash = 0;
  Flow* cached_flow = nullptr;       // see Worker::prefetch_lookup()
  std::uint32_t removals = 0;        // of the table, when the cached_flow was given
  std::uint32_t identification = 0;  // of IPv4, or of the IPv6 fragment header
  std::uint8_t source_end = 0;       // which end of the key sent the packet
};

}  // namespace t2
