// --each: every input is a capture of its own with an output of its own; several processes share the inputs.
//
// Files are written into a hidden folder beside their place and moved there when they are complete. A file `.t2-each`
// in the output folder says which inputs are done, so that the same command goes on where it was interrupted.
#pragma once

#include <functional>
#include <string>

#include "app/options.hpp"
#include "app/outcome.hpp"

namespace t2 {

// `analyse` is called in the processes, with one input each; its reports in JSON are printed, a line each. `made_with`:
// all that decides what is written; what was written with others does not count as done. Answers the exit status.
int run_each(const Options& options, const std::string& made_with,
             const std::function<Outcome(const Options&)>& analyse);

}  // namespace t2
