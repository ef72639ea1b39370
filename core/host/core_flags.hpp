// The core's own flags, described like those of a plugin: the name in settings is tranalyzer2.
#pragma once

#include "t2/plugin.hpp"

namespace t2 {

extern const Descriptor core_descriptor;

}  // namespace t2
