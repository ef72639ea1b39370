// netflowSink: sends finished IPv4 and IPv6 flows to a NetFlow 9 collector.
//
// Workers turn flows into records (flow_record.cpp); the output thread packs them into messages (exporter.cpp) and
// sends them (udp.cpp). Nothing that happens on the way to the collector stops the analysis: it is counted and said.
#include "netflowSink.h"

#include <algorithm>
#include <cstring>
#include <ctime>
#include <memory>
#include <string>

#include "exporter.hpp"
#include "flow_record.hpp"
#include "settings.hpp"
#include "t2/plugin.hpp"
#include "tranalyzer.h"

static_assert(NF_SOCKTYPE == 0, "netflowSink: NF_SOCKTYPE 0 (UDP) is the only transport");
static_assert(NF_VER == 9, "netflowSink: NF_VER 9 (NetFlow 9) is the only version");

namespace netflow {

namespace {

constexpr t2::Flag flags[] = {T2_FLAG(NF_SOCKTYPE),         T2_FLAG(NF_VER),
                              T2_RUNTIME_FLAG(NF_SERVADD),  T2_RUNTIME_FLAG(NF_DPORT),
                              T2_RUNTIME_FLAG(NF_NUM4FLWS), T2_RUNTIME_FLAG(NF_NUM6FLWS),
                              T2_RUNTIME_FLAG(NF_OCTETS),   T2_RUNTIME_FLAG(NF_MSGSIZE),
                              T2_RUNTIME_FLAG(NF_TPL_PKTS), T2_RUNTIME_FLAG(NF_TPL_SECS),
                              T2_RUNTIME_FLAG(NF_IFINDEX),  T2_RUNTIME_FLAG(NF_RATE)};

constexpr t2::Dependency needs[] = {{"basicFlow", false, T2_LAYOUT_basicFlow},
                                    {"basicStats", false, T2_LAYOUT_basicStats},
                                    {"tcpFlags", false, T2_LAYOUT_tcpFlags},
                                    {"tcpStates", false, T2_LAYOUT_tcpStates},
                                    {"macRecorder", true, T2_LAYOUT_macRecorder}};

t2::Time wall_clock() {
  timespec t{};
  clock_gettime(CLOCK_REALTIME, &t);
  return t.tv_sec * t2::one_second + t.tv_nsec;
}

class NetflowSink final : public t2::Sink {
 public:
  explicit NetflowSink(t2::Host& host)
      : host_(host),
        server_(host.text("NF_SERVADD")),
        port_(static_cast<std::uint16_t>(setting(host, "NF_DPORT", 1, 65535))),
        rate_(static_cast<unsigned>(setting(host, "NF_RATE", 0, 10'000'000))) {
    settings_.source = host.sensor_id();
    settings_.most_ipv4 = static_cast<unsigned>(setting(host, "NF_NUM4FLWS", 1, 1000));
    settings_.most_ipv6 = static_cast<unsigned>(setting(host, "NF_NUM6FLWS", 1, 1000));
    settings_.message_size = static_cast<std::size_t>(setting(host, "NF_MSGSIZE", 512, 65507));
    settings_.template_messages = static_cast<unsigned>(setting(host, "NF_TPL_PKTS", 1, 100'000));
    settings_.template_interval = setting(host, "NF_TPL_SECS", 1, 86'400) * t2::one_second;
  }

  void open(const t2::Output& output) override {
    // Without macRecorder its column is missing, and so are the addresses in the templates.
    settings_.macs = ETH_ACTIVATE == 2 || std::any_of(output.columns.begin(), output.columns.end(), [](const t2::Column& c) { return c.name == "macStat"; });
    auto transport = udp(server_, port_, rate_, [this](const std::string& text) { host_.warn(text); });
    exporter_ = std::make_unique<Exporter>(settings_, std::move(transport));
    exporter_->start(wall_clock());
  }

  void write(std::span<const t2::RowView> rows) override {
    const t2::Time now = wall_clock();
    for (const t2::RowView& row : rows) {
      if (row.own.size() != sizeof(Record)) {
        ++layer2_;
        continue;
      }
      Record record;
      std::memcpy(&record, row.own.data(), sizeof record);
      exporter_->add(record, now);
    }
    exporter_->tick(now);
  }

  // Not with the core's time, which was taken before the rows of this round were written: clocks must not seem to go back.
  void idle(t2::Time) override { exporter_->tick(wall_clock()); }

  void close() override {
    exporter_->finish(wall_clock());
    overflowed_ = exporter_->transport().overflowed();
    if (overflowed_ > 0) {
      host_.warn("the receive buffer of the collector was full " + std::to_string(overflowed_) + " times: give it a larger one (nfcapd -B)");
    }
  }

  void report(t2::Report& report) const override {
    if (!exporter_) return;
    const Counters& c = exporter_->counters();
    report.line("Collector: " + exporter_->transport().destination() + ", UDP, NetFlow 9, source ID " + std::to_string(settings_.source));
    report.line("Number of flow records sent: " + report.number(c.records));
    report.line("Number of messages sent: " + report.number(c.messages) + ", of which with templates: " + report.number(c.template_messages));
    if (c.lost > 0) report.line("Number of flow records lost: " + report.number(c.lost));
    if (overflowed_ > 0) report.line("Number of messages lost in the receive buffer of the collector: " + report.number(overflowed_));
    if (layer2_ > 0) report.line("Number of layer-2 flows not exported: " + report.number(layer2_));
  }

  std::uint64_t lost() const override { return exporter_ ? exporter_->counters().lost : 0; }

 private:
  t2::Host& host_;
  std::string server_;
  std::uint16_t port_;
  unsigned rate_;
  Settings settings_;
  std::unique_ptr<Exporter> exporter_;
  std::uint64_t layer2_ = 0, overflowed_ = 0;
};

}  // namespace

}  // namespace netflow

T2_PLUGIN = {.name = "netflowSink",
             .version = "1.0.0",
             .summary = "sends IPv4 and IPv6 flows to a NetFlow 9 collector",
             .number = T2_NUMBER,
             .layout = T2_LAYOUT_netflowSink,
             .needs = netflow::needs,
             .flags = netflow::flags,
             .create = netflow::create_recorder,
             .create_sink = [](t2::Host& host) -> t2::Sink* { return new netflow::NetflowSink(host); }};
