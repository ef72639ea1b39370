// The fast path: Ethernet with up to two VLAN tags, Linux cooked capture or no link layer; IPv4 or IPv6 without
// options, a complete TCP or UDP header, and no port on which a tunnel or a named payload may stand. It makes the same
// Packet as Dissector::walk() in a straight line, in two halves:
//
//   match()  reader thread: reads the headers once, and notes what differs from frame to frame in FastHeaders. That is
//            enough to choose a worker (hash_pair) and to make the key (make_lookup).
//   fill()   worker's thread: makes the Packet from FastHeaders, without reading the frame again.
//
// A FastPath does not change after its construction; all threads use the same one. Everything is inline, because most
// packets pass here. It must never accept a frame that the walk decodes otherwise: decode_fast_path_test compares them.
#pragma once

#include <algorithm>
#include <cstring>
#include <iterator>

#include "capture/block.hpp"
#include "decode/headers.hpp"
#include "decode/protocols.hpp"
#include "t2/packet.hpp"
#include "tranalyzer.h"

namespace t2 {

// Copies `like`, and sets what is known before a packet is decoded.
inline void begin_packet(Packet& p, const Packet& like, const RawPacket& raw, const PacketStamp& stamp) {
  std::memcpy(static_cast<void*>(&p), &like, sizeof p);
  p.time = raw.time;
  p.clock = stamp.clock;
  p.at = stamp.at;
  p.number = stamp.number;
  p.data = raw.data;
  p.captured = raw.captured;
  p.wire = raw.wire;
  p.interface = raw.interface;
}

// What stands in front of the IP header.
enum class Prefix : std::uint8_t { ethernet, tagged, tagged_twice, cooked, cooked_2, none, count };

constexpr std::uint32_t prefix_bytes(Prefix prefix) {
  constexpr std::uint8_t bytes[] = {14, 18, 22, 16, 20, 0};
  static_assert(std::size(bytes) == static_cast<std::size_t>(Prefix::count));
  return bytes[static_cast<std::size_t>(prefix)];
}

struct MacOffsets {
  std::uint32_t source = absent, destination = absent;
};

// What match() found. The rest of the Packet follows from it and from the frame's length.
struct FastHeaders {
  std::uint32_t l3_length;  // bytes
  std::uint16_t source_port, destination_port;
  std::uint16_t vlan;      // of the innermost tag; 0: there is none
  std::uint8_t l4_header;  // bytes
  std::uint8_t form;       // prefix, IPv6, UDP: see form_of()

  static constexpr std::uint8_t form_of(Prefix prefix, bool v6, bool udp) {
    return static_cast<std::uint8_t>(static_cast<unsigned>(prefix) << 2 | unsigned{v6} << 1 | unsigned{udp});
  }
  static constexpr std::size_t forms = static_cast<std::size_t>(Prefix::count) << 2;
  Prefix prefix() const { return static_cast<Prefix>(form >> 2); }
  bool v6() const { return form & 2; }
  bool udp() const { return form & 1; }
  std::uint32_t l3() const { return prefix_bytes(prefix()); }  // where the IP header begins
  unsigned tags() const { return prefix() == Prefix::tagged ? 1 : prefix() == Prefix::tagged_twice ? 2 : 0; }
  MacOffsets macs() const {
    switch (prefix()) {
      case Prefix::cooked: return {.source = 6};  // there is no destination
      case Prefix::cooked_2: return {.source = 12};
      case Prefix::none: return {};
      default: return {.source = 6, .destination = 0};
    }
  }
};

class FastPath {
 public:
  explicit FastPath(HeaderStacks& stacks);
  // False: the walk has to decode it.
  static bool match(const RawPacket& raw, FastHeaders& found);
  // Sets all fields of p, as begin_packet() and Dissector::walk() do.
  void fill(Packet& p, const RawPacket& raw, const FastHeaders& found, const PacketStamp& stamp) const;
  // That fill() would give the packet.
  status::Word status(const RawPacket& raw, const FastHeaders& found) const {
    return like(found.form).status | (raw.captured - found.l3() < found.l3_length ? status::l3_snapped : 0);
  }
  // What packets have in common that differ in nothing but their ends, lengths and VLANs.
  const Packet& like(std::size_t form) const { return like_[form]; }

 private:
  static bool match_other(const RawPacket& raw, FastHeaders& found);  // no Ethernet, or tags

  Packet like_[FastHeaders::forms];
};

// What the flag PACKETLENGTH means by a packet's length. The lengths of its headers are set; `at`: its IP header.
inline void set_packet_length(Packet& p, std::uint32_t at) {
  switch (PACKETLENGTH) {
    case 0: p.length = p.family == Family::ipv4 ? p.l3_length + at : p.wire; break;
    case 1: p.length = p.l3_length; break;
    case 2: p.length = p.l4_length; break;
    default: p.length = p.l7_length; break;
  }
  if (PACKETLENGTH < 2 && FRGIPPKTLENVIEW && p.later_fragment && p.family == Family::ipv4)
    p.length -= std::min(p.length, p.l3_header);
}

// Padding of a frame that is one of Ethernet's shortest, and of which `needed` bytes are headers and payload.
inline void set_padding(Packet& p, std::uint32_t needed) {
  constexpr std::uint32_t shortest_with_check_sequence = 64;
  if (p.wire <= shortest_with_check_sequence && p.wire > needed) p.padding = p.wire - needed;
}

// ---- First half

namespace fast {

inline std::uint16_t word(const std::uint8_t* p) { return static_cast<std::uint16_t>(p[0] << 8 | p[1]); }
inline std::uint32_t long_word(const std::uint8_t* p) { return std::uint32_t{word(p)} << 16 | word(p + 2); }

// Ports on which a tunnel or a named payload may stand, as a small hash set, behind which few ports are compared.
class Ports {
 public:
  constexpr Ports() {
    for (const unsigned port : all) bits_[place(port) / 64] |= std::uint64_t{1} << place(port) % 64;
  }
  constexpr bool hold(unsigned port) const {
    if (!(bits_[place(port) / 64] >> place(port) % 64 & 1)) [[likely]]
      return false;
    return std::ranges::find(all, port) != std::end(all);
  }

