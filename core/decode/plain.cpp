// The short cut.
#include "decode/plain.hpp"

#include <algorithm>

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
  const auto stack = [&](HeaderCode network, HeaderCode transport) {
    const HeaderStacks::Id id = stacks.push(stacks.push(ethernet, network), transport);
    return Stack{stacks.text_id(id), stacks.overrun(id) ? status::headers_overrun : 0};
  };
  stack_[0][0] = stack(header::ipv4, header::tcp), stack_[0][1] = stack(header::ipv4, header::udp);
  stack_[1][0] = stack(header::ipv6, header::tcp), stack_[1][1] = stack(header::ipv6, header::udp);
}

bool PlainDecoder::decode(Packet& p) const {
  constexpr std::uint32_t at = 14;
  const std::uint8_t* const frame = p.data;
  if (p.captured < at + 28 || p.wire < p.captured || (frame[0] & 0xfd) == 0x01) return false;
  const bool v4 = word(frame + 12) == type_ipv4;
  std::uint32_t header, length;
  std::uint8_t protocol;
  if (v4) {
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
  const bool is_tcp = protocol == tcp;
  if (!is_tcp && protocol != udp) return false;
  const std::uint32_t captured_l3 = std::min(p.captured - at, length);
  if (length > p.wire - at || captured_l3 < header + (is_tcp ? 20 : 12)) return false;
  const std::uint32_t l4 = at + header, captured_l4 = captured_l3 - header;
  const std::uint32_t l4_header = is_tcp ? 4u * (frame[l4 + 12] >> 4) : 8;
  if (is_tcp && (l4_header < 20 || l4_header > captured_l4)) return false;
  const std::uint16_t source = word(frame + l4), destination = word(frame + l4 + 2);
  if (with_a_meaning.may_hold(source) || with_a_meaning.may_hold(destination)) return false;
  if (!is_tcp && recognised(long_word(frame + l4 + 8), source, destination)) return false;

  p.status |= (v4 ? status::ipv4_seen | status::ipv4 : status::ipv6_seen | status::ipv6) | (captured_l3 < length ? status::l3_snapped : 0);
  p.family = v4 ? Family::ipv4 : Family::ipv6;
  p.ether_type = v4 ? type_ipv4 : type_ipv6;
  p.protocol = protocol;
  p.has_ports = true;
  p.source_port = source;
  p.destination_port = destination;
  p.l2 = p.destination_mac = 0;
  p.source_mac = 6;
  p.l3 = at;
  p.l4 = l4;
  p.l7 = l4 + l4_header;
  p.l3_length = length;
  p.l3_header = header;
  p.l4_header = l4_header;
  p.l4_length = length - header;
  p.l7_length = length - header - l4_header;
  p.captured_l3 = captured_l3;
  p.captured_l4 = captured_l4;
  p.captured_l7 = captured_l4 - l4_header;
  set_packet_length(p, at);
  set_padding(p, at + length);
  const Stack& stack = stack_[v4 ? 0 : 1][is_tcp ? 0 : 1];
  p.headers = stack.text;
  p.status |= stack.status;
  p.header_count = header_count;
  return true;
}

}  // namespace t2
