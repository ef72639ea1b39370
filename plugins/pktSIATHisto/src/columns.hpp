// The columns of pktSIATHisto.
#pragma once

#include "t2/row.hpp"

namespace t2::pkt_siat_histo {

inline constexpr Column columns[] = {
    {"tCnt", "Number of pairs of a length and an interval", Type::u32},
    Column("Ps_Iat_Cnt_PsCnt_IatCnt", "Length, interval, packets with both, with this length, with this interval",
           Type::u16, Type::u32, Type::u32, Type::u32, Type::u32)
        .repeated(),
};

}  // namespace t2::pkt_siat_histo
