// The part that runs in the workers: turns a finished direction of a flow into a Record.
#pragma once

#include "t2/plugin.hpp"

namespace netflow {

t2::Plugin* create_recorder(t2::Host& host);

}  // namespace netflow
