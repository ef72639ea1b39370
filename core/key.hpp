// From a decoded packet to the key of its conversation, and to the worker that has it. Used by any thread.
#pragma once

#include "worker.hpp"

namespace t2 {

std::uint64_t hash_key(const Key& key, std::uint64_t seed);
void make_lookup(const Packet& packet, std::uint64_t seed, Lookup& made);
// Which of several shards has the packets between these two addresses, whichever of them is the source.
std::size_t shard_of(const Packet& packet, std::size_t shards);

}  // namespace t2
