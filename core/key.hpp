// From a decoded packet to the key of its conversation, and to the worker that has it. Used by any thread.
#pragma once

#include "decode/plain.hpp"
#include "worker.hpp"

namespace t2 {

std::uint64_t hash_key(const Key& key, std::uint64_t seed);
void make_lookup(const Packet& packet, std::uint64_t seed, Lookup& made);
void make_lookup(const RawPacket& raw, const Plain& plain, std::uint64_t seed, Lookup& made);  // the same of a plain one
// By which of several workers share packets: the same for both ways between two addresses.
std::uint8_t share_of(const Packet& packet);
std::uint8_t share_of(const RawPacket& raw, const Plain& plain);

}  // namespace t2
