// How often each word of some bits came in a payload, of the counts of its bytes. Used by the worker that ends the
// flow.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "entropy_state.h"

namespace t2::entropy {

struct WordCounts {
  std::array<std::uint32_t, 256> of{};
  unsigned words;  // that there are
};

// `bits` divide a byte: no word belongs to two of them.
inline WordCounts words_of(const ByteCounts* bytes, unsigned bits) {
  WordCounts counts{{}, 1u << bits};
  for (unsigned byte = 0; bytes && byte < 256; ++byte)
    for (unsigned from = 0; from < 8; from += bits) counts.of[byte >> from & (counts.words - 1)] += bytes->of[byte];
  return counts;
}

}  // namespace t2::entropy
