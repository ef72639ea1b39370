// The flags of nFrstPkts.h as values. The code asks these, with `if constexpr`, and no macro.
#pragma once

#include <cstdint>

#include "nFrstPkts.h"
#include "t2/config.hpp"

namespace t2::n_frst_pkts::config {

enum class Times { since_first, since_previous, absolute };
inline constexpr Times times{NFRST_IAT};
inline constexpr bool shift_b = NFRST_BCORR == 1 && times == Times::since_first;
inline constexpr bool header_lengths = NFRST_HDRINFO == 1;

inline constexpr std::int64_t min_gap =  // nanoseconds; 0: packets are listed, not pulses
    std::int64_t{NFRST_MINIATS} * 1'000'000'000 +
    std::int64_t{NFRST_MINIATU} * (t2::config::tstamp_prec == 0 ? 1000 : 1);
inline constexpr bool pulses = min_gap > 0;
inline constexpr std::int64_t min_pulse = min_gap / NFRST_MINPLENFRC;
inline constexpr bool mean_length = NFRST_PLAVE == 1;
inline constexpr std::uint32_t min_length = NFRST_XMIN, max_length = NFRST_XMAX;

enum class Joined { none, ipfixprobe, nfstream };
inline constexpr Joined joined{NFRST_PPI};

}  // namespace t2::n_frst_pkts::config
