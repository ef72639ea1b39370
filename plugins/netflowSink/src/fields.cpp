// The table of fields: element, length, value.
//
// Lengths are those of IANA or legal shorter ones; NetFlow 9 and IPFIX share most of the fields, in one order. Flags have one byte: some collectors take the first byte of two.
// Times are absolute (152, 153): unlike those relative to the start of the exporter they survive every collector.
#include "fields.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <span>
#include <utility>

namespace netflow {

namespace {

constexpr std::uint8_t icmp = 1, icmp6 = 58;

// `value` is a member of Record, or a function of it.
template <std::uint16_t element, std::uint16_t length, auto value>
constexpr Field number = {element, length, [](std::uint8_t* at, const Record& record) {
                            store(at, length, static_cast<std::uint64_t>(std::invoke(value, record)));
                          }};

template <std::uint16_t element, std::uint16_t length, auto array>
constexpr Field bytes = {element, length, [](std::uint8_t* at, const Record& record) { std::memcpy(at, record.*array, length); }};

// Milliseconds since 1970.
std::int64_t milliseconds(t2::Time time) { return std::max<t2::Time>(time, 0) / (t2::one_second / 1000); }
std::int64_t start(const Record& r) { return milliseconds(r.first); }
std::int64_t end(const Record& r) { return milliseconds(r.last); }

unsigned ip_version(const Record& r) { return r.family == t2::Family::ipv4 ? 4 : 6; }
std::uint32_t shortest(const Record& r) { return std::min(r.min_ip_length, 0xffffu); }
std::uint32_t longest(const Record& r) { return std::min(r.max_ip_length, 0xffffu); }
unsigned icmp4_type_code(const Record& r) { return r.protocol == icmp ? r.icmp_type * 256u + r.icmp_code : 0; }
unsigned icmp6_type_code(const Record& r) { return r.protocol == icmp6 ? r.icmp_type * 256u + r.icmp_code : 0; }
unsigned icmp6_type(const Record& r) { return r.protocol == icmp6 ? r.icmp_type : 0; }
unsigned icmp6_code(const Record& r) { return r.protocol == icmp6 ? r.icmp_code : 0; }

unsigned tag_id(std::uint16_t tag) { return tag & 0xfff; }
unsigned tag_priority(std::uint16_t tag) { return tag >> 13; }
unsigned outer_id(const Record& r) { return tag_id(r.outer_tag); }
unsigned outer_priority(const Record& r) { return tag_priority(r.outer_tag); }
unsigned inner_id(const Record& r) { return tag_id(r.inner_tag); }
unsigned inner_priority(const Record& r) { return tag_priority(r.inner_tag); }

// IANA's picture of tcpOptions: the first byte has kinds 7 to 0, the second 15 to 8, and so on.
void put_tcp_options(std::uint8_t* at, const Record& r) {
  for (unsigned i = 0; i < 8; ++i) at[i] = i < 4 ? static_cast<std::uint8_t>(r.tcp_options >> 8 * i) : std::uint8_t{0};
}

constexpr Field times[] = {
    number<152, 8, start>,               // flowStartMilliseconds
    number<153, 8, end>,                 // flowEndMilliseconds
};
constexpr Field payload_octets[] = {number<1, 8, &Record::payload_octets>};  // octetDeltaCount
constexpr Field ip_octets[] = {number<1, 8, &Record::ip_octets>};            // octetDeltaCount
constexpr Field packets[] = {number<2, 8, &Record::packets>};                // packetDeltaCount
constexpr Field ipv4_addresses[] = {
    bytes<8, 4, &Record::source>,        // sourceIPv4Address
    bytes<12, 4, &Record::destination>,  // destinationIPv4Address
};
constexpr Field ipv6_addresses[] = {
    bytes<27, 16, &Record::source>,       // sourceIPv6Address
    bytes<28, 16, &Record::destination>,  // destinationIPv6Address
};
constexpr Field common[] = {
    number<7, 2, &Record::source_port>,        // sourceTransportPort
    number<11, 2, &Record::destination_port>,  // destinationTransportPort
    number<4, 1, &Record::protocol>,           // protocolIdentifier
    number<5, 1, &Record::tos>,                // ipClassOfService
    number<6, 1, &Record::tcp_flags>,          // tcpControlBits
    number<60, 1, ip_version>,                 // ipVersion
    number<61, 1, &Record::responder>,         // flowDirection
    number<10, 4, &Record::interface>,         // ingressInterface
    number<14, 4, &Record::interface>,         // egressInterface
    number<52, 1, &Record::min_ttl>,           // minimumTTL
    number<53, 1, &Record::max_ttl>,           // maximumTTL
    number<25, 2, shortest>,                   // minimumIpTotalLength
    number<26, 2, longest>,                    // maximumIpTotalLength
    number<58, 2, &Record::vlan>,              // vlanId
    number<136, 1, &Record::end>,              // flowEndReason
};
constexpr Field macs_of_frame[] = {
    bytes<56, 6, &Record::source_mac>,       // sourceMacAddress
    bytes<80, 6, &Record::destination_mac>,  // destinationMacAddress
};
constexpr Field ipv4_icmp[] = {number<32, 2, icmp4_type_code>};          // icmpTypeCodeIPv4
constexpr Field ipv4_last[] = {number<54, 2, &Record::identification>};  // fragmentIdentification
constexpr Field ipv6_icmp[] = {
    number<178, 1, icmp6_type>,  // icmpTypeIPv6: collectors know no 139 in version 9
    number<179, 1, icmp6_code>,  // icmpCodeIPv6
};
constexpr Field ipv6_icmp_ipfix[] = {number<139, 2, icmp6_type_code>};        // icmpTypeCodeIPv6
constexpr Field ipv6_last[] = {number<31, 3, &Record::identification>};       // flowLabelIPv6
constexpr Field ipv6_last_ipfix[] = {number<31, 4, &Record::identification>};
constexpr Field ipfix_only[] = {
    number<148, 8, &Record::flow_id>,        // flowId
    number<184, 4, &Record::isn>,            // tcpSequenceNumber
    number<186, 2, &Record::window>,         // tcpWindowSize
    {209, 8, put_tcp_options},               // tcpOptions
};
constexpr Field tags[] = {
    number<243, 2, outer_id>,                // dot1qVlanId
    number<244, 1, outer_priority>,          // dot1qPriority
    number<245, 2, inner_id>,                // dot1qCustomerVlanId
    number<246, 1, inner_priority>,          // dot1qCustomerPriority
};
constexpr Field own_elements[] = {
    number<1, 8, &Record::payload_octets>,
    number<2, 8, &Record::ip_octets>,
};

// 70-77: label, traffic class and bottom bit, without the TTL.
template <unsigned... n>
void add_labels(std::vector<Field>& fields, std::integer_sequence<unsigned, n...>) {
  (fields.push_back({70 + n, 3, [](std::uint8_t* at, const Record& r) { store(at, 3, r.mpls[n] >> 8); }}), ...);
}

using Fields = std::span<const Field>;

// The ICMP elements of IPFIX stand before the ports: nfcapd 1.7.1 keeps both in one place, and the later one wins (for
// SCTP and others; TCP, UDP and ICMP it tells apart).
Template make(const Layout& layout, std::uint16_t id, Fields addresses, Fields icmp_fields, Fields last) {
  const bool ipfix = layout.version == Version::ipfix;
  std::vector<Field> fields;
  const auto add = [&fields](Fields group) { fields.insert(fields.end(), group.begin(), group.end()); };
  add(times);
  add(layout.ip_octets ? ip_octets : payload_octets);
  add(packets);
  add(addresses);
  if (ipfix) add(icmp_fields);
  add(common);
  if (layout.macs) add(macs_of_frame);
  if (!ipfix) add(icmp_fields);
  add(last);
  if (ipfix) add(ipfix_only);
  if (ipfix && BFO_VLAN > 0) add(tags);
  add_labels(fields, std::make_integer_sequence<unsigned, mpls_labels>());
  if (ipfix && layout.enterprise != 0) {
    add(own_elements);
    for (Field& own : std::span(fields).last(std::size(own_elements))) own.enterprise = layout.enterprise;
  }
  return {layout.version, id, std::move(fields)};
}

}  // namespace

Template ipv4_fields(const Layout& layout) { return make(layout, ipv4_template, ipv4_addresses, ipv4_icmp, ipv4_last); }
Template ipv6_fields(const Layout& layout) {
  const bool ipfix = layout.version == Version::ipfix;
  return make(layout, ipv6_template, ipv6_addresses, ipfix ? Fields(ipv6_icmp_ipfix) : Fields(ipv6_icmp), ipfix ? Fields(ipv6_last_ipfix) : Fields(ipv6_last));
}

}  // namespace netflow
