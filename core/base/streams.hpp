// Standard output and standard error, whatever they are connected with: a full disk or a closed pipe stops nothing.
//
// When standard output cannot be written, stdout_problem() says so at the end, and main() reports it and changes the
// exit status. When standard error cannot be written, the message is lost: the program has no other place for it. Every
// function may be called by any thread.
#pragma once

#include <cstdio>
#include <string_view>

namespace t2 {

// Opens /dev/null for each of the descriptors 0, 1 and 2 that is closed. Otherwise a file that is opened later would
// get that number, and the program would print into it.
void open_standard_streams();
void print_to(std::FILE* stream, std::string_view text);
void flush_stdout();
// Writes what waits in the buffer of standard output. Returns the errno of the first write to it that failed; 0: all
// was written, or the reader closed the pipe (EPIPE) because it wanted no more.
int stdout_problem();

}  // namespace t2
