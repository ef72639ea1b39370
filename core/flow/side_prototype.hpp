// What a new side of a conversation is copied from: the states that only flows of TCP have, then a Direction and the
// states of all flows behind it. Sides of other flows begin at the Direction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace t2 {

struct SidePrototype {
  std::vector<std::byte> bytes;
  std::size_t tcp_bytes = 0;  // in front of the Direction; both parts are multiples of the alignment of a Direction
  // Offsets from the Direction of the cache lines that packets of the other direction touch; negative: of TCP.
  std::vector<std::int32_t> other_lines = {};
};

}  // namespace t2
