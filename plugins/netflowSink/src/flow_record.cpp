// Collects from the states of other plugins what is exported. Flows without IP write nothing.
#include "flow_record.hpp"

#include <algorithm>
#include <cstring>

#include "basicFlow_state.h"
#include "basicStats_state.h"
#include "macRecorder_state.h"
#include "record.hpp"
#include "settings.hpp"
#include "tcpFlags_state.h"
#include "tcpStates_state.h"
#include "tranalyzer.h"

namespace netflow {

namespace {

constexpr std::uint8_t tcp = 6;

class Recorder final : public t2::Plugin {
 public:
  explicit Recorder(t2::Host& host)
      : basic_flow_(host, "basicFlow"),
        basic_stats_(host, "basicStats"),
        tcp_flags_(host, "tcpFlags"),
        tcp_states_(host, "tcpStates"),
        mac_recorder_(host, "macRecorder"),
        interface_(static_cast<std::uint32_t>(setting(host, "NF_IFINDEX", 0, 0xffff'ffff))) {}

  void on_flow_end(const t2::EndedFlow& e, t2::Row& row) override {
    const t2::Key& key = e.flow.key;
    if (key.family == t2::Family::layer2) return;
    const t2::BasicStatsState::Side& stats = basic_stats_(e.side);
    const tcp_flags::Side& flags = tcp_flags_(e.side);
    Record r{};
    r.first = e.side.first;
    r.last = e.side.last;
    r.packets = stats.packets;
    r.payload_octets = stats.bytes;
    r.ip_octets = stats.ip_bytes;
    r.max_ip_length = stats.max_ip_length;
    r.min_ip_length = std::min(stats.min_ip_length, stats.max_ip_length);
    r.identification = flags.id_first;
    r.interface = interface_;
    r.source_port = e.source().port;
    r.destination_port = e.destination().port;
    r.vlan = key.vlan;
    std::copy_n(e.source().address.begin(), 16, r.source);
    std::copy_n(e.destination().address.begin(), 16, r.destination);
    r.family = key.family;
    r.protocol = key.protocol;
    r.tos = flags.tos;
    if (key.protocol == tcp) {
      r.tcp_flags = static_cast<std::uint8_t>(flags.tcp_flags & 0xff);
      r.isn = flags.isn;
      r.window = static_cast<std::uint16_t>(std::min(flags.window_first, 0xffffu));
      r.tcp_options = flags.options & 0x7fff'ffff;
    }
    r.responder = e.side.status & t2::status::inverted ? 1 : 0;
    r.min_ttl = flags.ttl_min;
    r.max_ttl = flags.ttl_max;
    r.icmp_type = flags.icmp_type;
    r.icmp_code = flags.icmp_code;
    r.end = end_of(e);
    put_macs(e, r);
    put_tags_and_labels(basic_flow_(e.side), r);
    row.raw(&r, sizeof r);
  }

 private:
  End end_of(const t2::EndedFlow& e) const {
    if (e.reason == t2::EndReason::duration_limit) return End::active;
    if (e.reason == t2::EndReason::evicted) return End::resources;
    if (e.flow.key.protocol == tcp) {
      for (const t2::Side* side : e.flow.side) {
        const auto phase = side ? tcp_states_(*side).phase : tcp_states::Phase::fresh;
        if (phase == tcp_states::Phase::closed || phase == tcp_states::Phase::reset) return End::detected;
      }
    }
    return e.reason == t2::EndReason::idle ? End::idle : End::forced;
  }

  void put_macs(const t2::EndedFlow& e, Record& r) const {
#if ETH_ACTIVATE == 2
    const unsigned from = e.flow.opener ^ e.direction;
    std::copy_n(e.flow.key.mac[from].begin(), 6, r.source_mac);
    std::copy_n(e.flow.key.mac[from ^ 1].begin(), 6, r.destination_mac);
#else
    if (!mac_recorder_) return;
    const t2::MacRecorderState::Side& macs = mac_recorder_(e.side);
    if (macs.pairs == 0) return;
    std::copy_n(macs.first.source, 6, r.source_mac);
    std::copy_n(macs.first.destination, 6, r.destination_mac);
#endif
  }

  static void put_tags_and_labels([[maybe_unused]] const t2::BasicFlowState::Side& side, [[maybe_unused]] Record& r) {
#if BFO_VLAN > 0
    if (side.vlans > 0) r.outer_tag = side.vlan[0];
#if BFO_MAX_VLAN > 1
    if (side.vlans > 1) r.inner_tag = side.vlan[1];
#endif
#endif
#if BFO_MPLS > 0
    std::copy_n(side.mpls, side.mpls_entries, r.mpls);
#endif
  }

  t2::Peek<t2::BasicFlowState::Side> basic_flow_;
  t2::Peek<t2::BasicStatsState::Side> basic_stats_;
  t2::Peek<tcp_flags::Side> tcp_flags_;
  t2::Peek<tcp_states::Side> tcp_states_;
  t2::Peek<t2::MacRecorderState::Side> mac_recorder_;  // empty without the plugin
  std::uint32_t interface_;
};

}  // namespace

t2::Plugin* create_recorder(t2::Host& host) { return new Recorder(host); }

}  // namespace netflow
