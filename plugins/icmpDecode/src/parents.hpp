// ICMP_PARENT: the flows in memory, to be found by what error messages quote. Used by the one worker.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <unordered_map>
#include <utility>

#include "icmp_message.hpp"
#include "t2/keyed_hash.hpp"

namespace t2::icmp_decode {

class Parents {
 public:
  static constexpr std::size_t bytes_each = 128;  // of a flow, at most

  void begin(const Flow& flow) { flows_[key_of(flow)] = {flow.number, flow.index}; }
  void end(const Flow& flow) {
    const auto found = flows_.find(key_of(flow));
    if (found != flows_.end() && found->second.number == flow.number) flows_.erase(found);
  }
  // flowInd of the flow that the quoted packet belongs to; 0: there is none. `vlan`: of the error message.
  std::uint64_t find(const Quoted& quoted, std::uint16_t vlan) const {
    const auto found = flows_.find(key_of(quoted.source, quoted.destination, quoted.family, quoted.protocol, vlan));
    return found != flows_.end() ? found->second.index : 0;
  }
  std::size_t size() const { return flows_.size(); }

 private:
  using Words = std::array<std::uint64_t, 6>;  // two addresses, smaller end first; ports, VLAN, protocol, family
  struct Hash {
    KeyedHash hash;
    std::size_t operator()(const Words& w) const { return hash(w[0], w[1], w[2], w[3], w[4], w[5]); }
  };
  struct Known {
    std::uint64_t number, index;  // as of Flow
  };

  static Words key_of(const Flow& flow) {
    const Key& key = flow.key;
    return key_of(key.end(0), key.end(1), key.family, key.protocol, key.vlan);
  }
  static Words key_of(Endpoint a, Endpoint b, Family family, std::uint8_t protocol, std::uint16_t vlan) {
    if (b < a) std::swap(a, b);
    Words words{};
    std::memcpy(&words[0], a.address.data(), 16);
    std::memcpy(&words[2], b.address.data(), 16);
    words[4] = static_cast<std::uint64_t>(a.port) << 16 | b.port;
    words[5] =
        static_cast<std::uint64_t>(vlan) << 16 | std::uint64_t{protocol} << 8 | static_cast<std::uint64_t>(family);
    return words;
  }

  std::unordered_map<Words, Known, Hash> flows_;
};

}  // namespace t2::icmp_decode
