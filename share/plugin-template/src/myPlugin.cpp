// myPlugin: counts the pauses in each direction of a conversation. An interactive session has many, a download none.
//
// An example to copy. It shows all that most plugins need: state per direction, a column, a flag, a report line.
#include "myPlugin.h"

#include <algorithm>
#include <string>

#include "t2/plugin.hpp"

namespace {

// State of one direction of a conversation; a new one starts as a copy of Pauses{}.
struct Pauses {
  std::uint32_t count = 0;
};

constexpr t2::Flag flags[] = {T2_FLAG(MY_TOTALS), T2_RUNTIME_FLAG(MY_PAUSE)};
// A status word would be .with(bits), a table of t2::Bit that says what each of its bits means.
constexpr t2::Column columns[] = {
    t2::Column("myPauses", "Pauses of at least MY_PAUSE milliseconds between packets", t2::Type::u32).in("pauses")};

class MyPlugin final : public t2::Plugin {
 public:
  explicit MyPlugin(t2::Host& host) : pauses_(host), pause_(host.integer("MY_PAUSE") * (t2::one_second / 1000)) {}

  void on_packets(std::span<const t2::Packet> packets) override {
    for (const t2::Packet& p : packets) {
      if (!p.first_of_direction && p.time - p.previous >= pause_) ++pauses_(*p.own).count;
    }
  }

  void on_flow_end(const t2::EndedFlow& e, t2::Row& row) override {
    const std::uint32_t count = pauses_(e.own).count;
    row.put(count);
    total_ += count;
    max_ = std::max(max_, count);
  }

  void merge(t2::Plugin& other) override {
    const auto& o = static_cast<const MyPlugin&>(other);
    total_ += o.total_;
    max_ = std::max(max_, o.max_);
  }

  void report(t2::Report& report) const override {
    if constexpr (MY_TOTALS == 1) {
      if (total_ > 0) report.line("Pauses: " + report.number(total_) + ", most of a flow: " + std::to_string(max_));
    }
  }

 private:
  t2::State<Pauses> pauses_;
  t2::Time pause_;
  std::uint64_t total_ = 0;  // order does not matter for sums and maxima: nothing else may be kept here
  std::uint32_t max_ = 0;
};

}  // namespace

T2_PLUGIN = {.name = "myPlugin",
             .version = T2_PLUGIN_VERSION,
             .summary = "counts the pauses of flows",
             .number = T2_NUMBER,
             .flags = flags,
             .columns = columns,
             .create = [](t2::Host& host) -> t2::Plugin* { return new MyPlugin(host); }};
