// How a run, or the analysis of one capture, ended.
#pragma once

#include <cstdint>
#include <string>

namespace t2 {

enum ExitStatus { all_well = 0, nothing_done = 1, input_damaged = 2, output_lost = 3 };

struct Outcome {  // of one analysis
  int status = all_well;
  std::uint64_t packets = 0, flows = 0;
  std::string report = {};  // --report json: the object
};

}  // namespace t2
