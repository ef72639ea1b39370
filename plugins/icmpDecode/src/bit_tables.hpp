// What the bits of icmpStat say: for t2 --describe and tawk -V.
#pragma once

#include "t2/row.hpp"

namespace t2::icmp_decode {

inline constexpr Bit stat_bits[] = {
    {0x01, "ICMP"},
    {0x02, "error message that quotes no whole IP header"},
    {0x10, "WANG2 in an echo request"},
    {0x20, "sequence number of an echo is not the next one"},
    {0x40, "sequence numbers of Loki"},
    {0x80, "OpenSSH in an echo"},
};

}  // namespace t2::icmp_decode
