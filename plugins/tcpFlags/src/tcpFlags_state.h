// What tcpFlags remembers of each direction of a conversation. Written by the worker that owns the flow; other plugins
// may Peek at it when the flow has ended.
//
// Fields stand in the order in which packets touch them: first those that packets of the other direction look at, too
// (other_bytes), last what only the first packet writes. What few directions have is in ColdState. Integers are as the
// output columns print them; times are nanoseconds. Figures of an analysis that a user flag turned off stay 0 (sequence
// numbers and windows are always known).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "bits.hpp"
#include "t2/flags.hpp"
#include "t2/packet.hpp"
#include "tcpFlags_config.hpp"

namespace t2::tcp_flags {

// How far the handshake of a direction has got, as response times need to know.
enum class Handshake : std::uint8_t { none, syn, syn_ack, ack, stop };

// Extension headers of IPv6, as bits of ColdState::extensions.
namespace extension {
constexpr std::uint8_t hop_by_hop = 1, destination = 2, routing = 4, first_fragment = 8, later_fragment = 16,
                       authentication = 32;
}

struct ColdState {
  t2::Time timestamp_first_time,
      timestamp_last_time;  // of packets with a time stamp; see TcpFlagsState::timestamp_on_first, timestamp_on_last
  std::uint64_t without_header;  // packets of TCP whose header was not captured, or that have none: later fragments
  std::uint32_t window_below;    // packets with a window below WINMIN

  // ---- fragments: the datagram whose L4 checksum is being summed up
  std::uint16_t fragment_expected;  // position of the next fragment, in units of 8 bytes
  std::uint16_t datagram_id;
  std::uint16_t datagram_sum;                   // 0: none is open (a sum that counts is never 0)
  std::uint16_t datagram_got, datagram_length;  // bytes; length 0: not known yet

  // ---- options
  std::uint16_t ip_option_count[2];
  std::uint16_t mptcp_types;     // bit k: subtype k
  std::uint32_t ip_options[2];   // bit sets. IPv4: [0]; IPv6: hop-by-hop, destination
  std::uint8_t ip_option_class;  // IPv4: OR of copy and class bits
  std::uint8_t mptcp_flags, mptcp_address, mptcp_dss;
  std::uint8_t extensions;                       // IPv6: of all packets
  bool has_all_kinds;                            // all kinds are here, and not in TcpFlagsState::kinds
  std::uint8_t kinds[config::max_option_kinds];  // option kinds of packets with SYN, in order
};

// Of all flows of IP.
struct TcpFlagsState {
  float rtt_min = 65535.0f, rtt_max = 0, rtt_mean = 0, rtt_variance = 0;  // seconds until the other side answered
  float trip = 0;                                                         // SYN to SYN-ACK, or SYN-ACK to ACK; seconds
  std::uint16_t status = 0;                                               // column tcpFStat
  std::uint16_t ip_flags = 0;                                             // column ipFlags
  Handshake handshake : 3 = Handshake::none;
  bool more_than_one : 1 = false;       // there was more than one packet
  bool tcp_seen : 1 = false;            // there was a TCP header
  bool timestamp_on_first : 1 = false;  // the first time stamp came with the first packet of the direction
  bool timestamp_on_last : 1 = false;   // the last one came with its last packet so far
  std::uint8_t tos = 0;                 // OR of all packets
  std::uint8_t ttl = 0, ttl_min = 0, ttl_max = 0, ttl_changes = 0;
  std::uint16_t ip_id = 0;        // IPv4: of the previous packet; IPv6: the flow label of the first, its lower 16 bits
  std::uint16_t ip_id_first = 0;  // IPv4: of the first packet; IPv6: the upper bits of the flow label
  std::uint16_t ip_id_step_min = 0xffff, ip_id_step_max = 0;  // IPv4
  std::uint16_t mss_or_icmp = 0;  // TCP: last segment size; ICMP: type and code of the first packet; IGMP: type, 0
  ColdState* cold = nullptr;

  std::uint32_t flow_label() const { return std::uint32_t{ip_id_first} << 16 | ip_id; }
  std::uint16_t mss() const { return tcp_seen ? mss_or_icmp : std::uint16_t{0}; }  // 0: none
  std::uint8_t icmp_type() const {
    return tcp_seen ? std::uint8_t{0} : static_cast<std::uint8_t>(mss_or_icmp >> 8);
  }  // ICMP and ICMPv6
  std::uint8_t icmp_code() const { return tcp_seen ? std::uint8_t{0} : static_cast<std::uint8_t>(mss_or_icmp); }
  static constexpr std::size_t other_bytes = 26;
};

// Of flows of TCP, from the first packet on whose TCP header was captured.
struct TcpHeaderState {
  // ---- packets of both directions
  std::uint32_t ack = 0;           // of the previous TCP packet
  std::uint32_t seq_expected = 0;  // that follows the previous packet
  std::uint32_t seq_max = 0;       // largest expected so far
  std::uint32_t window = 0;        // scaled; of the previous packet
  std::uint32_t in_flight = 0;
  std::uint16_t anomaly = 0;  // column tcpAnomaly
  std::uint8_t last = 0;      // of the previous TCP packet: FIN, SYN, RST; last_probe, last_duplicate
  std::uint8_t scale = 0;     // window scale option: the shift as it was sent; see window_factor()
  // ---- every TCP packet
  std::uint32_t seq = 0;  // of the previous TCP packet
  float window_mean = 0;
  std::uint64_t sent_bytes = 0, acked_bytes = 0;
  std::uint16_t tcp_flags = 0;  // column tcpFlags: lower byte: OR of the flags, upper byte: combinations
  std::uint16_t in_sequence = 0;
  std::uint16_t acks = 0;
  // ---- TCP options
  std::uint16_t option_packets = 0, option_count = 0;
  std::uint8_t kind_count = 0;  // option kinds of packets with SYN
  std::uint32_t options = 0;    // bit k: kind k; bit 31: kinds 31 and above
  std::uint32_t timestamp = 0, timestamp_echo = 0, timestamp_max = 0;
  // ---- what changes now and then
  std::uint32_t in_flight_max = 0;
  std::uint32_t window_min = 0, window_max = 0;
  std::uint16_t ack_faults = 0;
  std::uint16_t retransmissions = 0;  // column tcpSeqFaultCnt
  std::uint16_t window_down = 0, window_up = 0, window_turns = 0;
  // ---- the first packet
  std::uint16_t window_first = 0;  // scaling begins later
  std::uint32_t kinds = 0;         // the first option kinds, 4 bits each, as long as no more are needed
  std::uint32_t timestamp_first = 0;
  std::uint32_t isn = 0;  // sequence number of the first TCP packet
  [[no_unique_address]] t2::FieldIf<std::array<std::uint16_t, 16>, config::flag_counters> flag_counts;

  static constexpr std::uint8_t last_probe = 0x08;      // a zero-window probe
  static constexpr std::uint8_t last_duplicate = 0x10;  // a duplicate ACK
  static constexpr std::size_t other_bytes = 24;
  // By which the windows of this direction are multiplied. A shift above 14 counts as 14 (RFC 7323, 2.3).
  std::uint16_t agreed_window_factor() const { return static_cast<std::uint16_t>(1u << std::min<unsigned>(scale, 14)); }
  // The same, 0 unless both sides offered the option.
  std::uint16_t window_factor(const TcpFlagsState& of) const {
    return of.status & stat::scaled ? agreed_window_factor() : std::uint16_t{0};
  }
};

}  // namespace t2::tcp_flags
