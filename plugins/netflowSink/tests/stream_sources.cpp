// As sources.cpp, for connections: these have constants of the same names.
#include "../src/stream.cpp"
#include "../src/tcp.cpp"
