// netflowSink: sends finished flows to collectors of NetFlow 9 or IPFIX.
//
// Workers encode flows as records (record_builder.cpp); the output thread packs the records into messages
// (exporter.cpp) and sends them (udp.cpp, tcp.cpp, tls.cpp). No failure on the way to the collector stops the analysis:
// losses are counted and reported.
#include "netflowSink.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "collector_address.hpp"
#include "compiled_flags.hpp"
#include "exporter.hpp"
#include "record_builder.hpp"
#include "setting.hpp"
#include "t2/clock.hpp"
#include "t2/plugin.hpp"

namespace t2::netflow_sink {

namespace {

constexpr t2::Flag flags[] = {
    T2_RUNTIME_FLAG(NF_SOCKTYPE),  T2_RUNTIME_FLAG(NF_VER),      T2_RUNTIME_FLAG(NF_SERVADD),
    T2_RUNTIME_FLAG(NF_DPORT),     T2_RUNTIME_FLAG(NF_NUM4FLWS), T2_RUNTIME_FLAG(NF_NUM6FLWS),
    T2_RUNTIME_FLAG(NF_OCTETS),    T2_RUNTIME_FLAG(NF_BIFLOW),   T2_RUNTIME_FLAG(NF_LAYER2),
    T2_RUNTIME_FLAG(NF_MSGSIZE),   T2_RUNTIME_FLAG(NF_TPL_PKTS), T2_RUNTIME_FLAG(NF_TPL_SECS),
    T2_RUNTIME_FLAG(NF_STAT_SECS), T2_RUNTIME_FLAG(NF_SAMPLING), T2_RUNTIME_FLAG(NF_IFINDEX),
    T2_RUNTIME_FLAG(NF_RATE),      T2_RUNTIME_FLAG(NF_QUEUE),    T2_RUNTIME_FLAG(NF_TLS_VERIFY),
    T2_RUNTIME_FLAG(NF_TLS_CA),    T2_RUNTIME_FLAG(NF_TLS_CERT), T2_RUNTIME_FLAG(NF_TLS_KEY),
    T2_RUNTIME_FLAG(NF_PACKETS),   T2_RUNTIME_FLAG(NF_PEN)};

constexpr t2::Dependency needs[] = {
    {"basicFlow", false, T2_LAYOUT_basicFlow},    {"basicStats", false, T2_LAYOUT_basicStats},
    {"tcpFlags", true, T2_LAYOUT_tcpFlags},       {"tcpStates", true, T2_LAYOUT_tcpStates},
    {"macRecorder", true, T2_LAYOUT_macRecorder}, {"nFrstPkts", true, T2_LAYOUT_nFrstPkts}};

enum class SocketType { udp, tcp, tls };

std::string name_of(SocketType type) {
  return type == SocketType::udp ? "UDP" : type == SocketType::tcp ? "TCP" : "TLS";
}

// Refuses settings without effect, or with another one than was meant.
TlsFiles tls_files(const t2::Host& host, SocketType type) {
  TlsFiles files{host.text("NF_TLS_CA"), host.text("NF_TLS_CERT"), host.text("NF_TLS_KEY"),
                 host.integer("NF_TLS_VERIFY") == 1};
  if (type != SocketType::tls && !(files.authorities + files.certificate + files.key).empty()) {
    throw setting_error("NF_TLS_CA, NF_TLS_CERT and NF_TLS_KEY need NF_SOCKTYPE=2: with NF_SOCKTYPE=" +
                        std::to_string(static_cast<int>(type)) + " (" + name_of(type) +
                        ") records would travel unprotected");
  }
  if (!files.verify && !files.authorities.empty()) {
    throw setting_error("NF_TLS_CA has no effect with NF_TLS_VERIFY=0: leave one of them out");
  }
  if (files.certificate.empty() != files.key.empty()) {
    throw setting_error("NF_TLS_CERT and NF_TLS_KEY belong together: set both or none");
  }
  return files;
}

// One packet of so many reaches a flow: what t2 gets is one of NF_SAMPLING, of which it takes one of SAMPLING. 0: all.
std::uint32_t sampling(const t2::Host& host) {
  const auto before = static_cast<std::uint64_t>(host.integer("NF_SAMPLING")), own = std::uint64_t{host.sampling()};
  if (own == 1) return static_cast<std::uint32_t>(before);
  const std::uint64_t both = std::max<std::uint64_t>(before, 1) * own;
  if (both > UINT32_MAX)
    throw setting_error("NF_SAMPLING=" + std::to_string(before) + " and the core's SAMPLING=" + std::to_string(own) +
                        " make one packet of " + std::to_string(both) + ", which no options record can say");
  return static_cast<std::uint32_t>(both);
}

class NetflowSink final : public t2::Sink {
 public:
  explicit NetflowSink(t2::Host& host)
      : host_(host),
        collectors_(parse_collectors(host.text("NF_SERVADD"), static_cast<std::uint16_t>(host.integer("NF_DPORT")))),
        rate_(static_cast<unsigned>(host.integer("NF_RATE"))),
        socket_type_(static_cast<SocketType>(host.integer("NF_SOCKTYPE"))),
        tls_files_(tls_files(host, socket_type_)),
        max_waiting_(static_cast<std::size_t>(host.integer("NF_QUEUE"))) {
    settings_.source = host.sensor_id();
    settings_.layout = record_layout(host);
    if (socket_type_ != SocketType::udp && settings_.layout.version != Version::ipfix) {
      throw setting_error("NF_SOCKTYPE=" + std::to_string(static_cast<int>(socket_type_)) + " (" +
                          name_of(socket_type_) + ") needs NF_VER=10: NetFlow 9 has no framing for a byte stream");
    }
    settings_.max_ipv4 = static_cast<unsigned>(host.integer("NF_NUM4FLWS"));
    settings_.max_ipv6 = static_cast<unsigned>(host.integer("NF_NUM6FLWS"));
    settings_.message_size = static_cast<std::size_t>(host.integer("NF_MSGSIZE"));
    settings_.template_messages = static_cast<unsigned>(host.integer("NF_TPL_PKTS"));
    settings_.template_interval = host.integer("NF_TPL_SECS") * t2::one_second;
    settings_.statistics_interval = host.integer("NF_STAT_SECS") * t2::one_second;
    settings_.sampling = sampling(host);
    settings_.live = host.interfaces() > 0;
  }

