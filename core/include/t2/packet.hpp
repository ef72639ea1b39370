// What a plugin sees of a packet, and of the conversation it belongs to.
//
// A Packet is a view, valid only inside on_packets(). The core has decoded it once: offsets count from the start of
// the frame, `absent` where the frame has no such header. Lengths come from the headers (they count bytes that were not
// captured); captured_* lengths say what may be read, bytes() reads it.
//
// Conversation = both directions of one key. Direction 0 is that of the conversation's first packet.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

#include "t2/bytes.hpp"
#include "t2/config.hpp"
#include "t2/protocol.hpp"
#include "t2/status.hpp"

namespace t2 {

using Time = std::int64_t;  // nanoseconds since 1970-01-01T00:00:00Z
constexpr Time one_second = 1'000'000'000;
constexpr Time shortest_timeout = one_second / 10;  // of a flow; the core cuts batches at this span of capture time
constexpr std::uint32_t absent = 0xffff'ffff;
constexpr std::size_t max_interfaces = 64;  // that are captured at once

enum class Family : std::uint8_t { layer2 = 2, ipv4 = 4, ipv6 = 6 };

// Address and port of one end. IPv4 stands in the first four bytes, a MAC (layer-2 flow) in the first six; the rest
// is zero. Ports are 0 for anything but TCP, UDP, UDP-Lite and SCTP.
struct Endpoint {
  std::array<std::uint8_t, 16> address{};
  std::uint16_t port = 0;
  auto operator<=>(const Endpoint&) const = default;
};

// Canonical key: the same whichever way the packet went. No padding: it is hashed and compared as bytes.
struct Key {
  std::array<std::uint8_t, 16> address[2]{};  // of both ends, as in Endpoint
  std::uint16_t port[2]{};
  std::uint16_t vlan = 0;        // 12-bit id of the innermost tag, 0 without one
  std::uint16_t ether_type = 0;  // that of IPv4 or IPv6, or the type of a layer-2 flow
  std::uint8_t protocol = 0;     // IANA protocol number, 0 for layer 2
  Family family = Family::layer2;
  std::uint8_t reserved[6]{};
#if T2_CORE_ETH_ACTIVATE == 2
  std::array<std::uint8_t, 6> mac[2]{};  // of both ends
  std::uint8_t reserved_behind[4]{};
#endif
  Endpoint end(unsigned which) const { return {address[which], port[which]}; }
  bool operator==(const Key& other) const {
    std::uint64_t difference = 0, a = 0, b = 0;
    for (std::size_t at = 0; at < sizeof(Key); at += 8) {
      std::memcpy(&a, reinterpret_cast<const char*>(this) + at, 8);
      std::memcpy(&b, reinterpret_cast<const char*>(&other) + at, 8);
      difference |= a ^ b;
    }
    return difference == 0;
  }
};
static_assert(sizeof(Key) % 8 == 0 && std::has_unique_object_representations_v<Key>);

struct Packet;

// One direction of a conversation, as plugins see it; their own state for it follows in memory. It begins with the
// direction's first packet. Plugins read it when the flow has ended: until then Packet says what is true at a packet.
struct alignas(64) Direction {
  Time first = 0, last = 0;  // first packet; packet processed last (not the largest time)
  status::Word status = 0;
  std::uint64_t packets = 0;
  std::uint32_t headers = 0;       // of the first packet, as in Packet
  std::uint8_t macs[12] = {};      // of the first packet: destination, source; zero where it has none, see `link`
  std::uint8_t link : 2 = 0;       // has_destination, has_source: which of `macs` there are; none without Ethernet
  std::uint8_t interface : 6 = 0;  // of the first packet, as in Packet
  bool tcp = false;                // of a flow of TCP: has the plugins' states for such flows
  static constexpr std::uint8_t has_destination = 1, has_source = 2;

 protected:  // the core's own: see DirectionEntry
  friend struct Packet;
  std::uint16_t syn = 0;      // lower half of the sequence number of the SYN that it began with
  std::uint32_t timeout = 0;  // milliseconds
  std::uint32_t last_ip_id = 0;
  std::uint32_t datagram = 0;  // that began last with a fragment: its entry in the worker's Fragments, 0: none
};
static_assert(sizeof(Direction) == 64);

// The times of a direction's packets.
struct TimeRange {
  Time earliest = 0, latest = 0;
};

constexpr std::uint16_t not_scheduled = 0xffff;

// A conversation as plugins see it. Never moves while it lives, nor do its directions.
struct alignas(64) Flow {
  Key key;
  std::uint64_t number = 0;  // capture number of its first packet: the same in every run
  std::uint64_t index = 0;   // flowInd

  bool is_tcp() const { return key.family != Family::layer2 && key.protocol == protocol::tcp; }
  // The end of the key that sends in this direction.
  unsigned source_end(unsigned direction) const { return initiator ^ direction; }
  Endpoint source(unsigned direction) const { return key.end(source_end(direction)); }
  Endpoint destination(unsigned direction) const { return key.end(source_end(direction) ^ 1); }
  // Earliest and latest packet of a direction: its first and its last one, unless packets came out of order.
  TimeRange times(unsigned direction) const {
    if (ranges) return ranges[direction];
    const Direction& d = *directions[direction];
    return d.first <= d.last ? TimeRange{d.first, d.last} : TimeRange{d.last, d.first};  // the latter: no memory
  }

