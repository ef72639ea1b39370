// A table that is full: floods displace themselves, conversations stay whole, and an eviction costs the same at any
// rate. Work is counted, time is not measured.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstring>
#include <map>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "flow/eviction.hpp"
#include "flow/key.hpp"
#include "run.hpp"

namespace t2::test::eviction_test {

namespace {

// Flows, and the order in which they would be evicted.
struct World {
  FlowTable table{{std::vector<std::byte>(sizeof(Direction))}, 1'000'000};
  EvictionOrder order{table};
  std::uint64_t made = 0;

  FlowEntry& make(unsigned forward = 1, unsigned back = 0) {
    Key key;
    ++made;
    std::memcpy(key.address[0].data(), &made, sizeof made);
    FlowEntry& flow = table.create(key, hash_key(key, KeyedHash(1)));
    flow.number = made;
    order.add(flow);
    table.add_direction(flow, 0).packets = 0;
    packets(flow, 0, forward);
    packets(flow, 1, back);
    return flow;
  }
  void packets(FlowEntry& flow, unsigned direction, unsigned count) {
    if (count > 0 && !flow.directions[direction]) table.add_direction(flow, direction).packets = 0;
    if (count > 0) flow.direction(direction)->packets += count;
  }
  void end(FlowEntry& flow) {
    order.remove(flow);
    table.release(flow);
  }
  std::uint64_t evict() {
    FlowEntry* flow = order.first();
    if (!flow) return 0;
    const std::uint64_t number = flow->number;
    end(*flow);
    return number;
  }
};

}  // namespace

TEST_CASE("eviction: what is missed least goes first", "[eviction]") {
  World w;
  w.make(5, 5);                        // 1: exchanged
  w.make(1, 3);                        // 2: asked once
  w.make(7, 0);                        // 3: unanswered
  w.make(1, 0);                        // 4: a single packet
  FlowEntry& answered = w.make();      // 5: a single packet at first
  w.make(1, 0);                        // 6
  FlowEntry& active = w.make(2, 0);    // 7: unanswered, has packets later
  FlowEntry& detached = w.make(7, 7);  // 8
  CHECK(w.evict() == 4);
  w.packets(answered, 1, 1);
  CHECK(w.evict() == 6);
  w.make(1, 0);  // 9: new ones go first, always
  CHECK(w.evict() == 9);
  CHECK(w.order.first()->number == 3);
  w.packets(active, 0, 1);
  CHECK(w.evict() == 3);
  CHECK(w.evict() == 7);
  CHECK(w.evict() == 2);
  CHECK(w.evict() == 5);
  w.table.detach(detached);
  CHECK(w.evict() == 1);
  CHECK(w.evict() == 8);
  CHECK(w.order.first() == nullptr);
  w.make(8, 0);  // 10: a stream
  w.make(1, 2);  // 11
  CHECK(w.evict() == 11);
  CHECK(w.evict() == 10);
}

TEST_CASE("eviction: of equal flows the one without packets for longest goes first", "[eviction]") {
  World w;
  std::vector<FlowEntry*> flows;
  for (int i = 0; i < 4; ++i) flows.push_back(&w.make(2, 2));
  CHECK(w.order.first() == flows[0]);
  w.packets(*flows[0], 1, 1);
  CHECK(w.evict() == 2);
  w.packets(*flows[2], 0, 1);
  CHECK(w.evict() == 4);
  CHECK(w.evict() == 1);
  CHECK(w.evict() == 3);
}

TEST_CASE("eviction: flows move at most once for each packet", "[eviction]") {
  World w;
  std::mt19937 random(5);
  std::vector<FlowEntry*> alive;
  std::uint64_t packets = 0;
  for (int i = 0; i < (sanitized ? 20'000 : 200'000); ++i, ++packets) {
    if (alive.size() < 1000 || random() % 3 == 0) {
      if (alive.size() >= 5000) {
        FlowEntry* flow = w.order.first();
        std::erase(alive, flow);
        w.end(*flow);
      }
      alive.push_back(&w.make());
    } else {
      w.packets(*alive[random() % alive.size()], random() % 2, 1);
    }
    if (random() % 50 == 0) {  // ends by its timeout
      const std::size_t which = random() % alive.size();
      w.end(*alive[which]);
      alive.erase(alive.begin() + static_cast<std::ptrdiff_t>(which));
    }
  }
  CHECK(w.order.moves() <= packets);
  std::size_t left = 0;
  while (w.evict() != 0) ++left;
  CHECK(left == alive.size());
}

namespace {

const std::vector<std::string> plugins{"basicFlow", "tcpStates", "macRecorder", "txtSink"};
constexpr unsigned legitimate = 250;

struct Timed {
  std::int64_t at;
  Buffer frame;
};

std::string spoofed(unsigned n) {
  return std::to_string(11 + n / 5'000'000) + "." + std::to_string(n / 20'000 % 250) + "." +
         std::to_string(n / 200 % 100) + "." + std::to_string(1 + n % 200);
}

Buffer udp(const std::string& from, unsigned port, const std::string& to, unsigned to_port) {
  return Frame().eth().ip4(from, to).udp(port, to_port).zeros(20);
}
Buffer tcp(const std::string& from, unsigned port, const std::string& to, unsigned to_port, std::string_view flags) {
  return Frame().eth().ip4(from, to).tcp(port, to_port).flags(flags);
}

// What a flood sends at a time: a flow of its own each time.
using Flood = void (*)(std::vector<Timed>&, std::int64_t at, unsigned n);
struct NamedFlood {
  const char* name;
  Flood send;
  bool fills = true;      // the table: flows do not end by themselves before
  unsigned streams = 99;  // percent of the streams without answers that stay whole
};
const std::string victim = "10.9.9.9";
const NamedFlood floods[] = {
    {"UDP",
     [](auto& all, auto at, unsigned n) {
       all.push_back({at, udp(spoofed(n), 1024 + n % 60'000, victim, 53)});
     }},
    {"UDP, sent twice",
     [](auto& all, auto at, unsigned n) {
       all.push_back({at, udp(spoofed(n), 1024 + n % 60'000, victim, 53)});
       all.push_back({at + millisecond, udp(spoofed(n), 1024 + n % 60'000, victim, 53)});
     },
     true, 0},  // streams are no different at first
    {"SYN",
     [](auto& all, auto at, unsigned n) {
       all.push_back({at, tcp(spoofed(n), 1024 + n % 60'000, victim, 80, "S")});
     }},
    {"SYN, answered",
     [](auto& all, auto at, unsigned n) {
       all.push_back({at, tcp(spoofed(n), 1024 + n % 60'000, victim, 80, "S")});
       all.push_back({at + 10 * microsecond, tcp(victim, 80, spoofed(n), 1024 + n % 60'000, "SA")});
     },
     true, 0},
    {"SYN, answered by a reset",
     [](auto& all, auto at, unsigned n) {
       all.push_back({at, tcp(spoofed(n), 1024 + n % 60'000, victim, 80, "S")});
       all.push_back({at + 10 * microsecond, tcp(victim, 80, spoofed(n), 1024 + n % 60'000, "RA")});
     },
     false},
    {"ICMP",
     [](auto& all, auto at, unsigned n) {
       all.push_back({at, Frame().eth().ip4(spoofed(n), victim).icmp(8).zeros(8)});
     }},
    {"first fragments",
     [](auto& all, auto at, unsigned n) {
       all.push_back({at, Frame()
                              .eth()
                              .ip4(spoofed(n), victim)
                              .id(n & 0xffff)
                              .fragment(0, true)
                              .udp(1024 + n % 60'000, 53)
                              .zeros(24)});
     }},
    {"layer 2",
     [](auto& all, auto at, unsigned n) {
       char mac[18];
       std::snprintf(mac, sizeof mac, "06:00:%02x:%02x:%02x:%02x", n >> 24 & 255, n >> 16 & 255, n >> 8 & 255, n & 255);
       all.push_back({at, Frame().eth(mac).next(0x88b5).zeros(50)});
     }},
};

std::string host(unsigned n) { return "10.1." + std::to_string(n / 200) + "." + std::to_string(1 + n % 200); }

bool is_stream(unsigned n) { return n % 4 == 2; }

// Conversations that begin within a second and have a packet each way every half a second, for five seconds; some are
// streams that are not answered. `flood` sends 2,500 times in a second from 0.2 s on.
Capture traffic(Flood flood) {
  std::vector<Timed> all;
  for (unsigned n = 0; n < legitimate; ++n) {
    const std::int64_t begin = epoch + n * 4 * millisecond;
    const std::string client = host(n), server = "10.2.0." + std::to_string(1 + n % 100);
    const bool is_tcp = n % 4 == 1;
    if (is_tcp) {
      all.push_back({begin, tcp(client, 20'000 + n, server, 443, "S")});
      all.push_back({begin + 10 * millisecond, tcp(server, 443, client, 20'000 + n, "SA")});
      all.push_back({begin + 20 * millisecond, tcp(client, 20'000 + n, server, 443, "A")});
    }
    for (std::int64_t at = begin + 30 * millisecond; at < begin + 5 * second; at += second / 2) {
      const auto packet = [&](std::int64_t when, const std::string& from, unsigned port, const std::string& to,
                              unsigned to_port) {
        all.push_back({when, is_tcp ? tcp(from, port, to, to_port, "PA") : udp(from, port, to, to_port)});
      };
      packet(at, client, 20'000 + n, server, 443);
      if (is_stream(n)) packet(at + 20 * millisecond, client, 20'000 + n, server, 443);
      else packet(at + 20 * millisecond, server, 443, client, 20'000 + n);
    }
  }
  for (unsigned n = 0; n < 12'000; ++n) flood(all, epoch + second / 5 + n * 400 * microsecond, n);
  std::stable_sort(all.begin(), all.end(), [](const Timed& a, const Timed& b) { return a.at < b.at; });
  Capture capture;
  for (const Timed& one : all) capture.add(one.at, one.frame);
  return capture;
}

// Percent of conversations, or of streams, whose packets are all in one flow.
unsigned whole(const Result& result, bool streams) {
  std::map<std::string, unsigned> rows;
  for (const auto& row : result.flows.all()) {
    const bool client = row["dstPort"] == "443", server = row["srcPort"] == "443";
    if (client || server) ++rows[client ? row["srcPort"] + "A" : row["dstPort"] + "B"];
  }
  unsigned all = 0, found = 0;
  for (unsigned n = 0; n < legitimate; ++n) {
    if (is_stream(n) != streams) continue;
    const std::string port = std::to_string(20'000 + n);
    found += rows[port + "A"] == 1 && rows[port + "B"] == (streams ? 0u : 1u);
    ++all;
  }
  return 100 * found / all;
}

std::uint64_t packets_in_rows(const Result& result) {
  std::uint64_t sum = 0;
  for (const auto& row : result.flows.all()) sum += static_cast<std::uint64_t>(row.number("pktsSnt"));
  return sum;
}

}  // namespace

TEST_CASE("eviction: conversations stay whole in a flood, and every packet is in a row", "[eviction]") {
  std::vector<std::string> with_counts = plugins;
  with_counts.insert(with_counts.end() - 1, "basicStats");
  for (const NamedFlood& flood : std::span(floods).first(sanitized ? 1 : std::size(floods))) {
    INFO(flood.name);
    const Capture capture = traffic(flood.send);
    const Result result = run(capture, with_counts, {"--max-flows", "1000", "--hash-seed", "1"});
    REQUIRE(result.status == 0);
    CHECK(whole(result, false) >= 99);
    CHECK(whole(result, true) >= flood.streams);
    CHECK(packets_in_rows(result) == capture.records().size());
    CHECK((result.out.find("terminated by autopilot") != std::string::npos) == flood.fills);
    CHECK(run(capture, with_counts, {"--max-flows", "1000", "--batch", "7", "--hash-seed", "2"}).flow_file ==
          result.flow_file);
    CHECK(whole(run(capture, plugins, {"--max-flows", "1500", "-t", "2"}), false) >= 99);
  }
}

}  // namespace t2::test::eviction_test
