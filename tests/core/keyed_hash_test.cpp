// What senders choose is hashed with a key: input that was constructed costs no more probes than random input.
//
// Probes are counted, time is not measured. For each table: slots that are looked at to find every entry once.
#include <catch2/catch.hpp>

#include <array>
#include <cstring>
#include <functional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "capture.hpp"
#include "decode/headers.hpp"
#include "flow/fragments.hpp"
#include "flow/key.hpp"

namespace t2::test::keyed_hash_test {

namespace {

using Word = std::uint64_t;
constexpr std::size_t entries = 6'000;
constexpr std::array<Word, 3> seeds{0, 1, 0x123456789abcdef};

// Two addresses of an IPv6 packet, as words in memory order.
struct Addresses {
  Word source_high, source_low, destination_high, destination_low;
  std::uint32_t rest = 0;  // ports, or the identification of a fragment
};
using Make = std::function<Addresses(Word)>;
struct Input {
  std::string name;
  Make make;
};

// Constants that stand in the code of widespread hashes: a word that equals one makes a factor zero.
constexpr std::array<Word, 8> known{0xa0761d6478bd642f, 0xe7037ed1a0b428db, 0x8ebc6af09c88c6e3, 0x589965cc75374cc3,
                                    0x1d8e4e27c47d124f, 0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9, 0x94d049bb133111eb};
constexpr Word inverse_of_golden = 0xf1de83e19937733d;

std::vector<Input> constructed() {
  std::vector<Input> all;
  for (std::size_t i = 0; i < known.size(); ++i) {
    const Word k = known[i];
    all.push_back({"interface identifier is constant " + std::to_string(i), [k](Word n) {
                     return Addresses{n, k, 1, 2};
                   }});
    all.push_back({"both identifiers are constant " + std::to_string(i), [k](Word n) {
                     return Addresses{n, k, ~n, k};
                   }});
    all.push_back({"identifier is constant " + std::to_string(i) + " and the count of words", [k](Word n) {
                     return Addresses{n, k ^ 2 * known[2], n * 3, k ^ 4 * known[2]};
                   }});
    all.push_back({"steps of constant " + std::to_string(i), [k](Word n) { return Addresses{n * k, 1, 2, 3}; }});
    all.push_back({"prefixes differ from constant " + std::to_string(i), [k](Word n) {
                     return Addresses{k ^ n, k, k, k ^ n};
                   }});
  }
  all.push_back({"words that cancel by exclusive or", [](Word n) { return Addresses{n, 5, n, 5}; }});
  all.push_back({"words that cancel in a sum", [](Word n) { return Addresses{n, 5, -n, 5}; }});
  all.push_back({"words that cancel behind a factor", [](Word n) {
                   return Addresses{n, 5 - 3 * n, n * known[5], 5 + n};
                 }});
  all.push_back({"a difference that another word undoes", [](Word n) {
                   Word x = n * inverse_of_golden, y = x * known[5];
                   return Addresses{x, y ^ y >> 29, x ^ (y ^ y >> 29), y};
                 }});
  for (const unsigned shift : {0u, 8u, 16u, 24u, 32u, 40u, 48u}) {
    all.push_back({"one after the other, shifted by " + std::to_string(shift), [shift](Word n) {
                     return Addresses{n << shift, 0, 0, 0};
                   }});
    all.push_back({"one after the other in the last word, shifted by " + std::to_string(shift), [shift](Word n) {
                     return Addresses{0, 0, 0, n << shift};
                   }});
  }
  all.push_back({"few bits are set", [](Word n) {
                   const Word low = Word{1} << n % 64, high = Word{1} << n / 64 % 64;
                   return Addresses{low, high, n / 4096, 0};
                 }});
  all.push_back({"all bits but few are set", [](Word n) {
                   const Word low = Word{1} << n % 64, high = Word{1} << n / 64 % 64;
                   return Addresses{~low, ~high, ~(n / 4096), ~Word{0}};
                 }});
  all.push_back({"only ports or identifications", [](Word n) {
                   return Addresses{1, 2, 3, 4, static_cast<std::uint32_t>(n * 65537)};
                 }});
  return all;
}

Input random_input() {
  return {"random", [random = std::mt19937_64(1)](Word) mutable {
            return Addresses{random(), random(), random(), random(), static_cast<std::uint32_t>(random())};
          }};
}

Key key_of(const Addresses& a, Family family) {
  Key key;
  const auto put = [&](unsigned end, std::size_t at, Word word, std::size_t size) {
    std::memcpy(key.address[end].data() + at, &word, size);
  };
  if (family == Family::ipv6) {
    put(0, 0, a.source_high, 8), put(0, 8, a.source_low, 8);
    put(1, 0, a.destination_high, 8), put(1, 8, a.destination_low, 8);
  } else {
    const auto folded = [](Word high, Word low) { return high ^ low ^ (high ^ low) >> 32; };
    put(0, 0, folded(a.source_high, a.source_low), 4);
    put(1, 0, folded(a.destination_high, a.destination_low), 4);
  }
  key.port[0] = static_cast<std::uint16_t>(a.rest);
  key.port[1] = static_cast<std::uint16_t>(a.rest >> 16);
  key.protocol = protocol::udp;
  key.family = family;
  return key;
}

struct Tables {
  std::uint64_t flows = 0, fragments = 0, stacks = 0, pairs = 0;
};

// The probes that this input costs in each table. Pairs: of a table with as many lists as entries, looked through from
// the first one on.
Tables probes_of(const Input& input, Family family, const KeyedHash& hash) {
  FlowTable table({std::vector<std::byte>(sizeof(Direction))}, 10 * entries);
  Fragments fragments(table.huge_pages(), hash);
  HeaderStacks stacks(hash);
  std::vector<std::uint64_t> lists(1 << 14);
  Tables probes;
  std::size_t made = 0;
  for (std::size_t n = 0; n < entries; ++n) {
    const Addresses a = input.make(n);
    const Key key = key_of(a, family);
    const std::uint64_t hashed = hash_key(key, hash);
    if (table.find(key, hashed)) continue;  // cut to 32 bits they may be equal
    ++made;
    FlowEntry& flow = table.create(key, hashed);
    table.add_direction(flow, 0);
    const DatagramKey datagram{key.address[0], key.address[1], a.rest, 0, protocol::udp, family};
    if (!fragments.find(datagram)) fragments.add(datagram, flow, 0, {});
    keys::Ends ends;
    std::memcpy(&ends.source.low, key.address[0].data(), 8), std::memcpy(&ends.source.high, &key.address[0][8], 8);
    std::memcpy(&ends.destination.low, key.address[1].data(), 8);
    std::memcpy(&ends.destination.high, &key.address[1][8], 8);
    const std::uint32_t pair =
        family == Family::ipv4 ? keys::hash_pair<true>(ends, hash) : keys::hash_pair<false>(ends, hash);
    probes.pairs += ++lists[pair % lists.size()];
  }
  REQUIRE(made > entries / 100);
  probes.flows = table.index().probes() * 1000 / table.index().size();
  probes.fragments = fragments.index().probes() * 1000 / fragments.index().size();
  probes.pairs = probes.pairs * 1000 / made;
  return probes;
}

}  // namespace

TEST_CASE("keyed hash: constructed addresses cost no more probes than random ones", "[hash]") {
  const std::vector<Input> inputs = constructed();
  for (const Word seed : std::span(seeds).first(sanitized ? 1 : std::size(seeds))) {
    const KeyedHash hash(seed);
    for (const Family family : {Family::ipv6, Family::ipv4}) {
      const Tables usual = probes_of(random_input(), family, hash);
      INFO("random: " << usual.flows << " " << usual.fragments << " " << usual.pairs << " probes per 1000 entries");
      CHECK(usual.flows < 2000);
      CHECK(usual.fragments < 2000);
      for (const Input& input : inputs) {
        INFO(input.name << ", seed " << seed << (family == Family::ipv6 ? ", IPv6" : ", IPv4"));
        const Tables probes = probes_of(input, family, hash);
        CHECK(2 * probes.flows <= 3 * usual.flows);
        CHECK(2 * probes.fragments <= 3 * usual.fragments);
        if (input.name != "only ports or identifications")  // one pair of addresses is one pair
          CHECK(2 * probes.pairs <= 3 * usual.pairs);
      }
    }
  }
}

TEST_CASE("keyed hash: constructed header stacks cost no more probes than others", "[hash]") {
  // Chains and fans of unknown types, which a sender numbers as he likes.
  const auto probes = [](const KeyedHash& hash, auto code, std::uint32_t depth) {
    HeaderStacks stacks(hash);
    HeaderStacks::Id parent = HeaderStacks::root;
    std::uint64_t made = 0;
    for (std::uint32_t n = 0; n < 30'000; ++n, ++made) {
      const HeaderStacks::Id child = stacks.push(parent, header::unknown_type(code(n)));
      if (n % depth == depth - 1) parent = child;
    }
    return stacks.probes() * 1000 / made;
  };
  for (const Word seed : seeds) {
    const KeyedHash hash(seed);
    CHECK(probes(
              hash, [](std::uint32_t n) { return static_cast<std::uint16_t>(n); }, 30'001) < 3000);
    CHECK(probes(
              hash, [](std::uint32_t n) { return static_cast<std::uint16_t>(n << 8 | n >> 8); }, 30'001) < 3000);
    CHECK(probes(
              hash, [](std::uint32_t n) { return static_cast<std::uint16_t>(n); }, 1) < 3000);
    CHECK(probes(
              hash, [](std::uint32_t) { return std::uint16_t{7}; }, 1) < 3000);
    CHECK(probes(
              hash, [](std::uint32_t n) { return static_cast<std::uint16_t>(n * 256); }, 16) < 3000);
  }
}

TEST_CASE("keyed hash: every word and every bit of it counts, under every seed", "[hash]") {
  for (const Word seed : seeds) {
    const KeyedHash hash(seed);
    std::array<unsigned, 64> changed{};  // how often a bit of the hash changes with one bit of the input
    unsigned tried = 0;
    std::mt19937_64 random(seed);
    for (int round = 0; round < 8; ++round) {
      std::array<Word, 6> w{};
      if (round > 0)
        for (Word& word : w) word = random();
      const Word before = hash(w[0], w[1], w[2], w[3], w[4], w[5]);
      for (std::size_t i = 0; i < 64 * w.size(); ++i, ++tried) {
        w[i / 64] ^= Word{1} << i % 64;
        const Word difference = before ^ hash(w[0], w[1], w[2], w[3], w[4], w[5]);
        w[i / 64] ^= Word{1} << i % 64;
        REQUIRE(difference != 0);
        for (std::size_t bit = 0; bit < 64; ++bit) changed[bit] += difference >> bit & 1;
      }
    }
    for (const unsigned count : changed) {
      CHECK(count > tried * 2 / 5);
      CHECK(count < tried * 3 / 5);
    }
  }
  CHECK(KeyedHash(1)(Word{1}, Word{2}) != KeyedHash(2)(Word{1}, Word{2}));
  CHECK(KeyedHash()(Word{1}, Word{2}) != KeyedHash()(Word{1}, Word{2}));  // a random key
}

}  // namespace t2::test::keyed_hash_test