 protected:  // the core's own: see FlowEntry
  friend struct Packet;
  Direction* directions[2] = {};      // [1]: null until the conversation is answered
  Time due[2] = {};                   // position on the run's clock at which each direction's timeout runs out
  void* allocations = nullptr;        // chain of Host::flow_alloc() blocks
  std::uint32_t tag = 0, record = 0;  // place in the index, number of this record
  std::uint32_t wheel_slot = 0;       // in the wheel of timeouts: in its bucket
  std::uint16_t wheel_bucket = not_scheduled;
  std::uint8_t initiator = 0;          // the end of the key that sent the first packet
  bool detached : 1 = false;           // no longer found by key: waits for its rows to be written
  bool ended_early : 1 = false;        // was cut short: due[0] says when
  bool finished : 1 = false;           // a TCP connection that is over: a new SYN begins another flow
  bool timeout_shortened : 1 = false;  // a timeout became shorter since it was put into the wheel
  TimeRange* ranges = nullptr;  // of both directions, from the first packet on that was older than the one before it
};

struct Packet {
  Time time = 0;                 // of capture
  Time clock = 0;                // of the run: flows whose timeouts ran out before it have ended
  Time at = 0;                   // the packet's position on that clock: `time`, unless the clock was set in between
  Time first = 0, previous = 0;  // of this direction: its first packet, the packet before this one (else its own time)
  Time other_last = 0;           // of the other direction: its last packet, where there is one (`peer`)
  std::uint64_t number = 0;      // position in the input, from 1
  std::uint64_t index_in_direction = 0;  // of its direction, from 1
  const std::uint8_t* data = nullptr;
  std::uint32_t captured = 0;        // bytes at data
  std::uint32_t wire = 0;            // bytes of the frame on the wire
  const Flow* flow = nullptr;        // never null in on_packets(), nor is `own`
  const Direction* own = nullptr;    // this direction of it
  const Direction* other = nullptr;  // the other direction, null if no packet of it came before this one
  status::Word status = 0;           // of this packet alone

  std::uint8_t direction = 0;  // 0 or 1, see above
  bool first_of_flow = false;
  bool first_of_direction = false;
  bool same_headers_as_first =
      false;  // has the header stack and the MAC addresses of its direction's first packet, and is not it
  bool other_fragment_pending = false;  // the other direction waits for a last fragment
  bool later_fragment = false;          // fragment offset is not 0: there is no transport header
  bool more_fragments = false;
  Family family = Family::layer2;
  std::uint8_t protocol = 0;    // last protocol number reached (IPv6: after the extension headers)
  std::uint8_t vlan_count = 0;  // tags of the innermost stack
  std::uint8_t mpls_count = 0;
  bool has_ports = false;
  std::uint8_t interface = 0;  // live: which of Host::interfaces() it was captured on
  std::uint16_t ether_type = 0;
  std::uint16_t vlan = 0;  // 12-bit id of the last tag
  std::uint16_t source_port = 0, destination_port = 0;
  std::uint16_t header_count = 0;  // headers in the stack
  std::uint32_t headers = 0;       // header stack: equal numbers, equal text; see Host::headers()

  std::uint32_t l2 = absent;  // where layer 2 begins: of the innermost Ethernet header that was reached
  std::uint32_t destination_mac = absent, source_mac = absent;  // 6 captured bytes each, where the link layer has them
  std::uint32_t l3 = absent;                                    // innermost IP header
  std::uint32_t l4 = absent;     // behind it and its extension headers, also for later fragments
  std::uint32_t l7 = absent;     // payload; for layer-2 flows what follows the type
  std::uint32_t vlans = absent;  // first 16-bit tag control word; the next ones follow every 4 bytes
  std::uint32_t mpls = absent;   // first label stack entry
  std::uint32_t hop_options = absent, destination_options = absent, fragment_header = absent;  // IPv6: the last one

  std::uint32_t length = 0;     // what "packet length" means by the core flag PACKETLENGTH, never negative
  std::uint32_t l3_length = 0;  // IP header, its options or extension headers, and payload; 0 for layer 2
  std::uint32_t l3_header = 0;  // 4 x IHL, or 40 + extension headers
  std::uint32_t l4_header = 0;  // 0 for later fragments
  std::uint32_t l4_length = 0;  // l3_length - l3_header, at least 0
  std::uint32_t l7_length = 0;  // l4_length - l4_header, at least 0
  std::uint32_t captured_l3 = 0, captured_l4 = 0, captured_l7 = 0;  // captured bytes from there on, no padding
  std::uint32_t padding = 0;                                        // bytes the link layer added to reach its minimum

  bool operator==(const Packet&) const = default;
  bool is_ip() const { return family != Family::layer2; }
  bool is_tcp_header() const { return protocol == protocol::tcp && is_ip() && !later_fragment; }
  // SYN without ACK, FIN and RST: a connection is asked for.
  bool is_opening() const { return is_tcp_header() && captured_l4 >= 14 && (data[l4 + 13] & 0x17) == 0x02; }
  std::span<const std::uint8_t> frame() const { return {data, captured}; }
  // Captured bytes from an offset on; empty where the header is absent.
  Bytes bytes(std::uint32_t offset) const {
    return Bytes(offset < captured ? frame().subspan(offset) : frame().first(0));
  }
  // The TCP connection is over: a new SYN begins another flow (SYN_BEGINS_FLOW).
  void set_finished() const { const_cast<Flow&>(*flow).finished = true; }
  // Only of a direction that exists.
  void set_timeout(unsigned of_direction, Time timeout) const {
    constexpr Time millisecond = one_second / 1000;
    Flow& changed_flow = const_cast<Flow&>(*flow);
    Direction& changed = *changed_flow.directions[of_direction];
    const auto wanted =
        static_cast<std::uint32_t>((timeout > shortest_timeout ? timeout : shortest_timeout) / millisecond);
    changed_flow.due[of_direction] += (Time{wanted} - Time{changed.timeout}) * millisecond;
    if (wanted < changed.timeout) changed_flow.timeout_shortened = true;
    changed.timeout = wanted;
  }
};

}  // namespace t2
