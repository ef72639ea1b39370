// Datagrams whose later fragments are still to come: where a fragment without ports belongs.
//
// At most one pending datagram per direction of a flow, so the table is bounded by the flow table. Used by one worker.
#pragma once

#include <compare>
#include <cstdint>
#include <unordered_map>

#include "flow/entries.hpp"

namespace t2 {

// Directional: source, destination, identification.
struct FragmentKey {
  std::array<std::uint8_t, 16> source{}, destination{};
  std::uint32_t identification = 0;
  std::uint16_t vlan = 0;
  std::uint8_t protocol = 0;
  Family family = Family::layer2;
  bool operator==(const FragmentKey&) const = default;
};

class Fragments {
 public:
  struct Place {
    FlowEntry* flow = nullptr;
    unsigned direction = 0;
  };
  explicit Fragments(std::uint64_t seed) : places_(16, Hash{seed}) {}

  static FragmentKey key(const FlowEntry& flow, unsigned direction, std::uint32_t identification) {
    return {flow.source(direction).address,
            flow.destination(direction).address,
            identification,
            flow.key.vlan,
            flow.key.protocol,
            flow.key.family};
  }
  Place find(const FragmentKey& key) const {
    const auto found = places_.find(key);
    return found == places_.end() ? Place{} : found->second;
  }
  void set(const FragmentKey& key, Place place) { places_[key] = place; }
  bool erase(const FragmentKey& key) { return places_.erase(key) != 0; }

 private:
  struct Hash {
    std::uint64_t seed;
    std::size_t operator()(const FragmentKey& k) const {
      std::uint64_t w[5];
      static_assert(sizeof k == sizeof w);
      __builtin_memcpy(w, &k, sizeof w);
      std::uint64_t h = seed;
      for (std::uint64_t x : w) h = (h ^ x) * 0x9e3779b97f4a7c15u, h ^= h >> 29;
      return h;
    }
  };
  std::unordered_map<FragmentKey, Place, Hash> places_;
};

}  // namespace t2
