// What quicDecode remembers of each direction that speaks QUIC, in memory that the core frees with the flow. Written by
// the worker that owns the flow.
#pragma once

#include <cstdint>

#include "t2/quic.hpp"

namespace t2::quic_decode {

struct QuicFacts {
  static constexpr unsigned max_offered = 8;
  std::uint32_t version, packets, offered[max_offered];
  std::uint8_t stat, flags, types, offered_count;
  ConnectionId destination, source, first_destination;  // the last: of the first Initial packet
};

struct QuicDecodeState {
  QuicFacts* facts = nullptr;
  bool refused = false;  // there was no memory
};

}  // namespace t2::quic_decode
