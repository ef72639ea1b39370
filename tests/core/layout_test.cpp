// The layout: columns of all plugins in their order, where states lie, which cache lines the other direction touches.
#include <catch2/catch.hpp>

#include <cstring>
#include <fstream>

#include "capture.hpp"
#include "host/layout.hpp"

namespace t2::test::layout_test {

namespace {

struct Large {
  std::uint8_t bytes[200] = {};
};
struct alignas(16) Aligned {
  std::uint64_t number = 5;
};

template <class T, std::size_t other_bytes>
class Claims final : public Plugin {
 public:
  explicit Claims(Host& host) : state_(host, other_bytes) {}

 private:
  State<T> state_;
};

class ClaimsByWorker final : public Plugin {  // a small state in the first instance, a large one in the next
 public:
  explicit ClaimsByWorker(Host& host) {
    static int instances = 0;
    if (instances++ == 0) State<std::uint8_t> one(host);
    else State<Large> other(host);
  }
};

class ClaimsBoth final : public Plugin {  // for all flows, and more for those of TCP
 public:
  explicit ClaimsBoth(Host& host) : all_(host), tcp_(host, 8, Flows::tcp) {}

 private:
  State<std::uint16_t> all_;
  State<Aligned> tcp_;
};

class ClaimsTwice final : public Plugin {
 public:
  explicit ClaimsTwice(Host& host) : first_(host, 0, Flows::tcp), second_(host, 0, Flows::tcp) {}

 private:
  State<std::uint8_t> first_, second_;
};

constexpr Column first_columns[] = {{"a", "", Type::u8}, {"b", "", Type::u8}}, second_columns[] = {{"c", "", Type::u8}};

template <class T>
Descriptor descriptor(std::string_view name, std::span<const Column> columns) {
  Descriptor d;
  d.name = name;
  d.columns = d.packet_columns = columns;
  d.create = [](Host& host) -> Plugin* { return new T(host); };
  return d;
}

struct World {
  TempFolder folder;
  std::string file = [this] {
    std::ofstream(folder / "t2.toml") << "";
    return (folder / "t2.toml").string();
  }();
  Config config{file};
  HeaderStacks stacks;
  Log log;
  Context context{config, stacks, log, ""};
};

std::string names(const std::vector<Column>& columns) {
  std::string all;
  for (const Column& column : columns) all += std::string(column.name) + " ";
  return all;
}

}  // namespace

TEST_CASE("layout: columns in the order of the plugins, the core's first", "[layout]") {
  const Descriptor one = descriptor<Claims<Large, 0>>("one", first_columns),
                   two = descriptor<Claims<Aligned, 0>>("two", second_columns);
  const Layout layout({&one, &two});
  CHECK(names(layout.columns()) == "dir flowInd a b c ");
  CHECK_THAT(names(layout.packet_columns()), Catch::Contains("flowInd a b c "));
  CHECK(layout.index("two") == 1);
  CHECK(layout.index("three") == std::string::npos);
}

TEST_CASE("layout: columns are read where a sink says so", "[layout]") {
  const Descriptor one = descriptor<Claims<Large, 0>>("one", first_columns);
  Descriptor sink, own;
  sink.create_sink = own.create_sink = [](Host&) -> Sink* { return nullptr; };
  own.reads_columns = false;
  CHECK_FALSE(Layout({&one}).columns_are_read());
  CHECK_FALSE(Layout({&one, &own}).columns_are_read());
  CHECK(Layout({&one, &own, &sink}).columns_are_read());
  CHECK(Layout({&one, &own, &sink}).sinks_read_columns());
  own.has_on_row = true;  // its plugin reads them, in the worker
  CHECK(Layout({&one, &own}).columns_are_read());
  CHECK_FALSE(Layout({&one, &own}).sinks_read_columns());
}

TEST_CASE("layout: the lines that the other direction touches", "[layout]") {
  World w;
  const Descriptor one = descriptor<Claims<Large, 0>>("one", {}), two = descriptor<Claims<Aligned, 8>>("two", {});
  Layout layout({&one, &two});
  Instances instances(layout, w.context);
  // Large lies behind Direction, at 64, Aligned behind it, at 272: that is in the line at 256.
  CHECK(layout.prototype().other_lines == std::vector<std::int32_t>{0, 256});
  CHECK(layout.prototype().bytes.size() == 320);
}

TEST_CASE("layout: states of TCP flows lie in front of the Direction, each in its place and with its start value",
          "[layout]") {
  World w;
  const Descriptor one = descriptor<ClaimsBoth>("one", {}), two = descriptor<ClaimsBoth>("two", {});
  Layout layout({&one, &two});
  Instances instances(layout, w.context);
  const SidePrototype side = layout.prototype();
  CHECK(side.tcp_bytes == 64);
  CHECK(side.bytes.size() == 64 + 128);
  CHECK(side.other_lines == std::vector<std::int32_t>{0, -64});
  CHECK(layout.state_bytes(1, Flows::all) == sizeof(std::uint16_t));
  CHECK(layout.state_bytes(1, Flows::tcp) == sizeof(Aligned));
  for (const std::size_t at : {64 - 2 * sizeof(Aligned), 64 - sizeof(Aligned)}) {
    Aligned start{0};
    std::memcpy(&start, side.bytes.data() + at, sizeof start);
    CHECK(start.number == 5);
  }
}

TEST_CASE("layout: a second state for flows of TCP is refused", "[layout]") {
  World w;
  const Descriptor one = descriptor<ClaimsTwice>("one", {});
  Layout layout({&one});
  CHECK_THROWS_WITH(Instances(layout, w.context), Catch::Contains("one: State is claimed once"));
}

TEST_CASE("layout: a state that differs between instances is refused", "[layout]") {
  World w;
  const Descriptor one = descriptor<ClaimsByWorker>("one", {});
  Layout layout({&one});
  const Instances first(layout, w.context);
  CHECK_THROWS_WITH(Instances(layout, w.context), Catch::Contains("one claims a state of 1 bytes, then one of 200"));
}

}  // namespace t2::test::layout_test
