// The columns of connStat.
#pragma once

#include "t2/row.hpp"

namespace t2::conn_stat {

inline constexpr Column columns[] = {
    {"connSip", "Number of addresses that the source is connected with", Type::u32},
    {"connDip", "Number of addresses that the destination is connected with", Type::u32},
    {"connSipDip", "Number of flows between the two addresses", Type::u32},
    {"connSipDprt", "Number of flows from the client's address to this port", Type::u32},
    {"connF", "connSipDprt / connSip", Type::f32},
    {"connG", "connSipDprt / connSipDip", Type::f32},
    {"connNumPCnt", "Number of packets of the source's address in all its flows", Type::u64},
    Column("connNumBCnt", "Bytes of the source's address in all its flows", Type::u64).in("bytes"),
};

}  // namespace t2::conn_stat
