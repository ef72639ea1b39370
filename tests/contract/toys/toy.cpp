// One source, many small plugins: macros say what is wrong with each. A good one counts packets per flow.
#include "t2/plugin.hpp"

#ifdef TOY_LEAVES_MARK  // its code runs as soon as it is loaded
#include <cstdio>
#include <cstdlib>
[[gnu::constructor]] static void leave_mark() {
  if (const char* mark = std::getenv("TOY_MARK")) std::fclose(std::fopen(mark, "w"));
}
#endif

namespace {

#ifdef TOY_NEEDS
constexpr t2::Dependency needs[] = {TOY_NEEDS};
#endif

#ifdef TOY_COLUMN
#ifdef TOY_NO_TYPE
constexpr t2::Column columns[] = {{TOY_COLUMN, "Packets"}};
#else
constexpr t2::Column columns[] = {{TOY_COLUMN, "Packets", t2::Type::u64}};
#endif
#endif

struct State {
  std::uint64_t packets = 0;
};

class Toy final : public t2::Plugin {
 public:
  explicit Toy(t2::Host& host) : state_(host) {
#ifdef TOY_THROWS
    throw t2::Error("thrower: the sky is falling");
#endif
  }
  void on_packets(std::span<const t2::Packet> packets) override {
    for (const t2::Packet& p : packets) ++state_(*p.own).packets;
  }
#ifdef TOY_COLUMN
  void on_flow_end(const t2::EndedFlow& e, t2::Row& row) override { row.put(state_(e.own).packets); }
#endif

 private:
  t2::State<State> state_;
};

#ifdef TOY_SINK_CLAIMS
class Claimer final : public t2::Sink {
 public:
  explicit Claimer(t2::Host& host) : state_(host) {}
  void open(const t2::Output&) override {}
  void write(std::span<const t2::RowView>) override {}
  void close() override {}

 private:
  t2::State<State> state_;
};
#endif

#ifdef TOY_SINK_THROWS
class BadSink final : public t2::Sink {
 public:
  void open(const t2::Output&) override { throw t2::Error("badSink: nowhere to write"); }
  void write(std::span<const t2::RowView>) override {}
  void close() override {}
};
#endif

}  // namespace

#ifndef TOY_EXPORTS_NOTHING
T2_PLUGIN = {
    .name = TOY_NAME,
    .version = "1",
    .summary = "for tests",
    .number = TOY_NUMBER,
#ifdef TOY_LAYOUT
    .layout = TOY_LAYOUT,
#endif
#ifdef TOY_NEEDS
    .needs = needs,
#endif
#ifdef TOY_COLUMN
    .columns = columns,
#endif
#if defined(TOY_CREATES_NOTHING)
    .create = [](t2::Host&) -> t2::Plugin* { return nullptr; },
#elif !defined(TOY_NO_CREATE)
    .create = [](t2::Host& host) -> t2::Plugin* { return new Toy(host); },
#endif
#ifdef TOY_SINK_CLAIMS
    .create_sink = [](t2::Host& host) -> t2::Sink* { return new Claimer(host); },
#endif
#ifdef TOY_SINK_THROWS
    .create_sink = [](t2::Host&) -> t2::Sink* { return new BadSink; },
#endif
#ifdef TOY_HAS_ON_ROW
    .has_on_row = true,
#endif
};
#else
[[maybe_unused]] t2::Plugin* unused(t2::Host& host) { return new Toy(host); }
#endif
