// Datagrams that came in fragments: where a fragment without ports belongs.
//
// One datagram per direction of a flow, the last one that began, so the table is bounded by the flow table. It is kept
// when it is complete, as fragments come twice. Used by one worker.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "decode/datagram.hpp"
#include "flow/entries.hpp"

namespace t2 {

class Fragments {
 public:
  struct Datagram {
    FlowEntry* flow;
    unsigned direction;
    Holes missing;
  };
  explicit Fragments(std::uint64_t seed) : datagrams_(16, Hash{seed}) {}

  // Null: not known.
  Datagram* find(const DatagramKey& key) {
    const auto found = datagrams_.find(key);
    return found == datagrams_.end() ? nullptr : &found->second;
  }
  void set(const DatagramKey& key, Datagram datagram) { datagrams_.insert_or_assign(key, std::move(datagram)); }
  // Forgets the datagram of this direction. False: there was none, or another flow has it now.
  bool erase(const FlowEntry& flow, unsigned direction) {
    const auto found = datagrams_.find(key_of(flow, direction));
    if (found == datagrams_.end() || found->second.flow != &flow || found->second.direction != direction) return false;
    datagrams_.erase(found);
    return true;
  }

 private:
  static DatagramKey key_of(const FlowEntry& flow, unsigned direction) {
    const auto& own = static_cast<const DirectionEntry&>(*flow.directions[direction]);
    return {flow.source(direction).address,
            flow.destination(direction).address,
            own.fragment_id,
            flow.key.vlan,
            own.fragment_protocol,
            flow.key.family};
  }
  struct Hash {
    std::uint64_t seed;
    std::size_t operator()(const DatagramKey& k) const {
      std::uint64_t w[5];
      static_assert(sizeof k == sizeof w);
      __builtin_memcpy(w, &k, sizeof w);
      std::uint64_t h = seed;
      for (std::uint64_t x : w) h = (h ^ x) * 0x9e3779b97f4a7c15u, h ^= h >> 29;
      return h;
    }
  };
  std::unordered_map<DatagramKey, Datagram, Hash> datagrams_;
};

}  // namespace t2
