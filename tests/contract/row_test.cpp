// Rows: what a plugin writes is compared with its columns, and a difference ends the run with a line that names plugin,
// function and column. First the comparison alone, then the program with a plugin that writes wrong rows.
#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <random>

#include "output/row_check.hpp"
#include "run.hpp"

namespace t2::test::row_test {

namespace {

namespace fs = std::filesystem;

constexpr Type every_type[] = {Type::i8,       Type::i16,     Type::i32,   Type::i64,       Type::u8,
                               Type::u16,      Type::u32,     Type::u64,   Type::h8,        Type::h16,
                               Type::h32,      Type::h64,     Type::f32,   Type::f64,       Type::text,
                               Type::label,    Type::content, Type::bytes, Type::direction, Type::time,
                               Type::duration, Type::mac,     Type::ip4,   Type::ip6,       Type::ip};

void put_value(Row& row, Type type, unsigned n) {
  Endpoint end;
  end.address.fill(static_cast<std::uint8_t>(n));
  switch (type) {
    case Type::i8:
    case Type::u8:
    case Type::h8:
    case Type::direction: return row.put(static_cast<std::uint8_t>(n));
    case Type::i16:
    case Type::u16:
    case Type::h16: return row.put(static_cast<std::uint16_t>(n));
    case Type::i32:
    case Type::u32:
    case Type::h32: return row.put(n);
    case Type::i64:
    case Type::u64:
    case Type::h64: return row.put(std::uint64_t{n});
    case Type::time:
    case Type::duration: return row.put(Time{n});
    case Type::f32: return row.put(1.5f);
    case Type::f64: return row.put(2.5);
    case Type::text:
    case Type::label:
    case Type::content:
    case Type::bytes: return row.text(std::string(n % 7, 'x'));
    case Type::mac: return row.mac(end.address.data());
    case Type::ip4: return row.raw(end.address.data(), 4);
    case Type::ip6: return row.raw(end.address.data(), 16);
    case Type::ip: return row.ip(n % 3 == 0 ? Family::layer2 : n % 3 == 1 ? Family::ipv4 : Family::ipv6, end);
  }
}

// Columns with every type, alone, joined and in lists, in an order that depends on the seed.
std::vector<Column> some_columns(std::mt19937& random) {
  std::vector<Column> columns;
  const auto any = [&] { return every_type[random() % std::size(every_type)]; };
  for (unsigned i = 0, n = 1 + random() % 8; i < n; ++i) {
    Column column = random() % 2 ? Column("c", "", any()) : Column("c", "", any(), any(), any());
    columns.push_back(random() % 3 == 0 ? column.repeated() : column);
  }
  return columns;
}

void put_columns(Row& row, std::span<const Column> columns, std::mt19937& random) {
  for (const Column& column : columns) {
    const unsigned values = column.repeats ? random() % 4 : 1;
    if (column.repeats) row.count(values);
    for (unsigned i = 0; i < values; ++i) {
      for (std::size_t k = 0; k < column.size; ++k)
        put_value(row, column.type[k], static_cast<unsigned>(random() % 50));
    }
  }
}

// A capture of 400 packets in 200 flows, and plugins, one of which writes wrong rows where `faults` says so.
class WrongRows {
 public:
  WrongRows() : place_(plugin_folder(folder_, {"basicFlow", "txtSink"})) {
    fs::copy_file(built_plugins().parent_path() / "contract/240_wrongRows.so", place_ / "240_wrongRows.so");
    Capture c;
    for (int i = 0; i < 400; ++i) {
      c.add(epoch + i * millisecond,
            Frame().eth().ip4("10.0.0.1", "10.0." + std::to_string(i % 200) + ".2").udp(6000, 7000).payload("x"));
    }
    write_file(folder_ / "c.pcap", c.pcap());
  }
  Execution run(const Environment& faults, const Arguments& more = {}) const {
    Arguments command{binary().string(),       "-p", place_.string(), "-r", (folder_ / "c.pcap").string(), "-w",
                      (folder_ / "o").string()};
    command.insert(command.end(), more.begin(), more.end());
    Environment environment = faults;
    environment.emplace("HOME", folder_.path().string());
    return execute(command, folder_, environment);
  }
  Table flows() const { return Table(read_file(folder_ / "o_flows.txt")); }
  void remove_sink() const { fs::remove(place_ / "901_txtSink.so"); }

