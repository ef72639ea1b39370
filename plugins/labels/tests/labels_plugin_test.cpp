// Which rule labels a flow, and what is said of a file that cannot be right.
#include <catch2/catch.hpp>

#include <algorithm>
#include <random>

#include "label_rules.hpp"
#include "run.hpp"

namespace t2::test::labels_plugin_test {

namespace {

const std::vector<std::string> plugins{"basicFlow", "labels", "txtSink"};

Capture flows() {
  Capture capture;
  capture.add(epoch, Frame().eth().ip4("192.0.2.1", "198.51.100.7").tcp(40000, 80).flags("S"));
  capture.add(epoch + second, Frame().eth().ip4("198.51.100.7", "192.0.2.1").tcp(80, 40000).flags("SA").ack(1));
  capture.add(epoch + 2 * second, Frame().eth().ip6("2001:db8::1", "2001:db8:ffff::1").udp(5000, 53).payload("x"));
  capture.add(epoch + 3 * second,
              Frame().eth().arp(1, "02:00:00:00:00:01", "192.0.2.1", "00:00:00:00:00:00", "192.0.2.2"));
  return capture;
}

struct Rules {
  TempFolder folder;
  std::string path;
  explicit Rules(const std::string& text) : path((folder / "rules.tsv").string()) {
    write_file(path, t2::test::text(text));
  }
  Result run() const { return t2::test::run(flows(), plugins, {"--set", "LABELS_FILE=" + path}); }
};

std::string rule(const std::string& fields, const std::string& label = "x") {
  std::string line = fields + " " + label;
  std::replace(line.begin(), line.end(), ' ', '\t');
  return line + "\n";
}

}  // namespace

TEST_CASE(
    "labels: the first rule of the file labels both directions, "
    "whichever way it is written") {
  const Rules rules("# comment\r\n\n" + rule("* * udp 2001:db8::/32 * 2001:db8:ffff::1 50-60", "DNS") +
                    rule("* * 17 198.51.100.7 80 192.0.2.0/24 *", "no") +
                    "*\t*\t*\t198.51.100.7\t80\t192.0.2.0/24\t*\tWeb Attack: \"XSS\"\n" +
                    rule("* * tcp * * * *", "late"));
  const Result result = rules.run();
  REQUIRE(result.status == 0);
  for (const char* direction : {"A", "B"}) {
    const auto web = result.flows.find({{"dir", direction}, {"l4Proto", "6"}});
    CHECK(web["label"] == "\"Web Attack: \\\"XSS\\\"\"");
    CHECK(web["labelRule"] == "5");
  }
  CHECK(result.flows.find({{"l4Proto", "17"}})["label"] == "\"DNS\"");
  CHECK(result.flows.find({{"ethType", "0x0806"}})["label"] == "\"-\"");
  CHECK(result.flows.find({{"ethType", "0x0806"}})["labelRule"] == "0");
  CHECK_THAT(result.out, Catch::Contains("labels: Number of flows with a label: 3"));
  CHECK_THAT(result.out, Catch::Contains("labels: Rules that labelled no flow: 2 of 4, the first in line 4"));
}

TEST_CASE("labels: a flow belongs to an interval if a part of it lies there") {
  const auto label = [](const std::string& begin, const std::string& end) {
    return Rules(rule(begin + " " + end + " tcp * * * *", "in"))
        .run()
        .flows.find({{"dir", "A"}, {"l4Proto", "6"}})["label"];
  };
  CHECK(label("*", "1600000000") == "\"in\"");
  CHECK(label("*", "1599999999.999999999") == "\"-\"");
  CHECK(label("1600000001", "*") == "\"in\"");  // the answer
  CHECK(label("1600000001.000000001", "*") == "\"-\"");
  CHECK(label("1600000000.5", "1600000000.6") == "\"in\"");
  CHECK(label("2020-09-13T12:26:40Z", "2020-09-13T12:26:40Z") == "\"in\"");
  CHECK(label("2020-09-13T09:26:41.5-03:00", "2020-09-14T00:00:00Z") == "\"-\"");
  CHECK(label("2020-09-13T17:56:41+05:30", "*") == "\"in\"");
}

TEST_CASE("labels: a line that cannot be right is an error with its place") {
  const auto message = [](const std::string& text) {
    const Result result = Rules(text).run();
    CHECK(result.status == 1);
    return result.err;
  };
  const std::string good = rule("* * * * * * *");
  for (const auto& [line, what] : std::vector<std::pair<std::string, std::string>>{
           {"* * * * * *\n", "1 of 8 fields"},
           {rule("* * * * * *"), "7 of 8 fields"},
           {rule("1e9 * * * * * *"), "'1e9' is no time"},
           {rule("2020-09-13T12:26:40 * * * * * *"), "is no time"},
           {rule("2020-02-30T12:26:40Z * * * * * *"), "is no time"},
           {rule("99999999999999999999 * * * * * *"), "is no time"},
           {rule("5 4 * * * * *"), "it ends before it begins"},
           {rule("* * TCP * * * *"), "'TCP' is no protocol"},
           {rule("* * 256 * * * *"), "'256' is no protocol"},
           {rule("* * * 192.0.2 * * *"), "'192.0.2' is no address or network"},
           {rule("* * * 192.0.2.0/33 * * *"), "is no address or network"},
           {rule("* * * * 65536 * *"), "'65536' is no port"},
           {rule("* * * * * * 9-8"), "'9-8' is no port"},
           {rule("* * * * * * *", ""), "there is no label"},
           {rule("* * * 192.0.2.1 * ::1 *"), "no flow has an IPv4 and an IPv6 address"}})
    CHECK_THAT(message(good + line), Catch::Contains("rules.tsv:2: ") && Catch::Contains(what));
  CHECK_THAT(message("# nothing\n"), Catch::Contains("has no rule"));
  const Result empty = run(flows(), plugins);
  CHECK(empty.status == 0);
  CHECK_THAT(empty.out, Catch::Contains("labels.tsv': no flow has a label; set LABELS_FILE"));
  const Result missing = run(flows(), plugins, {"--set", "LABELS_FILE=/nowhere/rules.tsv"});
  CHECK(missing.status == 1);
  CHECK_THAT(missing.err, Catch::Contains("labels: cannot read LABELS_FILE"));
}

TEST_CASE("labels: the search finds what a look at all rules finds") {
  using namespace t2::labels;
  std::mt19937 random(7);
  const auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  const auto address = [&](t2::Family family) {
    std::array<std::uint8_t, 16> out{};
    for (unsigned i = 0; i < (family == t2::Family::ipv4 ? 4u : 16u); ++i) out[i] = static_cast<std::uint8_t>(below(2));
    return out;
  };
  const auto in = [](const Network& network, t2::Family family, const t2::Endpoint& end) {
    if (network.family == t2::Family::layer2) return true;
    if (network.family != family) return false;
    for (unsigned bit = 0; bit < network.bits; ++bit)
      if ((network.address[bit / 8] ^ end.address[bit / 8]) >> (7 - bit % 8) & 1) return false;
    return true;
  };
  std::vector<Rule> all;
  for (unsigned i = 0; i < 3000; ++i) {
    Rule rule;
    rule.line = i + 1;
    const t2::Family family = below(3) ? t2::Family::ipv4 : t2::Family::ipv6;
    for (Network* network : {&rule.source, &rule.destination}) {
      if (below(4) == 0) continue;
      network->family = family;
      network->address = address(family);
      network->bits = static_cast<std::uint8_t>(family == t2::Family::ipv4 ? 8 * below(5) : 16 * below(9));
    }
    for (PortRange* ports : {&rule.source_ports, &rule.destination_ports}) {
      if (below(2)) continue;
      ports->first = static_cast<std::uint16_t>(below(4));
      ports->last = static_cast<std::uint16_t>(ports->first + below(3));
    }
    if (below(2)) rule.protocol = below(2) ? 6 : 17;
    if (below(4)) rule.begin = below(1000), rule.end = rule.begin + below(below(10) ? 5 : 900);
    all.push_back(rule);
  }
  const t2::labels::Rules rules(all);
  unsigned found = 0;
  for (unsigned i = 0; i < 2000; ++i) {
    FlowFacts flow;
    flow.family = below(3) ? t2::Family::ipv4 : t2::Family::ipv6;
    flow.protocol = below(2) ? 6 : 17;
    flow.source = {address(flow.family), static_cast<std::uint16_t>(below(6))};
    flow.destination = {address(flow.family), static_cast<std::uint16_t>(below(6))};
    flow.times.earliest = below(1000);
    flow.times.latest = flow.times.earliest + below(20);
    std::uint32_t expected = t2::labels::Rules::none;
    for (std::uint32_t n = 0; n < all.size() && expected == t2::labels::Rules::none; ++n) {
      const Rule& r = all[n];
      if (r.protocol >= 0 && r.protocol != flow.protocol) continue;
      if (r.begin > flow.times.latest || r.end < flow.times.earliest) continue;
      for (const auto& [from, to] :
           {std::pair(flow.source, flow.destination), std::pair(flow.destination, flow.source)})
        if (in(r.source, flow.family, from) && in(r.destination, flow.family, to) && r.source_ports.has(from.port) &&
            r.destination_ports.has(to.port))
          expected = n;
    }
    REQUIRE(rules.find(flow) == expected);
    found += expected != t2::labels::Rules::none;
  }
  CHECK(found > 1000);
}

}  // namespace t2::test::labels_plugin_test
