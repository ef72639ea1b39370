// basicFlow: what a flow is. Its status, times, headers, link-layer addresses, tags and five-tuple.
//
// Everything here is either kept by the core already or taken from the first packets of a direction: with most packets
// there is nothing to do, because they are like the first one. What few directions have (several stacks or addresses,
// many tags, MPLS labels) is kept in memory of its own, which the core frees with the flow.
//
// An instance belongs to one worker thread. Strings are made when a row is written, never per packet.
#include <algorithm>
#include <cstring>

#include "columns.hpp"
#include "t2/plugin.hpp"
#include "tags.hpp"

namespace t2::basic_flow {

namespace {

using t2::Type;

constexpr t2::Flag flags[] = {T2_FLAG(BFO_SENSORID), T2_FLAG(BFO_INTERFACE),   T2_FLAG(BFO_HDRDESC_PKTCNT),
                              T2_FLAG(BFO_MAC),      T2_FLAG(BFO_ETHERTYPE),   T2_FLAG(BFO_MPLS),
                              T2_FLAG(BFO_VLAN),     T2_FLAG(BFO_MAX_HDRDESC), T2_FLAG(BFO_MAX_MAC),
                              T2_FLAG(BFO_MAX_MPLS), T2_FLAG(BFO_MAX_VLAN)};
constexpr t2::FlowBlock flow_blocks[] = {{sizeof(BasicFlowOverflow)}};

void put_address(t2::Row& row, t2::Family family, const t2::Endpoint& end) {
  if constexpr (address == Type::ip) {
    row.ip(family, end);
  } else {  // one IP version: the layer-2 flows' address is all zero
    const t2::Endpoint none;
    const bool fits = family == (address == Type::ip4 ? t2::Family::ipv4 : t2::Family::ipv6);
    row.raw((fits ? end : none).address.data(), address == Type::ip4 ? 4 : 16);
  }
}

class BasicFlow final : public t2::Plugin {
 public:
  explicit BasicFlow(t2::Host& host) : host_(host), state_(host) {}

  void on_packets(std::span<const t2::Packet> packets) override {
    for (const t2::Packet& p : packets) {
      BasicFlowState& s = state_(*p.own);
      if (!(p.same_headers_as_first && nothing_to_record(s))) record_packet(p, s);
    }
  }

  void on_flow_end(const t2::EndedFlow& e, t2::Row& row) override {
    if (row.is_read()) put_columns(e, state_(e.own), row);
  }

  void on_packet_row(const t2::Packet& p, t2::Row& row) override {
    const t2::Flow& flow = *p.flow;
    row.put(p.own->status | (state_(*p.own).overrun ? t2::status::headers_overrun : 0));
    row.put(p.time - start());
    row.put(p.time - p.previous);
    row.put(p.other ? p.time - p.other_last : t2::Time{0});
    row.put(p.time - p.first);
    if constexpr (config::header_descriptions) {
      row.put(p.header_count);
      row.text(host_.headers(p.headers));
    }
    put_tags(read_tags(p), row);
    const bool ethernet = !(p.status & t2::status::no_ethernet);
    for (const std::uint32_t mac : {p.source_mac, p.destination_mac}) {
      const bool has = ethernet && mac != t2::absent;
      row.count(has);
      if (has) row.mac(p.data + mac);
    }
    row.put(flow.key.ether_type);
    put_end(row, flow, flow.source(p.direction));
    put_end(row, flow, flow.destination(p.direction));
    const bool has_l3 = p.is_ip() || p.status & t2::status::bad_ip_version;
    row.count(has_l3);
    if (has_l3) row.put(flow.key.protocol);
  }

 private:
  t2::Time start() const { return config::relative_times ? host_.run_start() : 0; }

