// The columns of basicFlow: which there are under the flags.
#pragma once

#include "basicFlow_config.hpp"
#include "bit_tables.hpp"
#include "t2/flags.hpp"

namespace t2::basic_flow {

using config::MplsForm;
using config::VlanForm;

inline constexpr Type address = config::only_ipv4 ? Type::ip4 : config::only_ipv6 ? Type::ip6 : Type::ip;

inline constexpr Type point_in_time = config::relative_times ? Type::duration : Type::time;  // relative: never a date

inline constexpr bool stacks = config::max_stacks > 0, macs = config::max_macs > 0;

inline constexpr ColumnIf column_table[] = {
    {{"sensorID", "Sensor ID", Type::u32}, config::sensor_id},
    {{"interface", "Interface that captured the first packet", Type::label}, config::interface},
    {Column("flowStat", "Flow status and warnings", Type::h64).with(status_bits)},
    {Column("timeFirst", "Date time of first packet", point_in_time).in("s")},
    {Column("timeLast", "Date time of last packet", point_in_time).in("s")},
    {Column("duration", "Flow duration", Type::duration).in("s")},
    {{"numHdrDesc", "Number of different header descriptions", Type::u8}, stacks},
    {Column("numHdrs", "Number of headers in each header description", Type::u16).repeated(), stacks},
    {Column("hdrDesc", "Header description", Type::label).repeated(), stacks && !config::count_headers},
    {Column("hdrDesc_pktCnt", "Header description and its packets", Type::label, Type::u64).repeated(),
     stacks&& config::count_headers},
    {Column("srcMac", "Source MAC addresses", Type::mac).repeated(), macs},
    {Column("dstMac", "Destination MAC addresses", Type::mac).repeated(), macs},
    {{"ethType", "Ethernet type", Type::h16}, config::ether_type},
    {Column("vlanID", "VLAN tags of the first packet (priority and ID)", Type::u16).repeated(),
     config::vlan == VlanForm::numbers},
    {Column("vlanHdr", "VLAN tags of the first packet and the type that follows", Type::h32).repeated(),
     config::vlan == VlanForm::with_next_type},
    {Column("vlanTPID_PCP_DEI_VID", "VLAN: tag type, priority, drop eligible, ID", Type::h16, Type::u8, Type::u8,
            Type::u16)
         .repeated(),
     config::vlan == VlanForm::decoded},
    {Column("mplsLabels", "MPLS labels of the first packet", Type::u32).repeated(), config::mpls == MplsForm::labels},
    {Column("mplsLabelsHex", "MPLS labels of the first packet", Type::h32).repeated(),
     config::mpls == MplsForm::hex_labels},
    {Column("mplsHdrsHex", "MPLS label stack entries of the first packet", Type::h32).repeated(),
     config::mpls == MplsForm::entries},
    {Column("mplsLabel_ToS_S_TTL", "MPLS: label, traffic class, bottom of stack, time to live", Type::u32, Type::u8,
            Type::u8, Type::u8)
         .repeated(),
     config::mpls == MplsForm::decoded},
    {{"srcIP", "Source IP address", address}},
    {{"srcPort", "Source port", Type::u16}},
    {{"dstIP", "Destination IP address", address}},
    {{"dstPort", "Destination port", Type::u16}},
    {{"l4Proto", "Layer 4 protocol", Type::u8}},
};
inline constexpr auto columns = present_columns<column_table>();

// With -s. What a packet may not have is a list of one value or none.
inline constexpr ColumnIf packet_column_table[] = {
    {Column("flowStat", "Flow status and warnings up to this packet", Type::h64).with(status_bits)},
    {Column(config::relative_times ? "relTime" : "time", "Time of the packet", point_in_time).in("s")},
    {Column("pktIAT", "Time since the packet before in this direction", Type::duration).in("s")},
    {Column("pktTrip", "Time since the last packet of the other direction", Type::duration).in("s")},
    {Column("flowDuration", "Time since the first packet of this direction", Type::duration).in("s")},
    {{"numHdrs", "Number of headers", Type::u16}, config::header_descriptions},
    {{"hdrDesc", "Header description", Type::label}, config::header_descriptions},
    {Column("vlanID", "VLAN tags (priority and ID)", Type::u16).repeated(), config::vlan == VlanForm::numbers},
    {Column("vlanHdr", "VLAN tags and the type that follows", Type::h32).repeated(),
     config::vlan == VlanForm::with_next_type},
    {Column("vlanTPID_PCP_DEI_VID", "VLAN: tag type, priority, drop eligible, ID", Type::h16, Type::u8, Type::u8,
            Type::u16)
         .repeated(),
     config::vlan == VlanForm::decoded},
    {Column("mplsLabels", "MPLS labels", Type::u32).repeated(), config::mpls == MplsForm::labels},
    {Column("mplsLabelsHex", "MPLS labels", Type::h32).repeated(), config::mpls == MplsForm::hex_labels},
    {Column("mplsHdrsHex", "MPLS label stack entries", Type::h32).repeated(), config::mpls == MplsForm::entries},
    {Column("mplsLabel_ToS_S_TTL", "MPLS: label, traffic class, bottom of stack, time to live", Type::u32, Type::u8,
            Type::u8, Type::u8)
         .repeated(),
     config::mpls == MplsForm::decoded},
    {Column("srcMac", "Source MAC address", Type::mac).repeated()},
    {Column("dstMac", "Destination MAC address", Type::mac).repeated()},
    {{"ethType", "Ethernet type", Type::h16}},
    {Column("srcIP", "Source IP address", address).repeated()},
    {Column("srcPort", "Source port", Type::u16).repeated()},
    {Column("dstIP", "Destination IP address", address).repeated()},
    {Column("dstPort", "Destination port", Type::u16).repeated()},
    {Column("l4Proto", "Layer 4 protocol", Type::u8).repeated()},
};
inline constexpr auto packet_columns = present_columns<packet_column_table>();

}  // namespace t2::basic_flow
