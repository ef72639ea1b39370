// Flags of the core and of other plugins that decide what is exported, as this build has them.
#pragma once

#include "basicFlow.h"
#include "t2/config.hpp"
#include "tcpFlags.h"

namespace t2::netflow_sink {

inline constexpr bool macs_in_key = config::eth_activate == 2;         // MAC addresses belong to the flow's key
inline constexpr bool payload_lengths = config::packetlength == 3;     // the packet length is that of the payload
inline constexpr bool tcp_flag_counts = TCPFLGCNT == 1;                // tcpFlags counts each TCP flag
inline constexpr unsigned max_tags = BFO_VLAN > 0 ? BFO_MAX_VLAN : 0;  // VLAN tags that basicFlow stores
inline constexpr unsigned max_labels = BFO_MAX_MPLS;                   // MPLS label stack entries likewise

}  // namespace t2::netflow_sink
