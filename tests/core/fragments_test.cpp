// Pending datagrams: keys are directional, equal headers meet, and what is erased is gone.
#include <catch2/catch.hpp>

#include "flow/fragments.hpp"

namespace t2::test {

namespace {

FragmentKey key(std::uint8_t source, std::uint8_t destination, std::uint32_t identification) {
  FragmentKey k;
  k.source[0] = source;
  k.destination[0] = destination;
  k.identification = identification;
  k.family = Family::ipv4;
  k.protocol = protocol::udp;
  return k;
}

}  // namespace

TEST_CASE("fragments: a datagram is found by addresses, identification, VLAN and protocol", "[fragments]") {
  Fragments pending(1);
  FlowEntry flow;
  pending.set(key(1, 2, 7), {&flow, 1});
  CHECK(pending.find(key(1, 2, 7)).flow == &flow);
  CHECK(pending.find(key(1, 2, 7)).direction == 1);
  CHECK(pending.find(key(2, 1, 7)).flow == nullptr);  // the other way is another datagram
  CHECK(pending.find(key(1, 2, 8)).flow == nullptr);
  FragmentKey other = key(1, 2, 7);
  other.vlan = 3;
  CHECK(pending.find(other).flow == nullptr);
  other = key(1, 2, 7);
  other.protocol = protocol::tcp;
  CHECK(pending.find(other).flow == nullptr);
  other = key(1, 2, 7);
  other.family = Family::ipv6;
  CHECK(pending.find(other).flow == nullptr);
}

TEST_CASE("fragments: the last one that was set counts, erased ones are not found", "[fragments]") {
  Fragments pending(1);
  FlowEntry first, second;
  pending.set(key(1, 2, 7), {&first, 0});
  pending.set(key(1, 2, 7), {&second, 0});
  CHECK(pending.find(key(1, 2, 7)).flow == &second);
  CHECK(pending.erase(key(1, 2, 7)));
  CHECK_FALSE(pending.erase(key(1, 2, 7)));
  CHECK(pending.find(key(1, 2, 7)).flow == nullptr);
}

TEST_CASE("fragments: the key of a flow's direction has its addresses in that direction", "[fragments]") {
  FlowEntry flow;
  flow.key.address[0][0] = 1;
  flow.key.address[1][0] = 2;
  flow.key.protocol = protocol::udp;
  flow.key.family = Family::ipv4;
  for (const std::uint8_t initiator : {std::uint8_t{0}, std::uint8_t{1}}) {
    flow.initiator = initiator;
    const std::uint8_t a = initiator == 0 ? 1 : 2, b = initiator == 0 ? 2 : 1;
    CHECK(Fragments::key(flow, 0, 7) == key(a, b, 7));
    CHECK(Fragments::key(flow, 1, 7) == key(b, a, 7));
  }
}

TEST_CASE("fragments: many datagrams, with any seed", "[fragments]") {
  for (const std::uint64_t seed : {0ull, 1ull, ~0ull}) {
    Fragments pending(seed);
    std::vector<FlowEntry> flows(500);
    for (std::uint32_t i = 0; i < flows.size(); ++i) pending.set(key(1, 2, i), {&flows[i], i % 2});
    for (std::uint32_t i = 0; i < flows.size(); i += 2) CHECK(pending.erase(key(1, 2, i)));
    for (std::uint32_t i = 0; i < flows.size(); ++i) {
      INFO("seed " << seed << ", datagram " << i);
      CHECK(pending.find(key(1, 2, i)).flow == (i % 2 ? &flows[i] : nullptr));
    }
  }
}

}  // namespace t2::test
