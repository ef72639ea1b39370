// What the bits of the columns mean to users. Constants only.
#pragma once

#include "bits.hpp"
#include "t2/row.hpp"

namespace t2::tcp_flags {

inline constexpr Bit stat_table[] = {
    // tcpFStat
    {stat::started, "more packets than one: distances can be measured"},
    {stat::timestamp_seen, "a time stamp was seen"},
    {stat::timestamp_back, "a time stamp lies before an earlier one"},
    {stat::options_corrupt, "options are damaged, leave the header, or were not captured"},
    {stat::window_known, "a window was seen"},
    {stat::window_update, "window update: nothing new but the window"},
    {stat::probe, "probe of a closed window: one byte although the peer's window is 0"},
    {stat::probe_reply, "answer to a probe: the window is still 0"},
    {stat::window_below, "window below WINMIN"},
    {stat::scaled, "window scaling is in use: a SYN-ACK carried the option"},
    {stat::window_full, "the peer's window is used up by what is in flight"},
    {stat::window_up, "the window grew at least once"},
    {stat::checksum_open,
     "a checksum could not be verified in the packet alone: first fragment (IPCHECKSUM < 2: any packet of TCP, UDP, "
     "ICMP ...)"},
    {stat::no_memory,
     "there was no memory for what few flows need: options of IP, extension headers, MPTCP, fragments, TCP packets "
     "without their header, long lists of option kinds, windows below WINMIN, times of time stamps in the middle of a "
     "flow"},
    {stat::sack, "selective acknowledgement option"},
    {stat::mptcp, "multipath TCP option"},
};

inline constexpr Bit ip_table[] = {
    // ipFlags
    {ip_bit::options_corrupt, "IP options are damaged or were not captured"},
    {ip_bit::id_down, "an IPv4 identification is smaller than the one before"},
    {ip_bit::fragment_small, "fragment of less than 48 bytes that is not the last"},
    {ip_bit::fragment_range, "fragment ends behind the largest possible position"},
    {ip_bit::more_fragments, "more fragments follow"},
    {ip_bit::dont_fragment, "don't fragment (IPv4)"},
    {ip_bit::reserved, "reserved bit (IPv4)"},
    {ip_bit::fragment_position, "gap before a fragment"},
    {ip_bit::fragment_sequence, "a datagram began, or the peer ended the connection, before all fragments were there"},
    {ip_bit::header_checksum, "checksum of the IPv4 header is wrong"},
    {ip_bit::transport_checksum,
     "checksum of the transport protocol is wrong, or bytes for it were not captured (then with 0x1000)"},
    {ip_bit::cut, "captured less than the header says"},
    {ip_bit::length, "UDP length is not that of the packet, UDP-Lite coverage is impossible"},
    {ip_bit::no_interval, "same time as the packet before"},
    {ip_bit::time_back, "earlier than the packet before"},
};

inline constexpr Bit flag_table[] = {
    // tcpFlags
    {flag::fin, "FIN"},
    {flag::syn, "SYN"},
    {flag::rst, "RST"},
    {flag::psh, "PSH"},
    {flag::ack, "ACK"},
    {flag::urg, "URG"},
    {0x0040, "ECE"},
    {0x0080, "CWR"},
    {flag::fin_ack, "FIN and ACK"},
    {flag::syn_ack, "SYN and ACK"},
    {flag::rst_ack, "RST and ACK"},
    {flag::null, "null: no flag but ECE or CWR"},
    {flag::syn_fin, "SYN and FIN"},
    {flag::syn_fin_rst, "SYN, FIN and RST"},
    {flag::rst_fin, "RST and FIN"},
    {flag::xmas, "Xmas: FIN, PSH, URG and no other"},
};

inline constexpr Bit anomaly_table[] = {
    // tcpAnomaly
    {anomaly::syn_retry, "SYN again after more than 0.9 s: retransmission"},
    {anomaly::timeout_retry, "retransmission after a timeout; told only for packets with SYN, FIN or RST"},
    {anomaly::fast_retry, "fast retransmission: what a duplicate ACK asked for"},
    {anomaly::duplicate_ack, "duplicate ACK"},
    {anomaly::keep_alive, "keep-alive: at most one byte, one number before the expected one"},
    {anomaly::keep_alive_reply, "answer to a keep-alive"},
    {anomaly::out_of_order, "out of order: sequence number below the largest one"},
    {anomaly::already_acked, "sends what the peer has acknowledged already"},
    {anomaly::ack_unseen, "acknowledges what was never seen"},
    {anomaly::segment_missing, "a segment is missing before this one"},
    {anomaly::scan,
     "scan: null or Xmas packet, SYN again within 0.9 s, or fewer than four TCP packets with SYN, FIN or an impossible "
     "combination"},
    {anomaly::scan_success, "the scan was answered"},
    {anomaly::syn_payload, "SYN with payload"},
};

inline constexpr Bit option_table[] = {
    // tcpOptions
    {0x00000001, "end of list"},
    {0x00000002, "no operation"},
    {0x00000004, "maximum segment size"},
    {0x00000008, "window scale"},
    {0x00000010, "SACK permitted"},
    {0x00000020, "SACK"},
    {0x00000040, "echo (obsolete)"},
    {0x00000080, "echo reply (obsolete)"},
    {0x00000100, "time stamps"},
    {0x00000200, "partial order permitted (obsolete)"},
    {0x00000400, "partial order profile (obsolete)"},
    {0x00000800, "CC (obsolete)"},
    {0x00001000, "CC.NEW (obsolete)"},
    {0x00002000, "CC.ECHO (obsolete)"},
    {0x00004000, "alternate checksum request (obsolete)"},
    {0x00008000, "alternate checksum (obsolete)"},
    {0x00010000, "Skeeter"},
    {0x00020000, "Bubba"},
    {0x00040000, "trailer checksum"},
    {0x00080000, "MD5 signature (obsolete)"},
    {0x00100000, "SCPS capabilities"},
    {0x00200000, "selective negative acknowledgement"},
    {0x00400000, "record boundaries"},
    {0x00800000, "corruption experienced"},
    {0x01000000, "SNAP"},
    {0x02000000, "option kind 25"},
    {0x04000000, "compression filter"},
    {0x08000000, "quick start"},
    {0x10000000, "user timeout"},
    {0x20000000, "authentication (TCP-AO)"},
    {0x40000000, "multipath TCP"},
    {0x80000000, "option kinds 31 and above"},
};

inline constexpr Bit mptcp_type_table[] = {
    // tcpMPTBF
    {0x0001, "MP_CAPABLE"},  {0x0002, "MP_JOIN"},      {0x0004, "DSS: data sequence"},
    {0x0008, "ADD_ADDR"},    {0x0010, "REMOVE_ADDR"},  {0x0020, "MP_PRIO"},
    {0x0040, "MP_FAIL"},     {0x0080, "MP_FASTCLOSE"}, {0x0100, "subtype 8"},
    {0x0200, "subtype 9"},   {0x0400, "subtype 10"},   {0x0800, "subtype 11"},
    {0x1000, "subtype 12"},  {0x2000, "subtype 13"},   {0x4000, "subtype 14"},
    {0x8000, "private use"},
};

inline constexpr Bit mptcp_flag_table[] = {
    // tcpMPF
    {0x80, "capable: checksums are required"},
    {0x40, "capable: extensibility"},
    {0x20, "capable: no further subflows to this address"},
    {0x10, "capable: flag D"},
    {0x08, "capable: flag E"},
    {0x04, "capable: flag F"},
    {0x02, "capable: flag G"},
    {0x01, "capable: HMAC-SHA1 (version 1: HMAC-SHA256); join, priority: backup path"},
};

inline constexpr Bit mptcp_dss_table[] = {
    // tcpMPDSSF
    {0x01, "a data acknowledgement is there"}, {0x02, "it has 8 bytes"}, {0x04, "a data sequence mapping is there"},
    {0x08, "its number has 8 bytes"},          {0x10, "DATA_FIN"},
};

inline constexpr Bit tos_table[] = {
    // ipToS
    {0x01, "ECN: ECT(1), or with 0x02 congestion experienced"},
    {0x02, "ECN: ECT(0), or with 0x01 congestion experienced"},
    {0x04, "DSCP: 1"},
    {0x08, "DSCP: 2"},
    {0x10, "DSCP: 4"},
    {0x20, "DSCP: 8"},
    {0x40, "DSCP: 16"},
    {0x80, "DSCP: 32"},
};

}  // namespace t2::tcp_flags
