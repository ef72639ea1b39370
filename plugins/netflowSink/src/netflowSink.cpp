// netflowSink: sends finished IPv4 and IPv6 flows to collectors of NetFlow 9 or IPFIX.
//
// Workers turn flows into records (flow_record.cpp); the output thread packs them into messages (exporter.cpp) and
// sends them (udp.cpp, tcp.cpp). Nothing that happens on the way to the collector stops the analysis: it is counted and said.
#include "netflowSink.h"

#include <algorithm>
#include <cstring>
#include <ctime>
#include <deque>
#include <string>
#include <vector>

#include "address.hpp"
#include "exporter.hpp"
#include "flow_record.hpp"
#include "settings.hpp"
#include "t2/plugin.hpp"
#include "tranalyzer.h"

namespace netflow {

namespace {

constexpr t2::Flag flags[] = {T2_RUNTIME_FLAG(NF_SOCKTYPE), T2_RUNTIME_FLAG(NF_VER),
                              T2_RUNTIME_FLAG(NF_SERVADD),  T2_RUNTIME_FLAG(NF_DPORT),
                              T2_RUNTIME_FLAG(NF_NUM4FLWS), T2_RUNTIME_FLAG(NF_NUM6FLWS),
                              T2_RUNTIME_FLAG(NF_OCTETS),   T2_RUNTIME_FLAG(NF_MSGSIZE),
                              T2_RUNTIME_FLAG(NF_TPL_PKTS), T2_RUNTIME_FLAG(NF_TPL_SECS),
                              T2_RUNTIME_FLAG(NF_IFINDEX),  T2_RUNTIME_FLAG(NF_RATE),
                              T2_RUNTIME_FLAG(NF_QUEUE),
                              T2_RUNTIME_FLAG(NF_PEN)};

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

// Collectors that keep 16 bits of the number would take the own elements for well-known ones.
std::uint32_t enterprise(const t2::Host& host) {
  const auto number = static_cast<std::uint32_t>(setting(host, "NF_PEN", 0, 0xffff'ffff));
  constexpr std::uint16_t taken[] = {0, 9, 637, 6871, 29305};
  if (number != 0 && std::find(std::begin(taken), std::end(taken), number & 0xffff) != std::end(taken)) {
    throw t2::Error("netflowSink: NF_PEN=" + std::to_string(number) + " would be mistaken by collectors for elements of somebody else: use the number of your organisation");
  }
  return number;
}

class NetflowSink final : public t2::Sink {
 public:
  explicit NetflowSink(t2::Host& host)
      : host_(host),
        collectors_(addresses(host.text("NF_SERVADD"), static_cast<std::uint16_t>(setting(host, "NF_DPORT", 1, 65535)))),
        rate_(static_cast<unsigned>(setting(host, "NF_RATE", 0, 10'000'000))),
        tcp_(setting(host, "NF_SOCKTYPE", 0, 1) == 1),
        most_waiting_(static_cast<std::size_t>(setting(host, "NF_QUEUE", 16, 1'000'000))) {
    settings_.source = host.sensor_id();
    settings_.layout.version = static_cast<Version>(setting(host, "NF_VER", 9, 10));
    if (tcp_ && settings_.layout.version != Version::ipfix) {
      throw t2::Error("netflowSink: NF_SOCKTYPE=1 (TCP) needs NF_VER=10: NetFlow 9 has no framing for a byte stream");
    }
    settings_.layout.ip_octets = setting(host, "NF_OCTETS", 0, 1) == 1;
    settings_.layout.enterprise = enterprise(host);
    settings_.most_ipv4 = static_cast<unsigned>(setting(host, "NF_NUM4FLWS", 1, 1000));
    settings_.most_ipv6 = static_cast<unsigned>(setting(host, "NF_NUM6FLWS", 1, 1000));
    settings_.message_size = static_cast<std::size_t>(setting(host, "NF_MSGSIZE", 512, 65507));
    settings_.template_messages = static_cast<unsigned>(setting(host, "NF_TPL_PKTS", 1, 100'000));
    settings_.template_interval = setting(host, "NF_TPL_SECS", 1, 86'400) * t2::one_second;
  }

  void open(const t2::Output& output) override {
    // Without macRecorder its column is missing, and so are the addresses in the templates.
    settings_.layout.macs = ETH_ACTIVATE == 2 || std::any_of(output.columns.begin(), output.columns.end(), [](const t2::Column& c) { return c.name == "macStat"; });
    for (const Address& collector : collectors_) {
      const Warn warn = [this](const std::string& text) { host_.warn(text); };
      exporters_.emplace_back(settings_, tcp_ ? tcp(collector, most_waiting_, warn) : udp(collector, rate_, warn));
    }
    for (Exporter& exporter : exporters_) exporter.start(wall_clock());
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
      record.flow_id = row.index;
      for (Exporter& exporter : exporters_) exporter.add(record, now);
    }
    for (Exporter& exporter : exporters_) exporter.tick(now);
  }

  // Not with the core's time, which was taken before the rows of this round were written: clocks must not seem to go back.
  void idle(t2::Time) override {
    for (Exporter& exporter : exporters_) exporter.tick(wall_clock());
  }

  void close() override {
    for (Exporter& exporter : exporters_) {
      exporter.finish(wall_clock());
      overflowed_.push_back(exporter.transport().overflowed());
      if (overflowed_.back() > 0) {
        host_.warn("the receive buffer of " + exporter.transport().destination() + " was full " + std::to_string(overflowed_.back()) +
                   " times: give the collector a larger one (nfcapd -B)");
      }
    }
  }

  void report(t2::Report& report) const override {
    for (std::size_t i = 0; i < exporters_.size(); ++i) report_on(exporters_[i], i < overflowed_.size() ? overflowed_[i] : 0, report);
    if (layer2_ > 0) report.line("Number of layer-2 flows not exported: " + report.number(layer2_));
  }

  // A record that did not reach two collectors counts twice.
  std::uint64_t lost() const override {
    std::uint64_t sum = 0;
    for (const Exporter& exporter : exporters_) sum += exporter.counters().lost;
    return sum;
  }

 private:
  void report_on(const Exporter& exporter, std::uint64_t overflowed, t2::Report& report) const {
    const Counters c = exporter.counters();
    report.line("Collector: " + exporter.transport().destination() + ", " + (tcp_ ? "TCP, " : "UDP, ") +
                (settings_.layout.version == Version::ipfix ? "IPFIX, observation domain " : "NetFlow 9, source ID ") + std::to_string(settings_.source));
    report.line("Number of flow records sent: " + report.number(c.records));
    report.line("Number of messages sent: " + report.number(c.messages) + ", of which with templates: " + report.number(c.template_messages));
    if (c.resent > 0) report.line("Number of flow records sent again after a connection broke: " + report.number(c.resent));
    if (c.lost > 0) report.line("Number of flow records lost: " + report.number(c.lost));
    if (overflowed > 0) report.line("Number of messages lost in the receive buffer of the collector: " + report.number(overflowed));
  }

  t2::Host& host_;
  std::vector<Address> collectors_;
  unsigned rate_;
  bool tcp_;
  std::size_t most_waiting_;
  Settings settings_;
  std::deque<Exporter> exporters_;           // one for each collector, which has a sequence of its own
  std::vector<std::uint64_t> overflowed_;    // of each, when all was sent
  std::uint64_t layer2_ = 0;
};

}  // namespace

}  // namespace netflow

T2_PLUGIN = {.name = "netflowSink",
             .version = "1.0.0",
             .summary = "sends IPv4 and IPv6 flows to collectors of NetFlow 9 or IPFIX",
             .number = T2_NUMBER,
             .layout = T2_LAYOUT_netflowSink,
             .needs = netflow::needs,
             .flags = netflow::flags,
             .create = netflow::create_recorder,
             .create_sink = [](t2::Host& host) -> t2::Sink* { return new netflow::NetflowSink(host); },
             .reads_columns = false};
