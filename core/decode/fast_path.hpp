// The way that most packets go: Ethernet, IPv4 or IPv6 without options, a whole TCP or UDP header, no port that means
// more. One straight line instead of the Dissector's walk, and the same Packet. Holds nothing that changes: all threads
// may use the same one. All of it is inline: every packet comes by here.
#pragma once

#include <algorithm>
#include <cstring>

#include "capture/block.hpp"
#include "decode/headers.hpp"
#include "decode/protocols.hpp"
#include "t2/packet.hpp"

namespace t2 {

// Sets a packet to what is known before it is decoded, and all else as in `like`.
inline void begin_packet(Packet& p, const Packet& like, const RawPacket& raw, const PacketStamp& stamp) {
  std::memcpy(static_cast<void*>(&p), &like, sizeof p);
  p.time = raw.time;
  p.clock = stamp.clock;
  p.at = stamp.at;
  p.number = stamp.number;
  p.data = raw.data;
  p.captured = raw.captured;
  p.wire = raw.wire;
}

// What was found out about a plain packet; the rest of its Packet follows from that.
struct FastHeaders {
  std::uint32_t l3_length, captured_l3, l4_header;  // bytes
  std::uint16_t source_port, destination_port;
  bool v6, udp;  // else IPv4, TCP
};

class FastPath {
 public:
  explicit FastPath(HeaderStacks& stacks);
  // False: the packet, of an Ethernet link, is not plain.
  static bool match(const RawPacket& raw, FastHeaders& found);
  // Sets all of p, as Dissector::walk() does for a fresh packet.
  void fill(Packet& p, const RawPacket& raw, const FastHeaders& found, const PacketStamp& stamp) const;
  status::Word status(const FastHeaders& found) const {  // of the packet
    return like_[found.v6][found.udp].status | (found.captured_l3 < found.l3_length ? status::l3_snapped : 0);
  }
  static constexpr unsigned header_count = 3;
  static constexpr std::uint32_t l3 = 14;  // where the IP header begins

 private:
  Packet like_[2][2];  // what all packets have in common: IPv4, IPv6; TCP, UDP
};

// Once the lengths of the headers are known: what "packet length" means, and how much of the frame is padding, if
// `needed` bytes of it are not and it is one of Ethernet's shortest. `at`: the IP header.
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

inline void set_padding(Packet& p, std::uint32_t needed) {
  constexpr std::uint32_t shortest_with_check_sequence = 64;
  if (p.wire <= shortest_with_check_sequence && p.wire > needed) p.padding = p.wire - needed;
}

// ---- Recognising

namespace fast {

constexpr std::uint8_t tcp = 6, udp = 17;

inline std::uint16_t word(const std::uint8_t* p) { return static_cast<std::uint16_t>(p[0] << 8 | p[1]); }
inline std::uint32_t long_word(const std::uint8_t* p) { return std::uint32_t{word(p)} << 16 | word(p + 2); }

// Ports that tunnels or names of payloads hang on; others that fall into the same place go the long way in vain.
class Ports {
 public:
  constexpr Ports() {
    for (const unsigned port : {1701u, 1900u, 2123u, 2152u, 3386u, 4500u, 4789u, 4790u, 5072u, 5246u, 5247u, 6081u,
                                6635u, 8472u, 12222u, 12223u}) {
      bits_[place(port) / 64] |= std::uint64_t{1} << place(port) % 64;
    }
  }
  constexpr bool may_hold(unsigned port) const { return bits_[place(port) / 64] >> place(port) % 64 & 1; }

 private:
  static constexpr unsigned size = 4096;
  static constexpr unsigned place(unsigned port) { return port % size; }
  std::uint64_t bits_[size / 64] = {};
};
inline constexpr Ports special_purpose_ports;

// Whether the first bytes of a UDP payload may be DTLS, or Teredo between two ports above 1024.
inline bool may_be_tunnel(std::uint32_t first, std::uint16_t source, std::uint16_t destination) {
  const std::uint32_t version = first >> 8 & 0xffff;
  if (version == 0xfefd || version == 0xfeff || version == 0x0100) return true;
  return source > 1024 && destination > 1024 && (first >> 28 == 6 || first >> 16 <= 1);
}

}  // namespace fast

inline bool FastPath::match(const RawPacket& raw, FastHeaders& found) {
  using namespace fast;
  constexpr std::uint32_t at = l3;
  const std::uint8_t* const frame = raw.data;
  if (raw.captured < at + 28 || raw.wire < raw.captured || (frame[0] & 0xfd) == 0x01) return false;
  std::uint32_t header, length;
  std::uint8_t protocol;
  if (word(frame + 12) == type_ipv4) {
    if (frame[at] != 0x45 || (word(frame + at + 6) & 0x3fff) != 0) return false;  // options; fragments
    found.v6 = false;
    header = 20;
    length = word(frame + at + 2);
    protocol = frame[at + 9];
  } else {
    if (word(frame + 12) != type_ipv6 || frame[at] >> 4 != 6 || word(frame + at + 4) == 0) return false;
    found.v6 = true;
    header = 40;
    length = word(frame + at + 4) + 40u;
    protocol = frame[at + 6];
  }
  const std::uint32_t captured_l3 = std::min(raw.captured - at, length);
  if (length > raw.wire - at) return false;
  const std::uint8_t* const l4 = frame + at + header;
  if (protocol == tcp) {
    if (captured_l3 < header + 20) return false;
    found.l4_header = 4u * (l4[12] >> 4);
    if (found.l4_header < 20 || found.l4_header > captured_l3 - header) return false;
    found.udp = false;
  } else {
    if (protocol != fast::udp || captured_l3 < header + 12 || may_be_tunnel(long_word(l4 + 8), word(l4), word(l4 + 2)))
      return false;
    found.l4_header = 8;
    found.udp = true;
  }
  found.source_port = word(l4);
  found.destination_port = word(l4 + 2);
  if (special_purpose_ports.may_hold(found.source_port) || special_purpose_ports.may_hold(found.destination_port))
    return false;
  found.l3_length = length;
  found.captured_l3 = captured_l3;
  return true;
}

inline void FastPath::fill(Packet& p, const RawPacket& raw, const FastHeaders& found, const PacketStamp& stamp) const {
  begin_packet(p, like_[found.v6][found.udp], raw, stamp);
  if (found.captured_l3 < found.l3_length) p.status |= status::l3_snapped;
  p.source_port = found.source_port;
  p.destination_port = found.destination_port;
  const std::uint32_t l3_header = found.v6 ? 40 : 20;
  p.l7 = l3 + l3_header + found.l4_header;
  p.l3_length = found.l3_length;
  p.l4_header = found.l4_header;
  p.l4_length = found.l3_length - l3_header;
  p.l7_length = p.l4_length - found.l4_header;
  p.captured_l3 = found.captured_l3;
  p.captured_l4 = found.captured_l3 - l3_header;
  p.captured_l7 = p.captured_l4 - found.l4_header;
  set_packet_length(p, l3);
  set_padding(p, l3 + found.l3_length);
}

}  // namespace t2