  void open(const t2::Output& output) override {
    // The templates have no fields of plugins that are not loaded; these have no columns either.
    const auto loaded = [&](std::string_view column) {
      return std::any_of(output.columns.begin(), output.columns.end(),
                         [&](const t2::Column& c) { return c.name == column; });
    };
    settings_.layout.macs = macs_in_key || loaded("macStat");
    settings_.layout.tcp_flags = loaded("tcpFStat");
    settings_.layout.tcp_states = loaded("tcpStatesAFlags");
    for (const CollectorAddress& collector : collectors_) {
      const Warn warn = [this](const std::string& text) { host_.warn(text); };
      std::unique_ptr<Transport> way = transport(collector, warn);
      way->end_when([this] { return host_.must_end(); });
      exporters_.emplace_back(settings_, std::move(way));
    }
    for (Exporter& exporter : exporters_) exporter.start(wall_clock());
  }

  void write(std::span<const t2::RowView> rows) override {
    const t2::Time now = wall_clock();
    for (const t2::RowView& row : rows) {
      ++observed_.flows;
      if (row.own.empty()) continue;  // the next row holds the record of both directions
      RowHead head;
      std::memcpy(&head, row.own.data(), sizeof head);
      observed_.packets += head.packets;
      if (!head.sent) {
        ++unexported_layer2_;
        continue;
      }
      for (Exporter& exporter : exporters_) exporter.add(head.kind, row.own.subspan(sizeof head), row.index, now);
    }
    update_input();
    for (Exporter& exporter : exporters_) exporter.tick(now, observed_);
  }

  // The core's time is older than the rows that were written since, and an exporter takes a clock that goes back for
  // one that was set.
  void idle(t2::Time) override {
    update_input();
    for (Exporter& exporter : exporters_) exporter.tick(wall_clock(), observed_);
  }