 private:
  TempFolder folder_;
  fs::path place_;
};

void check_stopped(const Execution& result, const std::string& line) {
  INFO(result.out << result.err);
  CHECK(result.status == 1);
  CHECK(result.err == "[ERR] wrongRows: " + line + ": correct the plugin, then run t2build wrongRows\n");
}

}  // namespace

TEST_CASE("rows: what fits the columns is accepted, one byte more or less is not", "[contract]") {
  std::mt19937 random(1);
  for (int round = 0; round < 500; ++round) {
    const std::vector<Column> columns = some_columns(random);
    const RowCheck check(columns);
    Row row;
    std::vector<Row::Put> puts;
    row.trace(&puts);
    put_columns(row, columns, random);
    INFO("round " << round);
    REQUIRE(check.fits(row.bytes()));
    REQUIRE(check.difference(row.bytes(), puts).empty());
    for (std::size_t less = 1; less <= row.bytes().size(); ++less) {
      // A copy of its own size, so that sanitizers see a byte read behind it.
      const std::vector<std::uint8_t> cut(row.bytes().begin(), row.bytes().end() - static_cast<std::ptrdiff_t>(less));
      REQUIRE_FALSE(check.fits(cut));
    }
    std::vector<std::uint8_t> longer(row.bytes().begin(), row.bytes().end());
    longer.push_back(0);
    REQUIRE_FALSE(check.fits(longer));
  }
}

TEST_CASE("rows: any bytes at all are judged without reading behind them", "[contract]") {
  std::mt19937 random(2);
  for (int round = 0; round < 2000; ++round) {
    const std::vector<Column> columns = some_columns(random);
    std::vector<std::uint8_t> bytes(random() % 60);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random() % 4 ? random() % 5 : random());
    const RowCheck check(columns);
    const Row::Put all{Row::Put::Kind::bytes, bytes.size()};
    // Written in one piece, both ways of comparing must agree.
    CHECK(check.fits(bytes) == check.difference(bytes, {&all, bytes.empty() ? 0u : 1u}).empty());
  }
}

TEST_CASE("rows: without columns there are no bytes", "[contract]") {
  const RowCheck check({});
  const std::uint8_t byte[1] = {};
  const Row::Put put{Row::Put::Kind::value, 1};
  CHECK(check.fits({}));
  CHECK_FALSE(check.fits(byte));
  CHECK(check.difference({}, {}).empty());
  CHECK(check.difference(byte, {&put, 1}) == "puts 1 byte and has no column");
}

