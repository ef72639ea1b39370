// Collects the exported values from the core and the states of other plugins, and encodes them. Runs in the workers, at
// the end of flows; never keeps more than one record. A pair is encoded with the second row of its flow, when all
// plugins have finished both directions.
#include "record_builder.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "basicFlow_state.h"
#include "basicStats_state.h"
#include "compiled_flags.hpp"
#include "flow_record.hpp"
#include "macRecorder_state.h"
#include "packet_lists.hpp"
#include "setting.hpp"
#include "tcpFlags_state.h"
#include "tcpStates_state.h"

namespace t2::netflow_sink {

namespace {

// Collectors that keep 16 bits of the number would mistake the enterprise elements for well-known ones.
std::uint32_t enterprise(const t2::Host& host) {
  const auto number = static_cast<std::uint32_t>(host.integer("NF_PEN"));
  constexpr std::uint16_t taken[] = {0, 9, 637, 6871, 29305};
  if (number != 0 && std::find(std::begin(taken), std::end(taken), number & 0xffff) != std::end(taken)) {
    throw setting_error("NF_PEN=" + std::to_string(number) +
                        " would be mistaken by collectors for another organisation: use the number of yours");
  }
  return number;
}

// Octets of whole frames, which no other plugin counts. Allocated only if they are sent.
struct FrameOctets {
  std::uint64_t octets = 0;
};

class RecordBuilder final : public t2::Plugin {
 public:
  explicit RecordBuilder(t2::Host& host)
      : host_(host),
        basic_flow_(host, "basicFlow"),
        basic_stats_(host, "basicStats"),
        tcp_flags_(host, "tcpFlags"),
        tcp_headers_(host, "tcpFlags", t2::Flows::tcp),
        tcp_states_(host, "tcpStates", t2::Flows::tcp),
        mac_recorder_(host, "macRecorder"),
        first_packets_(host, "nFrstPkts"),
        layout_(record_layout(host)),
        interface_(static_cast<std::uint32_t>(host.integer("NF_IFINDEX"))) {
    layout_.macs = macs_in_key || mac_recorder_;
    layout_.tcp_flags = static_cast<bool>(tcp_flags_);
    layout_.tcp_states = static_cast<bool>(tcp_states_);
    if (layout_.listed_packets > 0 && !first_packets_)
      throw setting_error("NF_PACKETS=" + std::to_string(layout_.listed_packets) +
                          " needs the plugin nFrstPkts, which is not loaded: run t2build nFrstPkts");
    if (layout_.layer2) frame_octets_.emplace(host);
    for (unsigned kind = 0; kind < record_kinds; ++kind)
      templates_.emplace_back(layout_, static_cast<RecordKind>(kind));
    std::size_t longest = 0;
    for (const Template& t : templates_) longest = std::max(longest, t.record_size);
    encoded_.resize(longest);
  }

  void on_packets(std::span<const t2::Packet> packets) override {
    if (!frame_octets_) return;
    for (const t2::Packet& p : packets) (*frame_octets_)(*p.own).octets += p.wire;
  }

  void on_flow_end(const t2::EndedFlow& e, t2::Row& row) override {
    const t2::Family family = e.flow.key.family;
    const bool sent = family != t2::Family::layer2 || layout_.layer2,
               pair = sent && e.other && layout_.biflow != Biflow::off;
    const unsigned first_row = e.in_direction(0)->status & t2::status::inverted ? 1 : 0;  // of a pair
    if (pair && e.direction == first_row) return;
    const unsigned direction = pair ? first_row : e.direction;
    const std::uint64_t packets = e.own.packets + (pair ? e.other->packets : 0);
    const bool labels = has_labels(e.own) || (pair && has_labels(*e.other));
    const RowHead head{packets, record_kind(family, pair, labels), sent};
    row.raw(&head, sizeof head);
    if (!sent) return;
    const Template& layout = templates_[static_cast<unsigned>(head.kind)];
    const FlowRecord record = collect(e, direction);
    if (pair) layout.put(encoded_.data(), record, collect(e, direction ^ 1));
    else layout.put(encoded_.data(), record, record);
    row.raw(encoded_.data(), layout.record_size);
    if (layout_.listed_packets == 0) return;
    lists_.clear();
    append_lists(first_packets_(*e.in_direction(direction)), layout_.listed_packets, lists_);
    if (pair) append_lists(first_packets_(*e.in_direction(direction ^ 1)), layout_.listed_packets, lists_);
    row.raw(lists_.data(), lists_.size());
  }

