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
// Most conversations are known after a few packets, and give their block back.
constexpr t2::FlowBlock flow_blocks[] = {{.bytes = inspection_bytes, .conversations = 4}};

class Ndpi final : public t2::Plugin {
 public:
  explicit Ndpi(t2::Host& host)
      : host_(host),
        state_(host),
        guess_(host.integer("NDPI_GUESS_UNKNOWN") != 0),
        tcp_packets_(static_cast<std::uint8_t>(host.integer("NDPI_TCP_PACKETS"))),
        other_packets_(static_cast<std::uint8_t>(host.integer("NDPI_UDP_PACKETS"))) {}

  void on_packets(std::span<const t2::Packet> packets) override {
    for (const t2::Packet& p : packets) {
      if (!p.is_ip()) continue;
      NdpiState& s = state_(p.direction == 0 ? *p.own : *p.other);
      if (!s.verdict.done) look_at(p, s);
    }
  }

  void on_flow_end(const t2::EndedFlow& e, t2::Row& row) override {
    NdpiState& s = state_(*e.in_direction(0));
    if (s.inspection) end(e.flow, s);
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
    row.text(detection_.application(state_(p.direction == 0 ? *p.own : *p.other).verdict));
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
  void look_at(const t2::Packet& p, NdpiState& s) {
    if (!s.inspection) {
      void* memory = host_.flow_alloc(*p.flow, inspection_bytes);
      if (!memory) {
        s.verdict.done = true;
        ++refused_;
        return;
      }
      s.inspection = Detection::begin(memory);
    }
    constexpr t2::Time millisecond = t2::one_second / 1000;
    ++s.verdict.packets;
    const bool more =
        detection_.look_at(*s.inspection, p.bytes(p.l3).read(p.captured_l3), p.time / millisecond, s.verdict);
    if (!more || s.verdict.packets >= (p.protocol == t2::protocol::tcp ? tcp_packets_ : other_packets_))
      end(*p.flow, s);
  }
  void end(const t2::Flow& flow, NdpiState& s) {
    detection_.end(*s.inspection, guess_, s.verdict);
    host_.flow_free(flow, s.inspection);
    s.inspection = nullptr;
  }

  t2::Host& host_;
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
