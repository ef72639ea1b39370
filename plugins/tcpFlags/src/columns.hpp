// The columns of tcpFlags: which there are under the flags, and how a finished direction fills them.
#pragma once

#include "bit_tables.hpp"
#include "t2/plugin.hpp"
#include "tcpFlags_config.hpp"
#include "tcpFlags_state.h"

namespace t2::tcp_flags {

using config::TosForm;

using enum t2::Type;

inline constexpr t2::ColumnIf column_table[] = {
    {Column("tcpFStat", "state of the TCP analysis, bits", h16).with(stat_table)},
    {{"ipMindIPID", "smallest step of the IPv4 identification, 65535: none", u16}},
    {{"ipMaxdIPID", "largest step of the IPv4 identification", u16}},
    {{"ipMinTTL", "smallest TTL or hop limit", u8}},
    {{"ipMaxTTL", "largest TTL or hop limit", u8}},
    {Column("ipTTLChg", "packets with another TTL than the packet before", u8).in("packets")},
    {Column("ipToS", "type of service or traffic class, OR of all packets", h8).with(tos_table),
     config::tos_form == TosForm::hex},
    {{"ipToSDscp_ecn", "DSCP and ECN, OR of all packets", u8, u8}, config::tos_form == TosForm::dscp_ecn},
    {{"ipToSPrec_ecn", "precedence and ECN, OR of all packets", u8, u8}, config::tos_form == TosForm::precedence_ecn},
    {Column("ipFlags", "flags and oddities of the IP headers, bits", h16).with(ip_table)},
    {{"ipOptCnt", "IPv4 options", u16}, config::ipv4_columns},
    {{"ipOptCpCl_Num", "IPv4 options: OR of copy and class bits, bit set of numbers", h8, h32}, config::ipv4_columns},
    {{"ip6OptCntHH_D", "IPv6 options: hop-by-hop, destination", u16, u16}, config::ipv6_columns},
    {{"ip6OptHH_D", "IPv6 options: bit sets of hop-by-hop and destination", h32, h32}, config::ipv6_columns},
    {{"tcpISeqN", "sequence number of the first TCP packet", u32}, config::sequence_numbers},
    {Column("tcpPSeqCnt", "packets at the expected sequence number", u16).in("packets"), config::sequence_numbers},
    {Column("tcpSeqSntBytes", "bytes by which the sequence number grew", u64).in("bytes"), config::sequence_numbers},
    {Column("tcpSeqFaultCnt", "retransmissions", u16).in("packets"), config::sequence_numbers},
    {Column("tcpPAckCnt", "packets with ACK", u16).in("packets"), config::sequence_numbers},
    {Column("tcpFlwLssAckRcvdBytes", "bytes by which the acknowledgement number grew", u64).in("bytes"),
     config::sequence_numbers},
    {Column("tcpAckFaultCnt", "duplicate ACKs and ACKs of unseen data", u16).in("packets"), config::sequence_numbers},
    {Column("tcpBFlgtMx", "most bytes in flight", u32).in("bytes"), config::sequence_numbers},
    {Column("tcpInitWinSz", "window of the first TCP packet", u32).in("bytes"), config::windows},
    {Column("tcpAvgWinSz", "moving average of the window", f32).in("bytes"), config::windows},
    {Column("tcpMinWinSz", "smallest window", u32).in("bytes"), config::windows},
    {Column("tcpMaxWinSz", "largest window", u32).in("bytes"), config::windows},
    {{"tcpWinSzDwnCnt", "times the window shrank", u16}, config::windows},
    {{"tcpWinSzUpCnt", "times the window grew", u16}, config::windows},
    {{"tcpWinSzChgDirCnt", "times the window changed direction", u16}, config::windows},
    {{"tcpWinSzThRt", "share of packets whose window is below WINMIN", f32}, config::windows},
    {Column("tcpFlags", "TCP flags and combinations, OR of all packets", h16).with(flag_table)},
    {Column("tcpAnomaly", "anomalies of the TCP packets, bits", h16).with(anomaly_table)},
    {Column("tcpCntF_S_R_P_A_U_E_C_FA_SA_RA_N_SF_SFR_RF_X", "packets per TCP flag and combination", u16, u16, u16, u16,
            u16, u16, u16, u16, u16, u16, u16, u16, u16, u16, u16, u16)
         .in("packets"),
     config::flag_counters},
    {{"tcpJA4T", "fingerprint: first window, options of SYN packets, segment size, window scale", label},
     config::fingerprint},
    {Column("tcpOptPktCnt", "packets with TCP options", u16).in("packets")},
    {{"tcpOptCnt", "TCP options", u16}},
    {Column("tcpOptions", "kinds of TCP options, bits", h32).with(option_table)},
    {Column("tcpMSS", "maximum segment size", u16).in("bytes")},
    {{"tcpWS", "window scale factor, 0: no scaling", u16}},
    {Column("tcpMPTBF", "multipath TCP: subtypes, bits", h16).with(mptcp_type_table), config::multipath},
    {Column("tcpMPF", "multipath TCP: flags", h8).with(mptcp_flag_table), config::multipath},
    {{"tcpMPAID", "multipath TCP: last address id", u8}, config::multipath},
    {Column("tcpMPDSSF", "multipath TCP: data sequence signal flags", h8).with(mptcp_dss_table), config::multipath},
    {{"tcpTmS", "last time stamp", u32}, config::timestamps},
    {{"tcpTmER", "last time stamp echo", u32}, config::timestamps},
    {Column("tcpEcI", "estimated tick of the sender's time-stamp clock, s", f32).in("s"), config::timestamps},
    {Column("tcpUtm", "estimated up time of the sender, s", f64).in("s"), config::timestamps},
    {Column("tcpBtm", "estimated boot time of the sender", time).in("s"), config::timestamps},
    {Column("tcpSSASAATrip", "A: SYN to SYN-ACK, B: SYN-ACK to ACK, s", f32).in("s"), config::response_times},
    {Column("tcpRTTAckTripMin", "smallest answer time of the peer, s, 65535: none", f32).in("s"),
     config::response_times},
    {Column("tcpRTTAckTripMax", "largest answer time of the peer, s", f32).in("s"), config::response_times},
    {Column("tcpRTTAckTripAvg", "mean answer time of the peer, s", f32).in("s"), config::response_times},
    {Column("tcpRTTAckTripJitAvg", "deviation of the answer times, s", f32).in("s"), config::response_times},
    {Column("tcpRTTSseqAA", "A: round trip of the handshake, B: mean round trip, s", f32).in("s"),
     config::response_times},
    {Column("tcpRTTAckJitAvg", "B: deviation of the round trip, s", f32).in("s"), config::response_times},
};
inline constexpr auto columns = t2::present_columns<column_table>();

// `own_tcp`: null for other protocols; `other`: null without one.
void put_columns(t2::Row&, const t2::EndedFlow&, const TcpFlagsState& own, const TcpHeaderState* own_tcp,
                 const TcpFlagsState* other);

}  // namespace t2::tcp_flags
