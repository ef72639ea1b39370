// basicFlow: what a flow is. Its status, times, headers, link-layer addresses, tags and five-tuple.
//
// Everything here is either kept by the core already or taken from the first packets of a direction: per packet there
// is little more to do than to notice that its header stack and its MAC addresses are known.
#include "basicFlow_state.h"

#include <cstring>

#include "t2/plugin.hpp"

namespace {

using t2::Type;
using Side = t2::BasicFlowState::Side;

constexpr t2::Flag flags[] = {T2_FLAG(BFO_SENSORID), T2_FLAG(BFO_HDRDESC_PKTCNT), T2_FLAG(BFO_MAC),
                              T2_FLAG(BFO_ETHERTYPE), T2_FLAG(BFO_MPLS), T2_FLAG(BFO_VLAN), T2_FLAG(BFO_MAX_HDRDESC),
                              T2_FLAG(BFO_MAX_MAC), T2_FLAG(BFO_MAX_MPLS), T2_FLAG(BFO_MAX_VLAN)};

constexpr Type address = IPV6_ACTIVATE == 0 ? Type::ip4 : IPV6_ACTIVATE == 1 ? Type::ip6 : Type::ip;

constexpr Type when = RELTIME == 1 ? Type::duration : Type::time;  // never a date when it is relative

constexpr t2::Column columns[] = {
#if BFO_SENSORID == 1
    {"sensorID", "Sensor ID", Type::u32},
#endif
    {"flowStat", "Flow status and warnings", Type::h64},
    {"timeFirst", "Date time of first packet", when},
    {"timeLast", "Date time of last packet", when},
    {"duration", "Flow duration", Type::duration},
#if T2_PRI_HDRDESC == 1 && BFO_MAX_HDRDESC > 0
    {"numHdrDesc", "Number of different header descriptions", Type::u8},
    t2::Column("numHdrs", "Number of headers in each header description", Type::u16).repeated(),
#if BFO_HDRDESC_PKTCNT == 1
    t2::Column("hdrDesc_pktCnt", "Header description and its packets", Type::label, Type::u64).repeated(),
#else
    t2::Column("hdrDesc", "Header description", Type::label).repeated(),
#endif
#endif
#if BFO_MAC == 1 && BFO_MAX_MAC > 0
    t2::Column("srcMac", "Source MAC addresses", Type::mac).repeated(),
    t2::Column("dstMac", "Destination MAC addresses", Type::mac).repeated(),
#endif
#if BFO_ETHERTYPE == 1
    {"ethType", "Ethernet type", Type::h16},
#endif
#if BFO_VLAN == 1
    t2::Column("vlanID", "VLAN tags of the first packet (priority and ID)", Type::u16).repeated(),
#elif BFO_VLAN == 2
    t2::Column("vlanHdr", "VLAN tags of the first packet and the type that follows", Type::h32).repeated(),
#elif BFO_VLAN == 3
    t2::Column("vlanTPID_PCP_DEI_VID", "VLAN: tag type, priority, drop eligible, ID", Type::h16, Type::u8, Type::u8, Type::u16).repeated(),
#endif
#if BFO_MPLS == 1
    t2::Column("mplsLabels", "MPLS labels of the first packet", Type::u32).repeated(),
#elif BFO_MPLS == 2
    t2::Column("mplsLabelsHex", "MPLS labels of the first packet", Type::h32).repeated(),
#elif BFO_MPLS == 3
    t2::Column("mplsHdrsHex", "MPLS label stack entries of the first packet", Type::h32).repeated(),
#elif BFO_MPLS == 4
    t2::Column("mplsLabel_ToS_S_TTL", "MPLS: label, traffic class, bottom of stack, time to live", Type::u32, Type::u8, Type::u8, Type::u8).repeated(),
#endif
    {"srcIP", "Source IP address", address},
    {"srcPort", "Source port", Type::u16},
    {"dstIP", "Destination IP address", address},
    {"dstPort", "Destination port", Type::u16},
    {"l4Proto", "Layer 4 protocol", Type::u8},
};

// With -s. What a packet may not have is a list of one value or none.
constexpr t2::Column packet_columns[] = {
    {"flowStat", "Flow status and warnings up to this packet", Type::h64},
    {RELTIME == 1 ? "relTime" : "time", "Time of the packet", when},
    {"pktIAT", "Time since the packet before in this direction", Type::duration},
    {"pktTrip", "Time since the last packet of the other direction", Type::duration},
    {"flowDuration", "Time since the first packet of this direction", Type::duration},
#if T2_PRI_HDRDESC == 1
    {"numHdrs", "Number of headers", Type::u16},
    {"hdrDesc", "Header description", Type::label},
#endif
#if BFO_VLAN == 1
    t2::Column("vlanID", "VLAN tags (priority and ID)", Type::u16).repeated(),
#elif BFO_VLAN == 2
    t2::Column("vlanHdr", "VLAN tags and the type that follows", Type::h32).repeated(),
#elif BFO_VLAN == 3
    t2::Column("vlanTPID_PCP_DEI_VID", "VLAN: tag type, priority, drop eligible, ID", Type::h16, Type::u8, Type::u8, Type::u16).repeated(),
#endif
#if BFO_MPLS == 1
    t2::Column("mplsLabels", "MPLS labels", Type::u32).repeated(),
#elif BFO_MPLS == 2
    t2::Column("mplsLabelsHex", "MPLS labels", Type::h32).repeated(),
#elif BFO_MPLS == 3
    t2::Column("mplsHdrsHex", "MPLS label stack entries", Type::h32).repeated(),
#elif BFO_MPLS == 4
    t2::Column("mplsLabel_ToS_S_TTL", "MPLS: label, traffic class, bottom of stack, time to live", Type::u32, Type::u8, Type::u8, Type::u8).repeated(),
#endif
    t2::Column("srcMac", "Source MAC address", Type::mac).repeated(),
    t2::Column("dstMac", "Destination MAC address", Type::mac).repeated(),
    {"ethType", "Ethernet type", Type::h16},
    t2::Column("srcIP", "Source IP address", address).repeated(),
    t2::Column("srcPort", "Source port", Type::u16).repeated(),
    t2::Column("dstIP", "Destination IP address", address).repeated(),
    t2::Column("dstPort", "Destination port", Type::u16).repeated(),
    t2::Column("l4Proto", "Layer 4 protocol", Type::u8).repeated(),
};

#if T2_PRI_HDRDESC == 1 && BFO_MAX_HDRDESC > 0
void note_stack(Side& s, const t2::Packet& p) {
  // A full list takes no more notice of packets, not even of known stacks: users know numHdrDesc and HDROVN this way.
  if (s.stacks == BFO_MAX_HDRDESC) {
    s.overrun = true;
    return;
  }
  unsigned i = 0;
  while (i < s.stacks && s.stack[i] != p.headers) ++i;
  if (i == s.stacks) {
    s.stack[i] = p.headers;
    s.depth[i] = p.header_count;
    ++s.stacks;
  }
#if BFO_HDRDESC_PKTCNT == 1
  ++s.stack_packets[i];
#endif
}
#else
void note_stack(Side&, const t2::Packet&) {}
#endif

#if BFO_MAC == 1 && BFO_MAX_MAC > 0
void note_mac(std::uint8_t (&list)[BFO_MAX_MAC][6], std::uint8_t& stored, const std::uint8_t* mac) {
  for (unsigned i = 0; i < stored; ++i)
    if (std::memcmp(list[i], mac, 6) == 0) return;
  if (stored < BFO_MAX_MAC) std::memcpy(list[stored++], mac, 6);
}

void note_macs(Side& s, const t2::Packet& p) {
  if (p.status & t2::status::no_ethernet) return;
  if (p.destination_mac != t2::absent) note_mac(s.destination_mac, s.destination_macs, p.data + p.destination_mac);
  if (p.source_mac != t2::absent) note_mac(s.source_mac, s.source_macs, p.data + p.source_mac);
}
#else
void note_macs(Side&, const t2::Packet&) {}
#endif

void note_tags([[maybe_unused]] Side& s, [[maybe_unused]] const t2::Packet& p) {
#if BFO_VLAN > 0
  t2::Bytes tags = p.bytes(p.vlans);
#if BFO_VLAN == 3
  const std::uint32_t before = p.vlans != t2::absent && p.vlans >= 2 ? p.vlans - 2 : t2::absent;
  std::uint16_t announced = p.bytes(before).u16();
#endif
  for (unsigned i = 0; i < p.vlan_count && i < BFO_MAX_VLAN; ++i) {
    const std::uint16_t tag = tags.u16();
    if (!tags.ok()) break;
    [[maybe_unused]] const std::uint16_t next = tags.u16();
    s.vlan[i] = tag;
#if BFO_VLAN == 2
    s.vlan_type[i] = next;
#elif BFO_VLAN == 3
    s.vlan_type[i] = announced;
    announced = next;
#endif
    s.vlans = static_cast<std::uint8_t>(i + 1);
  }
#endif
#if BFO_MPLS > 0
  t2::Bytes entries = p.bytes(p.mpls);
  for (unsigned i = 0; i < p.mpls_count && i < BFO_MAX_MPLS; ++i) {
    const std::uint32_t entry = entries.u32();
    if (!entries.ok()) break;
    s.mpls[i] = entry;
    s.mpls_entries = static_cast<std::uint8_t>(i + 1);
  }
#endif
}

void put_tags([[maybe_unused]] const Side& s, [[maybe_unused]] t2::Row& row) {
#if BFO_VLAN > 0
  row.count(s.vlans);
  for (unsigned i = 0; i < s.vlans; ++i) {
    const unsigned tag = s.vlan[i];
#if BFO_VLAN == 1
    row.put(static_cast<std::uint16_t>(tag));
#elif BFO_VLAN == 2
    row.put(static_cast<std::uint32_t>(tag << 16 | s.vlan_type[i]));
#else
    row.put(s.vlan_type[i]);
    row.put(static_cast<std::uint8_t>(tag >> 13));
    row.put(static_cast<std::uint8_t>(tag >> 12 & 1));
    row.put(static_cast<std::uint16_t>(tag & 0xfff));
#endif
  }
#endif
#if BFO_MPLS > 0
  row.count(s.mpls_entries);
  for (unsigned i = 0; i < s.mpls_entries; ++i) {
    const std::uint32_t entry = s.mpls[i];
#if BFO_MPLS == 3
    row.put(entry);
#else
    row.put(entry >> 12);
#endif
#if BFO_MPLS == 4
    row.put(static_cast<std::uint8_t>(entry >> 9 & 7));
    row.put(static_cast<std::uint8_t>(entry >> 8 & 1));
    row.put(static_cast<std::uint8_t>(entry));
#endif
  }
#endif
}

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
      Side& s = state_(*p.side);
      if (p.first_of_direction) note_tags(s, p);
      note_stack(s, p);
      note_macs(s, p);
    }
  }

  void on_flow_end(const t2::EndedFlow& e, t2::Row& row) override {
    if (!row.is_read()) return;
    const Side& s = state_(e.side);
    const t2::Key& key = e.flow.key;
    if constexpr (BFO_SENSORID == 1) row.put(static_cast<std::uint32_t>(host_.sensor_id()));
    row.put(e.side.status | (s.overrun ? t2::status::headers_overrun : 0));
    row.put(e.side.first - start());
    row.put(e.side.last - start());
    row.put(e.side.last - e.side.first);
    put_lists(s, row);
    if constexpr (BFO_ETHERTYPE == 1) row.put(key.ether_type);
    put_tags(s, row);
    put_address(row, key.family, e.source());
    row.put(e.source().port);
    put_address(row, key.family, e.destination());
    row.put(e.destination().port);
    row.put(key.protocol);
  }

  void on_packet_row(const t2::Packet& p, t2::Row& row) override {
    const t2::Flow& flow = *p.flow;
    row.put(p.side->status | (state_(*p.side).overrun ? t2::status::headers_overrun : 0));
    row.put(p.time - start());
    row.put(p.time - p.previous);
    row.put(p.peer ? p.time - p.peer_last : t2::Time{0});
    row.put(p.time - p.first);
#if T2_PRI_HDRDESC == 1
    row.put(p.header_count);
    row.text(host_.headers(p.headers));
#endif
    Side tags{};
    note_tags(tags, p);
    put_tags(tags, row);
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
  t2::Time start() const { return RELTIME == 1 ? host_.run_start() : 0; }

  // Address and port of a packet's source or destination.
  static void put_end(t2::Row& row, const t2::Flow& flow, const t2::Endpoint& end) {
    const t2::Key& key = flow.key;
    const bool ip = key.family != t2::Family::layer2;
    row.count(ip);
    if (ip) put_address(row, key.family, end);
    const bool ports = ip && (key.protocol == 6 || key.protocol == 17 || key.protocol == 132 || key.protocol == 136);
    row.count(ports);
    if (ports) row.put(end.port);
  }

  void put_lists([[maybe_unused]] const Side& s, [[maybe_unused]] t2::Row& row) const {
#if T2_PRI_HDRDESC == 1 && BFO_MAX_HDRDESC > 0
    row.put(s.stacks);
    row.count(s.stacks);
    for (unsigned i = 0; i < s.stacks; ++i) row.put(s.depth[i]);
    row.count(s.stacks);
    for (unsigned i = 0; i < s.stacks; ++i) {
      row.text(host_.headers(s.stack[i]));
#if BFO_HDRDESC_PKTCNT == 1
      row.put(s.stack_packets[i]);
#endif
    }
#endif
#if BFO_MAC == 1 && BFO_MAX_MAC > 0
    row.count(s.source_macs);
    for (unsigned i = 0; i < s.source_macs; ++i) row.mac(s.source_mac[i]);
    row.count(s.destination_macs);
    for (unsigned i = 0; i < s.destination_macs; ++i) row.mac(s.destination_mac[i]);
#endif
  }

  t2::Host& host_;
  t2::State<Side> state_;
};

}  // namespace

T2_PLUGIN = {.name = "basicFlow",
             .version = "1.0.0",
             .summary = "status, times, headers, addresses and ports of a flow",
             .number = T2_NUMBER,
             .layout = T2_LAYOUT_basicFlow,
             .flags = flags,
             .columns = columns,
             .packet_columns = packet_columns,
             .create = [](t2::Host& host) -> t2::Plugin* { return new BasicFlow(host); }};
