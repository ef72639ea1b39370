// The columns of labels.
#pragma once

#include "t2/row.hpp"

namespace t2::labels {

inline constexpr Column columns[] = {
    {"label", "Label of the first rule for this flow", Type::text},
    {"labelRule", "Its line in the file of rules, 0: there is none", Type::u32},
};

}  // namespace t2::labels
