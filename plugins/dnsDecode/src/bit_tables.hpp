// What the bits of dnsStat say: for t2 --describe and tawk -V.
#pragma once

#include "t2/row.hpp"

namespace t2::dns_decode {

inline constexpr Bit stat_bits[] = {
    {0x0001, "port of DNS"},
    {0x0002, "NetBIOS names"},
    {0x0004, "message in several TCP segments"},
    {0x0008, "several messages end in a segment"},
    {0x0020, "question of type ANY"},
    {0x0040, "question of type IXFR"},
    {0x0080, "question of type AXFR"},
    {0x0100, "datagram of more than 548 bytes"},
    {0x0200, "record whose data is not shown"},
    {0x0400, "more questions than are listed"},
    {0x0800, "more records than are listed"},
    {0x1000, "a length does not fit"},
    {0x2000, "bad compression pointer"},
    {0x4000, "message is too short"},
    {0x8000, "header that cannot be right"},
};

}  // namespace t2::dns_decode
