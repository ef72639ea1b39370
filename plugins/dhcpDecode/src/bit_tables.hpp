// What the bits of dhcpStat say: for t2 --describe and tawk -V.
#pragma once

#include "t2/row.hpp"

namespace t2::dhcp_decode {

inline constexpr Bit stat_bits[] = {
    {0x0001, "DHCP"},
    {0x0002, "message of a client"},
    {0x0004, "message of a server"},
    {0x0008, "answer as broadcast is asked for"},
    {0x0010, "client identifier holds another MAC address"},
    {0x0020, "options in the fields of server name and boot file"},
    {0x0040, "seconds in little-endian order"},
    {0x0080, "hardware is not Ethernet"},
    {0x0100, "more options than are listed"},
    {0x0200, "more names or addresses than are listed"},
    {0x0800, "unknown type of message"},
    {0x1000, "an option has a length that does not fit"},
    {0x2000, "BOOTP without options"},
    {0x4000, "options do not end, or not all were captured"},
    {0x8000, "message is too short"},
};

}  // namespace t2::dhcp_decode
