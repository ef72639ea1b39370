// The table of fields: element, length, value.
//
// Lengths are those of IANA or legal shorter ones. Flags have one byte: some collectors take the first byte of two.
// Times are absolute (152, 153): unlike those relative to the start of the exporter they survive every collector.
#include "fields.hpp"

#include <algorithm>
#include <cstring>
#include <functional>

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
unsigned icmp6_type(const Record& r) { return r.protocol == icmp6 ? r.icmp_type : 0; }
unsigned icmp6_code(const Record& r) { return r.protocol == icmp6 ? r.icmp_code : 0; }

constexpr Field counters[] = {
    number<152, 8, start>,               // flowStartMilliseconds
    number<153, 8, end>,                 // flowEndMilliseconds
    number<1, 8, &Record::octets>,       // octetDeltaCount
    number<2, 8, &Record::packets>,      // packetDeltaCount
};
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
constexpr Field ipv4_only[] = {
    number<32, 2, icmp4_type_code>,          // icmpTypeCodeIPv4
    number<54, 2, &Record::identification>,  // fragmentIdentification
};
constexpr Field ipv6_only[] = {
    number<178, 1, icmp6_type>,              // icmpTypeIPv6: collectors know no 139 in version 9
    number<179, 1, icmp6_code>,              // icmpCodeIPv6
    number<31, 3, &Record::identification>,  // flowLabelIPv6
};

// 70-77: label, traffic class and bottom bit, without the TTL.
template <unsigned... n>
void add_labels(std::vector<Field>& fields, std::integer_sequence<unsigned, n...>) {
  (fields.push_back({70 + n, 3, [](std::uint8_t* at, const Record& r) { store(at, 3, r.mpls[n] >> 8); }}), ...);
}

Template make(std::uint16_t id, std::initializer_list<std::span<const Field>> groups) {
  std::vector<Field> fields;
  for (const std::span<const Field> group : groups) fields.insert(fields.end(), group.begin(), group.end());
  add_labels(fields, std::make_integer_sequence<unsigned, mpls_labels>());
  return {id, std::move(fields)};
}

std::span<const Field> pair_if(bool macs) { return macs ? std::span(macs_of_frame) : std::span<const Field>(); }

}  // namespace

Template ipv4_fields(bool macs) { return make(ipv4_template, {counters, ipv4_addresses, common, pair_if(macs), ipv4_only}); }
Template ipv6_fields(bool macs) { return make(ipv6_template, {counters, ipv6_addresses, common, pair_if(macs), ipv6_only}); }

}  // namespace netflow
