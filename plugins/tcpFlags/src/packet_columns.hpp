// The columns of a packet's row (-s): which there are under the flags, and how they are filled. A cell that does not
// apply to a packet is an empty list.
#pragma once

#include <cstdint>

#include "bit_tables.hpp"
#include "packet_context.hpp"
#include "t2/flags.hpp"
#include "tcpFlags_config.hpp"

namespace t2::tcp_flags {

using config::TosForm;

namespace packet {

using enum t2::Type;

template <class... T>
constexpr t2::Column cell(std::string_view name, std::string_view doc, T... types) {
  return t2::Column(name, doc, types...).repeated();
}

inline constexpr t2::Type number = config::hex_numbers ? h32 : u32;

}  // namespace packet

inline constexpr t2::ColumnIf packet_column_table[] = {
    {packet::cell("ipToS", "type of service or traffic class", packet::h8).with(tos_table),
     config::tos_form == TosForm::hex},
    {packet::cell("ipToSDscp_ecn", "DSCP and ECN", packet::u8, packet::u8), config::tos_form == TosForm::dscp_ecn},
    {packet::cell("ipToSPrec_ecn", "precedence and ECN", packet::u8, packet::u8),
     config::tos_form == TosForm::precedence_ecn},
    {packet::cell("ipID", "IPv4 identification", packet::u16)},
    {packet::cell("ipIDDiff", "step of the identification", packet::i32)},
    {packet::cell("ipFrag", "fragment bits and position as in the header", packet::h16)},
    {packet::cell("ipTTL", "TTL or hop limit", packet::u8)},
    {packet::cell("ipHdrChkSum", "IPv4 header checksum", packet::h16)},
    {packet::cell("ipCalChkSum", "what it should be", packet::h16)},
    {packet::cell("l4HdrChkSum", "transport checksum", packet::h16)},
    {packet::cell("l4CalChkSum", "what it should be", packet::h16)},
    {packet::cell("ipFlags", "flags and oddities of the IP header, bits", packet::h16).with(ip_table)},
    {packet::cell("ip6HHOptLen", "bytes of IPv6 hop-by-hop options", packet::u32).in("bytes"), config::ipv6_columns},
    {packet::cell("ip6HHOpts", "these bytes", packet::h8), config::ipv6_columns},
    {packet::cell("ip6DOptLen", "bytes of IPv6 destination options", packet::u32).in("bytes"), config::ipv6_columns},
    {packet::cell("ip6DOpts", "these bytes", packet::h8), config::ipv6_columns},
    {packet::cell("ipOptLen", "bytes of IPv4 options", packet::u32).in("bytes"), config::ipv4_columns},
    {packet::cell("ipOpts", "these bytes", packet::h8), config::ipv4_columns},
    {packet::cell("seq", "sequence number", packet::number), config::sequence_numbers},
    {packet::cell("ack", "acknowledgement number", packet::number), config::sequence_numbers},
    {packet::cell("seqMax", "largest sequence number that was expected before", packet::number),
     config::sequence_numbers},
    {packet::cell("seqDiff", "step of the sequence number", packet::i32), config::sequence_numbers},
    {packet::cell("ackDiff", "step of the acknowledgement number", packet::i32), config::sequence_numbers},
    {packet::cell("seqLen", "bytes by which the sequence number grew", packet::u32).in("bytes"),
     config::sequence_numbers},
    {packet::cell("ackLen", "bytes by which the acknowledgement number grew", packet::u32).in("bytes"),
     config::sequence_numbers},
    {packet::cell("seqFlowLen", "sum of seqLen", packet::u64).in("bytes"), config::sequence_numbers},
    {packet::cell("ackFlowLen", "sum of ackLen", packet::u64).in("bytes"), config::sequence_numbers},
    {packet::cell("tcpMLen", "payload of the direction so far", packet::u64).in("bytes"), config::sequence_numbers},
    {packet::cell("tcpBFlgt", "bytes in flight", packet::u32).in("bytes"), config::sequence_numbers},
    {packet::cell("tcpFStat", "state of the TCP analysis, bits", packet::h16).with(stat_table)},
    {packet::cell("tcpFlags", "TCP flags and combinations, bits", packet::h16).with(flag_table)},
    {packet::cell("tcpAnomaly", "anomalies, bits", packet::h16).with(anomaly_table)},
    {packet::cell("tcpWin", "window, scaled", packet::u32).in("bytes")},
    {packet::cell("tcpWS", "window scale factor, 0: no scaling", packet::u32)},
    {packet::cell("tcpMSS", "last maximum segment size", packet::u16).in("bytes")},
    {packet::cell("tcpTmS", "last time stamp", packet::u32), config::timestamps},
    {packet::cell("tcpTmER", "last time stamp echo", packet::u32), config::timestamps},
    {packet::cell("tcpMPTyp", "multipath TCP: subtype", packet::u8), config::multipath},
    {packet::cell("tcpMPF", "multipath TCP: flags", packet::h8).with(mptcp_flag_table), config::multipath},
    {packet::cell("tcpMPAID", "multipath TCP: address id", packet::u8), config::multipath},
    {packet::cell("tcpMPDSSF", "multipath TCP: data sequence signal flags", packet::h8).with(mptcp_dss_table),
     config::multipath},
    {packet::cell("tcpOptLen", "bytes of TCP options", packet::i32).in("bytes")},
    {packet::cell("tcpOpts", "these bytes", packet::h8)},
};
inline constexpr auto packet_columns = t2::present_columns<packet_column_table>();

// What only rows of packets (-s) need to know of a direction.
struct PacketRowState {
  std::uint64_t payload = 0;   // of the packets with a TCP header
  std::uint16_t checksum = 0;  // field of the datagram's first fragment
  bool begun = false;          // a TCP header was seen; `ack` is its number
  std::uint32_t ack = 0;
};

struct PacketRowInput {
  const t2::Packet& packet;
  const States& states;
  const PacketTrace& trace;
  PacketRowState& memory;
};

void put_packet(t2::Row&, const PacketRowInput&);  // an IP packet
void put_no_packet(t2::Row&);                      // any other

}  // namespace t2::tcp_flags
