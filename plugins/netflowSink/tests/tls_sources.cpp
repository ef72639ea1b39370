// As stream_sources.cpp, for TLS: it has constants of the same names, too.
#include "../src/tls.cpp"
