// Fuzzes the whole engine behind the reader: decoder, worker and the built plugins, with packets derived from the
// input.
//
// Every input is analysed with batches of 1 and of 64 packets; rows and their order must be the same. Each row must
// hold exactly the values that its columns announce, and is formatted by txtSink (into /dev/null).
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <unistd.h>

#include "decode/dissector.hpp"
#include "flow/key.hpp"
#include "host/loader.hpp"
#include "input.hpp"
#include "pipeline/worker.hpp"
#include "rules.hpp"

using namespace t2;

namespace {

// Steps over one value; false: it does not end in the row.
bool step(Type type, std::span<const std::uint8_t>& row) {
  const auto skip = [&](std::size_t n) {
    if (row.size() < n) return false;
    row = row.subspan(n);
    return true;
  };
  switch (type) {
    case Type::i8:
    case Type::u8:
    case Type::h8:
    case Type::direction: return skip(1);
    case Type::i16:
    case Type::u16:
    case Type::h16: return skip(2);
    case Type::i32:
    case Type::u32:
    case Type::h32:
    case Type::f32:
    case Type::ip4: return skip(4);
    case Type::mac: return skip(6);
    case Type::ip6: return skip(16);
    case Type::ip: {
      if (row.empty()) return false;
      const unsigned family = row[0];
      return (family == 0 || family == 4 || family == 6) && skip(family == 0 ? 1 : family == 4 ? 5 : 17);
    }
    case Type::i64:
    case Type::u64:
    case Type::h64:
    case Type::f64:
    case Type::time:
    case Type::duration: return skip(8);
    default: {  // texts
      std::uint32_t length;
      if (row.size() < sizeof length) return false;
      std::memcpy(&length, row.data(), sizeof length);
      return skip(sizeof length + length);
    }
  }
}

void check_row(std::span<const Column> columns, std::span<const std::uint8_t> row) {
  for (const Column& column : columns.subspan(2)) {  // dir and flowInd are not in the row
    std::uint32_t times = 1;
    if (column.repeats) {
      if (row.size() < 4) fuzz::demand(false, std::string(column.name) + " begins with a count");
      std::memcpy(&times, row.data(), 4);
      row = row.subspan(4);
    }
    for (; times > 0; --times) {
      for (unsigned i = 0; i < column.size; ++i)
        if (!step(column.type[i], row)) fuzz::demand(false, std::string(column.name) + " is in its row");
    }
  }
  fuzz::demand(row.empty(), "a row holds no more than its columns announce");
}

std::vector<std::uint8_t> collected;
std::span<const Column> columns;

class Collector final : public Sink {
 public:
  void open(const Output&) override {}
  void write(std::span<const RowView> rows) override {
    for (const RowView& row : rows) {
      check_row(columns, row.columns);
      const auto add = [](const void* from, std::size_t n) {
        collected.insert(collected.end(), static_cast<const std::uint8_t*>(from),
                         static_cast<const std::uint8_t*>(from) + n);
      };
      add(&row.direction, 1);
      add(&row.index, sizeof row.index);
      add(&row.end, sizeof row.end);
      add(row.columns.data(), row.columns.size());
    }
  }
  void close() override {}
};

const Descriptor collector{
    .name = "collector", .version = "1", .summary = "", .number = 999, .create_sink = [](Host&) -> Sink* {
      return new Collector;
    }};

// What stays: plugins are loaded once.
struct Setup {
  std::filesystem::path folder = std::filesystem::temp_directory_path() / ("t2fuzz." + std::to_string(getpid()));
  Config config = fuzz::no_config();
  std::optional<Plugins> plugins;
  HeaderStacks stacks;
  Log log;
  std::optional<Context> context;
  std::optional<Layout> layout;
  std::unique_ptr<OutputSinks> sinks;

