// The flags of tcpFlags.h, and those of the core that concern it, as values. The code asks these, with `if constexpr`,
// and no macro.
#pragma once

#include <cstdint>

#include "t2/config.hpp"
#include "tcpFlags.h"

namespace t2::tcp_flags::config {

enum class TosForm { hex, dscp_ecn, precedence_ecn };
inline constexpr TosForm tos_form{IPTOS};
inline constexpr unsigned tos_class_shift =
    tos_form == TosForm::dscp_ecn ? 2 : 5;  // DSCP (RFC 2474) or precedence (RFC 791)

inline constexpr bool response_times = RTT_ESTIMATE == 1;
inline constexpr bool ip_checksum = IPCHECKSUM > 0;
inline constexpr bool transport_checksum = IPCHECKSUM > 1;
inline constexpr bool windows = WINDOWSIZE == 1;
inline constexpr std::uint32_t min_window = WINMIN;  // bytes; windows below it are counted
inline constexpr bool sequence_numbers = SEQ_ACK_NUM == 1;
inline constexpr bool fragments = FRAG_ANALYZE == 1;
inline constexpr bool timestamps = NAT_BT_EST == 1;
inline constexpr bool scans = SCAN_DETECTOR == 1;
inline constexpr bool multipath = MPTCP == 1;
inline constexpr bool fingerprint = TCPJA4T == 1;
inline constexpr unsigned max_option_kinds = JA4TOPTMX;
inline constexpr bool flag_counters = TCPFLGCNT == 1;

inline constexpr bool relative_numbers = SPKTMD_SEQACKREL == 1;
inline constexpr bool hex_numbers = SPKTMD_SEQACKHEX == 1;

inline constexpr bool ipv4_columns = t2::config::ipv6_activate != 1, ipv6_columns = t2::config::ipv6_activate != 0;

}  // namespace t2::tcp_flags::config