 private:
  bool has_labels(const t2::Direction& own) const {
    const t2::basic_flow::BasicFlowState& state = basic_flow_(own);
    return state.overflow && state.overflow->tags.mpls_entries > 0;
  }

  FlowRecord collect(const t2::EndedFlow& e, unsigned direction) const {
    FlowRecord r{};
    const t2::Key& key = e.flow.key;
    const t2::Direction& own = *e.in_direction(direction);
    const t2::basic_stats::BasicStatsState& stats = basic_stats_(own);
    const t2::Endpoint source = e.flow.source(direction), destination = e.flow.destination(direction);
    r.times = e.flow.times(direction);
    r.status = own.status;
    r.packets = own.packets;
    r.payload_octets = stats.bytes;
    r.ip_octets = stats.ip_bytes;
    if (frame_octets_) r.frame_octets = (*frame_octets_)(*e.in_direction(direction)).octets;
    r.max_ip_length = stats.max_ip_length;
    r.min_ip_length = std::min(stats.min_ip_length, stats.max_ip_length);
    r.interface = host_.interfaces() > 1 ? host_.interface(own.interface).number : interface_;
    r.source_port = source.port;
    r.destination_port = destination.port;
    r.ether_type = key.ether_type;
    r.vlan = key.vlan;
    std::copy_n(source.address.begin(), 16, r.source);
    std::copy_n(destination.address.begin(), 16, r.destination);
    r.family = key.family;
    r.protocol = key.protocol;
    r.responder = own.status & t2::status::inverted ? 1 : 0;
    r.end = end_of(e);
    collect_macs(e, direction, r);
    collect_tags_and_labels(basic_flow_(own), r);
    if (tcp_flags_) collect_tcp_flags(e, direction, r);
    if (tcp_states_ && e.own.tcp) r.state_anomalies = tcp_states_(own).anomalies;
    return r;
  }

  void collect_tcp_flags(const t2::EndedFlow& e, unsigned direction, FlowRecord& r) const {
    const t2::Direction& side = *e.in_direction(direction);
    const t2::tcp_flags::TcpFlagsState& own = tcp_flags_(side);
    r.identification = r.family == t2::Family::ipv4 ? own.ip_id_first : own.flow_label();
    if (own.cold && r.family == t2::Family::ipv4) r.ip_options = own.cold->ip_options[0];
    if (own.cold && r.family == t2::Family::ipv6) r.extensions = own.cold->extensions;
    r.analysis = own.status;
    r.ip_flags = own.ip_flags;
    r.tos = own.tos;
    r.min_ttl = own.ttl_min;
    r.max_ttl = own.ttl_max;
    r.ttl_changes = own.ttl_changes;
    r.icmp_type = own.icmp_type();
    r.icmp_code = own.icmp_code();
    r.trip = own.trip;
    r.answer_min = own.rtt_min;
    r.answer_max = own.rtt_max;
    r.answer_mean = own.rtt_mean;
    if (!side.tcp) return;
    const t2::tcp_flags::TcpHeaderState& tcp = tcp_headers_(side);
    if (e.other) r.round_trip = own.trip + tcp_flags_(*e.in_direction(direction ^ 1)).trip;
    r.tcp_flags = tcp.tcp_flags;
    r.isn = tcp.isn;
    r.window = tcp.window_first;
    r.window_min = tcp.window_min;
    r.window_max = tcp.window_max;
    r.tcp_options = tcp.options & 0x7fff'ffff;
    r.anomaly = tcp.anomaly;
    r.mss = own.mss();
    r.scale = tcp.window_factor(own);
    r.sent_bytes = tcp.sent_bytes;
    r.acked_bytes = tcp.acked_bytes;
    r.retransmissions = tcp.retransmissions;
    r.ack_faults = tcp.ack_faults;
    r.in_flight = tcp.in_flight_max;
    collect_flag_counts(tcp, r);
  }

