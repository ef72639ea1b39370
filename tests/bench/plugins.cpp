// Micro-benchmarks of the plugins: on_packets() over batches of 64 packets, on_flow_end() over the flows of those.
//
// The worker sees the packets first; a tap keeps the batches as plugins get them. They are then replayed to one plugin
// alone. State is not reset between replays, but each connection begins again with its first packet.
#include <benchmark/benchmark.h>

#include "traffic.hpp"

using namespace t2;

namespace {

std::vector<std::vector<Packet>> batches;

class Tap final : public Plugin {
  void on_packets(std::span<const Packet> packets) override { batches.emplace_back(packets.begin(), packets.end()); }
};
const Descriptor tap{
    .name = "tap", .version = "1", .summary = "", .number = 999, .create = [](Host&) -> Plugin* { return new Tap; }};

const std::vector<std::string> names{"basicFlow",   "macRecorder", "basicStats",   "tcpFlags",         "tcpStates",
                                     "nFrstPkts",   "sslDecode",   "dnsDecode",    "quicDecode",       "dhcpDecode",
                                     "icmpDecode",  "entropy",     "pktSIATHisto", "descriptiveStats", "connStat",
                                     "httpSniffer", "netflowSink"};

struct Replay {
  std::vector<test::Buffer> frames;
  bench::Engine engine;
  bench::Decoded traffic;
  std::vector<std::vector<Packet>> seen;

  explicit Replay(unsigned connections)
      : frames(bench::web_frames(connections)), engine(names, {&tap}), traffic(frames, engine.stacks()) {
    batches.clear();
    engine.process(traffic);
    seen = std::move(batches);
  }
  Plugin* plugin(std::string_view name) {
    for (auto& entry : engine.worker().instances().all()) {
      if (entry.descriptor->name == name) return entry.plugin.get();
    }
    return nullptr;
  }
  static Replay& of(unsigned connections) {  // made when first asked for; plugins stay loaded
    static Replay few(50), many(5000);
    return connections == 50 ? few : many;
  }
};

void on_packets(benchmark::State& state, const std::string& name) {
  Replay& replay = Replay::of(static_cast<unsigned>(state.range(0)));
  Plugin* plugin = replay.plugin(name);
  for (auto _ : state) {
    for (const auto& batch : replay.seen) plugin->on_packets(batch);
  }
  bench::each(state, replay.traffic.packets.size());
}

void on_flow_end(benchmark::State& state, const std::string& name) {
  Replay& replay = Replay::of(static_cast<unsigned>(state.range(0)));
  Plugin* plugin = replay.plugin(name);
  std::vector<FlowEntry*> flows;
  for (const auto& batch : replay.seen) {
    for (const Packet& p : batch) {
      if (p.first_of_flow) flows.push_back(&entry_of(*p.flow));
    }
  }
  Row row;
  for (auto _ : state) {
    for (FlowEntry* flow : flows) {
      for (unsigned direction = 0; direction < 2; ++direction) {
        row.clear();
        plugin->on_flow_end(
            {*flow, *flow->directions[direction], flow->directions[direction ^ 1], direction, EndReason::idle}, row);
      }
    }
  }
  bench::each(state, 2 * flows.size());
}

const bool registered = [] {
  for (const std::string& name : names) {
    if (name != "netflowSink") {
      benchmark::RegisterBenchmark(("on_packets/" + name).c_str(),
                                   [name](benchmark::State& state) { on_packets(state, name); })
          ->ArgName("connections")
          ->Arg(50)
          ->Arg(5000);
    }
    benchmark::RegisterBenchmark(("on_flow_end/" + name).c_str(),
                                 [name](benchmark::State& state) { on_flow_end(state, name); })
        ->ArgName("connections")
        ->Arg(50)
        ->Arg(5000);
  }
  return true;
}();

}  // namespace
