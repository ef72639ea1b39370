// What icmpDecode remembers of each direction of an ICMP flow. Written by the worker that owns the flow.
#pragma once

#include <cstdint>

#include "icmp_message.hpp"

namespace t2::icmp_decode {

struct IcmpFacts {  // in memory that the core frees with the flow
  std::uint8_t stat = 0;
  bool other_sequences = false;  // than those of Loki
  std::uint16_t codes = 0;       // bits
  std::uint32_t types_high = 0, types_low = 0;
  std::uint32_t messages = 0, requests = 0, replies = 0;
  std::uint32_t time_or_gateway = 0;
  std::uint16_t sequence = 0;  // of the last echo
  bool saw_echo = false;
  Quoted quoted{};
  std::uint64_t parent = 0;  // ICMP_PARENT: flowInd of the flow that `quoted` belongs to
};

struct IcmpDecodeState {
  IcmpFacts* facts = nullptr;
  bool refused = false;  // there was no memory
};

}  // namespace t2::icmp_decode
