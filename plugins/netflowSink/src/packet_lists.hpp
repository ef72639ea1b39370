// The first packets of a direction as lists in its IPFIX record (RFC 6313): lengths, times and TCP flags, a basicList
// each. Workers encode them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "nFrstPkts_state.h"

namespace t2::netflow_sink {

constexpr std::uint16_t basic_list = 291;  // IANA element
constexpr unsigned list_fields = 3;        // of a direction

// Bytes of the lists of a direction with so many packets.
std::size_t max_lists_size(unsigned packets);

// Appends the lists of a direction, of `packets` entries at most.
void append_lists(const t2::n_frst_pkts::NFrstPktsState& state, unsigned packets, std::vector<std::uint8_t>& to);

}  // namespace t2::netflow_sink
