// Output is a function of input and configuration: for every set of plugins, the flow file, the rows of packets, the
// end report and the exported NetFlow records are the same bytes, however packets are grouped into batches, however
// many workers there are, and whatever the hash seed is.
#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "captures.hpp"
#include "collector.hpp"
#include "run.hpp"

namespace t2::test::invariance {

namespace {

using Plugins = std::vector<std::string>;

const std::vector<Plugins> plugin_sets{
    {"basicFlow", "txtSink"},
    {"basicFlow", "basicStats", "txtSink"},
    {"basicFlow", "tcpFlags", "txtSink"},
    {"basicFlow", "tcpStates", "txtSink"},
    {"basicFlow", "macRecorder", "txtSink"},
    {"basicFlow", "basicStats", "tcpFlags", "txtSink"},
    {"basicFlow", "basicStats", "tcpStates", "macRecorder", "txtSink"},
    {"basicFlow", "basicStats", "tcpFlags", "tcpStates", "macRecorder", "nFrstPkts", "sslDecode", "dnsDecode",
     "httpSniffer", "quicDecode", "dhcpDecode", "icmpDecode", "entropy", "pktSIATHisto", "descriptiveStats", "txtSink"},
};
const Plugins& everything = plugin_sets.back();

std::string show(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += word + " ";
  return out;
}

struct Variant {
  unsigned batch, threads;
  unsigned long seed;
  Arguments arguments() const {
    return {"--batch",     std::to_string(batch), "--threads", std::to_string(threads),
            "--hash-seed", std::to_string(seed)};
  }
  std::string name() const { return show(arguments()); }
};
constexpr Variant reference{64, 0, 1};
// Sanitizers look at memory: of the variants, which compare results, they get those that differ most.
constexpr std::array<Variant, 2> sanitized_variants{{{1, 0, 987654321}, {7, 3, 5}}};
constexpr std::array<Variant, 9> variants{{{1, 0, 1},
                                           {7, 0, 1},
                                           {1, 0, 987654321},
                                           {7, 0, 987654321},
                                           {64, 0, 987654321},
                                           {64, 1, 1},
                                           {64, 3, 1},
                                           {7, 3, 987654321},
                                           {1, 2, 5}}};
constexpr std::span<const Variant> compared =
    sanitized ? std::span<const Variant>(sanitized_variants) : std::span<const Variant>(variants);

// Report lines that speak of this run of the program, not of its input, begin like this.
constexpr std::array details{"Tranalyzer ",
                             "Date: ",
                             "[INF] Memory for flows: ",
                             "[INF] Memory that grows with traffic: ",
                             "Memory usage: ",
                             "Finished processing. Elapsed time: ",
                             "Finished unloading flow memory. Time: "};

std::string without_run_details(const std::string& report, const std::string& folder) {
  std::istringstream lines(report);
  std::string line, out;
  while (std::getline(lines, line)) {
    if (std::any_of(details.begin(), details.end(), [&](const char* begin) { return line.starts_with(begin); }))
      continue;
    for (std::size_t at; (at = line.find(folder)) != line.npos;) line.replace(at, folder.size(), "FOLDER");
    if (line.starts_with("Max number of flows in memory: "))  // [share] of those that fit, with so many workers
      line.resize(std::min(line.size(), line.rfind(" [")));
    out += line + "\n";
  }
  return out;
}

std::string first_difference(const std::string& a, const std::string& b) {
  std::istringstream x(a), y(b);
  std::string p, q;
  for (unsigned number = 1;; ++number) {
    const bool more_x = static_cast<bool>(std::getline(x, p)), more_y = static_cast<bool>(std::getline(y, q));
    if (!more_x && !more_y) return "";
    if (!more_x || !more_y || p != q)
      return "line " + std::to_string(number) + "\n  " + (more_x ? p : "(end)") + "\n  " + (more_y ? q : "(end)");
  }
}

Arguments joined(Arguments a, const Arguments& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// `one_thread`: where results may depend on the number of workers.
void check_file(const std::filesystem::path& file, const std::vector<Plugins>& sets, const Arguments& more = {},
                bool one_thread = false) {
  for (const Plugins& plugins : sets) {
    INFO("plugins: " << show(plugins) << "arguments: " << show(more));
    const Result expected = run_file(file, plugins, joined(reference.arguments(), more));
    INFO(expected.err);
    REQUIRE(expected.status == 0);
    REQUIRE(expected.flows.size() > 0);
    const std::string report = without_run_details(expected.out + expected.err, expected.folder.path().string());
    for (const Variant& variant : compared) {
      if (one_thread && variant.threads > 0) continue;
      INFO(variant.name());
      const Result result = run_file(file, plugins, joined(variant.arguments(), more));
      REQUIRE(result.status == 0);
      CHECK(first_difference(expected.file("_packets.txt"), result.file("_packets.txt")) == "");
      CHECK(first_difference(expected.flow_file, result.flow_file) == "");
      CHECK(first_difference(report, without_run_details(result.out + result.err, result.folder.path().string())) ==
            "");
    }
  }
}

void check(const Capture& capture, const std::vector<Plugins>& sets = plugin_sets, const Arguments& more = {},
           bool one_thread = false) {
  const TempFolder folder;
  write_file(folder / "capture", capture.pcap());
  check_file(folder / "capture", sets, more, one_thread);
}

const std::filesystem::path office = source_folder() / "share/samples/office.pcap";

std::size_t big_endian(const Buffer& bytes, std::size_t at, std::size_t size) {
  std::size_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = value << 8 | bytes.at(at + i);
  return value;
}

// Data records of NetFlow 9 messages by template, in the order of their arrival. How they are spread over messages, and
// the times in the messages' headers, belong to the run.
std::map<std::size_t, std::vector<Buffer>> records_of(const std::vector<Buffer>& messages) {
  std::map<std::size_t, std::size_t> sizes;
  std::map<std::size_t, std::vector<Buffer>> records;
  for (const Buffer& message : messages) {
    REQUIRE(big_endian(message, 0, 2) == 9);
    for (std::size_t set = 20; set < message.size();) {
      const std::size_t id = big_endian(message, set, 2), end = set + big_endian(message, set + 2, 2);
      REQUIRE(end > set);
      REQUIRE(end <= message.size());
      std::size_t at = set + 4;
      if (id == 0) {
        while (at + 4 <= end) {
          const std::size_t number = big_endian(message, at, 2), fields = big_endian(message, at + 2, 2);
          std::size_t size = 0;
          for (std::size_t i = 0; i < fields; ++i) size += big_endian(message, at + 6 + 4 * i, 2);
          sizes[number] = size;
          at += 4 + 4 * fields;
        }
      } else if (id == 1) {  // statistics of the exporter belong to the run as well
        set = end + big_endian(message, end + 2, 2);
        continue;
      } else {
        const std::size_t size = sizes.at(id);
        for (; at + size <= end; at += size)
          records[id].emplace_back(message.begin() + static_cast<std::ptrdiff_t>(at),
                                   message.begin() + static_cast<std::ptrdiff_t>(at + size));
      }
      set = end;
    }
  }
  return records;
}

std::map<std::size_t, std::vector<Buffer>> exported(const std::filesystem::path& file, const Variant& variant) {
  Collector collector;
  const Plugins plugins{"basicFlow", "basicStats", "tcpFlags", "tcpStates", "macRecorder", "netflowSink"};
  const Result result =
      run_file(file, plugins, variant.arguments(), {{"NF_SERVADD", "127.0.0.1"}, {"NF_DPORT", collector.port()}});
  INFO(result.err);
  REQUIRE(result.status == 0);
  return records_of(collector.finish());
}

void check_export(const std::filesystem::path& file) {
  const auto expected = exported(file, reference);
  REQUIRE(expected.size() == 2);  // IPv4 and IPv6
  for (const Variant& variant : compared) {
    INFO(variant.name());
    const auto found = exported(file, variant);
    for (const auto& [id, records] : expected) {
      INFO("template " << id);
      REQUIRE(found.contains(id));
      REQUIRE(found.at(id).size() == records.size());
      for (std::size_t i = 0; i < records.size(); ++i) {
        INFO("record " << i);
        REQUIRE(found.at(id)[i] == records[i]);
      }
    }
  }
}

}  // namespace

TEST_CASE("invariance: office.pcap", "[invariance]") { check_file(office, plugin_sets); }
TEST_CASE("invariance: handshakes and resets", "[invariance]") { check(handshakes_and_resets()); }
TEST_CASE("invariance: port reuse", "[invariance][threads]") { check(port_reuse()); }
TEST_CASE("invariance: out-of-order times", "[invariance]") { check(out_of_order_times()); }
TEST_CASE("invariance: fragments", "[invariance][threads]") { check(fragments()); }
TEST_CASE("invariance: jumps of hours", "[invariance]") { check(jumps_of_hours()); }
TEST_CASE("invariance: backward jumps", "[invariance]") { check(backward_jumps()); }
TEST_CASE("invariance: clocks that step", "[invariance]") { check(stepping_clocks()); }
TEST_CASE("invariance: equal times", "[invariance]") { check(equal_times()); }
TEST_CASE("invariance: many flows", "[invariance][threads]") { check(many_flows(), {everything}); }
TEST_CASE("invariance: odd frames", "[invariance]") { check(odd_frames()); }
TEST_CASE("invariance: random packets", "[invariance]") {
  for (unsigned seed = 1; seed <= 6; ++seed) {
    INFO("random_mix(" << seed << ")");
    check(random_mix(seed), {everything});
  }
}
// The bound is shared out among workers, so which flows are ended early depends on their number.
TEST_CASE("invariance: flows are ended early because few fit into memory", "[invariance]") {
  for (const char* most : {"1", "7", "60"}) {
    check(random_mix(7), {everything}, {"--max-flows", most}, true);
    check(handshakes_and_resets(), {everything}, {"--max-flows", most}, true);
    check_file(office, {everything}, {"--max-flows", most}, true);
  }
}
// With workers the bound is shared out: which flows end early depends on their number and on the hash seed, but on
// nothing else, and the packets between two addresses are the same in any case.
TEST_CASE("invariance: workers end flows early because few fit into memory", "[invariance]") {
  const TempFolder folder;
  write_file(folder / "capture", random_mix(7).pcap());
  const auto rows = [&](unsigned batch, const char* threads, const char* seed) {
    const Result result =
        run_file(folder / "capture", everything,
                 {"--max-flows", "60", "-t", threads, "--batch", std::to_string(batch), "--hash-seed", seed});
    INFO(result.err);
    REQUIRE(result.status == 0);
    REQUIRE_THAT(result.out, Catch::Contains("terminated by autopilot"));
    return result.flow_file;
  };
  const auto packets = [](const std::string& flow_file) {
    std::map<std::string, std::int64_t> sums;
    const Table table(flow_file);
    for (const Table::Row& row : table.all()) {
      const std::string ends =
          row["srcMac_dstMac_numP"].substr(0, 36) + row["srcIP"] + ">" + row["dstIP"] + " " + row["l4Proto"];
      sums[ends + " packets"] += row.number("pktsSnt");
      sums[ends + " bytes"] += row.number("l7BytesSnt");
    }
    return sums;
  };
  const std::string alone = rows(64, "0", "1"), shared = rows(64, "2", "5");
  const auto expected = packets(alone);
  CHECK(shared != alone);
  CHECK(packets(shared) == expected);
  for (const unsigned batch : {1u, 7u}) {
    CHECK(first_difference(shared, rows(batch, "2", "5")) == "");
    CHECK(packets(rows(batch, "3", "987654321")) == expected);
  }
}
// Written in capture order, which one thread only keeps: -s does not go with --threads.
TEST_CASE("invariance: rows of packets", "[invariance]") {
  REQUIRE(run_file(office, everything, {"-s"}).file("_packets.txt").size() > 100'000);
  check_file(office, plugin_sets, {"-s"}, true);
  check(random_mix(8), {everything}, {"-s"}, true);
  check(fragments(), {everything}, {"-s"}, true);
  check(random_mix(9), {everything}, {"-s", "--max-flows", "7"}, true);
}
TEST_CASE("invariance: NetFlow of office.pcap", "[invariance][netflow]") { check_export(office); }
TEST_CASE("invariance: NetFlow of random packets", "[invariance][netflow][threads]") {
  const TempFolder folder;
  write_file(folder / "capture", random_mix(4).pcap());
  check_export(folder / "capture");
}

}  // namespace t2::test::invariance
