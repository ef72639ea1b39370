// The columns of quicDecode.
#pragma once

#include "bit_tables.hpp"

namespace t2::quic_decode {

inline constexpr Column columns[] = {
    Column("quicStat", "Status bits", Type::h8).with(stat_bits),
    {"quicVersion", "Version of the last packet", Type::h32},
    {"quicFlags", "First bytes of all packets, or-ed", Type::h8},
    Column("quicPktTypes", "Bits of the types of packets", Type::h8).with(type_bits),
    {"quicDCID", "Connection id of the last packet's destination, as hex", Type::label},
    {"quicSCID", "Connection id of the last packet's source, as hex", Type::label},
    {"quicODCID", "Connection id that the client chose first, as hex", Type::label},
    {"quicPkts", "Number of packets with a long header", Type::u32},
    Column("quicOffered", "Versions that the server offers", Type::h32).repeated(),
};

inline constexpr Column packet_columns[] = {
    Column("quicStat", "Status bits of the packet", Type::h8).with(stat_bits),
    {"quicFlags", "First byte", Type::h8},
    {"quicPktType", "Type of the first packet in the datagram", Type::label},
    {"quicVersion", "Its version", Type::h32},
    {"quicDCID", "Connection id of its destination, as hex", Type::label},
    {"quicSCID", "Connection id of its source, as hex", Type::label},
};

}  // namespace t2::quic_decode
