// Fuzzes the whole engine behind the reader: decoder, worker and the built plugins, with packets derived from the
// input.
//
// Every input is analysed with batches of 1 and of 64 packets; rows and their order must be the same. The core stops
// the program for a row that does not hold the values of its columns (RowCheck). As the rows are the same, only those
// of the latter are formatted by txtSink (into /dev/null).
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <unistd.h>

#include "database.hpp"
#include "decode/dissector.hpp"
#include "flow/key.hpp"
#include "host/loader.hpp"
#include "input.hpp"
#include "pipeline/worker.hpp"
#include "rules.hpp"

using namespace t2;

namespace {

std::vector<std::uint8_t> collected;

class Collector final : public Sink {
 public:
  void open(const Output&) override {}
  void write(std::span<const RowView> rows) override {
    for (const RowView& row : rows) {
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

// Names of plugins, separated by blanks: those of the tutorial, or all that are built but other sinks (CMakeLists.txt).
std::vector<std::string> names_of_plugins() {
  std::istringstream text(T2_FUZZ_NAMES);
  return {std::istream_iterator<std::string>(text), {}};
}

// Places of the addresses that tcp_packet() makes, one of them damaged, and of most that are random.
void write_places(const std::filesystem::path& path) {
  using namespace test::mmdb;
  const test::Buffer whole = map({{"continent", map({{"code", string("EU")}})},
                                  {"country", map({{"iso_code", string("CH")}})},
                                  {"city", map({{"names", map({{"en", string("Bern\n\t\xc3\xbc")}})}})},
                                  {"postal", map({{"code", string("3000")}})},
                                  {"location", map({{"accuracy_radius", u16(5)},
                                                    {"latitude", real(46.9)},
                                                    {"longitude", real(7.4)},
                                                    {"time_zone", string("Europe/Zurich")}})}});
  const test::Buffer other_types = map({{"country", string("CH")}, {"location", map({{"latitude", string("x")}})}});
  test::Buffer damaged = whole;
  damaged.back() = 0xff;
  Writer database;
  database.add("0.0.0.0", 1, whole).add("128.0.0.0", 2, other_types);
  database.add("10.0.1.0", 24, damaged).add("10.0.2.0", 24, other_types);
  database.add("2001:db8::", 32, whole).add("2001:db8:0:1::", 64, other_types);
  const test::Buffer bytes = database.bytes();
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

// What stays: plugins are loaded once.
struct Setup {
  std::filesystem::path folder = std::filesystem::temp_directory_path() / ("t2fuzz." + std::to_string(getpid()));
  std::string places = (folder / "places.mmdb").string();
  Config config = fuzz::config(std::vector{"geoip.GEOIP_DB_FILE=" + places, "geoip.GEOIP_ASN_FILE=" + places});
  std::optional<Plugins> plugins;
  HeaderStacks stacks;
  Log log;
  std::optional<Context> context;
  struct Rows {  // of an engine
    Layout layout;
    OutputSinks sinks;
    Rows(std::vector<const Descriptor*> all, const Context& context) : layout(std::move(all)), sinks(layout, context) {}
  };
  std::unique_ptr<Rows> formatted, collected_only;

  Setup() {
    std::filesystem::create_directories(folder);
    for (const char* name : {"x_flows.txt", "x_headers.txt", "x_cic.csv"}) {
      if (!std::filesystem::is_symlink(folder / name)) std::filesystem::create_symlink("/dev/null", folder / name);
    }
    if (*T2_FUZZ_LEFT_OUT) std::fprintf(stderr, "left out:%s: libraries are not installed\n", T2_FUZZ_LEFT_OUT);
    const std::vector<std::string> names = names_of_plugins();
    write_places(places);
    const std::filesystem::path beside = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "plugins/";
    plugins.emplace(beside.string(), Selection{.list = {}, .names = names});
    log.quiet();
    context.emplace(Context{config, stacks, log, plugins->folder()});
    std::vector<const Descriptor*> all = plugins->all();
    fuzz::demand(all.size() == names.size(), "all plugins are built");
    all.push_back(&collector);
    formatted = std::make_unique<Rows>(all, *context);
    std::erase_if(all, [](const Descriptor* plugin) { return plugin->name == "txtSink"; });
    collected_only = std::make_unique<Rows>(all, *context);
    for (Rows* rows : {formatted.get(), collected_only.get()})
      rows->sinks.open({.prefix = (folder / "x").string(),
                        .to_stdout = false,
                        .columns = rows->layout.columns(),
                        .about = "# fuzzed\n"});
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
  Engine(Setup& s, Setup::Rows& rows, std::size_t size)
      : batch(size),
        dissector(s.stacks),
        worker(rows.layout, *s.context, {.batch = size, .seed = size, .max_flows = 8, .rows = [&rows](RowBatch& some) {
                                           rows.sinks.write(some);
                                         }}) {}
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

// The search for leaks of clang 14 crashes in the thread-local storage of more than twenty loaded libraries.
extern "C" const char* __lsan_default_options() { return "use_tls=0"; }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr Time first = 1'600'000'000 * one_second, latest = 8'000'000'000 * one_second;
  constexpr unsigned inputs_each = 512;  // of an engine
  static Setup& setup = *new Setup;
  static std::unique_ptr<Engine> many, one;
  static Time begin = never;
  static unsigned inputs = 0;
  if (begin >= latest) {
    many = std::make_unique<Engine>(setup, *setup.formatted, 64);
    one = std::make_unique<Engine>(setup, *setup.collected_only, 1);
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