  FlowEndReason end_of(const t2::EndedFlow& e) const {
    if (e.reason == t2::EndReason::duration_limit) return FlowEndReason::active;
    if (e.reason == t2::EndReason::evicted) return FlowEndReason::resources;
    if (tcp_states_ && e.own.tcp) {
      for (const t2::Direction* direction : {&e.own, e.other}) {
        const auto phase = direction ? tcp_states_(*direction).phase : t2::tcp_states::Phase::fresh;
        if (phase == t2::tcp_states::Phase::closed || phase == t2::tcp_states::Phase::reset)
          return FlowEndReason::detected;
      }
    }
    return e.reason == t2::EndReason::idle ? FlowEndReason::idle : FlowEndReason::ended_early;
  }

  // A template, so that the addresses in the key are compiled only where there are any.
  void collect_macs(const auto& e, unsigned direction, FlowRecord& r) const {
    if (r.family == t2::Family::layer2) {  // MAC addresses are the flow's addresses
      std::copy_n(r.source, 6, r.source_mac);
      std::copy_n(r.destination, 6, r.destination_mac);
      return;
    }
    if constexpr (macs_in_key) {
      const unsigned from = e.flow.source_end(direction);
      std::copy_n(e.flow.key.mac[from].begin(), 6, r.source_mac);
      std::copy_n(e.flow.key.mac[from ^ 1].begin(), 6, r.destination_mac);
      return;
    }
    if (!mac_recorder_) return;
    const t2::Direction& own = *e.in_direction(direction);
    std::copy_n(own.macs, 6, r.destination_mac);
    std::copy_n(own.macs + 6, 6, r.source_mac);
  }

  static void collect_tags_and_labels(const auto& own, FlowRecord& r) {
    if constexpr (max_tags > 0) {
      if (own.vlans > 0) r.outer_tag = own.vlan->tag[0];
    }
    if constexpr (max_tags > 1) {
      if (own.vlans > 1) r.inner_tag = own.vlan->tag[1];
    }
    if (own.overflow) std::copy_n(own.overflow->tags.mpls, own.overflow->tags.mpls_entries, r.mpls);
  }

  static void collect_flag_counts(const auto& tcp, FlowRecord& r) {
    if constexpr (tcp_flag_counts) std::copy_n(tcp.flag_counts->begin(), std::size(r.flag_counts), r.flag_counts);
  }

  const t2::Host& host_;
  t2::Peek<t2::basic_flow::BasicFlowState> basic_flow_;
  t2::Peek<t2::basic_stats::BasicStatsState> basic_stats_;
  t2::Peek<t2::tcp_flags::TcpFlagsState> tcp_flags_;  // this one and the next four are empty without the plugin
  t2::Peek<t2::tcp_flags::TcpHeaderState> tcp_headers_;
  t2::Peek<t2::tcp_states::TcpStatesState> tcp_states_;
  t2::Peek<t2::mac_recorder::MacRecorderState> mac_recorder_;
  t2::Peek<t2::n_frst_pkts::NFrstPktsState> first_packets_;
  std::optional<t2::State<FrameOctets>> frame_octets_;
  RecordLayout layout_;
  std::uint32_t interface_;
  std::vector<Template> templates_;    // by kind
  std::vector<std::uint8_t> encoded_;  // one record, without lists
  std::vector<std::uint8_t> lists_;    // of one record
};

}  // namespace

t2::Plugin* create_record_builder(t2::Host& host) { return new RecordBuilder(host); }

RecordLayout record_layout(const t2::Host& host) {
  RecordLayout layout;
  layout.version = static_cast<Version>(host.integer("NF_VER"));
  layout.ip_octets = host.integer("NF_OCTETS") == 1;
  layout.layer2 = host.integer("NF_LAYER2") == 1;
  layout.biflow = static_cast<Biflow>(host.integer("NF_BIFLOW"));
  layout.enterprise = enterprise(host);
  layout.listed_packets = static_cast<unsigned>(host.integer("NF_PACKETS"));
  if (layout.biflow != Biflow::off && layout.version != Version::ipfix) {
    throw setting_error("NF_BIFLOW=" + std::to_string(static_cast<unsigned>(layout.biflow)) +
                        " needs NF_VER=10: NetFlow 9 has no records of both directions");
  }
  if (layout.listed_packets > 0 && layout.version != Version::ipfix) {
    throw setting_error("NF_PACKETS=" + std::to_string(layout.listed_packets) +
                        " needs NF_VER=10: NetFlow 9 has no lists");
  }
  return layout;
}

}  // namespace t2::netflow_sink
