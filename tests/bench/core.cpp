// Micro-benchmarks of the core: decoding by kind of packet, looking up flows, timeouts, a worker without plugins.
#include <benchmark/benchmark.h>

#include "flow/expiry.hpp"
#include "flow/flow_table.hpp"
#include "flow/key.hpp"
#include "traffic.hpp"

using namespace t2;
using test::Frame;
using test::operator+;

namespace {

// ---- Decoding, up to the key and its hash

Frame tcp() {
  return Frame()
      .eth()
      .ip4("10.0.0.1", "198.18.0.1")
      .tcp(40000, 443)
      .flags("A")
      .options(test::nop(2) + test::timestamps(2, 1))
      .zeros(100);
}

test::Buffer inside(Frame outer, const test::Buffer& head, std::size_t skip) {
  test::Buffer inner = tcp().bytes();
  inner.erase(inner.begin(), inner.begin() + static_cast<std::ptrdiff_t>(skip));
  return outer.raw(head + inner).bytes();
}

void decode(benchmark::State& state, const test::Buffer& frame) {
  HeaderStacks stacks;
  const KeyedHash hash(1);
  Dissector dissector(stacks);
  for (auto _ : state) {
    Packet p;
    p.data = frame.data();
    p.captured = p.wire = static_cast<std::uint32_t>(frame.size());
    Lookup lookup;
    if (dissector.run(1, p)) make_lookup(p, hash, lookup);
    benchmark::DoNotOptimize(lookup);
    benchmark::DoNotOptimize(p);
  }
  bench::each(state, 1);
}

const bool decoders = [] {
  const std::pair<const char*, test::Buffer> kinds[] = {
      {"tcp", tcp().bytes()},
      {"udp", Frame().eth().ip4("10.0.0.1", "198.18.0.1").udp(40000, 53).zeros(40).bytes()},
      {"icmp", Frame().eth().ip4("10.0.0.1", "198.18.0.1").icmp(8).zeros(56).bytes()},
      {"ipv6_tcp", Frame().eth().ip6("2001:db8::1", "2001:db8::2").tcp(40000, 443).flags("A").zeros(100).bytes()},
      {"ipv6_extensions", Frame()
                              .eth()
                              .ip6("2001:db8::1", "2001:db8::2")
                              .hop_by_hop()
                              .destination_options()
                              .tcp(40000, 443)
                              .flags("A")
                              .bytes()},
      {"fragment", Frame().eth().ip4("10.0.0.1", "198.18.0.1").fragment(1480, true).zeros(100).bytes()},
      {"vlan_vlan_tcp",
       Frame().eth().vlan(5, 0, 0x88a8).vlan(6).ip4("10.0.0.1", "198.18.0.1").tcp(40000, 443).zeros(100).bytes()},
      {"mpls_mpls_tcp",
       Frame().eth().mpls(100).mpls(200).ip4("10.0.0.1", "198.18.0.1").tcp(40000, 443).zeros(100).bytes()},
      {"gre_tcp", Frame()
                      .eth()
                      .ip4("192.0.2.1", "192.0.2.2")
                      .gre()
                      .ip4("10.0.0.1", "198.18.0.1")
                      .tcp(40000, 443)
                      .zeros(100)
                      .bytes()},
      {"vxlan_tcp",
       inside(Frame().eth().ip4("192.0.2.1", "192.0.2.2").udp(30000, 4789), test::hex("08 000000 000005 00"), 0)},
      {"gtp_tcp",
       inside(Frame().eth().ip4("192.0.2.1", "192.0.2.2").udp(2152, 2152), test::hex("30 ff 00a0 00000007"), 14)},
      {"arp", Frame().eth().arp(1, "02:00:00:00:00:01", "10.0.0.1", "00:00:00:00:00:00", "10.0.0.2").pad().bytes()}};
  for (const auto& [name, frame] : kinds) {
    benchmark::RegisterBenchmark((std::string("decode/") + name).c_str(),
                                 [bytes = frame](benchmark::State& state) { decode(state, bytes); });
  }
  return true;
}();

// ---- Flow table, with records of the size that the tutorial's plugins need, roughly

Key key_of(std::uint64_t i) {
  Key key;
  for (unsigned byte = 0; byte < 4; ++byte) key.address[0][byte] = static_cast<std::uint8_t>(i >> 8 * byte);
  key.port[0] = 1024, key.port[1] = 443;
  key.address[1][0] = 198;
  key.ether_type = 0x0800, key.protocol = 6, key.family = Family::ipv4;
  return key;
}

struct Filled {
  FlowTable table;
  std::vector<Lookup> lookups;  // in random order
  explicit Filled(std::uint64_t flows) : table({prototype()}, 10'000'000) {
    std::uint64_t random = 1;
    for (std::uint64_t i = 0; i < flows; ++i) {
      const Key key = key_of(i);
      lookups.push_back({.key = key, .hash = hash_key(key, KeyedHash(1))});
      FlowEntry& flow = table.create(key, lookups.back().hash);
      table.add_direction(flow, 0), table.add_direction(flow, 1);
    }
    for (std::size_t i = lookups.size(); i-- > 1;) {
      random = random * 6364136223846793005 + 1442695040888963407;
      std::swap(lookups[i], lookups[(random >> 33) % (i + 1)]);
    }
  }
  static std::vector<std::byte> prototype() {
    std::vector<std::byte> record(352);
    new (record.data()) Direction{};
    return record;
  }
};

void lookup_hit(benchmark::State& state) {  // one after the other
  const Filled filled(static_cast<std::uint64_t>(state.range(0)));
  std::size_t i = 0;
  for (auto _ : state) {
    const Lookup& lookup = filled.lookups[i];
    benchmark::DoNotOptimize(filled.table.find(lookup.key, lookup.hash));
    if (++i == filled.lookups.size()) i = 0;
  }
  bench::each(state, 1);
}
BENCHMARK(lookup_hit)->ArgName("flows")->Arg(1000)->Arg(100'000)->Arg(1'000'000);

void lookup_prefetched(benchmark::State& state) {  // 64 at a time, as a worker does
  const Filled filled(static_cast<std::uint64_t>(state.range(0)));
  std::size_t first = 0;
  for (auto _ : state) {
    const std::span batch(filled.lookups.data() + first, std::min<std::size_t>(64, filled.lookups.size() - first));
    for (const Lookup& lookup : batch) filled.table.prefetch_slot(lookup.hash);
    for (const Lookup& lookup : batch) filled.table.prefetch_record(lookup.hash);
    for (const Lookup& lookup : batch) benchmark::DoNotOptimize(filled.table.find(lookup.key, lookup.hash));
    first = first + 128 > filled.lookups.size() ? 0 : first + 64;
  }
  bench::each(state, 64);
}
BENCHMARK(lookup_prefetched)->ArgName("flows")->Arg(1000)->Arg(100'000)->Arg(1'000'000);

void lookup_miss(benchmark::State& state) {
  const auto flows = static_cast<std::uint64_t>(state.range(0));
  const Filled filled(flows);
  std::vector<Lookup> others;
  for (std::uint64_t i = 0; i < 65536; ++i) {
    const Key key = key_of(flows + i);
    others.push_back({.key = key, .hash = hash_key(key, KeyedHash(1))});
  }
  std::size_t i = 0;
  for (auto _ : state) {
    const Lookup& lookup = others[i++ % others.size()];
    benchmark::DoNotOptimize(filled.table.find(lookup.key, lookup.hash));
  }
  bench::each(state, 1);
}
BENCHMARK(lookup_miss)->ArgName("flows")->Arg(1000)->Arg(1'000'000);

void create_and_release(benchmark::State& state) {
  Filled filled(static_cast<std::uint64_t>(state.range(0)));
  std::uint64_t next = 1'000'000'000;
  for (auto _ : state) {
    const Key key = key_of(next++);
    filled.table.release(filled.table.create(key, hash_key(key, KeyedHash(1))));
  }
  bench::each(state, 1);
}
BENCHMARK(create_and_release)->ArgName("flows")->Arg(1000)->Arg(1'000'000);

// ---- Timeouts: every flow has packets all the time, so it is filed again whenever its bucket is due

void expiry_refiles(benchmark::State& state) {
  Filled filled(static_cast<std::uint64_t>(state.range(0)));
  Expiry expiry(filled.table);
  Time clock = 1'600'000'000 * one_second;
  expiry.start(clock);
  const auto flows = static_cast<std::uint32_t>(filled.table.size());
  for (std::uint32_t i = 1; i <= flows; ++i) {
    FlowEntry& flow = filled.table.record(i);
    flow.number = i;
    flow.due[0] = clock + (1000 + i % 5000) * (one_second / 1000);
    expiry.schedule(flow);
  }
  std::uint64_t handled = 0;
  for (auto _ : state) {
    clock += Time{1} << Expiry::grain_bits;
    while (!expiry.nothing_due(clock)) {
      const auto& due = expiry.due(clock);
      if (due.empty()) break;
      for (const Expiry::Due& d : due) {
        d.flow->due[0] = clock + (1000 + d.flow->record % 5000) * (one_second / 1000);
        expiry.schedule(*d.flow);
      }
      handled += due.size();
    }
  }
  bench::each_of(state, handled);  // flows that were handed over and filed again
}
BENCHMARK(expiry_refiles)->ArgName("flows")->Arg(10'000)->Arg(1'000'000);

void worker_without_plugins(benchmark::State& state) {
  const auto frames = bench::web_frames(static_cast<unsigned>(state.range(0)));
  bench::Engine engine({}, {});
  bench::Decoded traffic(frames, engine.stacks());
  for (auto _ : state) engine.process(traffic);
  bench::each(state, traffic.packets.size());
}
BENCHMARK(worker_without_plugins)->ArgName("connections")->Arg(50)->Arg(2000);

}  // namespace
