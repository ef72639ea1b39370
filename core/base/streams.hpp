// Standard output and standard error, whatever they are connected with: a full disk or a closed pipe stops nothing.
//
// That standard output did not take all is known at the end, and decides the exit status. What standard error does not
// take nobody can be told. Any thread.
#pragma once

#include <cstdio>
#include <string_view>

namespace t2 {

// Opens /dev/null in place of those of the streams 0, 1 and 2 that are closed: no file that is opened later is taken
// for one of them.
void open_standard_streams();
void print_to(std::FILE* stream, std::string_view text);
void flush_stdout();
// The errno of what standard output did not take, also of what waits in its buffer; 0: it took all, or its reader has
// gone (EPIPE), who did not want more.
int stdout_problem();

}  // namespace t2
