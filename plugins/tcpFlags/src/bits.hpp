// Names of the bits in the status words of this plugin, and of the TCP flags. bit_tables.hpp explains them to users.
// Constants only.
#pragma once

#include <cstdint>

namespace t2::tcp_flags {

using Bits = std::uint16_t;

namespace flag {  // TCP flags, and combinations in the upper byte (columns tcpFlags)
constexpr Bits fin = 0x0001, syn = 0x0002, rst = 0x0004, psh = 0x0008, ack = 0x0010, urg = 0x0020;
constexpr Bits fin_ack = 0x0100, syn_ack = 0x0200, rst_ack = 0x0400, null = 0x0800;
constexpr Bits syn_fin = 0x1000, syn_fin_rst = 0x2000, rst_fin = 0x4000, xmas = 0x8000;
constexpr Bits control = syn | fin | rst;  // packets that open or close
}  // namespace flag

namespace ip_bit {  // column ipFlags
constexpr Bits options_corrupt = 0x0001, id_down = 0x0004, fragment_small = 0x0008, fragment_range = 0x0010;
constexpr Bits more_fragments = 0x0020, dont_fragment = 0x0040, reserved = 0x0080, fragment_position = 0x0100;
constexpr Bits fragment_sequence = 0x0200, header_checksum = 0x0400, transport_checksum = 0x0800, cut = 0x1000;
constexpr Bits length = 0x2000, no_interval = 0x4000, time_back = 0x8000;
}  // namespace ip_bit

namespace stat {  // column tcpFStat
constexpr Bits started = 0x0001, timestamp_seen = 0x0002, timestamp_back = 0x0004, options_corrupt = 0x0008;
constexpr Bits window_known = 0x0010, window_update = 0x0020, probe = 0x0040, probe_reply = 0x0080;
constexpr Bits window_below = 0x0100, scaled = 0x0200, window_full = 0x0400, window_up = 0x0800;
constexpr Bits checksum_open = 0x1000, no_memory = 0x2000, sack = 0x4000, mptcp = 0x8000;
// Bits that a packet takes over from the packets before it; the others start at 0.
constexpr Bits carried_over = started | timestamp_seen | window_known | scaled | window_up | mptcp;
}  // namespace stat

namespace anomaly {  // column tcpAnomaly
constexpr Bits syn_retry = 0x0001, timeout_retry = 0x0002, fast_retry = 0x0004, duplicate_ack = 0x0008;
constexpr Bits keep_alive = 0x0010, keep_alive_reply = 0x0020, out_of_order = 0x0040, already_acked = 0x0080;
constexpr Bits ack_unseen = 0x0100, segment_missing = 0x0200, scan = 0x1000, scan_success = 0x2000;
constexpr Bits syn_payload = 0x4000;
constexpr Bits hidden_by_scan = 0x003f;
}  // namespace anomaly

}  // namespace t2::tcp_flags
