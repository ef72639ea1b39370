// The checksum of everything but complete packets of TCP and UDP: other protocols, fragments, packets that were cut.
//
// A packet is right if the sum over everything the checksum covers, the checksum included, folds to 0xffff. For a
// fragmented datagram the sums of its fragments are collected, in any order behind the first, and judged when all of
// its bytes were there once; as long as some are missing nothing is claimed.
#include "transport_checksum.hpp"

namespace tcp_flags {

namespace {

// What the checksum of a packet covers.
struct Cover {
  std::uint32_t bytes = 0;  // from the transport header on
  std::uint32_t field = 0;  // offset of the checksum, 0: there is none
  bool pseudo_header = true;
  bool known = true;  // the protocol has an Internet checksum
  bool used = true;   // the sender filled it in
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
    case icmp:
    case igmp:
    case icmp6: cover.field = 2; break;
    case tcp: cover.field = 16; break;
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
    default: cover.known = false;
  }
  return cover;
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

void add_fragment(Rare& rare, std::uint64_t sum, std::uint32_t bytes) {
  const std::uint16_t folded = fold(sum);
  rare.datagram_sum = folded ? folded : 0xffff;  // both are zero in one's complement
  rare.datagram_got = static_cast<std::uint16_t>(rare.datagram_got + bytes);
}

void first_fragment(Step& step, const Cover& cover) {
  const t2::Packet& packet = step.packet;
  Rare* rare = step.rare();
  if (!rare) return;
  rare->datagram_id = datagram_id(packet);
  rare->datagram_got = rare->datagram_length = rare->datagram_sum = 0;
  if (cover.used && packet.captured_l4 >= packet.l4_length)
    add_fragment(*rare, covered_sum(packet, cover), packet.l4_length);
}

void later_fragment(Step& step) {
  const t2::Packet& packet = step.packet;
  if (!step.own.rare) return;
  Rare& rare = *step.own.rare;
  if (!rare.datagram_sum || rare.datagram_id != datagram_id(packet)) return;
  if (packet.captured_l4 < packet.l4_length) {
    rare.datagram_sum = 0;
    return;
  }
  add_fragment(rare, rare.datagram_sum + sum_words(packet.data + packet.l4, packet.l4_length), packet.l4_length);
  if (!packet.more_fragments) {
    const std::uint32_t position = packet.family == t2::Family::ipv4
                                       ? (word_at(packet.data + packet.l3 + 6) & 0x1fffu) * 8
                                       : packet.bytes(packet.fragment_header + 2).u16() & 0xfff8u;
    rare.datagram_length = static_cast<std::uint16_t>(position + packet.l4_length);
  }
  if (!rare.datagram_length || rare.datagram_got != rare.datagram_length) return;
  std::uint64_t sum = rare.datagram_sum;
  if (has_pseudo_header(packet)) sum += pseudo_header(packet, rare.datagram_length);
  judge<true>(step, sum, true);
  rare.datagram_sum = 0;
}

void judge_other(Step& step) {
  const t2::Packet& packet = step.packet;
  if (packet.later_fragment) {
    if (IPCHECKSUM > 1) later_fragment(step);
    return;
  }
  const Cover cover = cover_of(step);
  const bool cut = packet.captured_l3 < packet.l3_length || (cover.known && packet.captured_l4 < packet.l4_length);
  if (cut) step.ip_flags |= ip_bit::cut | ip_bit::transport_checksum;
  if (!cover.known) return;
  step.common.trace.l4_field = cover.field;
  step.status |= stat::checksum_open;
  if (IPCHECKSUM < 2) return;
  if (packet.more_fragments) {
    first_fragment(step, cover);
    return;
  }
  step.status &= ~unsigned{stat::checksum_open};
  if (cut || !cover.used) return;
  std::uint64_t sum = covered_sum(packet, cover);
  if (cover.pseudo_header) sum += pseudo_header(packet, packet.l4_length);
  judge<true>(step, sum, cover.bytes >= cover.field + 2);
}

}  // namespace

Found other_checksum(Step step) {
  judge_other(step);
  return step;
}

}  // namespace tcp_flags
