// The columns of entropy.
#pragma once

#include "t2/row.hpp"

namespace t2::entropy {

inline constexpr Column columns[] = {
    {"PyldEntropy", "Entropy of the payload, of the largest one; -1: too few bytes", Type::f32},
    {"PyldChRatio", "Share of characters among the payload's bytes; -1: too few bytes", Type::f32},
    {"PyldBinRatio", "Share of bytes 0 to 9; -1: too few bytes", Type::f32},
};

}  // namespace t2::entropy
