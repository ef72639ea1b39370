// The checksum of everything but complete packets of TCP and UDP: other protocols, fragments, packets that were cut.
//
// A packet is right if the sum over everything the checksum covers, the checksum included, folds to 0xffff. For a
// fragmented datagram the sums of its fragments are collected, in any order after the first, and verified when all of
// its bytes have arrived. While some are missing, no result is claimed. Never reads beyond the captured bytes.
#include "transport_checksum.hpp"

namespace t2::tcp_flags {

namespace {

// What the checksum of a packet covers.
struct ChecksumCoverage {
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

// UDP lengths are compared with what was captured; in UDP-Lite that field is the coverage (RFC 3828).
ChecksumCoverage coverage_of(PacketContext& context) {
  const t2::Packet& packet = context.packet;
  ChecksumCoverage coverage{packet.l4_length, 0, has_pseudo_header(packet), true, true};
  t2::Bytes header = packet.bytes(packet.l4);
  switch (packet.protocol) {
    case icmp:
    case igmp:
    case icmpv6: coverage.field = 2; break;
    case tcp: coverage.field = 16; break;
    case udp: {
      coverage.field = 6;
      header.skip(4);
      if (header.u16() != packet.captured_l4 && !packet.more_fragments) context.ip_flags |= ip_bit::length;
      coverage.used = header.u16() != 0 || !header.ok() || packet.family == t2::Family::ipv6;
      break;
    }
    case udp_lite: {
      coverage.field = 6;
      header.skip(4);
      const std::uint32_t field = header.u16();
      if (field >= 8 && field <= packet.l4_length) coverage.bytes = field;
      else if (field != 0 && !packet.more_fragments) context.ip_flags |= ip_bit::length;
      if (packet.more_fragments) coverage.used = field == 0;  // else part of a fragment would be covered
      break;
    }
    case gre:
      coverage.used = (header.u8() & 0x80) != 0;
      coverage.field = coverage.used ? 4 : 0;
      break;
    case ospf:
      coverage.field = 12;
      header.skip(14);
      coverage.used = header.u16() != 2 || coverage.pseudo_header;  // cryptographic authentication has no checksum
      break;
    default: coverage.known = false;
  }
  return coverage;
}

// Sum over the covered bytes of an unfragmented packet or a first fragment.
std::uint64_t covered_sum(const t2::Packet& packet, const ChecksumCoverage& coverage) {
  const std::uint8_t* l4 = packet.data + packet.l4;
  if (packet.protocol == ospf && !coverage.pseudo_header &&
      coverage.bytes >= 24)  // leaves out the authentication field
    return sum_words(l4, 16) + sum_words(l4 + 24, coverage.bytes - 24);
  return sum_words(l4, coverage.bytes);
}

std::uint16_t datagram_id(const t2::Packet& packet) {
  if (packet.family == t2::Family::ipv4) return load_big<std::uint16_t>(packet.data + packet.l3 + 4);
  return static_cast<std::uint16_t>(packet.bytes(packet.fragment_header + 4).u32());
}

void add_fragment(ColdState& cold, std::uint64_t sum, std::uint32_t bytes) {
  const std::uint16_t folded = fold(sum);
  cold.datagram_sum = folded ? folded : 0xffff;  // both are zero in one's complement
  cold.datagram_got = static_cast<std::uint16_t>(cold.datagram_got + bytes);
}

void first_fragment(PacketContext& context, const ChecksumCoverage& coverage) {
  const t2::Packet& packet = context.packet;
  ColdState* cold = context.cold();
  if (!cold) return;
  cold->datagram_id = datagram_id(packet);
  cold->datagram_got = cold->datagram_length = cold->datagram_sum = 0;
  if (coverage.used && packet.captured_l4 >= packet.l4_length)
    add_fragment(*cold, covered_sum(packet, coverage), packet.l4_length);
}

void later_fragment(PacketContext& context) {
  const t2::Packet& packet = context.packet;
  if (!context.own.cold) return;
  ColdState& cold = *context.own.cold;
  if (!cold.datagram_sum || cold.datagram_id != datagram_id(packet)) return;
  if (packet.captured_l4 < packet.l4_length) {
    cold.datagram_sum = 0;
    return;
  }
  add_fragment(cold, cold.datagram_sum + sum_words(packet.data + packet.l4, packet.l4_length), packet.l4_length);
  if (!packet.more_fragments) {
    const std::uint32_t position = packet.family == t2::Family::ipv4
                                       ? (load_big<std::uint16_t>(packet.data + packet.l3 + 6) & 0x1fffu) * 8
                                       : packet.bytes(packet.fragment_header + 2).u16() & 0xfff8u;
    cold.datagram_length = static_cast<std::uint16_t>(position + packet.l4_length);
  }
  if (!cold.datagram_length || cold.datagram_got != cold.datagram_length) return;
  std::uint64_t sum = cold.datagram_sum;
  if (has_pseudo_header(packet)) sum += pseudo_header(packet, cold.datagram_length);
  verify<true>(context, sum, true);
  cold.datagram_sum = 0;
}

void verify_uncommon(PacketContext& context) {
  const t2::Packet& packet = context.packet;
  if (packet.later_fragment) {
    if (config::transport_checksum) later_fragment(context);
    return;
  }
  const ChecksumCoverage coverage = coverage_of(context);
  const bool cut = packet.captured_l3 < packet.l3_length || (coverage.known && packet.captured_l4 < packet.l4_length);
  if (cut) context.ip_flags |= ip_bit::cut | ip_bit::transport_checksum;
  if (!coverage.known) return;
  context.worker.trace.l4_field = coverage.field;
  context.status |= stat::checksum_open;
  if (!config::transport_checksum) return;
  if (packet.more_fragments) {
    first_fragment(context, coverage);
    return;
  }
  context.status &= ~unsigned{stat::checksum_open};
  if (cut || !coverage.used) return;
  std::uint64_t sum = covered_sum(packet, coverage);
  if (coverage.pseudo_header) sum += pseudo_header(packet, packet.l4_length);
  verify<true>(context, sum, coverage.bytes >= coverage.field + 2);
}

}  // namespace

PacketFindings verify_other_checksum(PacketContext context) {
  verify_uncommon(context);
  return context;
}

}  // namespace t2::tcp_flags