  // Address and port of a packet's source or destination.
  static void put_end(t2::Row& row, const t2::Flow& flow, const t2::Endpoint& end) {
    const t2::Key& key = flow.key;
    const bool ip = key.family != t2::Family::layer2;
    row.count(ip);
    if (ip) put_address(row, key.family, end);
    const bool ports = ip && t2::has_ports(key.protocol);
    row.count(ports);
    if (ports) row.put(end.port);
  }

  void put_columns(const t2::EndedFlow& e, const BasicFlowState& s, t2::Row& row) const {
    const t2::Key& key = e.flow.key;
    if constexpr (config::sensor_id) row.put(static_cast<std::uint32_t>(host_.sensor_id()));
    if constexpr (config::interface)
      row.text(e.own.interface < host_.interfaces() ? host_.interface(e.own.interface).name : std::string_view());
    row.put(e.own.status | (s.overrun ? t2::status::headers_overrun : 0));
    const t2::TimeRange times = e.times();
    row.put(times.earliest - start());
    row.put(times.latest - start());
    row.put(times.latest - times.earliest);
    if constexpr (stacks) put_stacks(e.own, s, row);
    if constexpr (macs) put_macs(e.own, s, row);
    if constexpr (config::ether_type) row.put(key.ether_type);
    put_tags(stored_tags(s), row);
    put_address(row, key.family, e.source());
    row.put(e.source().port);
    put_address(row, key.family, e.destination());
    row.put(e.destination().port);
    row.put(key.protocol);
  }

  void put_stacks(const t2::Direction& direction, const BasicFlowState& s, t2::Row& row) const {
    row.put(s.stacks);
    row.count(s.stacks);
    for (unsigned i = 0; i < s.stacks; ++i) row.put(stack(direction, s, i).depth);
    row.count(s.stacks);
    for (unsigned i = 0; i < s.stacks; ++i) {
      row.text(host_.headers(stack(direction, s, i).id));
      if constexpr (config::count_headers) row.put(*stack(direction, s, i).packets);
    }
  }
  static HeaderStack stack(const t2::Direction& direction, const BasicFlowState& s, unsigned i) {
    if (s.overflow) return s.overflow->stack[i];
    HeaderStack only{};
    if constexpr (config::count_headers) *only.packets = direction.packets;
    only.id = direction.headers;
    only.depth = s.depth;
    return only;
  }

  static void put_macs(const t2::Direction& direction, const BasicFlowState& s, t2::Row& row) {
    if (s.overflow) {
      for (const MacList* list : {&s.overflow->source, &s.overflow->destination}) {
        row.count(list->stored);
        for (unsigned i = 0; i < list->stored; ++i) row.mac(list->mac[i]);
      }
      return;
    }
    const bool has_source = direction.link & t2::Direction::has_source,
               has_destination = direction.link & t2::Direction::has_destination;
    row.count(has_source);
    if (has_source) row.mac(direction.macs + 6);
    row.count(has_destination);
    if (has_destination) row.mac(direction.macs);
  }

  // Of a packet that is like the first one. In a list that may hold one stack only, the second packet is already one
  // too many; where there is a list, it counts packets.
  static bool nothing_to_record(const BasicFlowState& s) { return config::max_stacks != 1 && !s.overflow; }

  void record_packet(const t2::Packet& p, BasicFlowState& s) {
    if (p.first_of_direction) {
      s.depth = p.header_count;
      s.stacks = stacks;
      if (p.vlan_count || p.mpls_count) record_tags(p, s);
      return;
    }
    if constexpr (macs) record_macs(p, s);
    if constexpr (stacks) record_headers(p, s);  // behind it: counts this packet in a list that just began
  }

