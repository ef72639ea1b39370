// A plugin's file, looked at before any of its code can run.
#pragma once

#include <string>

namespace t2 {

// The text `abi` of the descriptor `t2_plugin`. Throws Error, one line, for a file that is no shared object of this
// machine, is cut or damaged so that the dynamic linker could not be trusted with it, or exports no descriptor.
std::string plugin_abi(const std::string& path);

}  // namespace t2
