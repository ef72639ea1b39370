// What the bits of quicStat and quicPktTypes say: for t2 --describe and tawk -V.
#pragma once

#include "t2/row.hpp"

namespace t2::quic_decode {

inline constexpr Bit stat_bits[] = {
    {0x01, "QUIC"},
    {0x02, "packet of the handshake"},
    {0x04, "server offers other versions"},
    {0x08, "version has changed"},
    {0x10, "destination's connection id has changed"},
    {0x80, "datagram was not captured whole"},
};

inline constexpr Bit type_bits[] = {
    {0x01, "Initial"}, {0x02, "0-RTT"}, {0x04, "Handshake"}, {0x08, "Retry"}, {0x10, "Version Negotiation"},
};

}  // namespace t2::quic_decode