TEST_CASE("rows: a wrong row of a flow ends the run and names plugin and column", "[contract]") {
  const WrongRows plugins;
  const std::pair<const char*, const char*> faults[] = {
      {"all missing", "leaves out column 'wrongNumber', or a part of it"},
      {"first missing", "calls count() where column 'wrongNumber' takes a value"},
      {"middle missing", "puts 1 byte into column 'wrongText', where its next value takes 4"},
      {"last missing", "leaves out column 'wrongEnd', or a part of it"},
      {"too many", "puts 4 bytes more than its columns take, behind column 'wrongEnd'"},
      {"wider", "puts 8 bytes into column 'wrongNumber', where its next value takes 4"},
      {"narrower", "puts 1 byte into column 'wrongNumber', where its next value takes 4"},
      {"swapped", "puts 8 bytes into column 'wrongEnd', where its next value takes 4"},
      {"no count", "begins the list 'wrongList' with a put() of 2 bytes: count() is missing"},
      {"count is a value", "begins the list 'wrongList' with a put() of 4 bytes: count() is missing"},
      {"count too large",
       "announces 3 values of the list 'wrongList' with count(); value 3 has a put() of 4 bytes, not 2"},
      {"huge count",
       "announces 4294967295 values of the list 'wrongList' with count(); value 3 has a put() of 4 bytes, not 2"},
      {"text without length", "puts 3 bytes into column 'wrongText', where its next value takes 4"},
      {"text too short", "puts 3 bytes into column 'wrongText', where its next value takes 1000"},
      {"unknown family", "puts an address of family 7 into column 'wrongAddress': 0, 4 and 6 are known"},
      {"half a pair",
       "announces 2 values of the list 'wrongPairs' with count(); value 2 has a put() of 4 bytes, not 1"}};
  for (const auto& [fault, line] : faults) {
    INFO(fault);
    const std::string whole = "on_flow_end() " + std::string(line);
    check_stopped(plugins.run({{"TOY_ROW", fault}}, {"-t", "0"}), whole);
    check_stopped(plugins.run({{"TOY_ROW", fault}}, {"-t", "2"}), whole);
    // Two differences that are made up for, and a count that is a value, show where every call is compared only.
    if (std::string_view(fault) == "swapped" || std::string_view(fault) == "count is a value") continue;
    check_stopped(plugins.run({{"TOY_ROW", fault}, {"TOY_FROM", "40"}}, {"-t", "0"}), whole);
    check_stopped(plugins.run({{"TOY_ROW", fault}, {"TOY_FROM", "40"}}, {"-t", "2"}), whole);
  }
}

TEST_CASE("rows: a plugin that takes back what others wrote is stopped", "[contract]") {
  const WrongRows plugins;
  check_stopped(plugins.run({{"TOY_ROW", "cleared"}, {"TOY_FROM", "2"}}),
                "on_flow_end() puts something else than its columns");
}

TEST_CASE("rows: a wrong row of a packet ends the run and names plugin and column", "[contract]") {
  const WrongRows plugins;
  for (const char* from : {"1", "40"}) {
    const auto check = [&](const char* fault, const std::string& line) {
      INFO(fault);
      check_stopped(plugins.run({{"TOY_PACKET_ROW", fault}, {"TOY_FROM", from}}, {"-s"}), "on_packet_row() " + line);
    };
    check("too many", "puts 4 bytes more than its columns take, behind column 'wrongPktList'");
    check("wider", "puts 8 bytes into column 'wrongPktNumber', where its next value takes 4");
    check("no count", "begins the list 'wrongPktList' with a put() of 2 bytes: count() is missing");
    check("huge count", "announces 4294967295 values of the list 'wrongPktList' with count() and puts 2");
  }
}

TEST_CASE("rows: right rows, and rows that no sink reads, pass", "[contract]") {
  const WrongRows plugins;
  const Execution right = plugins.run({});
  INFO(right.out << right.err);
  CHECK(right.status == 0);
  const Table flows = plugins.flows();
  REQUIRE(flows.size() == 200);
  CHECK(flows.row(199)["wrongList"] == "1;2");
  CHECK(flows.row(199)["wrongPairs"] == "x_1;y_2");
  plugins.remove_sink();
  CHECK(plugins.run({{"TOY_ROW", "too many"}}).status == 0);
}

TEST_CASE("state: claimed twice or too late is an error", "[contract]") {
  const WrongRows plugins;
  for (const char* when : {"twice", "late"}) {
    for (const char* threads : {"0", "2"}) {
      const Execution result = plugins.run({{"TOY_STATE", when}}, {"-t", threads});
      INFO(when << result.out << result.err);
      CHECK(result.status == 1);
      CHECK(result.err == "[ERR] wrongRows: State is claimed once, in create(): correct the plugin\n");
    }
  }
}

}  // namespace t2::test::row_test
