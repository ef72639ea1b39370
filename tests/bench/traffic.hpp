// What the micro-benchmarks work on: a capture in memory, and the loaded plugins with a worker that has seen it.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "decode/dissector.hpp"
#include "frame.hpp"
#include "host/loader.hpp"
#include "pipeline/worker.hpp"

namespace t2::bench {

// The counter "each": time for one packet, flow, row ... of so many in all, or in every iteration.
inline void each_of(benchmark::State& state, std::size_t all) {
  state.counters["each"] =
      benchmark::Counter(static_cast<double>(all), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
inline void each(benchmark::State& state, std::size_t in_iteration) {
  each_of(state, static_cast<std::size_t>(state.iterations()) * in_iteration);
}

// `connections` of 20 packets each, interleaved: handshake with options, requests, answers, acknowledgements, teardown.
std::vector<test::Buffer> web_frames(unsigned connections);

// Packets of Ethernet frames, a microsecond apart: no flow times out.
struct Decoded {
  explicit Decoded(const std::vector<test::Buffer>& frames, HeaderStacks& stacks);
  std::vector<Packet> packets;
  std::vector<Lookup> lookups;
};

// Built plugins with a worker, and in-process descriptors behind them.
class Engine {
 public:
  Engine(
      const std::vector<std::string>& plugins, std::vector<const Descriptor*> more,
      std::function<void(RowBatch&)> rows = [](RowBatch&) {});
  ~Engine();
  void process(Decoded& traffic);  // in slices, as the program does
  Worker& worker() { return *worker_; }
  Layout& layout() { return *layout_; }
  const Context& context() const { return *context_; }
  HeaderStacks& stacks() { return stacks_; }

 private:
  std::filesystem::path folder_;
  Config config_;
  HeaderStacks stacks_;
  Log log_;
  std::optional<Plugins> plugins_;
  std::optional<Context> context_;
  std::optional<Layout> layout_;
  std::unique_ptr<Worker> worker_;
};

}  // namespace t2::bench
