// As sources.cpp, for connections: these have constants of the same names.
#include "../src/tcp.cpp"
#include "../src/transport_stream.cpp"
