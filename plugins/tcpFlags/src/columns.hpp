// The columns of tcpFlags: which there are, depending on the user flags, and how a finished direction fills them.
#pragma once

#include "t2/plugin.hpp"
#include "tcpFlags_state.h"

namespace t2::tcp_flags {

using enum t2::Type;

inline constexpr t2::Column columns[] = {
    {"tcpFStat", "state of the TCP analysis, bits", h16},
    {"ipMindIPID", "smallest step of the IPv4 identification, 65535: none", u16},
    {"ipMaxdIPID", "largest step of the IPv4 identification", u16},
    {"ipMinTTL", "smallest TTL or hop limit", u8},
    {"ipMaxTTL", "largest TTL or hop limit", u8},
    {"ipTTLChg", "packets with another TTL than the packet before", u8},
#if IPTOS == 0
    {"ipToS", "type of service or traffic class, OR of all packets", h8},
#elif IPTOS == 1
    {"ipToSDscp_ecn", "DSCP and ECN, OR of all packets", u8, u8},
#else
    {"ipToSPrec_ecn", "precedence and ECN, OR of all packets", u8, u8},
#endif
    {"ipFlags", "flags and oddities of the IP headers, bits", h16},
#if T2_CORE_IPV6_ACTIVATE != 1
    {"ipOptCnt", "IPv4 options", u16},
    {"ipOptCpCl_Num", "IPv4 options: OR of copy and class bits, bit set of numbers", h8, h32},
#endif
#if T2_CORE_IPV6_ACTIVATE != 0
    {"ip6OptCntHH_D", "IPv6 options: hop-by-hop, destination", u16, u16},
    {"ip6OptHH_D", "IPv6 options: bit sets of hop-by-hop and destination", h32, h32},
#endif
#if SEQ_ACK_NUM
    {"tcpISeqN", "sequence number of the first TCP packet", u32},
    {"tcpPSeqCnt", "packets at the expected sequence number", u16},
    {"tcpSeqSntBytes", "bytes by which the sequence number grew", u64},
    {"tcpSeqFaultCnt", "retransmissions", u16},
    {"tcpPAckCnt", "packets with ACK", u16},
    {"tcpFlwLssAckRcvdBytes", "bytes by which the acknowledgement number grew", u64},
    {"tcpAckFaultCnt", "duplicate ACKs and ACKs of unseen data", u16},
    {"tcpBFlgtMx", "most bytes in flight", u32},
#endif
#if WINDOWSIZE
    {"tcpInitWinSz", "window of the first TCP packet", u32},
    {"tcpAvgWinSz", "moving average of the window", f32},
    {"tcpMinWinSz", "smallest window", u32},
    {"tcpMaxWinSz", "largest window", u32},
    {"tcpWinSzDwnCnt", "times the window shrank", u16},
    {"tcpWinSzUpCnt", "times the window grew", u16},
    {"tcpWinSzChgDirCnt", "times the window changed direction", u16},
    {"tcpWinSzThRt", "share of packets whose window is below WINMIN", f32},
#endif
    {"tcpFlags", "TCP flags and combinations, OR of all packets", h16},
    {"tcpAnomaly", "anomalies of the TCP packets, bits", h16},
#if TCPFLGCNT
    {"tcpCntF_S_R_P_A_U_E_C_FA_SA_RA_N_SF_SFR_RF_X", "packets per TCP flag and combination", u16, u16, u16, u16, u16,
     u16, u16, u16, u16, u16, u16, u16, u16, u16, u16, u16},
#endif
#if TCPJA4T
    {"tcpJA4T", "fingerprint: first window, options of SYN packets, segment size, window scale", label},
#endif
    {"tcpOptPktCnt", "packets with TCP options", u16},
    {"tcpOptCnt", "TCP options", u16},
    {"tcpOptions", "kinds of TCP options, bits", h32},
    {"tcpMSS", "maximum segment size", u16},
    {"tcpWS", "window scale factor, 0: no scaling", u16},
#if MPTCP
    {"tcpMPTBF", "multipath TCP: subtypes, bits", h16},
    {"tcpMPF", "multipath TCP: flags", h8},
    {"tcpMPAID", "multipath TCP: last address id", u8},
    {"tcpMPDSSF", "multipath TCP: data sequence signal flags", h8},
#endif
#if NAT_BT_EST
    {"tcpTmS", "last time stamp", u32},
    {"tcpTmER", "last time stamp echo", u32},
    {"tcpEcI", "estimated tick of the sender's time-stamp clock, s", f32},
    {"tcpUtm", "estimated up time of the sender, s", f64},
    {"tcpBtm", "estimated boot time of the sender", time},
#endif
#if RTT_ESTIMATE
    {"tcpSSASAATrip", "A: SYN to SYN-ACK, B: SYN-ACK to ACK, s", f32},
    {"tcpRTTAckTripMin", "smallest answer time of the peer, s, 65535: none", f32},
    {"tcpRTTAckTripMax", "largest answer time of the peer, s", f32},
    {"tcpRTTAckTripAvg", "mean answer time of the peer, s", f32},
    {"tcpRTTAckTripJitAvg", "deviation of the answer times, s", f32},
    {"tcpRTTSseqAA", "A: round trip of the handshake, B: mean round trip, s", f32},
    {"tcpRTTAckJitAvg", "B: deviation of the round trip, s", f32},
#endif
};

void put_columns(t2::Row&, const t2::EndedFlow&, const TcpFlagsState& own,
                 const TcpFlagsState* other);  // `other`: null without one

}  // namespace t2::tcp_flags
