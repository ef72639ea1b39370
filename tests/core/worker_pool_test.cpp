// The worker pool: with any number of threads the same rows reach the sinks, in the same order, and the totals add up;
// pauses and empty runs end.
#include <catch2/catch.hpp>

#include <fstream>
#include <tuple>

#include <pcap/dlt.h>

#include "capture.hpp"
#include "decode/dissector.hpp"
#include "frame.hpp"
#include "output/sinks.hpp"
#include "pipeline/worker_pool.hpp"

namespace t2::test::worker_pool_test {

namespace {

// Counts packets per direction; a total over all.
class PacketCounter final : public Plugin {
 public:
  explicit PacketCounter(Host& host) : packets_(host) {}
  void on_packets(std::span<const Packet> packets) override {
    for (const Packet& p : packets) ++packets_(*p.own), ++total;
  }
  void on_flow_end(const EndedFlow& e, Row& row) override { row.put(packets_(e.own)); }
  void merge(Plugin& other) override { total += static_cast<PacketCounter&>(other).total; }
  std::uint64_t total = 0;

 private:
  State<std::uint64_t> packets_;
};

using Written = std::tuple<std::uint64_t, unsigned, Time, std::uint64_t>;  // flowInd, direction, end, packets
std::vector<Written> written;

class Collector final : public Sink {
  void open(const Output&) override {}
  void write(std::span<const RowView> rows) override {
    for (const RowView& row : rows) {
      Values values(row.columns);
      written.emplace_back(row.index, row.direction, row.end, values.get<std::uint64_t>());
    }
  }
  void close() override {}
};

constexpr Column counter_columns[] = {{"count", "Packets", Type::u64}};

struct Outcome {
  std::vector<Written> rows;
  FlowCounters counters;
  std::uint64_t total = 0;
};

Outcome analyse(const std::vector<std::pair<Time, Buffer>>& frames, std::size_t threads, bool with_pauses) {
  Descriptor counter, collector;
  counter.name = "counter", counter.number = 1, counter.columns = counter_columns;
  counter.create = [](Host& host) -> Plugin* { return new PacketCounter(host); };
  collector.name = "collector", collector.number = 2;
  collector.create_sink = [](Host&) -> Sink* { return new Collector; };
  const TempFolder folder;
  std::ofstream(folder / "t2.toml") << "";
  const Config config((folder / "t2.toml").string());
  HeaderStacks stacks;
  Log log;
  const Context context{config, stacks, log, ""};
  Layout layout({&counter, &collector});
  OutputSinks sinks(layout, context);
  Dissector dissector(stacks);
  WorkerOptions how;
  how.seed = threads;
  written.clear();
  Outcome out;
  {
    WorkerPool pool(threads, layout, context, how, dissector.fast_path(), 64 << 20, sinks);
    pool.start();
    Time clock = 0;
    std::uint64_t number = 0;
    for (const auto& [time, frame] : frames) {
      clock = std::max(clock, time);
      const RawPacket raw{time, frame.data(), static_cast<std::uint32_t>(frame.size()),
                          static_cast<std::uint32_t>(frame.size()), DLT_EN10MB};
      static constexpr Packet fresh{};
      begin_packet(pool.next(), fresh, raw, {.number = ++number, .clock = clock, .at = clock});
      REQUIRE(dissector.walk(DLT_EN10MB, pool.next()));
      pool.add();
      if (number % 100 == 0) pool.flush(clock, nullptr, number % 300 == 0);
      if (with_pauses && number % 700 == 0) {
        bool looked = false;
        pool.flush(clock, nullptr, true);
        pool.pause([&] { looked = pool.counters().packets[0] + pool.counters().packets[1] == number; });
        CHECK(looked);
      }
    }
    pool.finish(clock);
    out.counters = pool.counters();
    pool.with_totals([&](Instances& sum) { out.total = static_cast<PacketCounter&>(*sum.all()[0].plugin).total; });
  }
  out.rows = written;
  return out;
}

std::vector<std::pair<Time, Buffer>> some_frames(int count) {
  std::vector<std::pair<Time, Buffer>> frames;
  for (int i = 0; i < count; ++i) {
    const std::string a = "10.0." + std::to_string(i % 7) + ".1", b = "10.1." + std::to_string(i * i % 13) + ".2";
    const bool back = i % 3 == 0;
    const auto low = static_cast<std::uint16_t>(5000 + i % 5), high = static_cast<std::uint16_t>(7000);
    frames.emplace_back(
        epoch + i * 40 * millisecond,
        Frame().eth().ip4(back ? b : a, back ? a : b).udp(back ? high : low, back ? low : high).payload("x").bytes());
  }
  return frames;
}

}  // namespace

TEST_CASE("worker pool: rows and totals do not depend on the number of threads", "[worker pool]") {
  const auto frames = some_frames(12'000);  // eight minutes: flows also end on the way
  const Outcome one = analyse(frames, 0, false);
  REQUIRE(one.rows.size() > 100);
  CHECK(one.total == frames.size());
  for (const std::size_t threads : {1u, 2u, 5u}) {
    INFO(threads << " threads");
    const Outcome several = analyse(frames, threads, false);
    CHECK(several.rows == one.rows);
    CHECK(several.total == one.total);
    CHECK(several.counters.max_in_memory == one.counters.max_in_memory);
    CHECK(several.counters.flows[0] == one.counters.flows[0]);
    CHECK(several.counters.flows[1] == one.counters.flows[1]);
  }
}

TEST_CASE("worker pool: pauses see whole totals and change nothing", "[worker pool]") {
  const auto frames = some_frames(3000);
  const Outcome without = analyse(frames, 0, false);
  for (const std::size_t threads : {0u, 1u, 3u}) {
    INFO(threads << " threads");
    CHECK(analyse(frames, threads, true).rows == without.rows);
  }
}

TEST_CASE("worker pool: a run without packets ends", "[worker pool]") {
  for (const std::size_t threads : {0u, 1u, 4u}) {
    const Outcome none = analyse({}, threads, false);
    CHECK(none.rows.empty());
    CHECK(none.total == 0);
  }
}

}  // namespace t2::test::worker_pool_test
