// tcpFlags: what the IP and TCP headers of a flow say about its health: flags and their odd combinations, windows,
// retransmissions, checksums, options, clocks and answer times.
//
// ip_analysis.hpp and tcp_analysis.hpp analyse packets, the .cpp files of these names what few packets have;
// columns.cpp and packet_columns.cpp fill rows of flows and of packets. This file joins them: it decides about scans
// when a flow ends, keeps totals and writes the report. An instance belongs to one worker thread. Never reads beyond
// the captured bytes.
#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <unordered_map>

#include "columns.hpp"
#include "ip_analysis.hpp"
#include "packet_columns.hpp"
#include "t2/plugin.hpp"
#include "tcp_analysis.hpp"

namespace t2::tcp_flags {

void Totals::add(const Totals& other) {
  ip_flags |= other.ip_flags;
  status |= other.status;
  tcp_flags |= other.tcp_flags;
  anomaly |= other.anomaly;
  mptcp_types |= other.mptcp_types;
  tos |= other.tos;
  mptcp_flags |= other.mptcp_flags;
  scans += other.scans;
  scan_successes += other.scan_successes;
  syn_retries += other.syn_retries;
  seq_retries += other.seq_retries;
  window_below += other.window_below;
  mptcp_options += other.mptcp_options;
}

namespace {

constexpr std::uint32_t scan_packets = 4;  // a direction with fewer TCP packets may have been a scan

class TcpFlags : public t2::Plugin {
 public:
  explicit TcpFlags(t2::Host& host)
      : state_(host, TcpFlagsState::other_bytes),
        tcp_state_(host, TcpHeaderState::other_bytes, t2::Flows::tcp),
        worker_{host} {}

  void on_packets(std::span<const t2::Packet> packets) override {
    if (packets.size() == 1) {  // a row of the packet may follow
      worker_.trace = {};
      if (packets[0].is_ip()) analyse<true, false>(packets[0], response_time(packets[0]));
      return;
    }
    // Response times take longest to compute (divisions): many packets' divisions overlap in the processor.
    constexpr std::size_t some = 64;
    for (std::array<float, some> response_times; !packets.empty();
         packets = packets.subspan(std::min(packets.size(), some))) {
      const std::size_t n = std::min(packets.size(), some);
      for (std::size_t i = 0; i < n; ++i) response_times[i] = response_time(packets[i]);
      for (std::size_t i = 0; i < n; ++i) {
        const t2::Packet& packet = packets[i];
        if (is_mid_connection(packet, state_(*packet.own))) analyse<false, true>(packet, response_times[i]);
        else if (packet.is_ip()) analyse<false, false>(packet, response_times[i]);
      }
    }
  }

  void on_packet_row(const t2::Packet& packet, t2::Row& row) override {
    if (!packet.is_ip()) return put_no_packet(row);
    put_packet(row, {packet, states<false>(packet), worker_.trace,
                     packet_row_states_[row_state_key(*packet.flow, packet.direction)]});
  }

  void on_flow_end(const t2::EndedFlow& e, t2::Row& row) override {
    TcpFlagsState& own = state_(e.own);
    TcpFlagsState* other = e.other ? &state_(*e.other) : nullptr;
    TcpHeaderState* own_tcp = e.own.tcp ? &tcp_state_(e.own) : nullptr;
    if (!packet_row_states_.empty()) packet_row_states_.erase(row_state_key(e.flow, e.direction));
    add_to_totals(own, own_tcp);
    if (config::scans && own_tcp) scan_verdict(e, *own_tcp);
    if (config::fragments && (e.own.status & t2::status::fragment_error)) own.ip_flags |= ip_bit::fragment_sequence;
    if (row.is_read()) put_columns(row, e, own, own_tcp, other);
  }

  void merge(t2::Plugin& other) override { worker_.totals.add(static_cast<TcpFlags&>(other).worker_.totals); }
  void report(t2::Report& report) const override;

 private:
  static std::uintptr_t row_state_key(const t2::Flow& flow, unsigned direction) {  // records are aligned to more than 2
    return reinterpret_cast<std::uintptr_t>(&flow) | direction;
  }

  float response_time(const t2::Packet& packet) {
    return config::response_times && packet.other ? seconds_since_other(worker_.splitter, packet) : 0;
  }

  template <bool mid_connection>
  [[gnu::always_inline]] States states(const t2::Packet& packet) {
    const bool answered = mid_connection || packet.other, tcp = mid_connection || packet.own->tcp;
    return {state_(*packet.own), answered ? &state_(*packet.other) : nullptr, tcp ? &tcp_state_(*packet.own) : nullptr,
            tcp && answered ? &tcp_state_(*packet.other) : nullptr};
  }

  // `response_time`: seconds since the other direction's last packet. `traced`: fills the trace for the packet's row.
  template <bool traced, bool mid_connection>
  [[gnu::always_inline]] void analyse(const t2::Packet& packet, float response_time) {
    PacketContext context(packet, states<mid_connection>(packet), worker_, response_time, mid_connection);
    analyse_ip<traced>(context);
    if (mid_connection || has_tcp_header(packet)) analyse_tcp<traced>(context);
    else analyse_without_tcp(context);
    update_timestamp_on_last(context);
    context.own.status |= static_cast<Bits>(context.status | stat::started);
    if (traced) trace(context);
  }

  void trace(const PacketContext& context) {
    worker_.trace.status = static_cast<Bits>(context.status);
    worker_.trace.ip_flags = static_cast<Bits>(context.ip_flags);
    worker_.trace.flags = static_cast<Bits>(context.flags);
    worker_.trace.anomaly = static_cast<Bits>(context.anomaly);
  }

