// The table of fields: element, length and value; when it is sent, and whether a pair has it for the reverse direction.
//
// Lengths are those of IANA or legal shorter ones; NetFlow 9 and IPFIX share most of the fields, in one order. Flags
// have one byte: some collectors take the first byte of two. Times are absolute (152, 153): unlike those relative to
// the start of the exporter they survive every collector. Order matters where nfcapd keeps several elements in one
// place and the last one wins: 85 before 1, tags before 58, ICMP before the ports.
#include "fields.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <utility>

#include "compiled_flags.hpp"
#include "packet_lists.hpp"
#include "tcpFlags_state.h"
#include "wire.hpp"

namespace t2::netflow_sink {

namespace {

using protocol::icmp, protocol::icmpv6, protocol::igmp;

// `value` is a member of FlowRecord, or a function of it.
template <std::uint16_t element, std::uint16_t length, auto value>
constexpr Field number = {element, length, [](std::uint8_t* at, const FlowRecord& record) {
                            store(at, length, static_cast<std::uint64_t>(std::invoke(value, record)));
                          }};

template <std::uint16_t element, std::uint16_t length, auto array>
constexpr Field bytes = {element, length,
                         [](std::uint8_t* at, const FlowRecord& record) { std::memcpy(at, record.*array, length); }};

// Milliseconds since 1970.
std::int64_t milliseconds(t2::Time time) { return std::max<t2::Time>(time, 0) / (t2::one_second / 1000); }
std::int64_t start(const FlowRecord& r) { return milliseconds(r.times.earliest); }
std::int64_t end(const FlowRecord& r) { return milliseconds(r.times.latest); }

unsigned ip_version(const FlowRecord& r) { return r.family == t2::Family::ipv4 ? 4 : 6; }
std::uint32_t shortest(const FlowRecord& r) { return std::min(r.min_ip_length, 0xffffu); }
std::uint32_t longest(const FlowRecord& r) { return std::min(r.max_ip_length, 0xffffu); }
unsigned flag_byte(const FlowRecord& r) { return r.tcp_flags & 0xffu; }
unsigned icmp4_type_code(const FlowRecord& r) { return r.protocol == icmp ? r.icmp_type * 256u + r.icmp_code : 0; }
unsigned icmp6_type_code(const FlowRecord& r) { return r.protocol == icmpv6 ? r.icmp_type * 256u + r.icmp_code : 0; }
unsigned igmp_type(const FlowRecord& r) { return r.protocol == igmp ? r.icmp_type : 0; }
unsigned icmp6_type(const FlowRecord& r) { return r.protocol == icmpv6 ? r.icmp_type : 0; }
unsigned icmp6_code(const FlowRecord& r) { return r.protocol == icmpv6 ? r.icmp_code : 0; }

// Bits as IANA numbers them, from the left: the first byte has DST, HOP, reserved, UNK, FRA0, RH, FRA1, reserved (RFC
// 5102 drew that byte the other way round; erratum 1738). What follows ESP and IPComp is an unknown layer 4.
std::uint32_t extension_headers(const FlowRecord& r) {
  namespace seen = t2::tcp_flags::extension;
  constexpr struct {
    std::uint8_t header;
    unsigned bit;
  } places[] = {{seen::destination, 0}, {seen::hop_by_hop, 1},     {seen::first_fragment, 4},
                {seen::routing, 5},     {seen::later_fragment, 6}, {seen::authentication, 14}};
  constexpr auto from_left = [](unsigned bit) { return 0x8000'0000u >> bit; };
  std::uint32_t set = 0;
  for (const auto& place : places) {
    if (r.extensions & place.header) set |= from_left(place.bit);
  }
  // These end the headers that can be read.
  if (r.protocol == protocol::mobility) set |= from_left(12);
  if (r.protocol == protocol::esp) set |= from_left(13) | from_left(3);
  if (r.protocol == protocol::ipcomp) set |= from_left(15) | from_left(3);
  return set;
}

unsigned tag_id(std::uint16_t tag) { return tag & 0xfff; }
unsigned tag_priority(std::uint16_t tag) { return tag >> 13; }
unsigned outer_id(const FlowRecord& r) { return tag_id(r.outer_tag); }
unsigned outer_priority(const FlowRecord& r) { return tag_priority(r.outer_tag); }
unsigned inner_id(const FlowRecord& r) { return tag_id(r.inner_tag); }
unsigned inner_priority(const FlowRecord& r) { return tag_priority(r.inner_tag); }

unsigned flow_id_of_output_thread(const FlowRecord&) { return 0; }  // workers do not know the flow's number

// biflowDirection: the source of the record is the initiator (1), or its destination is (2).
unsigned initiator(const FlowRecord& r) { return r.responder ? 2 : 1; }

// tcpFlags keeps times in seconds, in single precision. 0xffffffff: never.
template <float FlowRecord::*seconds>
std::uint32_t microseconds(const FlowRecord& r) {
  return r.*seconds < 4294.0f ? static_cast<std::uint32_t>(std::lround(static_cast<double>(r.*seconds) * 1e6))
                              : 0xffff'ffff;
}

// As IANA draws tcpOptions and ipv4Options: the first byte has the options 7 to 0, the second 15 to 8, and so on.
template <std::uint32_t FlowRecord::*set, unsigned length>
void put_set(std::uint8_t* at, const FlowRecord& r) {
  for (unsigned i = 0; i < length; ++i) at[i] = i < 4 ? static_cast<std::uint8_t>(r.*set >> 8 * i) : std::uint8_t{0};
}

template <unsigned n>
unsigned flag_count(const FlowRecord& r) {
  return r.flag_counts[n];
}

// Conditions of a field: it is sent if all of its bits are met.
enum Need : unsigned {
  any = 0,
  netflow9 = 1u << 0,
  ipfix = 1u << 1,
  ip = 1u << 2,
  ipv4 = 1u << 3,
  ipv6 = 1u << 4,
  layer2 = 1u << 5,
  macs = 1u << 6,
  octets_of_ip = 1u << 7,
  octets_of_packets = 1u << 8,  // NF_OCTETS: of what octetDeltaCount is
  layer7 = 1u << 9,             // PACKETLENGTH: the packet length is that of the payload
  tags = 1u << 10,
  tcp_flags = 1u << 11,
  states = 1u << 12,
  counts = 1u << 13,  // plugins: tcpFlags, tcpStates, tcpFlags with TCPFLGCNT
  frames = 1u << 14,  // octets of whole frames are counted
  biflow = 1u << 15,
  own = 1u << 16,     // the element belongs to NF_PEN
  labels = 1u << 17,  // MPLS labels
};

// Which pairs have the field in reverse, too. Never: the flow's key, and what both directions share.
enum class Reverse : std::uint8_t { never, all, counter };

struct FieldRule {
  Field field;
  unsigned needs;
  Reverse reverse = Reverse::never;
  std::string_view name = {}, column = {};  // the rest describes enterprise elements
  Semantics semantics = Semantics::none;
  Unit unit = Unit::none;
};

constexpr FieldRule field_rules[] = {
    {number<152, 8, start>, any, Reverse::all},                                                 // flowStartMilliseconds
    {number<153, 8, end>, any, Reverse::all},                                                   // flowEndMilliseconds
    {number<85, 8, &FlowRecord::ip_octets>, ip | ipfix | octets_of_packets, Reverse::counter},  // octetTotalCount
    {number<1, 8, &FlowRecord::payload_octets>, ip | octets_of_packets, Reverse::counter},      // octetDeltaCount
    {number<1, 8, &FlowRecord::ip_octets>, ip | octets_of_ip, Reverse::counter},                // octetDeltaCount
    {number<401, 8, &FlowRecord::payload_octets>, ip | ipfix | layer7, Reverse::counter},  // transportOctetDeltaCount
    {number<352, 8, &FlowRecord::frame_octets>, ipfix | frames, Reverse::counter},         // layer2OctetDeltaCount
    {number<352, 8, &FlowRecord::frame_octets>, netflow9 | layer2, Reverse::counter},
    {number<2, 8, &FlowRecord::packets>, any, Reverse::counter},                // packetDeltaCount
    {bytes<8, 4, &FlowRecord::source>, ipv4},                                   // sourceIPv4Address
    {bytes<12, 4, &FlowRecord::destination>, ipv4},                             // destinationIPv4Address
    {bytes<27, 16, &FlowRecord::source>, ipv6},                                 // sourceIPv6Address
    {bytes<28, 16, &FlowRecord::destination>, ipv6},                            // destinationIPv6Address
    {number<32, 2, icmp4_type_code>, ipv4 | tcp_flags, Reverse::all},           // icmpTypeCodeIPv4
    {number<139, 2, icmp6_type_code>, ipv6 | tcp_flags | ipfix, Reverse::all},  // icmpTypeCodeIPv6
    {number<33, 1, igmp_type>, ipv4 | tcp_flags},                               // igmpType
    {number<178, 1, icmp6_type>, ipv6 | tcp_flags | netflow9},  // icmpTypeIPv6: collectors know no 139 in version 9
    {number<179, 1, icmp6_code>, ipv6 | tcp_flags | netflow9},  // icmpCodeIPv6
    {number<7, 2, &FlowRecord::source_port>, ip},               // sourceTransportPort
    {number<11, 2, &FlowRecord::destination_port>, ip},         // destinationTransportPort
    {number<4, 1, &FlowRecord::protocol>, ip},                  // protocolIdentifier
    {number<5, 1, &FlowRecord::tos>, ip | tcp_flags, Reverse::all},                // ipClassOfService
    {number<6, 1, flag_byte>, ip | tcp_flags, Reverse::all},                       // tcpControlBits
    {number<60, 1, ip_version>, ip},                                               // ipVersion
    {number<256, 2, &FlowRecord::ether_type>, layer2},                             // ethernetType
    {number<61, 1, &FlowRecord::responder>, any},                                  // flowDirection
    {number<10, 4, &FlowRecord::interface>, any},                                  // ingressInterface
    {number<14, 4, &FlowRecord::interface>, any},                                  // egressInterface
    {number<52, 1, &FlowRecord::min_ttl>, ip | tcp_flags, Reverse::all},           // minimumTTL
    {number<53, 1, &FlowRecord::max_ttl>, ip | tcp_flags, Reverse::all},           // maximumTTL
    {number<25, 2, shortest>, ip, Reverse::all},                                   // minimumIpTotalLength
    {number<26, 2, longest>, ip, Reverse::all},                                    // maximumIpTotalLength
    {number<243, 2, outer_id>, tags},                                              // dot1qVlanId
    {number<244, 1, outer_priority>, tags},                                        // dot1qPriority
    {number<245, 2, inner_id>, tags},                                              // dot1qCustomerVlanId
    {number<246, 1, inner_priority>, tags},                                        // dot1qCustomerPriority
    {number<58, 2, &FlowRecord::vlan>, any},                                       // vlanId
    {number<136, 1, &FlowRecord::end>, any},                                       // flowEndReason
    {bytes<56, 6, &FlowRecord::source_mac>, macs, Reverse::all},                   // sourceMacAddress
    {bytes<80, 6, &FlowRecord::destination_mac>, macs, Reverse::all},              // destinationMacAddress
    {number<54, 2, &FlowRecord::identification>, ipv4 | tcp_flags, Reverse::all},  // fragmentIdentification
    {number<31, 3, &FlowRecord::identification>, ipv6 | tcp_flags | netflow9},     // flowLabelIPv6
    {number<31, 4, &FlowRecord::identification>, ipv6 | tcp_flags | ipfix, Reverse::all},
    {number<64, 4, extension_headers>, ipv6 | tcp_flags, Reverse::all},                       // ipv6ExtensionHeaders
    {number<148, 8, flow_id_of_output_thread>, ipfix},                                        // flowId
    {number<239, 1, initiator>, ipfix | biflow},                                              // biflowDirection
    {number<184, 4, &FlowRecord::isn>, ip | tcp_flags | ipfix, Reverse::all},                 // tcpSequenceNumber
    {number<186, 2, &FlowRecord::window>, ip | tcp_flags | ipfix, Reverse::all},              // tcpWindowSize
    {{209, 8, put_set<&FlowRecord::tcp_options, 8>}, ip | tcp_flags | ipfix, Reverse::all},   // tcpOptions
    {{208, 4, put_set<&FlowRecord::ip_options, 4>}, ipv4 | tcp_flags | ipfix, Reverse::all},  // ipv4Options
    {number<218, 4, flag_count<1>>, ip | counts | ipfix, Reverse::counter},                   // tcpSynTotalCount
    {number<219, 4, flag_count<0>>, ip | counts | ipfix, Reverse::counter},                   // tcpFinTotalCount
    {number<220, 4, flag_count<2>>, ip | counts | ipfix, Reverse::counter},                   // tcpRstTotalCount
    {number<221, 4, flag_count<3>>, ip | counts | ipfix, Reverse::counter},                   // tcpPshTotalCount
    {number<222, 4, flag_count<4>>, ip | counts | ipfix, Reverse::counter},                   // tcpAckTotalCount
    {number<223, 4, flag_count<5>>, ip | counts | ipfix, Reverse::counter},                   // tcpUrgTotalCount

    // Enterprise elements. Their numbers never change.
    {number<1, 8, &FlowRecord::payload_octets>, own, Reverse::counter, "t2PacketLengthDeltaCount", "l7BytesSnt",
     Semantics::delta, Unit::octets},
    {number<2, 8, &FlowRecord::status>, own, Reverse::all, "t2FlowStatus", "flowStat", Semantics::flags},
    {number<16, 2, &FlowRecord::analysis>, own | ip | tcp_flags, Reverse::all, "t2TcpFlagsStatus", "tcpFStat",
     Semantics::flags},
    {number<17, 2, &FlowRecord::ip_flags>, own | ip | tcp_flags, Reverse::all, "t2IpFlags", "ipFlags",
     Semantics::flags},
    {number<18, 1, &FlowRecord::ttl_changes>, own | ip | tcp_flags, Reverse::all, "t2TtlChangeTotalCount", "ipTTLChg",
     Semantics::total, Unit::packets},
    {number<19, 4, microseconds<&FlowRecord::trip>>, own | ip | tcp_flags, Reverse::all, "t2AnswerTime",
     "tcpSSASAATrip", Semantics::quantity, Unit::microseconds},
    {number<20, 4, microseconds<&FlowRecord::answer_min>>, own | ip | tcp_flags, Reverse::all, "t2MinimumResponseTime",
     "tcpRTTAckTripMin", Semantics::quantity, Unit::microseconds},
    {number<21, 4, microseconds<&FlowRecord::answer_max>>, own | ip | tcp_flags, Reverse::all, "t2MaximumResponseTime",
     "tcpRTTAckTripMax", Semantics::quantity, Unit::microseconds},
    {number<22, 4, microseconds<&FlowRecord::answer_mean>>, own | ip | tcp_flags, Reverse::all, "t2MeanResponseTime",
     "tcpRTTAckTripAvg", Semantics::quantity, Unit::microseconds},
    {number<23, 4, microseconds<&FlowRecord::round_trip>>, own | ip | tcp_flags, Reverse::never,
     "t2HandshakeRoundTripTime", "tcpSSASAATrip of both directions", Semantics::quantity, Unit::microseconds},
    {number<32, 2, &FlowRecord::tcp_flags>, own | ip | tcp_flags, Reverse::all, "t2TcpFlagsAndCombinations", "tcpFlags",
     Semantics::flags},
    {number<33, 2, &FlowRecord::anomaly>, own | ip | tcp_flags, Reverse::all, "t2TcpAnomalies", "tcpAnomaly",
     Semantics::flags},
    {number<34, 2, &FlowRecord::mss>, own | ip | tcp_flags, Reverse::all, "t2TcpMaximumSegmentSize", "tcpMSS",
     Semantics::quantity, Unit::octets},
    {number<35, 2, &FlowRecord::scale>, own | ip | tcp_flags, Reverse::all, "t2TcpWindowScaleFactor", "tcpWS",
     Semantics::quantity},
    {number<36, 4, &FlowRecord::window_min>, own | ip | tcp_flags, Reverse::all, "t2MinimumTcpWindow", "tcpMinWinSz",
     Semantics::quantity, Unit::octets},
    {number<37, 4, &FlowRecord::window_max>, own | ip | tcp_flags, Reverse::all, "t2MaximumTcpWindow", "tcpMaxWinSz",
     Semantics::quantity, Unit::octets},
    {number<38, 8, &FlowRecord::sent_bytes>, own | ip | tcp_flags, Reverse::all, "t2TcpSequenceOctets",
     "tcpSeqSntBytes", Semantics::total, Unit::octets},
    {number<39, 8, &FlowRecord::acked_bytes>, own | ip | tcp_flags, Reverse::all, "t2TcpAcknowledgedOctets",
     "tcpFlwLssAckRcvdBytes", Semantics::total, Unit::octets},
    {number<40, 2, &FlowRecord::retransmissions>, own | ip | tcp_flags, Reverse::all, "t2TcpRetransmissionTotalCount",
     "tcpSeqFaultCnt", Semantics::total, Unit::packets},
    {number<41, 2, &FlowRecord::ack_faults>, own | ip | tcp_flags, Reverse::all, "t2TcpAckFaultTotalCount",
     "tcpAckFaultCnt", Semantics::total, Unit::packets},
    {number<42, 4, &FlowRecord::in_flight>, own | ip | tcp_flags, Reverse::all, "t2MaximumOctetsInFlight", "tcpBFlgtMx",
     Semantics::quantity, Unit::octets},
    {number<48, 1, &FlowRecord::state_anomalies>, own | ip | states, Reverse::all, "t2TcpStateAnomalies",
     "tcpStatesAFlags", Semantics::flags},
};

// mplsTopLabelStackSection ... mplsLabelStackSection8, mplsTopLabelTTL. 70-77: label, traffic class and bottom bit,
// without the TTL, which is 200 for the top label.
template <unsigned... n>
std::vector<FieldRule> label_entries(std::integer_sequence<unsigned, n...>) {
  return {
      {{70 + n, 3, [](std::uint8_t* at, const FlowRecord& r) { store(at, 3, r.mpls[n] >> 8); }},
       labels,
       Reverse::all}...,
      {{200, 1, [](std::uint8_t* at, const FlowRecord& r) { store(at, 1, r.mpls[0]); }}, labels | ipfix, Reverse::all}};
}

constexpr unsigned needs_met(const RecordLayout& layout, RecordKind kind) {
  const t2::Family family = family_of(kind);
  unsigned met = family == t2::Family::ipv4 ? ip | ipv4 : family == t2::Family::ipv6 ? ip | ipv6 : layer2 | macs;
  met |= layout.version == Version::ipfix ? ipfix : netflow9;
  met |= layout.ip_octets ? octets_of_ip : octets_of_packets;
  if (layout.macs) met |= macs;
  if (layout.tcp_flags) met |= tcp_flags | (tcp_flag_counts ? counts : 0u);
  if (layout.tcp_states) met |= states;
  if (layout.layer2) met |= frames;
  if (has_labels(kind)) met |= labels;
  if (layout.biflow != Biflow::off) met |= biflow;
  if (layout.version == Version::ipfix && layout.enterprise != 0) met |= own;
  if (max_tags > 0) met |= tags;
  if (payload_lengths) met |= layer7;
  return met;
}

// Puts the fields whose needs are met, without a loop: for the usual layouts.
template <unsigned met, std::size_t... n>
void put_usual(std::uint8_t* at, const FlowRecord& record, std::index_sequence<n...>) {
  const auto put = [&]<std::size_t i> {
    if constexpr ((field_rules[i].needs & ~met) == 0) {
      field_rules[i].field.put(at, record);
      at += field_rules[i].field.length;
    }
  };
  (put.template operator()<n>(), ...);
}
template <unsigned met>
void put_usual(std::uint8_t* at, const FlowRecord& record) {
  put_usual<met>(at, record, std::make_index_sequence<std::size(field_rules)>());
}

// The usual layouts: NetFlow 9 or IPFIX of flows without labels, with all plugins of the tutorial.
template <Version version, RecordKind kind>
constexpr unsigned usual = needs_met({.version = version}, kind);

Template::Put usual_put(unsigned met) {
  switch (met) {
    case usual<Version::netflow9, RecordKind::ipv4>: return put_usual<usual<Version::netflow9, RecordKind::ipv4>>;
    case usual<Version::netflow9, RecordKind::ipv6>: return put_usual<usual<Version::netflow9, RecordKind::ipv6>>;
    case usual<Version::ipfix, RecordKind::ipv4>: return put_usual<usual<Version::ipfix, RecordKind::ipv4>>;
    case usual<Version::ipfix, RecordKind::ipv6>: return put_usual<usual<Version::ipfix, RecordKind::ipv6>>;
    default: return nullptr;
  }
}

}  // namespace

Template::Template(const RecordLayout& layout, RecordKind kind_)
    : version(layout.version), kind(kind_), id(template_id(kind_)) {
  const unsigned met = needs_met(layout, kind);
  std::vector<FieldRule> entries;
  const auto add = [&](const FieldRule& entry) {
    if ((entry.needs & ~met) == 0) entries.push_back(entry);
  };
  for (const FieldRule& entry : field_rules) add(entry);
  for (const FieldRule& entry : label_entries(std::make_integer_sequence<unsigned, max_labels>())) add(entry);
  for (const FieldRule& entry : entries) {
    if (entry.needs & own)
      fields.push_back({entry.field.element, entry.field.length, entry.field.put, layout.enterprise});
    else fields.push_back(entry.field);
    if (fields.back().element == 148) flow_id = record_size;
    record_size += fields.back().length;
  }
  max_record_size = record_size;
  if (layout.listed_packets > 0) {
    for (const bool reverse : {false, true}) {
      if (reverse && !is_pair(kind)) break;
      lists.insert(lists.end(), list_fields,
                   {basic_list, variable_length, nullptr, reverse ? reverse_enterprise : 0, reverse});
      max_record_size += max_lists_size(layout.listed_packets);
    }
  }
  if (!is_pair(kind)) {
    usual_put = netflow_sink::usual_put(met);
    return;
  }
  for (const FieldRule& entry : entries) {
    if (entry.reverse == Reverse::never || (layout.biflow == Biflow::counters && entry.reverse != Reverse::counter))
      continue;
    Field field = entry.field;
    field.reverse = true;
    if (entry.needs & own) field.element |= reverse_offset;
    field.enterprise = entry.needs & own ? layout.enterprise : reverse_enterprise;
    fields.push_back(field);
    record_size += field.length;
    max_record_size += field.length;
  }
}

std::vector<EnterpriseElement> enterprise_elements(const RecordLayout& layout) {
  const unsigned met = needs_met(layout, RecordKind::ipv4);
  std::vector<EnterpriseElement> sent;
  for (const FieldRule& e : field_rules) {
    if ((e.needs & own) && (e.needs & ~met) == 0)
      sent.push_back({e.field.element, e.field.length, e.name, e.column, e.semantics, e.unit});
  }
  return sent;
}

std::vector<RecordKind> sent_kinds(const RecordLayout& layout) {
  std::vector<RecordKind> sent;
  for (unsigned kind = 0; kind < record_kinds; ++kind) {  // in the order of their numbers
    const RecordKind k = static_cast<RecordKind>(kind);
    if (family_of(k) == t2::Family::layer2 && !layout.layer2) continue;
    if (is_pair(k) && layout.biflow == Biflow::off) continue;
    sent.push_back(k);
  }
  return sent;
}

}  // namespace t2::netflow_sink
