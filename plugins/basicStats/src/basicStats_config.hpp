// The flags of basicStats.h as values. The code asks these, with `if constexpr`, and no macro.
#pragma once

#include <cstdint>

#include "basicStats.h"

namespace t2::basic_stats::config {

inline constexpr bool sums = BS_AGGR_CNT == 1;
inline constexpr bool received = BS_REV_CNT == 1;
inline constexpr std::uint32_t modulus = BS_MOD > 1 ? BS_MOD : 0;  // 0: lengths count as they are
inline constexpr bool padding = BS_PAD == 1;
inline constexpr bool statistics = BS_STATS == 1;
inline constexpr bool lengths = statistics && BS_PL_STATS == 1;
inline constexpr bool intervals = statistics && BS_IAT_STATS == 1;
inline constexpr bool deviation = BS_STDDEV == 1;
inline constexpr bool variance = BS_VAR == 1;
inline constexpr bool higher_moments = variance && BS_SK == 1;  // skewness and kurtosis

enum class Selection { all, longer, shorter, within, outside };
inline constexpr Selection selection{BS_XCLD};
inline constexpr bool selective = selection != Selection::all;

}  // namespace t2::basic_stats::config
