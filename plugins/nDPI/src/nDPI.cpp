// nDPI: the application of a flow, its category and its risks, as the library libndpi recognises them.
//
// The first packets of a conversation are handed to the library until it knows enough. An instance belongs to one
// worker thread.
#include <string>

#include "columns.hpp"
#include "detection.hpp"
#include "nDPI.h"
#include "t2/plugin.hpp"
#include "t2/report_lines.hpp"

namespace t2::ndpi {

namespace {

constexpr t2::Flag flags[] = {T2_RUNTIME_FLAG(NDPI_GUESS_UNKNOWN), T2_RUNTIME_FLAG(NDPI_TCP_PACKETS),
                              T2_RUNTIME_FLAG(NDPI_UDP_PACKETS)};
// Most conversations are known after a few packets, and give their blocks back.
constexpr t2::FlowBlock flow_blocks[] = {{.bytes = inspection_bytes, .conversations = 2},
                                         {.bytes = memory_bytes, .conversations = 8}};

// A SYN of the conversation's first sender that says no more than its key does.
bool is_plain_syn(const t2::Packet& p) {
  return p.direction == 0 && p.is_opening() && p.l7_length == 0 && !p.more_fragments && p.captured_l4 >= p.l4_header &&
         p.l4_header >= 20 && p.l3_header == (p.family == t2::Family::ipv4 ? 20 : 40);
}

class Ndpi final : public t2::Plugin {
 public:
  explicit Ndpi(t2::Host& host)
      : state_(host),
        guess_(host.integer("NDPI_GUESS_UNKNOWN") != 0),
        tcp_packets_(static_cast<std::uint8_t>(host.integer("NDPI_TCP_PACKETS"))),
        other_packets_(static_cast<std::uint8_t>(host.integer("NDPI_UDP_PACKETS"))),
        detection_(host) {}

  void on_packets(std::span<const t2::Packet> packets) override {
    for (std::size_t i = 0; i < packets.size(); ++i) {
      if (i + 2 < packets.size()) {
        const Inspection* next = state_of(packets[i + 2]).inspection;
        if (next) Detection::prefetch(*next);
      }
      const t2::Packet& p = packets[i];
      if (!p.is_ip()) continue;
      NdpiState& s = state_of(p);
      if (!s.verdict.done) look_at(p, s);
    }
  }

  void on_flow_end(const t2::EndedFlow& e, t2::Row& row) override {
    NdpiState& s = state_(*e.in_direction(0));
    if (!s.verdict.done && s.verdict.packets > 0) end(e.flow, s, milliseconds(e.flow.times(0).latest));
    classified_ += s.verdict.master != 0 || s.verdict.application != 0;
    ++rows_;
    if (!row.is_read()) return;
    row.text(detection_.application(s.verdict));
    row.text(detection_.category(s.verdict));
    row.text(detection_.confidence(s.verdict));
    row.put(s.verdict.risks);
    row.put(std::uint16_t{s.verdict.packets});
  }

  void on_packet_row(const t2::Packet& p, t2::Row& row) override {
    if (!p.is_ip()) return row.text({});
    row.text(detection_.application(state_of(p).verdict));
  }

  void merge(t2::Plugin& plugin) override {
    const auto& other = static_cast<const Ndpi&>(plugin);
    classified_ += other.classified_, rows_ += other.rows_, refused_ += other.refused_;
  }

  void report(t2::Report& report) const override {
    t2::report_share(report, "Number of flows classified: ", classified_, rows_);
    if (refused_ > 0) report.line("Flows that memory was too short for: " + report.number(refused_));
  }

 private:
  NdpiState& state_of(const t2::Packet& p) const { return state_(p.direction == 0 ? *p.own : *p.other); }
  // Floods and scans leave many flows that are a SYN: they take no memory.
  void look_at(const t2::Packet& p, NdpiState& s) {
    const bool first = s.verdict.packets == 0;
    ++s.verdict.packets;
    const bool last = s.verdict.packets >= (p.protocol == t2::protocol::tcp ? tcp_packets_ : other_packets_);
    if ((first || s.verdict.syn_only) && is_plain_syn(p)) {
      s.verdict.syn_only = true;
      if (last) end(*p.flow, s, milliseconds(p.time));
      return;
    }
    if (!s.inspection && !begin(p, s)) return;
    if (!detection_.look_at(*p.flow, *s.inspection, p.bytes(p.l3).read(p.captured_l3), milliseconds(p.time),
                            s.verdict) ||
        last)
      end(*p.flow, s, milliseconds(p.time));
  }
  // False: this packet is not looked at.
  bool begin(const t2::Packet& p, NdpiState& s) {
    s.inspection = detection_.begin(*p.flow);
    if (s.inspection && !s.verdict.syn_only) return true;
    --s.verdict.packets;
    if (!s.inspection) ++refused_;
    if (s.inspection && detection_.look_at_syn(*p.flow, *s.inspection, milliseconds(p.time), s.verdict)) {
      ++s.verdict.packets;
      s.verdict.syn_only = false;
      return true;
    }
    if (s.verdict.packets > 0) end(*p.flow, s, milliseconds(p.time));
    s.verdict.done = true;
    return false;
  }
  void end(const t2::Flow& flow, NdpiState& s, std::int64_t milliseconds) {
    if (s.inspection) detection_.end(flow, s.inspection, guess_, s.verdict);
    else detection_.judge_syn(flow, milliseconds, guess_, s.verdict);
    s.inspection = nullptr;
  }
  static std::int64_t milliseconds(t2::Time time) { return time / (t2::one_second / 1000); }

  t2::State<NdpiState> state_;
  const bool guess_;
  const std::uint8_t tcp_packets_, other_packets_;
  Detection detection_;
  std::uint64_t classified_ = 0, rows_ = 0, refused_ = 0;
};

}  // namespace

}  // namespace t2::ndpi

T2_PLUGIN = {.name = "nDPI",
             .version = T2_PLUGIN_VERSION,
             .summary = "applications, as libndpi recognises them",
             .number = T2_NUMBER,
             .layout = T2_LAYOUT_nDPI,
             .flags = t2::ndpi::flags,
             .columns = t2::ndpi::columns,
             .packet_columns = t2::ndpi::packet_columns,
             .create = [](t2::Host& host) -> t2::Plugin* { return new t2::ndpi::Ndpi(host); },
             .flow_blocks = t2::ndpi::flow_blocks};
