// The columns of icmpDecode.
#pragma once

#include "bit_tables.hpp"
#include "icmpDecode_config.hpp"
#include "t2/flags.hpp"

namespace t2::icmp_decode {

inline constexpr ColumnIf column_table[] = {
    {Column("icmpStat", "Status bits", Type::h8).with(stat_bits)},
    {{"icmpTCcnt", "Number of messages", Type::u32}},
    {{"icmpBFTypH_TypL_Code", "Bits of types from 32 (ICMPv6: 128) on, of types below 32, and of codes below 16",
      Type::h32, Type::h32, Type::h16}},
    {Column("icmpTmGtw", "Last time stamp of the sender, or gateway of a redirection", Type::h32).addresses(1)},
    {{"icmpEchoSuccRatio", "Answers to its echo requests; without requests: answers, negative", Type::f32}},
    {{"icmpPFindex", "flowInd of the flow that the last error message quotes, 0: unknown", Type::u64}, config::parents},
    {{"icmpErrProto", "Protocol of the packet that the last error message quotes", Type::u8}},
    {{"icmpErrSrcIP", "Its source", Type::ip}},
    {{"icmpErrSrcPort", "Its source port", Type::u16}},
    {{"icmpErrDstIP", "Its destination", Type::ip}},
    {{"icmpErrDstPort", "Its destination port", Type::u16}},
};
inline constexpr auto columns = present_columns<column_table>();

inline constexpr ColumnIf packet_column_table[] = {
    {Column("icmpStat", "Status bits of the packet", Type::h8).with(stat_bits)},
    {Column("icmpType", "Type", Type::u8).repeated()},
    {Column("icmpCode", "Code", Type::u8).repeated()},
    {Column("icmpID", "Identifier of an echo or a time stamp", Type::h16).repeated()},
    {Column("icmpSeq", "Sequence number of an echo or a time stamp", Type::h16).repeated()},
    {Column("icmpPFindex", "flowInd of the flow that an error message quotes, 0: unknown", Type::u64).repeated(),
     config::parents},
};
inline constexpr auto packet_columns = present_columns<packet_column_table>();

}  // namespace t2::icmp_decode
