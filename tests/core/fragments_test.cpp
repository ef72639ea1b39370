// Datagrams in fragments: keys are directional, the holes of RFC 815, and what is erased is gone.
#include <catch2/catch.hpp>

#include "decoded.hpp"
#include "flow/fragments.hpp"
#include "frame.hpp"

namespace t2::test::fragments_test {

namespace {

DatagramKey key(std::uint8_t source, std::uint8_t destination, std::uint32_t identification) {
  DatagramKey k;
  k.source[0] = source;
  k.destination[0] = destination;
  k.identification = identification;
  k.family = Family::ipv4;
  k.protocol = protocol::udp;
  return k;
}

const Holes any_holes;
const HugePages pages;
const KeyedHash hash(1);

// A flow whose first direction has a datagram of this key.
struct Owner {
  explicit Owner(const DatagramKey& k) {
    flow.key.address[0] = k.source;
    flow.key.address[1] = k.destination;
    flow.key.family = k.family;
    flow.directions[0] = &direction;
  }
  FlowEntry flow;
  DirectionEntry direction;
};

void set(Fragments& pending, const DatagramKey& k, Owner& of) {
  if (Fragments::Datagram* known = pending.find(k)) pending.assign(*known, of.flow, 0, any_holes);
  else pending.add(k, of.flow, 0, any_holes);
}

const FlowEntry* owner(Fragments& pending, const DatagramKey& k) {
  const Fragments::Datagram* found = pending.find(k);
  return found ? found->flow : nullptr;
}

}  // namespace

TEST_CASE("fragments: a datagram is found by addresses, identification, VLAN and protocol", "[fragments]") {
  Fragments pending(pages, hash);
  Owner flow_of(key(1, 2, 7));
  const FlowEntry& flow = flow_of.flow;
  set(pending, key(1, 2, 7), flow_of);
  REQUIRE(owner(pending, key(1, 2, 7)) == &flow);
  CHECK(pending.find(key(1, 2, 7))->direction == 0);
  CHECK(owner(pending, key(2, 1, 7)) == nullptr);  // the other way is another datagram
  CHECK(owner(pending, key(1, 2, 8)) == nullptr);
  DatagramKey other = key(1, 2, 7);
  other.vlan = 3;
  CHECK(owner(pending, other) == nullptr);
  other = key(1, 2, 7);
  other.protocol = protocol::tcp;
  CHECK(owner(pending, other) == nullptr);
  other = key(1, 2, 7);
  other.family = Family::ipv6;
  CHECK(owner(pending, other) == nullptr);
}

TEST_CASE("fragments: the last one that was set counts, and is erased by its own flow only", "[fragments]") {
  Fragments pending(pages, hash);
  Owner first(key(1, 2, 7)), second(key(1, 2, 7));
  set(pending, key(1, 2, 7), first);
  set(pending, key(1, 2, 7), second);
  CHECK(owner(pending, key(1, 2, 7)) == &second.flow);
  CHECK_FALSE(pending.erase(first.flow, 0));
  CHECK(pending.erase(second.flow, 0) == 7);
  CHECK_FALSE(pending.erase(second.flow, 0));
  CHECK(owner(pending, key(1, 2, 7)) == nullptr);
}

TEST_CASE("fragments: the key of a packet, whatever stands between its IP header and its transport header",
          "[fragments]") {
  const auto of = [](const Buffer& frame) { return datagram_of(decode(1, frame).packet); };
  const auto v4 = [] { return Frame().eth().vlan(5).ip4("10.0.0.1", "10.0.0.2").id(77); };
  const DatagramKey first = of(v4().fragment(0, true).udp(1, 2).zeros(100));
  CHECK(first == of(v4().next(17).fragment(104, false).zeros(8)));
  CHECK(first.protocol == 17);
  CHECK(first.vlan == 5);
  CHECK(first.identification == 77);
  const Buffer header = hex("11 04 0000 00000001 00000001 000000000000000000000000");  // AH in front of UDP
  CHECK(of(v4().next(51).fragment(0, true).raw(header + Buffer(Frame().udp(1, 2).zeros(8)))) ==
        of(v4().next(51).fragment(40, false).zeros(8)));
  const auto v6 = [] { return Frame().eth().ip6("2001:db8::1", "2001:db8::2"); };
  const DatagramKey with_options = of(v6().fragment6(0, true, 9).destination_options().udp(1, 2).zeros(100));
  CHECK(with_options == of(v6().fragment6(112, false, 9).next(60).zeros(8)));
  CHECK(with_options == of(v6().fragment6(112, false, 9).next(17).zeros(8)));
  CHECK(with_options != of(v6().fragment6(112, false, 8).next(60).zeros(8)));
  CHECK(with_options != of(Frame().eth().ip6("2001:db8::2", "2001:db8::1").fragment6(112, false, 9).next(60).zeros(8)));
}

TEST_CASE("fragments: a datagram is complete when nothing is missing, in any order", "[fragments]") {
  const Piece first{0, 8, false};
  std::vector<Piece> later{{8, 16, false}, {16, 24, false}, {24, 32, false}, {32, 40, true}};
  std::sort(later.begin(), later.end(), [](auto& a, auto& b) { return a.begin < b.begin; });
  do {
    Holes missing;
    missing.fill(first);
    for (std::size_t i = 0; i < later.size(); ++i) {
      CHECK_FALSE(missing.none());
      missing.fill(first);  // again
      missing.fill(later[i]);
      if (i > 0) missing.fill(later[i - 1]);
    }
    CHECK(missing.none());
  } while (std::next_permutation(later.begin(), later.end(), [](auto& a, auto& b) { return a.begin < b.begin; }));
  Holes overlapping;
  overlapping.fill(first);
  overlapping.fill({4, 30, false});
  overlapping.fill({20, 20, false});
  CHECK_FALSE(overlapping.none());
  overlapping.fill({16, 40, true});
  CHECK(overlapping.none());
  Holes beginning;
  beginning.fill({8, 16, true});
  CHECK(beginning.without_beginning());
  beginning.fill(first);
  CHECK(beginning.none());
}

TEST_CASE("fragments: a datagram of very many holes never ends and costs little", "[fragments]") {
  Holes missing;
  for (unsigned at = 8; at < 65'536; at += 16) missing.fill({at, at + 8, false});
  for (unsigned at = 0; at < 65'536; at += 16) missing.fill({at, at + 8, at + 16 >= 65'536});
  CHECK_FALSE(missing.none());
}

TEST_CASE("fragments: many datagrams, with any seed", "[fragments]") {
  for (const std::uint64_t seed : {0ull, 1ull, ~0ull}) {
    Fragments pending(pages, KeyedHash(seed));
    std::vector<std::unique_ptr<Owner>> owners;
    for (std::uint32_t i = 0; i < 500; ++i) {
      owners.push_back(std::make_unique<Owner>(key(1, 2, i)));
      set(pending, key(1, 2, i), *owners[i]);
    }
    CHECK(pending.index().size() == 500);
    for (std::uint32_t i = 0; i < 500; i += 2) CHECK(pending.erase(owners[i]->flow, 0) == i);
    CHECK(pending.index().size() == 250);
    for (std::uint32_t i = 0; i < 500; ++i) {
      INFO("seed " << seed << ", datagram " << i);
      CHECK(owner(pending, key(1, 2, i)) == (i % 2 ? &owners[i]->flow : nullptr));
    }
  }
}

TEST_CASE("fragments: of too many datagrams those are forgotten that began first", "[fragments]") {
  constexpr std::uint32_t bound = 4096, more = 1000;
  Fragments pending(pages, hash);
  pending.bound(4 * bound);
  std::vector<std::unique_ptr<Owner>> owners;
  for (std::uint32_t i = 0; i < bound + more; ++i) {
    owners.push_back(std::make_unique<Owner>(key(1, 2, i)));
    set(pending, key(1, 2, i), *owners[i]);
  }
  CHECK(pending.index().size() == bound);
  std::uint32_t wrong = 0;
  for (std::uint32_t i = 0; i < bound + more; ++i) {
    wrong += owner(pending, key(1, 2, i)) != (i < more ? nullptr : &owners[i]->flow);
    wrong += i < more && pending.erase(owners[i]->flow, 0);  // its entry is another's now
  }
  CHECK(wrong == 0);
  CHECK(pending.index().size() == bound);
}

TEST_CASE("fragments: tunnels' datagrams are remembered for a while, the last ones of many", "[fragments]") {
  TunnelDatagrams seen;
  seen.add(key(1, 2, 7), 0);
  CHECK(seen.contains(key(1, 2, 7), 60 * one_second));
  CHECK_FALSE(seen.contains(key(1, 2, 7), 61 * one_second));
  CHECK_FALSE(seen.contains(key(2, 1, 7), 0));
  seen.remove(key(1, 2, 7));
  CHECK_FALSE(seen.contains(key(1, 2, 7), 0));
  for (std::uint32_t i = 0; i < 5000; ++i) seen.add(key(1, 2, i), 0);
  for (std::uint32_t i = 0; i < 5000; ++i) CHECK(seen.contains(key(1, 2, i), 0) == (i >= 5000 - 1024));
}

}  // namespace t2::test::fragments_test
