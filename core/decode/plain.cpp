// The short cut.
#include "decode/plain.hpp"

#include <algorithm>
#include <cstring>

#include "decode/dissector.hpp"
#include "tranalyzer.h"

namespace t2 {

namespace {

constexpr std::uint8_t tcp = 6, udp = 17;

std::uint16_t word(const std::uint8_t* p) { return static_cast<std::uint16_t>(p[0] << 8 | p[1]); }
std::uint32_t long_word(const std::uint8_t* p) { return std::uint32_t{word(p)} << 16 | word(p + 2); }

// Ports that tunnels or names of payloads hang on; others that fall into the same place go the long way in vain.
class Ports {
 public:
  constexpr Ports() {
    for (const unsigned port : {1701u, 1900u, 2123u, 2152u, 3386u, 4500u, 4789u, 4790u, 5072u, 5246u, 5247u, 6081u, 8472u, 12222u, 12223u}) {
      bits_[place(port) / 64] |= std::uint64_t{1} << place(port) % 64;
    }
  }
  constexpr bool may_hold(unsigned port) const { return bits_[place(port) / 64] >> place(port) % 64 & 1; }

 private:
  static constexpr unsigned size = 4096;
  static constexpr unsigned place(unsigned port) { return port % size; }
  std::uint64_t bits_[size / 64] = {};
};
constexpr Ports with_a_meaning;

// Whether the first bytes of a UDP payload may be DTLS, or Teredo between two ports above 1024.
bool recognised(std::uint32_t first, std::uint16_t source, std::uint16_t destination) {
  const std::uint32_t version = first >> 8 & 0xffff;
  if (version == 0xfefd || version == 0xfeff || version == 0x0100) return true;
  return source > 1024 && destination > 1024 && (first >> 28 == 6 || first >> 16 <= 1);
}

}  // namespace

void set_packet_length(Packet& p, std::uint32_t at) {
  switch (PACKETLENGTH) {
    case 0: p.length = p.family == Family::ipv4 ? p.l3_length + at : p.wire; break;
    case 1: p.length = p.l3_length; break;
    case 2: p.length = p.l4_length; break;
    default: p.length = p.l7_length; break;
  }
  if (PACKETLENGTH < 2 && FRGIPPKTLENVIEW && p.later_fragment && p.family == Family::ipv4) p.length -= std::min(p.length, p.l3_header);
}

void set_padding(Packet& p, std::uint32_t needed) {
  constexpr std::uint32_t shortest_with_check_sequence = 64;
  if (p.wire <= shortest_with_check_sequence && p.wire > needed) p.padding = p.wire - needed;
}

PlainDecoder::PlainDecoder(HeaderStacks& stacks) {
  const HeaderStacks::Id ethernet = stacks.push(HeaderStacks::root, header::eth);
  const auto stack = [&](HeaderCode network, HeaderCode transport, status::Word status) {
    const HeaderStacks::Id id = stacks.push(stacks.push(ethernet, network), transport);
    return Stack{stacks.text_id(id), status | (stacks.overrun(id) ? status::headers_overrun : 0)};
  };
  constexpr status::Word v4 = status::ipv4_seen | status::ipv4, v6 = status::ipv6_seen | status::ipv6;
  stack_[0][0] = stack(header::ipv4, header::tcp, v4), stack_[0][1] = stack(header::ipv4, header::udp, v4);
  stack_[1][0] = stack(header::ipv6, header::tcp, v6), stack_[1][1] = stack(header::ipv6, header::udp, v6);
}

bool PlainDecoder::recognise(const RawPacket& raw, Plain& found) {
  constexpr std::uint32_t at = l3;
  const std::uint8_t* const frame = raw.data;
  if (raw.captured < at + 28 || raw.wire < raw.captured || (frame[0] & 0xfd) == 0x01) return false;
  found.v4 = word(frame + 12) == type_ipv4;
  std::uint32_t header, length;
  std::uint8_t protocol;
  if (found.v4) {
    if (frame[at] != 0x45 || (word(frame + at + 6) & 0x3fff) != 0) return false;  // options; fragments
    header = 20;
    length = word(frame + at + 2);
    protocol = frame[at + 9];
  } else {
    if (word(frame + 12) != type_ipv6 || frame[at] >> 4 != 6 || word(frame + at + 4) == 0) return false;
    header = 40;
    length = word(frame + at + 4) + 40u;
    protocol = frame[at + 6];
  }
  found.tcp = protocol == tcp;
  if (!found.tcp && protocol != udp) return false;
  const std::uint32_t captured_l3 = std::min(raw.captured - at, length);
  if (length > raw.wire - at || captured_l3 < header + (found.tcp ? 20 : 12)) return false;
  const std::uint8_t* const l4 = frame + at + header;
  const std::uint32_t l4_header = found.tcp ? 4u * (l4[12] >> 4) : 8;
  if (found.tcp && (l4_header < 20 || l4_header > captured_l3 - header)) return false;
  const std::uint16_t source = word(l4), destination = word(l4 + 2);
  if (with_a_meaning.may_hold(source) || with_a_meaning.may_hold(destination)) return false;
  if (!found.tcp && recognised(long_word(l4 + 8), source, destination)) return false;
  found.l3_length = length;
  found.captured_l3 = captured_l3;
  found.l4_header = l4_header;
  found.source_port = source;
  found.destination_port = destination;
  return true;
}

status::Word PlainDecoder::status(const Plain& found) const {
  return stack_[found.v4 ? 0 : 1][found.tcp ? 0 : 1].status | (found.captured_l3 < found.l3_length ? status::l3_snapped : 0);
}

void PlainDecoder::fill(Packet& p, const RawPacket& raw, const Plain& found, Time clock, std::uint64_t number) const {
  static constexpr Packet fresh{};
  std::memcpy(static_cast<void*>(&p), &fresh, sizeof p);
  const std::uint32_t header = found.v4 ? 20 : 40, l4 = l3 + header;
  p.time = raw.time;
  p.clock = clock;
  p.number = number;
  p.data = raw.data;
  p.captured = raw.captured;
  p.wire = raw.wire;
  p.status = status(found);
  p.family = found.v4 ? Family::ipv4 : Family::ipv6;
  p.protocol = found.tcp ? tcp : udp;
  p.has_ports = true;
  p.ether_type = found.v4 ? type_ipv4 : type_ipv6;
  p.source_port = found.source_port;
  p.destination_port = found.destination_port;
  p.header_count = header_count;
  p.headers = stack_[found.v4 ? 0 : 1][found.tcp ? 0 : 1].text;
  p.l2 = p.destination_mac = 0;
  p.source_mac = 6;
  p.l3 = l3;
  p.l4 = l4;
  p.l7 = l4 + found.l4_header;
  p.l3_length = found.l3_length;
  p.l3_header = header;
  p.l4_header = found.l4_header;
  p.l4_length = found.l3_length - header;
  p.l7_length = p.l4_length - found.l4_header;
  p.captured_l3 = found.captured_l3;
  p.captured_l4 = found.captured_l3 - header;
  p.captured_l7 = p.captured_l4 - found.l4_header;
  set_packet_length(p, l3);
  set_padding(p, l3 + found.l3_length);
}

}  // namespace t2
