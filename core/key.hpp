// From a decoded packet to the key of its conversation. Used by the decoding thread.
#pragma once

#include "worker.hpp"

namespace t2 {

std::uint64_t hash_key(const Key& key, std::uint64_t seed);
void make_lookup(const Packet& packet, std::uint64_t seed, Lookup& made);

}  // namespace t2
