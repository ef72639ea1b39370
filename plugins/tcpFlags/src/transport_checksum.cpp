// The checksum of TCP, UDP, ICMP and their like, also over the fragments of a datagram.
//
// A packet is right if the sum over everything the checksum covers, the checksum included, folds to 0xffff. For a
// fragmented datagram the sums of its fragments are collected, in any order behind the first, and judged when all of
// its bytes were there once; as long as some are missing nothing is claimed.
#include "checksum.hpp"
#include "parts.hpp"

namespace tcp_flags {

namespace {

enum Protocol : std::uint8_t { icmp = 1, igmp = 2, tcp = 6, udp = 17, gre = 47, icmp6 = 58, ospf = 89, udp_lite = 136 };

// What the checksum of a packet covers.
struct Cover {
  std::uint32_t bytes = 0;       // from the transport header on
  std::uint32_t field = 0;       // offset of the checksum, 0: there is none
  bool pseudo_header = true;
  bool known = true;             // the protocol has an Internet checksum
  bool used = true;              // the sender filled it in
};

bool has_pseudo_header(const t2::Packet& packet) {
  return packet.protocol != icmp && packet.protocol != igmp && packet.protocol != gre &&
         (packet.protocol != ospf || packet.family == t2::Family::ipv6);
}

// UDP lengths are compared with what was captured; UDP-Lite has a coverage in that place (RFC 3828).
Cover cover_of(Step& step) {
  const t2::Packet& packet = step.packet;
  Cover cover{packet.l4_length, 0, has_pseudo_header(packet), true, true};
  t2::Bytes header = packet.bytes(packet.l4);
  switch (packet.protocol) {
    case icmp: case igmp: case icmp6:
      cover.field = 2;
      break;
    case tcp:
      cover.field = 16;
      break;
    case udp: {
      cover.field = 6;
      header.skip(4);
      if (header.u16() != packet.captured_l4 && !packet.more_fragments) step.ip_flags |= ip_bit::length;
      cover.used = header.u16() != 0 || !header.ok() || packet.family == t2::Family::ipv6;
      break;
    }
    case udp_lite: {
      cover.field = 6;
      header.skip(4);
      const std::uint32_t coverage = header.u16();
      if (coverage >= 8 && coverage <= packet.l4_length) cover.bytes = coverage;
      else if (coverage != 0 && !packet.more_fragments) step.ip_flags |= ip_bit::length;
      if (packet.more_fragments) cover.used = coverage == 0;  // else part of a fragment would be covered
      break;
    }
    case gre:
      cover.used = (header.u8() & 0x80) != 0;
      cover.field = cover.used ? 4 : 0;
      break;
    case ospf:
      cover.field = 12;
      header.skip(14);
      cover.used = header.u16() != 2 || cover.pseudo_header;  // cryptographic authentication has no checksum
      break;
    default:
      cover.known = false;
  }
  return cover;
}

std::uint64_t pseudo_header(const t2::Packet& packet, std::uint32_t length) {
  const std::uint8_t* ip = packet.data + packet.l3;
  return (packet.family == t2::Family::ipv4 ? sum_words(ip + 12, 8) : sum_words(ip + 8, 32)) + as_word(packet.protocol) +
         as_word(static_cast<std::uint16_t>(length));
}

// Sum over the covered bytes of an unfragmented packet or a first fragment.
std::uint64_t covered_sum(const t2::Packet& packet, const Cover& cover) {
  const std::uint8_t* l4 = packet.data + packet.l4;
  if (packet.protocol == ospf && !cover.pseudo_header && cover.bytes >= 24)  // leaves out the authentication field
    return sum_words(l4, 16) + sum_words(l4 + 24, cover.bytes - 24);
  return sum_words(l4, cover.bytes);
}

std::uint16_t datagram_id(const t2::Packet& packet) {
  if (packet.family == t2::Family::ipv4) return word_at(packet.data + packet.l3 + 4);
  return static_cast<std::uint16_t>(packet.bytes(packet.fragment_header + 4).u32());
}

bool is_right(Step& step, std::uint64_t sum) {
  step.trace.l4_sum = fold(sum);
  step.trace.summed = true;
  return step.trace.l4_sum == 0xffff;
}

void add_fragment(Side& own, std::uint64_t sum, std::uint32_t bytes) {
  const std::uint16_t folded = fold(sum);
  own.datagram_sum = folded ? folded : 0xffff;  // both are zero in one's complement
  own.datagram_got = static_cast<std::uint16_t>(own.datagram_got + bytes);
}

void first_fragment(const t2::Packet& packet, const Cover& cover, Side& own) {
  own.datagram_id = datagram_id(packet);
  own.datagram_got = own.datagram_length = own.datagram_sum = 0;
  if (cover.used && packet.captured_l4 >= packet.l4_length) add_fragment(own, covered_sum(packet, cover), packet.l4_length);
}

void later_fragment(Step& step) {
  const t2::Packet& packet = step.packet;
  Side& own = step.own;
  if (!own.datagram_sum || own.datagram_id != datagram_id(packet)) return;
  if (packet.captured_l4 < packet.l4_length) {
    own.datagram_sum = 0;
    return;
  }
  add_fragment(own, own.datagram_sum + sum_words(packet.data + packet.l4, packet.l4_length), packet.l4_length);
  if (!packet.more_fragments) {
    const std::uint32_t position = packet.family == t2::Family::ipv4
                                       ? (word_at(packet.data + packet.l3 + 6) & 0x1fffu) * 8
                                       : packet.bytes(packet.fragment_header + 2).u16() & 0xfff8u;
    own.datagram_length = static_cast<std::uint16_t>(position + packet.l4_length);
  }
  if (!own.datagram_length || own.datagram_got != own.datagram_length) return;
  std::uint64_t sum = own.datagram_sum;
  if (has_pseudo_header(packet)) sum += pseudo_header(packet, own.datagram_length);
  if (!is_right(step, sum)) step.ip_flags |= ip_bit::transport_checksum;
  own.datagram_sum = 0;
}

}  // namespace

void transport_checksum(Step& step) {
  const t2::Packet& packet = step.packet;
  if (packet.later_fragment) {
    if (IPCHECKSUM > 1) later_fragment(step);
    return;
  }
  const Cover cover = cover_of(step);
  const bool cut = packet.captured_l3 < packet.l3_length || (cover.known && packet.captured_l4 < packet.l4_length);
  if (cut) step.ip_flags |= ip_bit::cut | ip_bit::transport_checksum;
  if (!cover.known) return;
  step.trace.l4_field = cover.field;
  step.status |= stat::checksum_open;
  if (IPCHECKSUM < 2) return;
  if (packet.more_fragments) {
    first_fragment(packet, cover, step.own);
    return;
  }
  step.status &= static_cast<Word>(~stat::checksum_open);
  if (cut || !cover.used) return;
  std::uint64_t sum = covered_sum(packet, cover);
  if (cover.pseudo_header) sum += pseudo_header(packet, packet.l4_length);
  if (!is_right(step, sum) || cover.bytes < cover.field + 2) step.ip_flags |= ip_bit::transport_checksum;
}

}  // namespace tcp_flags
