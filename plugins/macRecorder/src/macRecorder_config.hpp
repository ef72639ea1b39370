// The flags of macRecorder.h as values. The code asks these, with `if constexpr`, and no macro.
#pragma once

#include <cstddef>

#include "macRecorder.h"

namespace t2::mac_recorder::config {

enum class MacForm { hex, address, decimal };
inline constexpr MacForm mac_form{MR_MAC_FMT};
inline constexpr bool pair_count = MR_NPAIRS == 1;

enum class LabelForm { none, number, short_name, full_name };
inline constexpr LabelForm label_form{MR_MACLBL};
inline constexpr bool labels = label_form != LabelForm::none;
inline constexpr std::size_t max_short_name = MAC_SORGLEN, max_full_name = MAC_ORGLEN;  // characters

inline constexpr unsigned max_pairs = MR_MAX_MAC;  // per direction

}  // namespace t2::mac_recorder::config