  void add_to_totals(const TcpFlagsState& state, const TcpHeaderState* tcp) {
    Totals& totals = worker_.totals;
    totals.ip_flags |= state.ip_flags;
    totals.status |= state.status;
    if (tcp) totals.tcp_flags |= tcp->tcp_flags, totals.anomaly |= tcp->anomaly;
    totals.tos |= state.tos;
    if (!state.cold) return;
    totals.mptcp_types |= state.cold->mptcp_types;
    totals.mptcp_flags |= state.cold->mptcp_flags;
    totals.window_below += state.cold->window_below;
  }

  void scan_verdict(const t2::EndedFlow& e, TcpHeaderState& own_tcp) {
    TcpHeaderState* other_tcp = e.other ? &tcp_state_(*e.other) : nullptr;
    const auto unanswered = [](const TcpHeaderState& state) {
      return (state.anomaly & (anomaly::scan | anomaly::scan_success)) == anomaly::scan;
    };
    constexpr Bits suspicious =
        flag::fin | flag::syn | flag::null | flag::syn_fin | flag::syn_fin_rst | flag::rst_fin | flag::xmas;
    if ((own_tcp.anomaly & anomaly::syn_retry) || !(own_tcp.tcp_flags & suspicious)) return;
    const bool brief = tcp_packets(e.own, state_(e.own)) < scan_packets;
    if (brief && !(own_tcp.anomaly & (anomaly::scan | anomaly::scan_success))) {
      own_tcp.anomaly |= anomaly::scan;
      ++worker_.totals.scans;
    }
    if (other_tcp && (unanswered(own_tcp) ||
                      (unanswered(*other_tcp) && brief && tcp_packets(*e.other, state_(*e.other)) < scan_packets))) {
      own_tcp.anomaly |= anomaly::scan_success;
      other_tcp->anomaly |= anomaly::scan_success;
      ++worker_.totals.scan_successes;
    }
  }

  t2::State<TcpFlagsState> state_;
  t2::State<TcpHeaderState> tcp_state_;
  WorkerContext worker_;
  std::unordered_map<std::uintptr_t, PacketRowState> packet_row_states_;  // with -s: of every direction that is alive
};

template <class... Values>
std::string text(const char* format, Values... values) {
  char line[256];
  std::snprintf(line, sizeof line, format, values...);
  return line;
}

std::string share(std::uint64_t part, std::uint64_t whole) {
  return text(" [%.2f%%]", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

void TcpFlags::report(t2::Report& report) const {
  const Totals& t = worker_.totals;
  const auto word = [&](const char* name, unsigned bits, int digits) {
    if (bits) report.line(text("Aggregated %s=0x%0*x", name, digits, bits));
  };
  word("ipFlags", t.ip_flags, 4);
  word("tcpFStat", t.status, 4);
  word("tcpFlags", t.tcp_flags, 4);
  word("tcpAnomaly", t.anomaly, 4);
  word("ipToS", t.tos, 2);
  if (t.scans || t.scan_successes)
    report.line("Number of TCP scans attempted, successful: " + report.number(t.scans) + ", " +
                report.number(t.scan_successes) + share(t.scan_successes, t.scans));
  if (t.syn_retries || t.seq_retries)
    report.line("Number of TCP SYN retries, seq retries: " + report.number(t.syn_retries) + ", " +
                report.number(t.seq_retries));
  if (t.window_below)
    report.line(text("Number WinSz below %u: ", config::min_window) + report.number(t.window_below) +
                share(t.window_below, report.run().tcp_packets));
  if (!t.mptcp_options) return;
  report.line(text("Aggregated MPTCP subtypes: tcpMPTBF=0x%04x", t.mptcp_types + 0u));
  report.line(text("Aggregated MPTCP flags: tcpMPF=0x%02x", t.mptcp_flags + 0u));
  report.line("Number of MPTCP packets: " + report.number(t.mptcp_options) +
              share(t.mptcp_options, report.run().packets));
}

constexpr t2::Flag flags[] = {T2_FLAG(IPTOS),        T2_FLAG(RTT_ESTIMATE),     T2_FLAG(IPCHECKSUM),
                              T2_FLAG(WINDOWSIZE),   T2_FLAG(WINMIN),           T2_FLAG(SEQ_ACK_NUM),
                              T2_FLAG(FRAG_ANALYZE), T2_FLAG(NAT_BT_EST),       T2_FLAG(SCAN_DETECTOR),
                              T2_FLAG(MPTCP),        T2_FLAG(TCPJA4T),          T2_FLAG(JA4TOPTMX),
                              T2_FLAG(TCPFLGCNT),    T2_FLAG(SPKTMD_SEQACKREL), T2_FLAG(SPKTMD_SEQACKHEX)};
constexpr t2::FlowBlock flow_blocks[] = {{sizeof(ColdState)}};
// Of an entry of the map: what malloc adds, links, key, and pointers of the table, while it grows of both.
constexpr std::size_t packet_row_memory =
    8 + sizeof(void*) + sizeof(std::uintptr_t) + sizeof(PacketRowState) + 3 * sizeof(void*);

t2::Plugin* create(t2::Host& host) { return new TcpFlags(host); }

}  // namespace
}  // namespace t2::tcp_flags

T2_PLUGIN = {.name = "tcpFlags",
             .version = T2_PLUGIN_VERSION,
             .summary = "IP and TCP header fields, anomalies, scans, answer times",
             .number = T2_NUMBER,
             .layout = T2_LAYOUT_tcpFlags,
             .flags = t2::tcp_flags::flags,
             .columns = t2::tcp_flags::columns,
             .packet_columns = t2::tcp_flags::packet_columns,
             .create = t2::tcp_flags::create,
             .flow_blocks = t2::tcp_flags::flow_blocks,
             .packet_row_memory = t2::tcp_flags::packet_row_memory};
