// Standard output that holds flows: what happens when its reader goes.
#pragma once

namespace t2 {

// From now on the process ends by SIGPIPE, without a word, when it writes to a standard output that has no reader any
// more, like other programs in a pipeline. Sockets and other pipes still answer with an error. Before threads are
// started.
void end_with_stdout_reader();

}  // namespace t2
