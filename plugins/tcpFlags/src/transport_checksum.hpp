// The checksum of TCP, UDP, ICMP and their like. Complete packets of TCP and UDP, nearly all, are verified inline
// here; transport_checksum.cpp verifies the others. Runs in the worker that owns the flow.
#pragma once

#include "checksum.hpp"
#include "packet_context.hpp"

namespace t2::tcp_flags {

using protocol::gre, protocol::icmp, protocol::icmpv6, protocol::igmp, protocol::ospf, protocol::tcp, protocol::udp,
    protocol::udp_lite;

PacketFindings verify_other_checksum(PacketContext);

inline std::uint64_t pseudo_header(const t2::Packet& packet, std::uint32_t length) {
  const std::uint8_t* ip = packet.data + packet.l3;
  return (packet.family == t2::Family::ipv4 ? sum_words(ip + 12, 8) : sum_words(ip + 8, 32)) +
         as_word(packet.protocol) + as_word(static_cast<std::uint16_t>(length));
}

// Takes the sum over everything that the checksum covers. `has_field`: the packet is long enough to hold a checksum.
template <bool traced>
[[gnu::always_inline]] inline void verify(PacketContext& context, std::uint64_t sum, bool has_field) {
  if (traced) {
    context.worker.trace.l4_sum = sum;
    context.worker.trace.summed = true;
  }
  if (!checksum_ok(sum) || !has_field) context.ip_flags |= ip_bit::transport_checksum;
}

// The sum of a complete packet: transport header, payload and pseudo header. The addresses of IPv4 stand in front of
// what follows, unless there are options.
inline std::uint64_t complete_sum(const t2::Packet& packet, bool mid_connection) {
  const std::uint32_t length = packet.l4_length;
  const std::uint8_t* header = packet.data + packet.l4;
  constexpr std::uint32_t readable = 32, longest = 0xffff - 8;
  if (!mid_connection && (packet.l4 + length < readable || length > longest))
    return sum_words(header, length) + pseudo_header(packet, length);
  if (mid_connection || (packet.family == t2::Family::ipv4 && packet.l4 == packet.l3 + 20))
    return sum_words_behind(header - 8, length + 8) + as_word(packet.protocol) +
           as_word(static_cast<std::uint16_t>(length));
  return sum_words_behind(header, length) + pseudo_header(packet, length);
}

template <bool traced>
[[gnu::always_inline]] inline void verify_transport_checksum(PacketContext& context) {
  const t2::Packet& packet = context.packet;
  const bool whole =
      context.mid_connection || (!packet.later_fragment && !packet.more_fragments &&
                                 packet.captured_l3 >= packet.l3_length && packet.captured_l4 >= packet.l4_length);
  std::uint32_t field = 0;
  if (!config::transport_checksum || !whole) return context.set(verify_other_checksum(context));
  const std::uint8_t* header = packet.data + packet.l4;
  if (context.mid_connection || (packet.protocol == tcp && packet.captured_l4 >= 18)) {
    field = 16;
  } else if (packet.protocol == udp && packet.captured_l4 >= 8) {
    field = 6;
    if (load_big<std::uint16_t>(header + 4) != packet.captured_l4) context.ip_flags |= ip_bit::length;
  } else {
    return context.set(verify_other_checksum(context));
  }
  if (traced) context.worker.trace.l4_field = field;
  if (!context.mid_connection && packet.protocol == udp && load_big<std::uint16_t>(header + 6) == 0 &&
      packet.family == t2::Family::ipv4)
    return;  // was not filled in
  verify<traced>(context, complete_sum(packet, context.mid_connection), true);
}

}  // namespace t2::tcp_flags