  Setup() {
    std::filesystem::create_directories(folder);
    for (const char* name : {"x_flows.txt", "x_headers.txt", "x_cic.csv"}) {
      if (!std::filesystem::is_symlink(folder / name)) std::filesystem::create_symlink("/dev/null", folder / name);
    }
    std::ofstream(folder / "plugins.txt")
        << "basicFlow\nmacRecorder\nbasicStats\ntcpFlags\ntcpStates\nnFrstPkts\nsslDecode\ndnsDecode\n"
           "quicDecode\ndhcpDecode\nicmpDecode\nentropy\ndescriptiveStats\nconnStat\nhttpSniffer\ntxtSink\ncicFeatures"
           "\n";
    plugins.emplace(T2_FUZZ_PLUGINS "/", Selection{.list = (folder / "plugins.txt").string(), .names = {}});
    log.quiet();
    context.emplace(Context{config, stacks, log, plugins->folder()});
    std::vector<const Descriptor*> all = plugins->all();
    fuzz::demand(all.size() == 17, "all plugins are built");
    all.push_back(&collector);
    layout.emplace(all);
    columns = layout->columns();
    sinks = std::make_unique<OutputSinks>(*layout, *context);
    sinks->open({.prefix = (folder / "x").string(), .to_stdout = false, .columns = columns, .about = "# fuzzed\n"});
  }
};

// Ethernet, IPv4 or IPv6 and TCP of one of four connections, most fields from the input.
std::vector<std::uint8_t> tcp_packet(fuzz::Input& input, unsigned what) {
  const unsigned connection = what >> 1 & 3;
  const bool back = what & 1, v6 = what & 8;
  std::vector<std::uint8_t> f{2, 0, 0, 0, 0, static_cast<std::uint8_t>(2 - back),
                              2, 0, 0, 0, 0, static_cast<std::uint8_t>(1 + back)};
  const auto put = [&](std::uint32_t value, unsigned bytes) {
    while (bytes-- > 0) f.push_back(static_cast<std::uint8_t>(value >> 8 * bytes));
  };
  const unsigned options = input.u8() % 11, payload = input.u8() & 0x7f, odd = input.u8();
  const unsigned tcp_length = 20 + 4 * options + payload;
  if (v6) {
    put(0x86dd, 2), put(0x60000000, 4), put(odd & 1 ? input.u16() : tcp_length, 2), put(6, 1), put(64, 1);
    for (const unsigned end : {1u + back, 2u - back}) put(0x20010db8, 4), put(connection, 4), put(0, 4), put(end, 4);
  } else {
    put(0x0800, 2), put(0x45, 1), put(odd & 2 ? input.u8() : 0, 1), put(odd & 1 ? input.u16() : 20 + tcp_length, 2);
    put(input.u16(), 2), put(odd & 4 ? input.u16() : 0x4000, 2), put(odd & 8 ? input.u8() : 64, 1), put(6, 1),
        put(0, 2);
    for (const unsigned end : {1u + back, 2u - back}) put(0x0a000000 | connection << 8 | end, 4);
  }
  const unsigned ports[] = {40000 + connection, 80};
  put(ports[back], 2), put(ports[!back], 2);
  put(odd & 16 ? input.u32() : input.u16(), 4), put(odd & 32 ? input.u32() : input.u16(), 4);
  put(odd & 64 ? input.u8() : (5 + options) << 4, 1), put(input.u8(), 1), put(input.u16(), 2), put(input.u16(), 2),
      put(odd & 128 ? input.u16() : 0, 2);
  const auto content = input.read(4 * options);
  f.insert(f.end(), content.begin(), content.end());
  f.resize(f.size() + 4 * options - content.size() + payload);
  if (odd == 0xff) f.resize(input.u8() % f.size());
  return f;
}

// Decoder and worker with batches of one size, for many inputs: to make them takes longer than an input.
struct Engine {
  Engine(Setup& s, std::size_t size)
      : batch(size),
        dissector(s.stacks),
        worker(*s.layout, *s.context,
               {.batch = size, .seed = size, .max_flows = 8, .rows = [&s](RowBatch& rows) { s.sinks->write(rows); }}) {}
  std::size_t batch;
  Dissector dissector;
  Worker worker;
};

constexpr Time never = INT64_MAX;

// Returns the time at the end: the next input begins later.
Time analyse(Engine& engine, std::span<const std::uint8_t> bytes, Time begin, bool last) {
  fuzz::Input input(bytes);
  const unsigned mode = input.u8();
  const bool raw = mode & 1;
  const int link_type = raw ? fuzz::link_types[(mode >> 1) % fuzz::link_types.size()] : 1;
  std::vector<fuzz::Frame> frames;
  std::vector<Packet> packets;
  std::vector<Lookup> lookups;
  Time time = begin, clock = time;
  std::uint64_t number = 0;
  const auto flush = [&] {
    engine.worker.process(packets, lookups);
    packets.clear(), lookups.clear(), frames.clear();
  };
  while (!input.empty() && number < 256) {
    time += fuzz::time_step(input.u8());
    clock = std::max(clock, time);
    const unsigned what = input.u8();
    std::uint32_t missing = 0;
    if (raw) {
      missing = what & 0xf;
      frames.emplace_back(input.read(input.u16() & 0x1ff));
    } else {
      missing = what >> 4 == 0xf ? 10 : 0;
      frames.emplace_back(tcp_packet(input, what));
    }
    Packet packet;
    packet.time = time;
    packet.clock = packet.at = clock;
    packet.number = ++number;
    packet.data = frames.back().data.get();
    packet.captured = frames.back().size;
    packet.wire = packet.captured + missing;
    if (engine.dissector.run(link_type, packet)) {
      fuzz::check(packet);
      make_lookup(packet, KeyedHash(engine.batch), lookups.emplace_back());
      packets.push_back(packet);
    }
    if (packets.size() >= engine.batch) flush();
  }
  flush();
  if (last) {  // the end of a run: a worker cannot go on behind it
    while (engine.worker.finish(clock)) {}
    fuzz::demand(engine.worker.flows_in_memory() == 0, "all flows end");
    return never;
  }
  constexpr Time longer_than_timeouts = 30 * 86'400 * one_second;
  clock += longer_than_timeouts;
  engine.worker.advance(clock);
  engine.worker.drain();
  fuzz::demand(engine.worker.flows_in_memory() == 0, "idle flows end");
  return clock;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr Time first = 1'600'000'000 * one_second, latest = 8'000'000'000 * one_second;
  constexpr unsigned inputs_each = 512;  // of an engine
  static Setup& setup = *new Setup;
  static std::unique_ptr<Engine> many, one;
  static Time begin = never;
  static unsigned inputs = 0;
  if (begin >= latest) {
    many = std::make_unique<Engine>(setup, 64), one = std::make_unique<Engine>(setup, 1);
    begin = first;
  }
  const bool last = ++inputs % inputs_each == 0;
  collected.clear();
  const Time end = analyse(*many, {data, size}, begin, last);
  const std::vector<std::uint8_t> reference = collected;
  collected.clear();
  fuzz::demand(analyse(*one, {data, size}, begin, last) == end, "time does not depend on the size of batches");
  fuzz::demand(collected == reference, "rows do not depend on the size of batches");
  begin = end;
  return 0;
}
