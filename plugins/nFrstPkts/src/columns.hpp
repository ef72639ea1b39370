// The columns of nFrstPkts: which there are under the flags.
#pragma once

#include "nFrstPkts_config.hpp"
#include "t2/flags.hpp"

namespace t2::n_frst_pkts {

using config::Joined;

inline constexpr ColumnIf column_table[] = {
    {{"nFpCnt", "Number of listed packets", Type::u32}},
    {Column("L2L3L4Pl_Iat", "Length and time of the first packets", Type::u32, Type::duration).repeated(),
     !config::header_lengths && !config::pulses},
    {Column("HD3l_HD4l_L2L3L4Pl_Iat", "Header lengths, length and time of the first packets", Type::u8, Type::u8,
            Type::u32, Type::duration)
         .repeated(),
     config::header_lengths && !config::pulses},
    {Column("L2L3L4Pl_Iat_nP", "Length, time and duration of the first pulses", Type::u32, Type::duration,
            Type::duration)
         .repeated(),
     !config::header_lengths && config::pulses},
    {Column("HD3l_HD4l_L2L3L4Pl_Iat_nP", "Header lengths, length, time and duration of the first pulses", Type::u8,
            Type::u8, Type::u32, Type::duration, Type::duration)
         .repeated(),
     config::header_lengths&& config::pulses},
    {Column("PPI_PKT_LENGTHS", "Lengths of the first packets of both directions", Type::u16).repeated(),
     config::joined == Joined::ipfixprobe},
    {Column("PPI_PKT_TIMES", "Times of the first packets of both directions", Type::time).repeated(),
     config::joined == Joined::ipfixprobe},
    {Column("PPI_PKT_FLAGS", "TCP flags of the first packets of both directions", Type::h8).repeated(),
     config::joined == Joined::ipfixprobe},
    {Column("PPI_PKT_DIRECTIONS", "Directions of the first packets: 1: A, -1: B", Type::i8).repeated(),
     config::joined == Joined::ipfixprobe},
    {Column("splt_direction", "Directions of the first packets: 0: A, 1: B", Type::u8).repeated(),
     config::joined == Joined::nfstream},
    {Column("splt_ps", "Lengths of the first packets of both directions", Type::u16).repeated(),
     config::joined == Joined::nfstream},
    {Column("splt_piat_ms", "Milliseconds since the packet before, of both directions", Type::i64).repeated(),
     config::joined == Joined::nfstream},
};
inline constexpr auto columns = present_columns<column_table>();

}  // namespace t2::n_frst_pkts
