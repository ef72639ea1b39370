// The order of plugins, and what instances of them share: state, extra memory, totals. Plugins made in the test.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstring>
#include <deque>

#include "capture.hpp"
#include "host/layout.hpp"
#include "host/loader.hpp"
#include "pipeline/worker.hpp"

namespace t2::test::order_test {

namespace {

// Descriptors that live as long as the test.
struct Made {
  std::deque<std::vector<Dependency>> needs;
  std::deque<Descriptor> all;
  const Descriptor* operator()(std::string_view name, unsigned number, std::vector<Dependency> needed = {}) {
    needs.push_back(std::move(needed));
    Descriptor d;
    d.name = name;
    d.number = number;
    d.needs = needs.back();
    return &all.emplace_back(d);
  }
};

std::string names(const std::vector<const Descriptor*>& plugins) {
  std::string out;
  for (const Descriptor* p : plugins) out += (out.empty() ? "" : " ") + std::string(p->name);
  return out;
}

struct Counts {
  std::uint64_t packets = 7;  // a start value that must be there
  char more[40] = {'x'};
};

class Counter final : public Plugin {
 public:
  explicit Counter(Host& host) : host_(host), state_(host) {}
  void on_packets(std::span<const Packet> packets) override {
    for (const Packet& p : packets) ++state_(*p.own).packets, ++total;
  }
  void merge(Plugin& other) override { total += static_cast<Counter&>(other).total; }
  std::uint64_t total = 0;
  Host& host_;
  State<Counts> state_;
};

class Reader final : public Plugin {
 public:
  explicit Reader(Host& host) : peek_(host, "counter") {}
  void on_flow_end(const EndedFlow& e, Row&) override {
    if (peek_) seen = peek_(e.own).packets;
  }
  std::uint64_t seen = 0;
  Peek<Counts> peek_;
};

class WrongReader final : public Plugin {
 public:
  explicit WrongReader(Host& host) : peek_(host, "counter") {}
  Peek<std::uint16_t> peek_;
};

class TcpCounter final : public Plugin {  // of flows of TCP alone
 public:
  explicit TcpCounter(Host& host) : state_(host, 0, Flows::tcp) {}
  State<Counts> state_;
};

class TcpReader final : public Plugin {
 public:
  explicit TcpReader(Host& host) : peek_(host, "counter", Flows::tcp) {}
  Peek<Counts> peek_;
};

constexpr Dependency on_counter[] = {{"counter", false, "L"}}, on_counter_without_layout[] = {{"counter"}},
                     on_counter_optional[] = {{"counter", true, "L"}};

template <class T>
Descriptor descriptor(std::string_view name, unsigned number, std::span<const Dependency> needs = {}) {
  Descriptor d;
  d.name = name;
  d.number = number;
  d.layout = "L";
  d.needs = needs;
  d.create = [](Host& host) -> Plugin* { return new T(host); };
  return d;
}

std::string empty_file(const TempFolder& folder) {
  write_file(folder / "t2.toml", {});
  return (folder / "t2.toml").string();
}

struct World {
  TempFolder folder;
  Config config{empty_file(folder)};
  HeaderStacks stacks;
  Log log;
  Context context{config, stacks, log, ""};
};

Direction& direction_in(std::vector<std::byte>& record) { return *reinterpret_cast<Direction*>(record.data()); }

}  // namespace

TEST_CASE("order: by dependency, then by number, then by name", "[contract]") {
  Made p;
  CHECK(names(order({})) == "");
  CHECK(names(order({p("c", 3), p("a", 1), p("b", 2)})) == "a b c");
  CHECK(names(order({p("low", 1, {{"high"}}), p("high", 900), p("middle", 500)})) == "middle high low");
  CHECK(names(order({p("a", 1, {{"b"}}), p("b", 2, {{"c"}}), p("c", 3)})) == "c b a");
  CHECK(names(order({p("y", 5), p("x", 5)})) == "x y");
  CHECK(names(order({p("a", 1, {{"missing", true}})})) == "a");
  CHECK(names(order({p("a", 1, {{"z", true}}), p("z", 9)})) == "z a");  // optional, but there: it comes first
}

TEST_CASE("order: circles are shown as they are", "[contract]") {
  Made p;
  CHECK_THROWS_WITH(order({p("a", 1, {{"a"}})}), Catch::Contains("a -> a"));
  CHECK_THROWS_WITH(order({p("a", 1, {{"b"}}), p("b", 2, {{"c"}}), p("c", 3, {{"a"}})}),
                    Catch::Contains("a -> b -> c -> a"));
  CHECK_THROWS_WITH(order({p("a", 1, {{"b"}}), p("b", 2, {{"c"}}), p("c", 3, {{"b"}})}),
                    Catch::Contains("b -> c -> b"));
  CHECK_THROWS_WITH(order({p("a", 1, {{"b"}}), p("b", 2, {{"d"}, {"c"}}), p("c", 3, {{"b"}}), p("d", 4)}),
                    Catch::Contains("b -> c -> b"));
}

TEST_CASE("state: a new record holds every plugin's start value, aligned and apart", "[contract]") {
  World w;
  const Descriptor one = descriptor<Counter>("counter", 1), two = descriptor<Counter>("other", 2);
  Layout layout({&one, &two});
  Instances instances(layout, w.context);
  auto record = layout.prototype().bytes;
  CHECK(record.size() % alignof(Direction) == 0);
  auto& a = static_cast<Counter&>(*instances.all()[0].plugin);
  auto& b = static_cast<Counter&>(*instances.all()[1].plugin);
  Direction& side = direction_in(record);
  CHECK(a.state_(side).packets == 7);
  CHECK(a.state_(side).more[0] == 'x');
  CHECK(reinterpret_cast<std::uintptr_t>(&a.state_(side)) % alignof(Counts) == 0);
  a.state_(side) = {.packets = 1, .more = {}};
  CHECK(b.state_(side).packets == 7);
  Instances more(layout, w.context);  // of another worker: the same places
  CHECK(&static_cast<Counter&>(*more.all()[0].plugin).state_(side) == &a.state_(side));
}

TEST_CASE("peek: only what was declared with its layout, of the right size, or empty", "[contract]") {
  World w;
  const Descriptor counter = descriptor<Counter>("counter", 1), reader = descriptor<Reader>("reader", 2, on_counter);
  {
    Layout layout({&counter, &reader});
    Instances instances(layout, w.context);
    auto record = layout.prototype().bytes;
    auto& mine = static_cast<Counter&>(*instances.all()[0].plugin);
    mine.state_(direction_in(record)).packets = 99;
    Row row;
    Flow flow;
    instances.all()[1].plugin->on_flow_end({flow, direction_in(record), nullptr, 0, EndReason::idle}, row);
    CHECK(static_cast<Reader&>(*instances.all()[1].plugin).seen == 99);
  }
  {
    const Descriptor optional = descriptor<Reader>("reader", 2, on_counter_optional);
    Layout layout({&optional});
    Instances instances(layout, w.context);
    CHECK_FALSE(static_cast<Reader&>(*instances.all()[0].plugin).peek_);
  }
  {
    const Descriptor careless = descriptor<Reader>("reader", 2, on_counter_without_layout);
    Layout layout({&counter, &careless});
    CHECK_THROWS_AS(Instances(layout, w.context), Error);
  }
  {
    const Descriptor wrong = descriptor<WrongReader>("reader", 2, on_counter);
    Layout layout({&counter, &wrong});
    CHECK_THROWS_AS(Instances(layout, w.context), Error);
  }
}

TEST_CASE("peek: a state of TCP flows is asked for as such", "[contract]") {
  World w;
  const Descriptor counter = descriptor<TcpCounter>("counter", 1),
                   reader = descriptor<TcpReader>("reader", 2, on_counter);
  Layout layout({&counter, &reader});
  Instances instances(layout, w.context);
  SidePrototype side = layout.prototype();
  auto& direction = *reinterpret_cast<Direction*>(side.bytes.data() + side.tcp_bytes);
  direction.tcp = true;
  static_cast<TcpCounter&>(*instances.all()[0].plugin).state_(direction).packets = 98;
  const auto& peek = static_cast<TcpReader&>(*instances.all()[1].plugin).peek_;
  REQUIRE(peek);
  CHECK(peek(direction).packets == 98);
  const Descriptor other_kind = descriptor<Reader>("reader", 2, on_counter);
  Layout refused({&counter, &other_kind});
  CHECK_THROWS_AS(Instances(refused, w.context), Error);
}

TEST_CASE("merge: totals of all workers end up in the first", "[contract]") {
  World w;
  const Descriptor counter = descriptor<Counter>("counter", 1);
  Layout layout({&counter});
  Instances one(layout, w.context), two(layout, w.context), three(layout, w.context);
  auto record = layout.prototype().bytes;
  Packet packet;
  packet.own = &direction_in(record);
  const auto feed = [&](Instances& instances, std::size_t packets) {
    const std::vector<Packet> all(packets, packet);
    instances.all()[0].plugin->on_packets(all);
  };
  feed(one, 3), feed(two, 40), feed(three, 500);
  one.merge(two);
  one.merge(three);
  CHECK(static_cast<Counter&>(*one.all()[0].plugin).total == 543);
}

TEST_CASE("extra memory: zeroed, aligned, bounded, given back with the flow", "[contract]") {
  constexpr std::size_t sizes[] = {1, 8, 48, 49, 100, 1000, 4000};
  FlowMemory flow_memory;
  for (const std::size_t size : sizes) flow_memory.declare({size});
  std::vector<std::byte> record(sizeof(FlowEntry) + 64);
  auto* flow =
      new (reinterpret_cast<void*>((reinterpret_cast<std::uintptr_t>(record.data()) + 63) / 64 * 64)) FlowEntry;
  for (int round = 0; round < 3; ++round) {
    for (const std::size_t size : sizes) {
      auto* memory = static_cast<std::uint8_t*>(flow_memory.get(*flow, size));
      REQUIRE(memory);
      CHECK(reinterpret_cast<std::uintptr_t>(memory) % 8 == 0);
      CHECK(std::all_of(memory, memory + size, [](std::uint8_t b) { return b == 0; }));
      std::memset(memory, 0xff, size);
    }
    CHECK(flow_memory.bytes() > 5000);
    flow_memory.release(*flow);
    CHECK(flow_memory.bytes() == 0);
    CHECK(flow->allocations == nullptr);
  }
  CHECK(flow_memory.get(*flow, 1 << 20) == nullptr);
  CHECK(flow_memory.get(*flow, 500) == nullptr);  // not declared
}

TEST_CASE("extra memory: a block is given back before its flow ends", "[contract]") {
  FlowMemory flow_memory;
  flow_memory.declare({.bytes = 100, .conversations = 1000});  // 16384 there are at least
  std::vector<std::byte> record(sizeof(FlowEntry) + 64);
  auto* flow =
      new (reinterpret_cast<void*>((reinterpret_cast<std::uintptr_t>(record.data()) + 63) / 64 * 64)) FlowEntry;
  void* blocks[3];
  for (void*& block : blocks) block = flow_memory.get(*flow, 100);
  const std::uint64_t three = flow_memory.bytes();
  for (const unsigned which : {1u, 0u, 2u}) {  // of the chain's middle, end and beginning
    const std::uint64_t before = flow_memory.bytes();
    flow_memory.release(*flow, blocks[which]);
    CHECK(flow_memory.bytes() == before - three / 3);
  }
  CHECK(flow->allocations == nullptr);
  for (int i = 0; i < 20'000; ++i) {
    void* block = flow_memory.get(*flow, 100);
    REQUIRE(block);
    flow_memory.release(*flow, block);
  }
  CHECK(flow_memory.bytes() == 0);
  CHECK_FALSE(flow_memory.is_tight());
}

TEST_CASE("extra memory: ends at its bound, by the number of blocks alone", "[contract]") {
  FlowMemory flow_memory;
  flow_memory.declare({100});
  flow_memory.declare({1000});
  flow_memory.bound(60'000);
  std::vector<std::byte> record(3 * sizeof(FlowEntry) + 64);
  auto* flows = reinterpret_cast<FlowEntry*>((reinterpret_cast<std::uintptr_t>(record.data()) + 63) / 64 * 64);
  for (int i = 0; i < 3; ++i) new (flows + i) FlowEntry;
  for (int round = 0; round < 2; ++round) {
    unsigned got = 0, tight = 0;
    while (flow_memory.get(flows[got % 2], 100)) {
      if (++got == 1000) CHECK_FALSE(flow_memory.is_tight());
      tight += flow_memory.is_tight();
    }
    CHECK(got == 30'000);
    CHECK(tight > 64);  // it is known for longer than a batch takes
    CHECK(flow_memory.bytes() <= flow_memory.max_bytes(60'000));
    CHECK(flow_memory.get(flows[2], 1000) != nullptr);  // other sizes have their own bound
    flow_memory.release(flows[0]);
    CHECK_FALSE(flow_memory.is_tight());
    CHECK(flow_memory.get(flows[2], 100) != nullptr);
    flow_memory.release(flows[1]);
    flow_memory.release(flows[2]);
    CHECK(flow_memory.bytes() == 0);
    CHECK_FALSE(flow_memory.is_tight());
  }
}

TEST_CASE("rows: values come back as they were put", "[contract]") {
  Row row;
  row.put(std::uint8_t{1});
  row.put(std::int64_t{-5});
  row.put(2.5f);
  row.text("abc");
  row.text("");
  row.count(2);
  Endpoint end;
  end.address = {10, 0, 0, 1};
  row.ip(Family::ipv4, end);
  row.ip(Family::layer2, end);
  row.ip(Family::ipv6, end);
  Values values(row.bytes());
  CHECK(values.get<std::uint8_t>() == 1);
  CHECK(values.get<std::int64_t>() == -5);
  CHECK(values.get<float>() == 2.5f);
  CHECK(values.text() == "abc");
  CHECK(values.text() == "");
  CHECK(values.get<std::uint32_t>() == 2);
  CHECK(values.get<std::uint8_t>() == 4);
  CHECK(values.read(4)[3] == 1);
  CHECK(values.get<std::uint8_t>() == 0);
  CHECK(values.get<std::uint8_t>() == 6);
  values.read(16);
  CHECK(values.done());
}

TEST_CASE("bytes: reading past the end gives zeros and is remembered", "[contract]") {
  const std::uint8_t data[] = {1, 2, 3, 4, 5, 6, 7};
  Bytes b{data};
  CHECK(b.u16() == 0x0102);
  CHECK(b.read(2).size() == 2);
  CHECK(b.position() == 4);
  CHECK(b.left() == 3);
  CHECK(b.u32() == 0);
  CHECK_FALSE(b.ok());
  CHECK(b.u8() == 0);
  CHECK(b.read(1).empty());
  CHECK(b.left() == 0);
  Bytes all{data};
  CHECK(all.u32() == 0x01020304);
  CHECK(all.u16() == 0x0506);
  CHECK(all.u8() == 7);
  CHECK(all.ok());
  CHECK(all.read(0).empty());
  CHECK(all.ok());
  Bytes skipped{data};
  skipped.skip(8);
  CHECK_FALSE(skipped.ok());
  Packet p;
  p.data = data;
  p.captured = 7;
  CHECK(p.bytes(absent).left() == 0);
  CHECK(p.bytes(7).left() == 0);
  CHECK(p.bytes(5).u16() == 0x0607);
}

}  // namespace t2::test::order_test
