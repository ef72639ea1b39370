// The flow table against a map: many flows come and go, also where all hashes fall into the same slots.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstring>
#include <map>
#include <random>
#include <span>

#include "flow/flow_table.hpp"
#include "flow/key.hpp"

namespace t2::test::flow_table_test {

namespace {

std::vector<std::byte> prototype(std::size_t more = 0) {
  std::vector<std::byte> bytes(
      (sizeof(Direction) + more + alignof(Direction) - 1) / alignof(Direction) * alignof(Direction), std::byte{0x5a});
  const Direction initial{};
  std::memcpy(bytes.data(), static_cast<const void*>(&initial), sizeof initial);
  return bytes;
}

Key key(std::uint32_t n) {
  Key k;
  std::memcpy(k.address[0].data(), &n, sizeof n);
  k.port[1] = static_cast<std::uint16_t>(n * 7);
  k.protocol = 17;
  k.family = Family::ipv4;
  return k;
}

// Random creations, detachments and releases; after each step a few keys are looked up.
template <class Hash>
void play(Hash hash, unsigned keys, unsigned steps) {
  FlowTable table({prototype()}, 1'000'000);
  std::map<std::uint32_t, FlowEntry*> model;
  std::vector<FlowEntry*> detached;
  std::mt19937 random(7);
  bool fine = true;
  for (unsigned i = 0; i < steps; ++i) {
    const std::uint32_t n = static_cast<std::uint32_t>(random()) % keys;
    const auto known = model.find(n);
    if (known == model.end()) {
      FlowEntry& made = table.create(key(n), hash(n));
      fine = fine && made.key == key(n) && !made.detached;
      model[n] = &made;
    } else if (random() % 3 == 0) {
      table.detach(*known->second);
      detached.push_back(known->second);
      model.erase(known);
    } else if (random() % 2 == 0) {
      table.release(*known->second);
      model.erase(known);
    }
    if (!detached.empty() && random() % 4 == 0) {
      table.release(*detached.back());
      detached.pop_back();
    }
    for (int look = 0; look < 3; ++look) {
      const std::uint32_t m = static_cast<std::uint32_t>(random()) % keys;
      const auto there = model.find(m);
      fine = fine && table.find(key(m), hash(m)) == (there == model.end() ? nullptr : there->second);
    }
    fine = fine && table.size() == model.size() + detached.size();
    if (!fine) FAIL("differs from the map after step " << i);
  }
  for (const auto& [n, flow] : model)
    fine = fine && table.find(key(n), hash(n)) == flow && table.record(flow->record).key == key(n);
  CHECK(fine);
}

}  // namespace

TEST_CASE("flow table: behaves like a map", "[table]") {
  play([](std::uint32_t n) { return hash_key(key(n), KeyedHash(42)); }, 20'000, 200'000);
  play([](std::uint32_t n) { return hash_key(key(n), KeyedHash(0)); }, 50, 20'000);
}

TEST_CASE("flow table: behaves like a map when hashes collide", "[table]") {
  // The upper half of a hash chooses the slot.
  play([](std::uint32_t n) { return std::uint64_t{0xffe + n % 3} << 32; }, 300,
       5'000);                                                                    // one run of slots that wraps around
  play([](std::uint32_t) { return std::uint64_t{5}; }, 100, 2'000);               // keys decide alone
  play([](std::uint32_t n) { return std::uint64_t{n} << 44 | 7; }, 500, 10'000);  // equal low bits of the slot number
}

TEST_CASE("flow table: records do not move, and a new side is a copy of the prototype", "[table]") {
  const std::vector<std::byte> model = prototype(500);
  FlowTable table({model}, 1'000'000);
  std::vector<FlowEntry*> flows;
  for (std::uint32_t n = 0; n < 150'000; ++n) {
    flows.push_back(&table.create(key(n), hash_key(key(n), KeyedHash(1))));
    std::memset(static_cast<void*>(&table.add_direction(*flows.back(), 0)), static_cast<int>(n), model.size());
    if (n % 2)
      std::memset(static_cast<void*>(&table.add_direction(*flows.back(), 1)), static_cast<int>(~n), model.size());
  }
  bool fine = true;
  const auto all = [&](const Direction* side, std::uint32_t value) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(side);
    return std::all_of(bytes, bytes + model.size(), [&](std::uint8_t b) { return b == (value & 0xff); });
  };
  for (std::uint32_t n = 0; n < 150'000; ++n) {
    fine = fine && table.find(key(n), hash_key(key(n), KeyedHash(1))) == flows[n] && all(flows[n]->directions[0], n);
    fine = fine && (n % 2 ? all(flows[n]->directions[1], ~n) : flows[n]->directions[1] == nullptr);
  }
  CHECK(fine);
  CHECK(table.bytes_each() == sizeof(FlowEntry) + 2 * model.size());
  // What was released serves again, and nothing shows.
  const Direction* used[] = {flows[101]->directions[0], flows[101]->directions[1]};
  table.release(*flows[101]);
  FlowEntry& again = table.create(key(1'000'000), 1);
  CHECK(again.directions[0] == nullptr);
  CHECK(again.directions[1] == nullptr);
  CHECK_FALSE(again.detached);
  for (const unsigned direction : {0u, 1u}) {
    const Direction& side = table.add_direction(again, direction);
    CHECK((&side == used[0] || &side == used[1]));
    CHECK(std::memcmp(static_cast<const void*>(&side), model.data(), model.size()) == 0);
  }
}

TEST_CASE("flow table: sides of TCP have their states in front, others do not, and none touches another", "[table]") {
  constexpr std::size_t front = 128, behind = 192;
  std::vector<std::byte> model(front + behind);
  for (std::size_t i = 0; i < model.size(); ++i) model[i] = static_cast<std::byte>(i * 7);
  new (model.data() + front) Direction{};
  FlowTable table({model, front}, 1'000'000);
  CHECK(table.bytes_each() == sizeof(FlowEntry) + 2 * (front + behind));
  CHECK(table.bytes_each_without_tcp() == sizeof(FlowEntry) + 2 * behind);

  struct Living {
    FlowEntry* flow;
    std::uint8_t value;
  };
  std::vector<Living> living;
  std::mt19937 random(11);
  const auto memory_of = [](const FlowEntry& flow, unsigned direction) {
    auto* side = reinterpret_cast<std::uint8_t*>(flow.directions[direction]);
    return flow.is_tcp() ? std::span(side - front, front + behind) : std::span(side, behind);
  };
  bool fresh = true, whole = true;
  for (std::uint32_t n = 0; n < 60'000; ++n) {
    if (living.size() > 5'000 || (!living.empty() && random() % 3 == 0)) {
      std::swap(living[random() % living.size()], living.back());
      const auto [flow, value] = living.back();
      for (unsigned direction : {0u, 1u}) {
        const auto bytes = memory_of(*flow, direction);
        whole = whole && std::all_of(bytes.begin() + (flow->is_tcp() ? front : 0) + sizeof(Direction), bytes.end(),
                                     [v = value](std::uint8_t b) { return b == v; });
        if (flow->is_tcp())
          whole = whole &&
                  std::all_of(bytes.begin(), bytes.begin() + front, [v = value](std::uint8_t b) { return b == v; });
      }
      table.release(*flow);
      living.pop_back();
      continue;
    }
    Key k = key(n);
    // runs of one protocol, so that memory of the other lies free
    k.protocol = random() % 8 == (n >> 10) % 8 ? protocol::udp : (n >> 12) % 2 ? protocol::tcp : protocol::icmp;
    k.family = random() % 5 == 0 ? Family::ipv6 : random() % 50 == 0 ? Family::layer2 : Family::ipv4;
    FlowEntry& flow = table.create(k, hash_key(k, KeyedHash(3)));
    const auto value = static_cast<std::uint8_t>(random());
    for (unsigned direction : {0u, 1u}) {
      const Direction& side = table.add_direction(flow, direction);
      const auto bytes = memory_of(flow, direction);
      fresh = fresh && side.tcp == flow.is_tcp() && reinterpret_cast<std::uintptr_t>(&side) % alignof(Direction) == 0;
      fresh = fresh && std::memcmp(bytes.data() + bytes.size() - (behind - sizeof(Direction)),
                                   model.data() + front + sizeof(Direction), behind - sizeof(Direction)) == 0;
      fresh = fresh && (!side.tcp || std::memcmp(bytes.data(), model.data(), front) == 0);
      std::memset(bytes.data() + bytes.size() - (behind - sizeof(Direction)), value, behind - sizeof(Direction));
      if (side.tcp) std::memset(bytes.data(), value, front);
    }
    living.push_back({&flow, value});
  }
  CHECK(fresh);
  CHECK(whole);
}

TEST_CASE("flow table: the second side of a flow finds room however late it comes", "[table]") {
  for (const std::uint8_t protocol : {protocol::tcp, protocol::udp}) {
    const std::vector<std::byte> model = prototype(500);
    FlowTable table({model, sizeof(Direction)}, 1'000'000);
    std::vector<FlowEntry*> flows;
    for (std::uint32_t n = 0; n < 150'000;
         ++n) {  // more sides than one piece of memory has, before any has a second one
      Key k = key(n);
      k.protocol = protocol;
      REQUIRE_FALSE(table.full());
      flows.push_back(&table.create(k, hash_key(k, KeyedHash(1))));
      table.add_direction(*flows.back(), 0).packets = 2 * n;
    }
    for (std::uint32_t n = 0; n < flows.size(); ++n) table.add_direction(*flows[n], 1).packets = 2 * n + 1;
    bool whole = true;
    for (std::uint32_t n = 0; n < flows.size(); ++n)
      whole = whole && flows[n]->directions[0]->packets == 2 * n && flows[n]->directions[1]->packets == 2 * n + 1;
    CHECK(whole);
  }
}

TEST_CASE("flow table: knows when it is full", "[table]") {
  FlowTable table({prototype()}, 3);
  for (std::uint32_t n = 0; n < 3; ++n) {
    CHECK_FALSE(table.full());
    table.create(key(n), n);
  }
  CHECK(table.full());
  table.detach(*table.find(key(1), 1));
  CHECK(table.full());  // the record is still in use
  table.release(*table.find(key(2), 2));
  CHECK_FALSE(table.full());
}

TEST_CASE("flow table: to release flows of a closed table counts them, whether they were detached or not", "[table]") {
  FlowTable table({prototype()}, 1'000);
  std::vector<FlowEntry*> flows;
  for (std::uint32_t n = 0; n < 10; ++n) {
    flows.push_back(&table.create(key(n), n));
    table.add_direction(*flows.back(), 0);
  }
  table.detach(*flows[3]);
  table.close();
  CHECK(table.closed());
  CHECK(table.size() == 10);
  for (FlowEntry* flow : flows) table.release(*flow);
  CHECK(table.size() == 0);
}

TEST_CASE("flow table: the seed changes the hash, every part of the key counts", "[table]") {
  for (const Family family : {Family::layer2, Family::ipv4, Family::ipv6}) {
    Key one = key(1);
    one.family = family;
    CHECK(hash_key(one, KeyedHash(1)) != hash_key(one, KeyedHash(2)));
    const std::uint64_t reference = hash_key(one, KeyedHash(1));
    for (std::size_t i = 0; i < sizeof(Key); ++i) {
      if (family == Family::ipv4 && i < 32 && i % 16 >= 8) continue;  // of the address, and always zero
      Key other = one;
      reinterpret_cast<unsigned char*>(&other)[i] ^= 0x10;
      CHECK(hash_key(other, KeyedHash(1)) != reference);
    }
  }
}

TEST_CASE("flow table: records of many flows do not touch each other, however their memory comes", "[table]") {
  const std::size_t more = 300;  // so that sides lie across pages
  const std::vector<std::byte> model = prototype(more);
  FlowTable table({model}, 1'000'000);
  const std::size_t stride = model.size();
  std::vector<FlowEntry*> flows;
  for (std::uint32_t n = 0; n < 100'000; ++n) {  // some 50 MB
    FlowEntry& flow = table.create(key(n), n * 0x9e3779b97f4a7c15);
    flows.push_back(&flow);
    for (unsigned direction = 0; direction < 1 + n % 2; ++direction) {
      Direction& side = table.add_direction(flow, direction);
      std::memset(reinterpret_cast<char*>(&side) + sizeof(Direction), static_cast<int>((n + direction) & 0xff),
                  stride - sizeof(Direction));
      side.packets = 2 * n + direction;
    }
  }
  bool whole = true;
  for (std::uint32_t n = 0; n < flows.size(); ++n) {
    whole = whole && flows[n]->key == key(n) && table.find(key(n), n * 0x9e3779b97f4a7c15) == flows[n];
    for (unsigned direction = 0; direction < 1 + n % 2; ++direction) {
      const Direction& side = *flows[n]->directions[direction];
      const auto* bytes = reinterpret_cast<const std::uint8_t*>(&side);
      whole = whole && side.packets == 2 * n + direction && bytes[sizeof(Direction)] == ((n + direction) & 0xff) &&
              bytes[stride - 1] == ((n + direction) & 0xff);
    }
  }
  CHECK(whole);
}

}  // namespace t2::test::flow_table_test