  void close() override {
    update_input();
    for (Exporter& exporter : exporters_) exporter.finish(wall_clock(), observed_);
  }

  void report(t2::Report& report) const override {
    for (const Exporter& exporter : exporters_) report_on(exporter, report);
    if (unexported_layer2_ > 0)
      report.line("Number of layer-2 flows not exported: " + report.number(unexported_layer2_));
  }

  // A record that two collectors did not get counts twice.
  std::uint64_t lost() const override {
    std::uint64_t sum = 0;
    for (const Exporter& exporter : exporters_) sum += exporter.transport().delivery().lost;
    return sum;
  }

  // TCP and TLS: messages that wait, and those that the kernel's buffers hold, which may have to be sent again.
  std::uint64_t max_memory() const override {
    constexpr std::uint64_t each = 128, in_flight = 16 << 20;  // bytes of a message besides its own, of messages
    if (socket_type_ == SocketType::udp) return collectors_.size() * (1 << 20);
    return collectors_.size() * (max_waiting_ * (settings_.message_size + each) + in_flight);
  }

 private:
  std::unique_ptr<Transport> transport(const CollectorAddress& collector, const Warn& warn) const {
    switch (socket_type_) {
      case SocketType::udp: return make_udp_transport(collector, rate_, warn);
      case SocketType::tcp: return make_tcp_transport(collector, max_waiting_, warn);
      case SocketType::tls: break;
    }
    return make_tls_transport(collector, max_waiting_, tls_files_, warn);
  }

  void update_input() {
    const t2::Input input = host_.input();
    observed_.ignored = input.ignored;
    observed_.dropped = input.dropped;
    observed_.interfaces.clear();
    for (std::size_t i = 0; i < host_.interfaces(); ++i) observed_.interfaces.push_back(host_.interface(i));
  }

  void report_on(const Exporter& exporter, t2::Report& report) const {
    const ExportCounters c = exporter.counters();
    const DeliveryStats& delivery = exporter.transport().delivery();
    report.line(
        "Collector: " + exporter.transport().destination() + ", " + name_of(socket_type_) +
        (settings_.layout.version == Version::ipfix ? ", IPFIX, observation domain " : ", NetFlow 9, source ID ") +
        std::to_string(settings_.source));
    report.line("Number of flow records sent: " + report.number(delivery.sent));
    report.line("Number of messages sent: " + report.number(c.messages) +
                ", of which with templates: " + report.number(c.template_messages));
    if (c.pairs > 0)
      report.line("Number of flow records made for both directions of a flow: " + report.number(c.pairs));
    if (delivery.resent > 0)
      report.line("Number of flow records sent again after a connection broke, which may have arrived twice: " +
                  report.number(delivery.resent));
    if (delivery.unread > 0)
      report.line("Number of flow records that the collector had not read yet at the end: " +
                  report.number(delivery.unread));
    if (delivery.lost > 0) {
      report.line("Number of flow records lost: " + report.number(delivery.lost) +
                  (delivery.doubtful > 0 ? ", at most: the collector may have read " +
                                               report.number(delivery.doubtful) + " of them before it ended"
                                         : ""));
    }
  }

  t2::Host& host_;
  std::vector<CollectorAddress> collectors_;
  unsigned rate_;
  SocketType socket_type_;
  TlsFiles tls_files_;
  std::size_t max_waiting_;
  ExporterSettings settings_;
  std::deque<Exporter> exporters_;  // one for each collector, which has a sequence of its own
  ObservedTraffic observed_;
  std::uint64_t unexported_layer2_ = 0;  // directions of flows
};

}  // namespace

}  // namespace t2::netflow_sink

T2_PLUGIN = {.name = "netflowSink",
             .version = T2_PLUGIN_VERSION,
             .summary = "sends finished flows to collectors of NetFlow 9 or IPFIX",
             .number = T2_NUMBER,
             .layout = T2_LAYOUT_netflowSink,
             .needs = t2::netflow_sink::needs,
             .flags = t2::netflow_sink::flags,
             .create = t2::netflow_sink::create_record_builder,
             .create_sink = [](t2::Host& host) -> t2::Sink* { return new t2::netflow_sink::NetflowSink(host); },
             .reads_columns = false};
