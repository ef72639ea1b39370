// The exporter's own sources, without the plugin around them, so that the tests can drive them directly.
#include "../src/address.cpp"
#include "../src/exporter.cpp"
#include "../src/fields.cpp"
#include "../src/message.cpp"
#include "../src/options.cpp"
#include "../src/pace.cpp"
#include "../src/transport_peer.cpp"
#include "../src/udp.cpp"
