// What the functions that analyse one packet hand to each other: the packet, the states of both directions, what was
// found, and what the worker keeps across packets. Lives in the worker that owns the flow, for the time of one packet;
// nothing here may point to a packet longer than that.
#pragma once

#include <cstdint>

#include "bits.hpp"
#include "t2/clock.hpp"
#include "t2/plugin.hpp"
#include "tcpFlags_state.h"

namespace t2::tcp_flags {

// Totals of the run. Sums and ORs only: they must not depend on the order of flows.
struct Totals {
  Bits ip_flags = 0, status = 0, tcp_flags = 0, anomaly = 0, mptcp_types = 0;
  std::uint8_t tos = 0, mptcp_flags = 0;
  std::uint64_t scans = 0, scan_successes = 0, syn_retries = 0, seq_retries = 0;
  std::uint64_t window_below = 0, mptcp_options = 0;

  void add(const Totals& other);
};

// What the row of a packet (-s) shows beyond the packet itself and the state of its direction. Cleared only for a
// packet that comes alone: no row is made of others.
struct PacketTrace {
  Bits status = 0, ip_flags = 0, flags = 0, anomaly = 0;
  std::int32_t ip_id_step = 0;
  std::int32_t seq_step = 0, ack_step = 0;     // from the packet before; 0 where they are not analysed
  std::uint32_t seq_bytes = 0, ack_bytes = 0;  // what of that counts as bytes
  std::uint32_t seq_max = 0;                   // largest expected number before this packet
  std::uint32_t window = 0, factor = 0;
  std::uint8_t mptcp_subtype = 0, mptcp_flags = 0, mptcp_address = 0, mptcp_dss = 0;
  bool summed = false;         // there is an l4_sum
  std::uint64_t l4_sum = 0;    // over all that the checksum covers; words as they lie in memory
  std::uint32_t l4_field = 0;  // offset of the checksum in the transport header, 0: has none
};

// What one worker keeps across packets: totals, and the trace of the packet being analysed.
struct WorkerContext {
  t2::Host& host;
  Totals totals{};
  t2::TimeSplitter splitter{};
  PacketTrace trace{};
};

// Of both directions of a packet's flow.
struct States {
  TcpFlagsState& own;
  TcpFlagsState* other;
  TcpHeaderState* own_tcp;
  TcpHeaderState* other_tcp;
};

// What the analysis of one packet found.
struct PacketFindings {
  unsigned status;  // tcpFStat, ipFlags, tcpFlags, tcpAnomaly of this packet
  unsigned ip_flags = 0;
  unsigned flags = 0;
  unsigned anomaly = 0;
  bool has_timestamp = false;  // time-stamp option
};

// One packet. `other` is null as long as the other direction had no packet, and what ends in _tcp for other protocols.
// Functions that are not inline take a copy
// and return their findings: a PacketContext whose address escaped could not stay in registers.
struct PacketContext : PacketFindings, States {
  PacketContext(const t2::Packet& p, const States& states, WorkerContext& of_worker, float since_other,
                bool known_mid_connection)
      : PacketFindings{states.own.status & unsigned{stat::carried_over}},
        States(states),
        packet(p),
        worker(of_worker),
        response_time(since_other),
        mid_connection(known_mid_connection) {
    if (mid_connection && !(other && own_tcp && other_tcp)) __builtin_unreachable();
  }
  const t2::Packet& packet;
  WorkerContext& worker;
  float response_time;  // seconds since the other direction's last packet
  bool mid_connection;  // see is_mid_connection(); a compile-time constant where functions are inlined
  void set(const PacketFindings& found) { static_cast<PacketFindings&>(*this) = found; }

  bool first() const { return !mid_connection && packet.first_of_direction; }

  // Seconds since the packet before in this direction.
  float inter_arrival() const { return static_cast<float>(static_cast<double>(packet.time - packet.previous) / 1e9); }

  // The direction's memory for what few directions have. Null: there is no memory, and tcpFStat says so.
  ColdState* cold() {
    if (!own.cold) own.cold = static_cast<ColdState*>(worker.host.flow_alloc(*packet.flow, sizeof(ColdState)));
    if (!own.cold) status |= stat::no_memory;
    return own.cold;
  }
};

// Of a direction that has ended: packets whose TCP header was seen.
inline std::uint64_t tcp_packets(const t2::Direction& direction, const TcpFlagsState& own) {
  return own.tcp_seen ? direction.packets - (own.cold ? own.cold->without_header : 0) : 0;
}

// A packet in the middle of a connection: TCP with ACK and none of SYN, FIN and RST, over IPv4 without options,
// complete; both directions have begun. Most packets are: analysis is compiled a second time for them alone.
inline bool is_mid_connection(const t2::Packet& packet, const TcpFlagsState& own) {
  constexpr unsigned begun = stat::started | stat::window_known;
  return packet.protocol == protocol::tcp && packet.family == t2::Family::ipv4 && packet.l4 == packet.l3 + 20 &&
         packet.other && packet.captured_l4 >= packet.l4_length && packet.captured_l4 >= 20 && packet.l4_header >= 20 &&
         !packet.later_fragment && !packet.more_fragments && own.more_than_one && own.tcp_seen &&
         (own.status & begun) == begun && (packet.data[packet.l4 + 13] & (flag::ack | flag::control)) == flag::ack;
}

// The TCP header counts as seen if its fields up to the window were captured.
inline bool has_tcp_header(const t2::Packet& packet) { return packet.is_tcp_header() && packet.captured_l4 >= 16; }

}  // namespace t2::tcp_flags
