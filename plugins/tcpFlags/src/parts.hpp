// The steps of the work on one packet, and what they hand to each other.
#pragma once

#include <cstdint>

#include "bits.hpp"
#include "t2/packet.hpp"
#include "tcpFlags_state.h"

namespace tcp_flags {

// Totals of the run. Sums and ORs only: they must not depend on the order of flows.
struct Totals {
  Word ip_flags = 0, status = 0, tcp_flags = 0, anomaly = 0, mptcp_types = 0;
  std::uint8_t tos = 0, mptcp_flags = 0;
  std::uint64_t scans = 0, scan_successes = 0, syn_retries = 0, seq_retries = 0;
  std::uint64_t window_below = 0, mptcp_options = 0;

  void add(const Totals& other);
};

// What the row of a packet (-s) shows beyond the packet itself and the state of its direction.
struct Trace {
  Word status = 0, ip_flags = 0, flags = 0, anomaly = 0;
  std::int32_t ip_id_step = 0;
  std::int32_t seq_step = 0, ack_step = 0;         // from the packet before; 0 where they are not analysed
  std::uint32_t seq_bytes = 0, ack_bytes = 0;      // what of that counts as bytes
  std::uint32_t seq_max = 0;                       // largest expected number before this packet
  std::uint32_t window = 0, factor = 0;
  std::uint8_t mptcp_subtype = 0, mptcp_flags = 0, mptcp_address = 0, mptcp_dss = 0;
  bool summed = false;                             // there is an l4_sum
  std::uint16_t l4_sum = 0;                        // folded, over all that the checksum covers; words as they lie in memory
  std::uint32_t l4_field = 0;                      // offset of the checksum in the transport header, 0: has none
};

// One packet. `peer` is null as long as the other direction had no packet.
struct Step {
  const t2::Packet& packet;
  Side& own;
  Side* peer;
  Trace& trace;
  Word status;            // tcpFStat, ipFlags, tcpFlags, tcpAnomaly of this packet
  Word ip_flags = 0;
  Word flags = 0;
  Word anomaly = 0;
  float distance = 0;     // seconds since the packet before in this direction
};

void ip_part(Step&);
void transport_checksum(Step&);  // called by ip_part()
void tcp_part(Step&, Totals&);
void tcp_options(Step&, Totals&);  // called by tcp_part()

inline std::uint16_t word_at(const std::uint8_t* bytes) {
  return static_cast<std::uint16_t>(bytes[0] << 8 | bytes[1]);
}
inline std::uint32_t long_at(const std::uint8_t* bytes) {
  return static_cast<std::uint32_t>(word_at(bytes)) << 16 | word_at(bytes + 2);
}

// The TCP header counts as seen if its fields up to the window were captured.
inline bool has_tcp_header(const t2::Packet& packet) { return packet.is_tcp_header() && packet.captured_l4 >= 16; }

}  // namespace tcp_flags
