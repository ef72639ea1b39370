// Micro-benchmarks of what sinks do: rows of all columns as text, NetFlow records and their messages.
#include <benchmark/benchmark.h>

#include "message.hpp"
#include "t2/row_text.hpp"
#include "traffic.hpp"

using namespace t2;

namespace {

// Copies of the rows of a run.
struct Kept {
  RowView view;
  std::vector<std::uint8_t> columns;
};
std::vector<Kept> kept;

class Keeper final : public Sink {
  void open(const Output&) override {}
  void write(std::span<const RowView> rows) override {
    for (const RowView& row : rows) kept.push_back({row, {row.columns.begin(), row.columns.end()}});
  }
  void close() override {}
};
const Descriptor keeper{
    .name = "keeper", .version = "1", .summary = "", .number = 999, .create_sink = [](Host&) -> Sink* {
      return new Keeper;
    }};

void text_row(benchmark::State& state) {
  static OutputSinks* sinks = nullptr;
  static bench::Engine& engine = *new bench::Engine({"basicFlow", "macRecorder", "basicStats", "tcpFlags", "tcpStates"},
                                                    {&keeper}, [](RowBatch& rows) { sinks->write(rows); });
  static OutputSinks& all = *new OutputSinks(engine.layout(), engine.context());
  if (!sinks) {
    sinks = &all;
    Output output;
    output.columns = engine.layout().columns();
    sinks->open(output);
    const auto frames = bench::web_frames(2000);
    bench::Decoded traffic(frames, engine.stacks());
    engine.process(traffic);
    engine.worker().finish(traffic.packets.back().clock);
    engine.worker().drain();
    for (Kept& row : kept) row.view.columns = row.columns;
  }
  text::RowFormatter formatter(engine.layout().columns());
  std::size_t room = 0, characters = 0;
  for (const Kept& row : kept) room = std::max(room, formatter.room(row.view));
  std::vector<char> line(room);
  for (auto _ : state) {
    characters = 0;
    for (const Kept& row : kept) {
      char* end = formatter.put(line.data(), row.view);
      characters += static_cast<std::size_t>(end - line.data());
      benchmark::ClobberMemory();
    }
  }
  bench::each(state, kept.size());
  state.counters["columns"] = static_cast<double>(engine.layout().columns().size());
  state.counters["characters"] = static_cast<double>(characters) / static_cast<double>(kept.size());
}
BENCHMARK(text_row);

// ---- NetFlow: a record as it goes over the wire (workers), records into a message (output thread)

struct EncodedRecord {
  netflow_sink::Template layout;
  netflow_sink::FlowRecord record{};
  std::vector<std::uint8_t> bytes;
  explicit EncodedRecord(std::int64_t version)
      : layout(fields(version), netflow_sink::RecordKind::ipv4), bytes(layout.record_size) {
    record.times.earliest = 1'600'000'000 * one_second, record.times.latest = record.times.earliest + one_second;
    record.packets = 10, record.ip_octets = 5000;
    record.family = Family::ipv4, record.protocol = 6;
  }
  static netflow_sink::RecordLayout fields(std::int64_t version) {
    netflow_sink::RecordLayout layout;
    layout.version = static_cast<netflow_sink::Version>(version);
    return layout;
  }
};

void netflow_record(benchmark::State& state) {
  EncodedRecord wire(state.range(0));
  for (auto _ : state) {
    wire.layout.put(wire.bytes.data(), wire.record, wire.record);
    benchmark::ClobberMemory();
  }
  bench::each(state, 1);
}
BENCHMARK(netflow_record)->ArgName("version")->Arg(9)->Arg(10);

void netflow_message(benchmark::State& state) {
  EncodedRecord wire(state.range(0));
  netflow_sink::DataMessage message(wire.layout, 1400, 200);
  std::size_t records = 0;
  for (auto _ : state) {
    for (; !message.full(); ++records) message.add(wire.bytes, records);
    benchmark::DoNotOptimize(message.finish(netflow_sink::MessageHeader{}));
    message.clear();
  }
  bench::each_of(state, records);
}
BENCHMARK(netflow_message)->ArgName("version")->Arg(9)->Arg(10);

}  // namespace