 private:
  static constexpr unsigned all[] = {1701, 1900, 2123, 2152, 3386, 4500, 4789,  4790,
                                     5072, 5246, 5247, 6081, 6635, 8472, 12222, 12223};
  static constexpr unsigned size = 4096;
  static constexpr unsigned place(unsigned port) { return port % size; }
  std::uint64_t bits_[size / 64] = {};
};
inline constexpr Ports special_purpose_ports;

// Whether a UDP payload that begins with these four bytes may be DTLS, or Teredo between two ports above 1024.
inline bool may_be_tunnel(std::uint32_t first, std::uint16_t source, std::uint16_t destination) {
  const std::uint32_t version = first >> 8 & 0xffff;
  if (version == 0xfefd || version == 0xfeff || version == 0x0100) return true;
  return source > 1024 && destination > 1024 && (first >> 28 == 6 || first >> 16 <= 1);
}

// From the IP header on, whose type the prefix announced: the rest of match().
[[gnu::always_inline]] inline bool match_ip(const RawPacket& raw, Prefix prefix, std::uint16_t type,
                                            FastHeaders& found) {
  const std::uint32_t at = prefix_bytes(prefix);
  if (raw.captured < at + 28 || raw.wire < raw.captured) return false;
  const std::uint8_t* const ip = raw.data + at;
  const bool v6 = type == ether_type::ipv6;
  std::uint32_t header, length;
  std::uint8_t protocol;
  if (type == ether_type::ipv4) {
    if (ip[0] != 0x45 || (word(ip + 6) & 0x3fff) != 0) return false;  // options; fragments
    header = 20;
    length = word(ip + 2);
    protocol = ip[9];
  } else {
    if (!v6 || ip[0] >> 4 != 6 || word(ip + 4) == 0) return false;
    header = 40;
    length = word(ip + 4) + 40u;
    protocol = ip[6];
  }
  const std::uint32_t captured_l3 = std::min(raw.captured - at, length);
  if (length > raw.wire - at) return false;
  const std::uint8_t* const l4 = ip + header;
  std::uint8_t l4_header = 8;
  const bool udp = protocol != protocol::tcp;
  if (!udp) {
    if (captured_l3 < header + 20) return false;
    l4_header = static_cast<std::uint8_t>(4u * (l4[12] >> 4));
    if (l4_header < 20 || l4_header > captured_l3 - header) return false;
  } else if (protocol != protocol::udp || captured_l3 < header + 12 ||
             may_be_tunnel(long_word(l4 + 8), word(l4), word(l4 + 2))) {
    return false;
  }
  // In registers: what is stored field by field and loaded as one word waits for the stores.
  const std::uint32_t ports = long_word(l4), source_port = ports >> 16, destination_port = ports & 0xffff;
  if (special_purpose_ports.hold(source_port) || special_purpose_ports.hold(destination_port)) return false;
  found.source_port = static_cast<std::uint16_t>(source_port);
  found.destination_port = static_cast<std::uint16_t>(destination_port);
  found.l4_header = l4_header;
  found.form = FastHeaders::form_of(prefix, v6, udp);
  found.l3_length = length;
  return true;
}

}  // namespace fast

inline bool FastPath::match(const RawPacket& raw, FastHeaders& found) {
  constexpr std::uint32_t ethernet = prefix_bytes(Prefix::ethernet);
  if (raw.link_type == ethernet_link && raw.captured >= ethernet) {
    const std::uint16_t type = fast::word(raw.data + ethernet - 2);
    if (type == ether_type::ipv4 || type == ether_type::ipv6) {
      found.vlan = 0;
      return (raw.data[0] & 0xfd) != 0x01 && fast::match_ip(raw, Prefix::ethernet, type, found);
    }
  }
  FastHeaders other;  // so that the address of `found` is not taken: it can stay in registers
  if (!match_other(raw, other)) return false;
  found = other;
  return true;
}

// ---- Second half

inline void FastPath::fill(Packet& p, const RawPacket& raw, const FastHeaders& found, const PacketStamp& stamp) const {
  begin_packet(p, like(found.form), raw, stamp);
  const std::uint32_t l3 = p.l3;
  p.vlan = found.vlan;
  p.captured_l3 = std::min(raw.captured - l3, found.l3_length);
  if (p.captured_l3 < found.l3_length) p.status |= status::l3_snapped;
  p.source_port = found.source_port;
  p.destination_port = found.destination_port;
  const std::uint32_t l3_header = found.v6() ? 40 : 20;
  p.l7 = l3 + l3_header + found.l4_header;
  p.l3_length = found.l3_length;
  p.l4_header = found.l4_header;
  p.l4_length = found.l3_length - l3_header;
  p.l7_length = p.l4_length - found.l4_header;
  p.captured_l4 = p.captured_l3 - l3_header;
  p.captured_l7 = p.captured_l4 - found.l4_header;
  set_packet_length(p, l3);
  set_padding(p, l3 + found.l3_length);
}

}  // namespace t2