  // The lists of a direction, begun with what it has so far. Null: there is no memory, and flowStat says so.
  BasicFlowOverflow* overflow(const t2::Packet& p, BasicFlowState& s) {
    if (s.overflow) return s.overflow;
    auto* list = static_cast<BasicFlowOverflow*>(host_.flow_alloc(*p.flow, sizeof(BasicFlowOverflow)));
    if (!list) {
      s.overrun = true;
      return nullptr;
    }
    const t2::Direction& direction = *p.own;
    list->stack[0] = stack(direction, s, 0);
    if constexpr (config::count_headers) *list->stack[0].packets = p.first_of_direction ? 1 : p.index_in_direction - 1;
    list->source.stored = (direction.link & t2::Direction::has_source) != 0;
    list->destination.stored = (direction.link & t2::Direction::has_destination) != 0;
    std::memcpy(list->source.mac[0], direction.macs + 6, 6);
    std::memcpy(list->destination.mac[0], direction.macs, 6);
    list->tags = stored_tags(s);
    return s.overflow = list;
  }

  void record_tags(const t2::Packet& p, BasicFlowState& s) {
    const TagStack tags = read_tags(p);
    store_tags(s, tags);
    if (tags.mpls_entries == 0 && tags.vlans <= BasicFlowState::max_tags) return;
    if (BasicFlowOverflow* list = overflow(p, s)) list->tags = tags;
    else s.vlans = std::min<std::uint8_t>(tags.vlans, BasicFlowState::max_tags) & 15;
  }

  void record_headers(const t2::Packet& p, BasicFlowState& s) {
    // A full list ignores packets, those with a known stack included: numHdrDesc and HDROVN are defined so.
    if (s.stacks == config::max_stacks) {
      s.overrun = true;
      return;
    }
    if (!s.overflow && p.headers == p.own->headers) return;
    BasicFlowOverflow* list = overflow(p, s);
    if (!list) return;
    unsigned i = 0;
    while (i < s.stacks && list->stack[i].id != p.headers) ++i;
    HeaderStack& found = list->stack[i];
    if (i == s.stacks) {
      found.id = p.headers;
      found.depth = p.header_count;
      ++s.stacks;
    }
    if constexpr (config::count_headers) ++*found.packets;
  }

  void record_macs(const t2::Packet& p, BasicFlowState& s) {
    if (p.status & t2::status::no_ethernet) return;
    if (p.destination_mac != t2::absent)
      record_mac(p, s, p.destination_mac, t2::Direction::has_destination, 0, &BasicFlowOverflow::destination);
    if (p.source_mac != t2::absent)
      record_mac(p, s, p.source_mac, t2::Direction::has_source, 6, &BasicFlowOverflow::source);
  }
  void record_mac(const t2::Packet& p, BasicFlowState& s, std::uint32_t at, std::uint8_t has, std::size_t first,
                  MacList BasicFlowOverflow::*which) {
    const std::uint8_t* mac = p.data + at;
    if (!s.overflow && (p.own->link & has) && std::memcmp(p.own->macs + first, mac, 6) == 0) return;
    if (BasicFlowOverflow* list = overflow(p, s)) add(list->*which, mac);
  }
  static void add(MacList& list, const std::uint8_t* mac) {
    for (unsigned i = 0; i < list.stored; ++i)
      if (std::memcmp(list.mac[i], mac, 6) == 0) return;
    if (list.stored < config::max_macs) std::memcpy(list.mac[list.stored++], mac, 6);
  }

  t2::Host& host_;
  t2::State<BasicFlowState> state_;
};

}  // namespace

}  // namespace t2::basic_flow

T2_PLUGIN = {.name = "basicFlow",
             .version = T2_PLUGIN_VERSION,
             .summary = "status, times, headers, addresses and ports of a flow",
             .number = T2_NUMBER,
             .layout = T2_LAYOUT_basicFlow,
             .flags = t2::basic_flow::flags,
             .columns = t2::basic_flow::columns,
             .packet_columns = t2::basic_flow::packet_columns,
             .create = [](t2::Host& host) -> t2::Plugin* { return new t2::basic_flow::BasicFlow(host); },
             .flow_blocks = t2::basic_flow::flow_blocks};
