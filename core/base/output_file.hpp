// The one way in which the program writes files: rows, headers, log, reports.
#pragma once

#include <memory>

#include "t2/output_file.hpp"

namespace t2 {

// Opens the file and writes its first lines. A FIFO waits for its reader. Throws Error, one line.
std::unique_ptr<OutputFile> create_output_file(const NewFile& file);

}  // namespace t2
