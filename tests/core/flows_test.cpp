// Which packets make a flow: directions, numbers, timeouts, times that run backwards. Through the program.
#include <catch2/catch.hpp>

#include <algorithm>

#include "run.hpp"
#include "t2/packet.hpp"

namespace t2::test::flows_test {

namespace {

const std::vector<std::string> plugins{"basicFlow", "basicStats", "txtSink"};

Buffer udp(std::string_view from, unsigned port, std::string_view to, unsigned to_port, std::size_t size) {
  return Frame().eth().ip4(from, to).udp(port, to_port).zeros(size);
}

// The chosen columns of all rows, in the order of the file.
std::vector<std::string> rows(const Result& result, const std::vector<std::string>& columns) {
  INFO(result.out << result.err);
  REQUIRE(result.status == 0);
  std::vector<std::string> out;
  for (const auto& row : result.flows.all()) {
    std::string line;
    for (const std::string& column : columns) line += (line.empty() ? "" : "|") + row[column];
    out.push_back(line);
  }
  return out;
}

using Lines = std::vector<std::string>;

std::string seconds_text(Time time) {
  std::string fraction = std::to_string(time % second);
  return std::to_string(time / second) + "." + fraction.insert(0, 9 - fraction.size(), '0');
}

}  // namespace

TEST_CASE("flows: directions, numbers and the order of rows", "[flows]") {
  Capture c;
  c.add(epoch, udp("10.0.0.1", 6000, "10.0.0.2", 7000, 10));
  c.add(epoch + second, udp("10.0.0.2", 7000, "10.0.0.1", 6000, 20));
  c.add(epoch + 2 * second, udp("10.0.0.3", 53, "10.0.0.2", 6000, 30));
  Time at = epoch + 3 * second;
  for (const unsigned port : {8081u, 8082u, 8088u, 8089u, 8090u})
    c.add(at, udp("10.0.0.4", port, "10.0.0.2", 6000, 30)), at += 100 * millisecond;
  c.add(epoch + 4 * second, Frame().eth().ip4("10.0.0.5", "10.0.0.2").tcp(80, 6000).flags("SA"));
  c.add(epoch + 4100 * millisecond, Frame().eth().ip4("10.0.0.5", "10.0.0.2").tcp(9000, 6000).flags("SA"));
  c.add(epoch + 5 * second, udp("10.0.0.1", 6000, "10.0.0.2", 7000, 10));
  c.add(epoch + 183 * second, udp("10.0.0.1", 6000, "10.0.0.2", 7001, 1));
  c.add(epoch + 187 * second, udp("10.0.0.1", 6000, "10.0.0.2", 7002, 1));
  CHECK(rows(run(c, plugins), {"dir", "flowInd", "flowStat", "duration", "srcIP", "srcPort", "dstPort", "l4Proto",
                               "pktsSnt", "l7BytesSnt"}) ==
        Lines{"A|2|0x0400000000004001|0.000000000|10.0.0.3|53|6000|17|1|30",
              "A|3|0x0400000000004001|0.000000000|10.0.0.4|8081|6000|17|1|30",
              "A|4|0x0400000000004000|0.000000000|10.0.0.4|8082|6000|17|1|30",
              "A|5|0x0400000000004001|0.000000000|10.0.0.4|8088|6000|17|1|30",
              "A|6|0x0400000000004001|0.000000000|10.0.0.4|8089|6000|17|1|30",
              "A|7|0x0400000000004000|0.000000000|10.0.0.4|8090|6000|17|1|30",
              "A|8|0x0400000000004001|0.000000000|10.0.0.5|80|6000|6|1|0",
              "A|9|0x0400000000004001|0.000000000|10.0.0.5|9000|6000|6|1|0",
              "A|1|0x0400000000004000|5.000000000|10.0.0.1|6000|7000|17|2|20",
              "B|1|0x0400000000004001|0.000000000|10.0.0.2|7000|6000|17|1|20",
              "A|10|0x0400000000004000|0.000000000|10.0.0.1|6000|7001|17|1|1",
              "A|11|0x0400000000004000|0.000000000|10.0.0.1|6000|7002|17|1|1"});
}

TEST_CASE("flows: the side that answered is B, even when it was seen first", "[flows]") {
  Capture c;
  c.add(epoch, Frame().eth().ip4("10.0.0.2", "10.0.0.1").tcp(80, 40000).flags("SA"));
  c.add(epoch + second, Frame().eth().ip4("10.0.0.1", "10.0.0.2").tcp(40000, 80).flags("A"));
  CHECK(rows(run(c, plugins), {"dir", "flowInd", "flowStat", "srcPort"}) ==
        Lines{"A|1|0x0400000000004000|40000", "B|1|0x0400000000004001|80"});
}

TEST_CASE("flows: source equal to destination is one direction, and an attack with TCP", "[flows]") {
  Capture c;
  for (int i = 0; i < 2; ++i) {
    c.add(epoch + i, Frame().eth().ip4("10.0.0.9", "10.0.0.9").tcp(80, 80).flags("S"));
    c.add(epoch + i, udp("10.0.0.9", 80, "10.0.0.9", 80, 1));
  }
  CHECK(rows(run(c, plugins), {"dir", "flowInd", "flowStat", "l4Proto", "pktsSnt"}) ==
        Lines{"A|1|0x0404000000004000|6|2", "A|2|0x0400000000004000|17|2"});
}

TEST_CASE("flows: VLANs are apart, a priority tag is no VLAN", "[flows]") {
  Capture c;
  c.add(epoch, udp("10.0.0.1", 6000, "10.0.0.2", 7000, 1));
  for (const unsigned id : {0u, 5u, 6u, 5u})
    c.add(epoch + second, Frame().eth().vlan(id).ip4("10.0.0.1", "10.0.0.2").udp(6000, 7000).payload("x"));
  CHECK(rows(run(c, plugins), {"flowInd", "pktsSnt", "vlanID"}) == Lines{"1|2|", "2|2|5", "3|1|6"});
}

TEST_CASE("flows: timeouts are compared exactly", "[flows]") {
  const auto f = udp("10.0.0.1", 6000, "10.0.0.2", 7000, 3), r = udp("10.0.0.2", 7000, "10.0.0.1", 6000, 3);
  const auto flows = [&](const std::vector<std::pair<Time, Buffer>>& packets) {
    Capture c;
    for (const auto& [time, frame] : packets) c.add(epoch + time, frame);
    return rows(run(c, plugins), {"dir", "flowInd", "duration", "pktsSnt"});
  };
  CHECK(flows({{0, f}, {182 * second, f}}) == Lines{"A|1|0.000000000|1", "A|2|0.000000000|1"});
  CHECK(flows({{0, f}, {182 * second - 1, f}}) == Lines{"A|1|181.999999999|2"});
  CHECK(flows({{0, f}, {181'999 * millisecond, f}, {400 * second, f}}) ==
        Lines{"A|1|181.999000000|2", "A|2|0.000000000|1"});
  CHECK(flows({{0, f}, {100 * second, r}, {190 * second, f}, {500 * second, r}}) ==
        Lines{"A|1|190.000000000|2", "B|1|0.000000000|1", "A|2|0.000000000|1"});
}

TEST_CASE("flows: packets out of order stay in their flow", "[flows]") {
  Capture c;
  c.add(epoch + 10'500 * millisecond, udp("10.0.0.1", 6000, "10.0.0.2", 7000, 3));
  c.add(epoch + 9'250 * millisecond, udp("10.0.0.1", 6000, "10.0.0.2", 7000, 3));
  c.add(epoch + 9'750 * millisecond, udp("10.0.0.1", 6001, "10.0.0.2", 7000, 3));
  c.add(epoch + 9'500 * millisecond, udp("10.0.0.2", 7000, "10.0.0.1", 6000, 3));
  const Result result = run(c, plugins);
  CHECK(rows(result, {"dir", "flowInd", "timeFirst", "timeLast", "pktsSnt"}) ==
        Lines{"A|1|1600000009.250000000|1600000010.500000000|2", "B|1|1600000009.500000000|1600000009.500000000|1",
              "A|2|1600000009.750000000|1600000009.750000000|1"});
  const auto status =
      static_cast<std::uint64_t>(result.flows.find({{"flowInd", "1"}, {"dir", "A"}}).number("flowStat"));
  CHECK((status & status::time_jump) != 0);
  CHECK(result.flows.find({{"flowInd", "1"}, {"dir", "A"}})["duration"] == "1.250000000");
}

// Every order of four packets, in one direction or in two: the earliest and the latest time of each direction count.
TEST_CASE("flows: times and duration are those of the earliest and the latest packet, whatever their order",
          "[flows]") {
  enum Kind { ipv4, ipv6, layer2 };
  const auto frame = [](Kind kind, unsigned flow, bool back) -> Buffer {
    if (kind == layer2) {
      const std::string mac =
          "02:00:00:00:01:" + std::string{"0123456789abcdef"[flow / 16], "0123456789abcdef"[flow % 16]};
      return Frame().eth(back ? "02:00:00:00:00:0b" : mac, back ? mac : "02:00:00:00:00:0b").next(0x88cc).zeros(50);
    }
    const unsigned port = 6000 + flow, other = 50'000, from = back ? other : port, to = back ? port : other;
    if (kind == ipv4) return udp(back ? "10.0.0.2" : "10.0.0.1", from, back ? "10.0.0.1" : "10.0.0.2", to, 3);
    return Frame().eth().ip6(back ? "fd00::2" : "fd00::1", back ? "fd00::1" : "fd00::2").udp(from, to).zeros(3);
  };
  for (const Kind kind : {ipv4, ipv6, layer2}) {
    Capture c;
    Lines expected;
    unsigned flow = 0;
    std::vector<Time> order{0, 1, 2, 3};
    do {
      for (unsigned back = 0; back < 8; ++back, ++flow) {  // bit n: packet n + 1 goes back to the sender of packet 0
        std::vector<Time> times[2];
        for (unsigned i = 0; i < 4; ++i) {
          const unsigned direction = i > 0 ? back >> (i - 1) & 1 : 0;
          times[direction].push_back(epoch + order[i] * 1500 * millisecond + 7);
          c.add(times[direction].back(), frame(kind, flow, direction));
        }
        for (unsigned direction = 0; direction < 2; ++direction) {
          if (times[direction].empty()) continue;
          const auto [first, last] = std::minmax_element(times[direction].begin(), times[direction].end());
          expected.push_back((direction ? "B|" : "A|") + std::to_string(flow + 1) + "|" + seconds_text(*first) + "|" +
                             seconds_text(*last) + "|" + seconds_text(*last - *first));
        }
      }
    } while (std::next_permutation(order.begin(), order.end()));
    for (const char* threads : {"0", "2"}) {
      Lines got = rows(run(c, plugins, {"-t", threads}), {"dir", "flowInd", "timeFirst", "timeLast", "duration"});
      std::sort(got.begin(), got.end());
      std::sort(expected.begin(), expected.end());
      REQUIRE(got.size() == expected.size());
      for (std::size_t i = 0; i < got.size(); ++i) {
        INFO("kind " << kind << ", -t " << threads);
        CHECK(got[i] == expected[i]);
      }
    }
  }
}

TEST_CASE("flows: hours backwards end no flow", "[flows]") {
  Capture c;
  const Time hour = 3600 * second;
  const auto f = udp("10.0.0.1", 6000, "10.0.0.2", 7000, 3), other = udp("10.0.0.1", 6001, "10.0.0.2", 7000, 3);
  c.add(epoch, f)
      .add(epoch - 5 * hour, other)
      .add(epoch + second, f)
      .add(epoch - 5 * hour + second, other)
      .add(epoch + 2 * second, f);
  CHECK(rows(run(c, plugins), {"flowInd", "pktsSnt"}) == Lines{"2|2", "1|3"});
}

TEST_CASE("flows: an outlier keeps no flow and ends none", "[flows]") {
  const auto f = udp("10.0.0.1", 6000, "10.0.0.2", 7000, 3), other = udp("10.0.0.3", 1, "10.0.0.2", 7000, 3);
  const Time hour = 3600 * second;
  for (const Time outlier : {24 * hour, 300 * second, -24 * hour, -300 * second}) {
    Capture c;
    c.add(epoch, f).add(epoch + second, other);
    c.add(epoch + second + outlier, udp("10.0.0.4", 1, "10.0.0.2", 7000, 3));
    c.add(epoch + 180 * second, f);  // in time
    for (Time i = 1; i < 4; ++i) c.add(epoch + i * hour, f);
    const Result result = run(c, plugins);
    CHECK(rows(result, {"srcIP", "pktsSnt"}).size() == 6);
    CHECK(result.flows.find({{"flowInd", "1"}}).number("pktsSnt") == 2);
    CHECK(result.out.find("1 packet far from those around it") != std::string::npos);
  }
}

TEST_CASE("flows: files of a list in any order make the same flows", "[flows]") {
  const std::vector<Time> order[] = {
      {0, 1000, 2000, 3000}, {0, 2000, 3000, 1000}, {3000, 2000, 1000, 0}, {2000, 0, 3000, 1000}};
  for (const bool many : {false, true}) {
    for (const std::vector<Time>& files : order) {
      Capture c;
      for (const Time file : files) {
        c.add(epoch + file * second, udp("10.0.0.1", 7, "10.0.0.2", 7000, 3));
        for (int i = 0; many && i < 40; ++i)
          c.add(epoch + file * second + i * second, udp("10.0.0.1", 8, "10.0.0.2", 7000, 3));
      }
      std::vector<std::string> got = rows(run(c, plugins), {"srcPort", "pktsSnt", "timeFirst"});
      std::sort(got.begin(), got.end());
      Lines expected;
      for (Time file : {0, 1000, 2000, 3000}) {
        const std::string first =
            "|160000" + std::to_string(file).insert(0, 4 - std::to_string(file).size(), '0') + ".000000000";
        expected.push_back("7|1" + first);
        if (many) expected.push_back("8|40" + first);
      }
      std::sort(expected.begin(), expected.end());
      CHECK(got == expected);
    }
  }
}

TEST_CASE("flows: the first packets behind a large step are told apart by their own times", "[flows]") {
  std::vector<Time> order{0, 1000, 2000, 3000, 9000};
  do {
    Capture c;
    for (const Time at : order) c.add(epoch + at * second, udp("10.0.0.1", at == 9000 ? 8 : 7, "10.0.0.2", 7000, 3));
    for (const char* threads : {"0", "1"}) CHECK(rows(run(c, plugins, {"-t", threads}), {"pktsSnt"}) == Lines(5, "1"));
  } while (std::next_permutation(order.begin(), order.end()) && (!sanitized || order.front() == 0));
}

TEST_CASE("flows: a clock that is set back by an hour delays no end", "[flows]") {
  Capture c;
  Time at = epoch + 7200 * second;
  const auto scan = [&](unsigned n) { return udp("10.0.0.1", 1000 + n, "10.0.0.2", 7000, 3); };
  for (unsigned i = 0; i < 2000; ++i) {
    if (i == 1000) at -= 3600 * second;
    c.add(at, scan(i));
    at += second;
  }
  const Result result = run(c, plugins);
  CHECK(rows(result, {"srcPort"}).size() == 2000);
  // idle flows have left memory: 182 s of them, and what a large step holds back
  const std::string label = "Max number of flows in memory: ";
  REQUIRE(result.out.find(label) != std::string::npos);
  CHECK(std::stoul(result.out.substr(result.out.find(label) + label.size())) < 250);
  CHECK(result.out.find("set back 1 time") != std::string::npos);
}

TEST_CASE("flows: packets late by seconds stay in their flow, also when that has a short timeout", "[flows]") {
  // the answers come over an interface whose clock is three seconds behind
  Capture c;
  const std::vector<std::string> states{"basicFlow", "basicStats", "tcpStates", "txtSink"};
  for (unsigned i = 0; i < 300; ++i) {
    const Time at = epoch + i * 50 * millisecond;
    const unsigned port = 2000 + i / 4;
    const auto client = [&](const char* flags) {
      return Frame().eth().ip4("10.0.0.1", "10.0.0.2").tcp(port, 80).flags(flags).bytes();
    };
    const auto server = [&](const char* flags) {
      return Frame().eth().ip4("10.0.0.2", "10.0.0.1").tcp(80, port).flags(flags).bytes();
    };
    switch (i % 4) {
      case 0: c.add(at, client("S")); break;
      case 1: c.add(at - 3 * second, server("SA")); break;
      case 2: c.add(at, client("R")); break;
      default: c.add(at - 3 * second, server("A"));
    }
  }
  const Result result = run(c, states);
  CHECK(rows(result, {"dir"}).size() == 150);
}

TEST_CASE("flows: the same rows whatever the size of batches and the seed of the table", "[flows]") {
  Capture c;
  for (int i = 0; i < 3000; ++i) {
    const Time time = epoch + i * 97 * millisecond - (i % 50 == 0 ? 30 * second : 0);
    c.add(time, udp("10.0.0.1", static_cast<unsigned>(5000 + i * i % 37), "10.0.0.2", static_cast<unsigned>(53 + i % 3),
                    static_cast<std::size_t>(i % 90)));
  }
  const std::string expected = run(c, plugins).flow_file;
  for (const char* batch : {"1", "2", "63", "4096"})
    CHECK(run(c, plugins, {"--batch", batch, "--hash-seed", batch}).flow_file == expected);
}

TEST_CASE("flows: duplicate identifications", "[flows]") {
  const auto packet = [](unsigned id) {
    return Frame().eth().ip4("10.0.0.1", "10.0.0.2").id(id).udp(6000, 7000).bytes();
  };
  const auto status = [&](const std::vector<unsigned>& ids) {
    Capture c;
    for (const unsigned id : ids) c.add(epoch, packet(id));
    return static_cast<std::uint64_t>(run(c, plugins).flows.row(0).number("flowStat")) & status::duplicate_ip_id;
  };
  CHECK(status({1, 2, 2, 3}) != 0);
  CHECK(status({1, 2, 3, 2}) == 0);
  CHECK(status({0, 0, 0, 0}) == 0);
}

TEST_CASE("flows: a full table ends the oldest of flows that are missed equally", "[flows]") {
  Capture c;
  for (unsigned i = 0; i < 20; ++i) c.add(epoch + i, udp("10.0.0.1", 5000 + i, "10.0.0.2", 7000, 1));
  const Result result = run(c, plugins, {"--max-flows", "16"});
  const auto got = rows(result, {"flowInd", "flowStat", "srcPort"});
  REQUIRE(got.size() == 20);
  for (unsigned i = 0; i < 20; ++i) {
    CHECK(got[i] ==
          std::to_string(i + 1) + (i < 4 ? "|0x0400040000004000|" : "|0x0400000000004000|") + std::to_string(5000 + i));
  }
  CHECK_THAT(result.out, Catch::Contains("[WRN]") && Catch::Contains("Number of flows terminated by autopilot: 4"));
}

}  // namespace t2::test::flows_test
