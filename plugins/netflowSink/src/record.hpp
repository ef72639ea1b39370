// What the workers hand to the exporter about one direction of a finished flow: plain values in host order. How they
// look on the wire is said in fields.cpp.
#pragma once

#include <cstdint>
#include <type_traits>

#include "basicFlow.h"
#include "t2/packet.hpp"

namespace netflow {

#if BFO_MPLS > 0
constexpr unsigned mpls_labels = BFO_MAX_MPLS;
#else
constexpr unsigned mpls_labels = 0;
#endif

enum class End : std::uint8_t { idle = 1, active = 2, detected = 3, forced = 4, resources = 5 };  // IANA flowEndReason

struct Record {
  t2::Time first, last;               // packet processed first and last
  std::uint64_t packets;
  std::uint64_t payload_octets;       // as basicStats counts: "packet length" of the core flag PACKETLENGTH
  std::uint64_t ip_octets;            // IP headers and payload
  std::uint64_t flow_id;              // flowInd, the same for both directions; filled in by the output thread
  std::uint32_t min_ip_length, max_ip_length;  // bytes
  std::uint32_t identification;       // of the first packet: IPv4 identification or IPv6 flow label
  std::uint32_t interface;
  std::uint32_t isn, tcp_options;     // bit k: option kind k, k < 31
  std::uint16_t source_port, destination_port;
  std::uint16_t vlan;                 // 12-bit id of the innermost tag
  std::uint16_t window;               // of the first TCP packet, as in the header
  std::uint16_t outer_tag, inner_tag;  // tag control words of the first packet: of the first and the second tag
  std::uint8_t source[16], destination[16];  // IPv4: the first four bytes
  std::uint8_t source_mac[6], destination_mac[6];
  t2::Family family;
  std::uint8_t protocol, tos, tcp_flags, responder, min_ttl, max_ttl;
  std::uint8_t icmp_type, icmp_code;
  End end;
  std::uint32_t mpls[mpls_labels + 1];  // label stack entries (the last one is not used: an array cannot be empty)
};
static_assert(std::is_trivially_copyable_v<Record>);

}  // namespace netflow
