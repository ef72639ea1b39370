// The flags of basicFlow.h, and those of the core that concern it, as values. The code asks these, with `if constexpr`,
// and no macro.
#pragma once

#include "basicFlow.h"
#include "t2/config.hpp"

namespace t2::basic_flow::config {

inline constexpr bool sensor_id = BFO_SENSORID == 1, interface = BFO_INTERFACE == 1;
// Only where flows can differ in it.
inline constexpr bool ether_type =
    BFO_ETHERTYPE == 1 && (t2::config::eth_activate > 0 || t2::config::ipv6_activate == 2);

inline constexpr bool header_descriptions = t2::config::pri_hdrdesc == 1;
inline constexpr bool count_headers = BFO_HDRDESC_PKTCNT == 1;
inline constexpr unsigned max_stacks = header_descriptions ? BFO_MAX_HDRDESC : 0;  // 0: no such columns
inline constexpr unsigned max_macs = BFO_MAC == 1 ? BFO_MAX_MAC : 0;               // 0: no such columns

enum class MplsForm { none, labels, hex_labels, entries, decoded };
inline constexpr MplsForm mpls{BFO_MPLS};
inline constexpr unsigned max_mpls = BFO_MAX_MPLS;

enum class VlanForm { none, numbers, with_next_type, decoded };
inline constexpr VlanForm vlan{BFO_VLAN};
inline constexpr bool vlans = vlan != VlanForm::none;
inline constexpr bool vlan_types = vlan == VlanForm::with_next_type || vlan == VlanForm::decoded;
inline constexpr unsigned max_vlans = BFO_MAX_VLAN;

inline constexpr bool only_ipv4 = t2::config::ipv6_activate == 0, only_ipv6 = t2::config::ipv6_activate == 1;
inline constexpr bool relative_times = t2::config::reltime == 1;

}  // namespace t2::basic_flow::config
