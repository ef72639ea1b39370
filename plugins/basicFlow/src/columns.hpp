// The columns of basicFlow: which there are, depending on the user flags.
#pragma once

#include "basicFlow.h"
#include "t2/row.hpp"

namespace t2::basic_flow {

inline constexpr Type address = t2::config::ipv6_activate == 0   ? Type::ip4
                                : t2::config::ipv6_activate == 1 ? Type::ip6
                                                                 : Type::ip;

inline constexpr Type when =
    t2::config::reltime == 1 ? Type::duration : Type::time;  // never a date when it is relative

inline constexpr Column columns[] = {
#if BFO_SENSORID == 1
    {"sensorID", "Sensor ID", Type::u32},
#endif
    {"flowStat", "Flow status and warnings", Type::h64},
    {"timeFirst", "Date time of first packet", when},
    {"timeLast", "Date time of last packet", when},
    {"duration", "Flow duration", Type::duration},
#if T2_CORE_PRI_HDRDESC == 1 && BFO_MAX_HDRDESC > 0
    {"numHdrDesc", "Number of different header descriptions", Type::u8},
    Column("numHdrs", "Number of headers in each header description", Type::u16).repeated(),
#if BFO_HDRDESC_PKTCNT == 1
    Column("hdrDesc_pktCnt", "Header description and its packets", Type::label, Type::u64).repeated(),
#else
    Column("hdrDesc", "Header description", Type::label).repeated(),
#endif
#endif
#if BFO_MAC == 1 && BFO_MAX_MAC > 0
    Column("srcMac", "Source MAC addresses", Type::mac).repeated(),
    Column("dstMac", "Destination MAC addresses", Type::mac).repeated(),
#endif
#if BFO_ETHERTYPE == 1
    {"ethType", "Ethernet type", Type::h16},
#endif
#if BFO_VLAN == 1
    Column("vlanID", "VLAN tags of the first packet (priority and ID)", Type::u16).repeated(),
#elif BFO_VLAN == 2
    Column("vlanHdr", "VLAN tags of the first packet and the type that follows", Type::h32).repeated(),
#elif BFO_VLAN == 3
    Column("vlanTPID_PCP_DEI_VID", "VLAN: tag type, priority, drop eligible, ID", Type::h16, Type::u8, Type::u8,
           Type::u16)
        .repeated(),
#endif
#if BFO_MPLS == 1
    Column("mplsLabels", "MPLS labels of the first packet", Type::u32).repeated(),
#elif BFO_MPLS == 2
    Column("mplsLabelsHex", "MPLS labels of the first packet", Type::h32).repeated(),
#elif BFO_MPLS == 3
    Column("mplsHdrsHex", "MPLS label stack entries of the first packet", Type::h32).repeated(),
#elif BFO_MPLS == 4
    Column("mplsLabel_ToS_S_TTL", "MPLS: label, traffic class, bottom of stack, time to live", Type::u32, Type::u8,
           Type::u8, Type::u8)
        .repeated(),
#endif
    {"srcIP", "Source IP address", address},
    {"srcPort", "Source port", Type::u16},
    {"dstIP", "Destination IP address", address},
    {"dstPort", "Destination port", Type::u16},
    {"l4Proto", "Layer 4 protocol", Type::u8},
};

// With -s. What a packet may not have is a list of one value or none.
inline constexpr Column packet_columns[] = {
    {"flowStat", "Flow status and warnings up to this packet", Type::h64},
    {t2::config::reltime == 1 ? "relTime" : "time", "Time of the packet", when},
    {"pktIAT", "Time since the packet before in this direction", Type::duration},
    {"pktTrip", "Time since the last packet of the other direction", Type::duration},
    {"flowDuration", "Time since the first packet of this direction", Type::duration},
#if T2_CORE_PRI_HDRDESC == 1
    {"numHdrs", "Number of headers", Type::u16},
    {"hdrDesc", "Header description", Type::label},
#endif
#if BFO_VLAN == 1
    Column("vlanID", "VLAN tags (priority and ID)", Type::u16).repeated(),
#elif BFO_VLAN == 2
    Column("vlanHdr", "VLAN tags and the type that follows", Type::h32).repeated(),
#elif BFO_VLAN == 3
    Column("vlanTPID_PCP_DEI_VID", "VLAN: tag type, priority, drop eligible, ID", Type::h16, Type::u8, Type::u8,
           Type::u16)
        .repeated(),
#endif
#if BFO_MPLS == 1
    Column("mplsLabels", "MPLS labels", Type::u32).repeated(),
#elif BFO_MPLS == 2
    Column("mplsLabelsHex", "MPLS labels", Type::h32).repeated(),
#elif BFO_MPLS == 3
    Column("mplsHdrsHex", "MPLS label stack entries", Type::h32).repeated(),
#elif BFO_MPLS == 4
    Column("mplsLabel_ToS_S_TTL", "MPLS: label, traffic class, bottom of stack, time to live", Type::u32, Type::u8,
           Type::u8, Type::u8)
        .repeated(),
#endif
    Column("srcMac", "Source MAC address", Type::mac).repeated(),
    Column("dstMac", "Destination MAC address", Type::mac).repeated(),
    {"ethType", "Ethernet type", Type::h16},
    Column("srcIP", "Source IP address", address).repeated(),
    Column("srcPort", "Source port", Type::u16).repeated(),
    Column("dstIP", "Destination IP address", address).repeated(),
    Column("dstPort", "Destination port", Type::u16).repeated(),
    Column("l4Proto", "Layer 4 protocol", Type::u8).repeated(),
};

}  // namespace t2::basic_flow
