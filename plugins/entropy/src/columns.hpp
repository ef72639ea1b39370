// The columns of entropy: which there are under the flags.
#pragma once

#include "entropy.h"
#include "t2/flags.hpp"

namespace t2::entropy {

inline constexpr bool with_counts = ENT_ALPHAD == 1;

inline constexpr ColumnIf column_table[] = {
    {{"PyldEntropy", "Entropy of the payload, of the largest one; -1: too few bytes", Type::f32}},
    {{"PyldChRatio", "Share of characters among the payload's bytes; -1: too few bytes", Type::f32}},
    {{"PyldBinRatio", "Share of bytes 0 to 9; -1: too few bytes", Type::f32}},
    {{"NumBin0", "Number of words that did not come", Type::u32}, with_counts},
    {Column("PyldLen", "Number of bytes that were counted", Type::u32).in("bytes"), with_counts},
    {Column("PyldHisto", "How often each word came, from 0 on", Type::u32).repeated(), with_counts},
};
inline constexpr auto columns = present_columns<column_table>();

}  // namespace t2::entropy
