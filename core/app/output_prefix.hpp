// Where a run writes: what -w says, or the input's name.
#pragma once

#include <string>

#include "app/options.hpp"

namespace t2 {

// One that is missing is made, in a folder that exists. Throws Error.
void make_output_folder(std::string path);
// PREFIX of the output files. Makes its folder. Throws Error.
std::string output_prefix(const Options& options);

}  // namespace t2
