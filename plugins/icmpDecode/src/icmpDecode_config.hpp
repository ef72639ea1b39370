// The flags of icmpDecode.h as values.
#pragma once

#include "icmpDecode.h"

namespace t2::icmp_decode::config {

inline constexpr bool directions = ICMP_FDCORR == 1, parents = ICMP_PARENT == 1;

}  // namespace t2::icmp_decode::config
