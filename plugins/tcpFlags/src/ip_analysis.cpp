// Analyses what few IP packets have: the first packet of a direction, options, extension headers, fragments. Runs in
// the worker that owns the flow; never reads beyond the captured bytes.
#include "ip_analysis.hpp"

#include <algorithm>

namespace t2::tcp_flags {

namespace {

constexpr std::uint32_t small_fragment = 48;     // bytes from the IP header on
constexpr std::uint16_t last_position = 0x1fff;  // largest fragment offset, in units of 8 bytes

void ipv4_options(PacketContext& context, const std::uint8_t* ip) {
  ColdState* cold = context.cold();
  if (!cold) return;
  const std::uint8_t* end = ip + context.packet.l3_header;
  for (const std::uint8_t* at = ip + 20; at < end && *at != 0;) {
    const std::uint8_t type = *at;
    const std::uint8_t length = end - at > 1 ? at[1] : 0;
    cold->ip_option_class |= type & 0xe0;
    cold->ip_options[0] |= 1u << (type & 31);
    increment(cold->ip_option_count[0]);
    if (type > 1 && length == 0) {
      context.ip_flags |= ip_bit::options_corrupt;
      return;
    }
    at += type == 1 ? 1 : length;
  }
}

// Options of one extension header; a Pad1 ends the list.
void ipv6_options(PacketContext& context, std::uint32_t offset, unsigned which) {
  ColdState* cold = context.cold();
  if (offset == t2::absent || !cold) return;
  t2::Bytes header = context.packet.bytes(offset);
  header.skip(1);
  const std::size_t bytes = header.u8() * 8u + 6;
  t2::Bytes options(header.read(std::min(bytes, header.left())));
  while (options.left()) {
    const std::uint8_t type = options.u8();
    if (type == 0) return;
    cold->ip_options[which] |= 1u << (type & 31);
    increment(cold->ip_option_count[which]);
    options.skip(options.u8());
  }
}

// Records the extension headers between the IPv6 header and the transport header, as far as they were captured.
void walk_extension_headers(PacketContext& context, const std::uint8_t* ip) {
  const t2::Packet& packet = context.packet;
  ColdState* cold = context.cold();
  if (!cold) return;
  const std::uint32_t end = std::min(packet.l4, packet.captured);
  std::uint8_t next = ip[6];
  for (std::uint32_t at = packet.l3 + 40; at + 8 <= end;) {
    const std::uint8_t* header = packet.data + at;
    std::uint32_t size = (header[1] + 1u) * 8;
    switch (next) {
      case 0: cold->extensions |= extension::hop_by_hop; break;
      case 60: cold->extensions |= extension::destination; break;
      case 43: cold->extensions |= extension::routing; break;
      case 44:
        cold->extensions |=
            load_big<std::uint16_t>(header + 2) >> 3 ? extension::later_fragment : extension::first_fragment;
        size = 8;
        break;
      case 51:
        cold->extensions |= extension::authentication;
        size = (header[1] + 2u) * 4;
        break;
      default: return;
    }
    next = header[0];
    at += size;
  }
}

}  // namespace

void begin_ip(const t2::Packet& packet, const std::uint8_t* ip, IpHeader header, TcpFlagsState& own) {
  own.ttl = own.ttl_min = own.ttl_max = header.ttl;
  const std::uint32_t label = load_big<std::uint32_t>(ip) & 0xfffff;
  const bool v4 = packet.family == t2::Family::ipv4;
  own.ip_id = v4 ? header.id : static_cast<std::uint16_t>(label);
  own.ip_id_first = v4 ? header.id : static_cast<std::uint16_t>(label >> 16);
  if (packet.later_fragment) return;
  if ((packet.protocol == icmp || packet.protocol == icmpv6) && packet.captured_l4 >= 2) {
    own.mss_or_icmp = load_big<std::uint16_t>(packet.data + packet.l4);
  }
  if (packet.protocol == igmp && packet.captured_l4 >= 1)
    own.mss_or_icmp = static_cast<std::uint16_t>(packet.data[packet.l4] << 8);
}

PacketFindings read_ip_options(PacketContext context, const std::uint8_t* ip) {
  const t2::Packet& packet = context.packet;
  if (packet.captured_l3 < packet.l3_header) {  // captured_l3 is never more than the header says
    context.ip_flags |= ip_bit::options_corrupt;
  } else if (packet.family == t2::Family::ipv4) {
    ipv4_options(context, ip);
  } else {
    ipv6_options(context, packet.hop_options, 0);
    ipv6_options(context, packet.destination_options, 1);
  }
  return context;
}

PacketFindings read_extension_headers(PacketContext context, const std::uint8_t* ip) {
  walk_extension_headers(context, ip);
  return context;
}

PacketFindings check_fragment_position(PacketContext context, std::uint16_t position) {
  const t2::Packet& packet = context.packet;
  ColdState* cold = context.cold();
  if (!cold) return context;
  std::uint16_t& expected = cold->fragment_expected;
  if (packet.more_fragments && packet.l3_length < small_fragment) context.ip_flags |= ip_bit::fragment_small;
  if (position - expected > 1) context.ip_flags |= ip_bit::fragment_position;
  expected = static_cast<std::uint16_t>(position + packet.l4_length / 8);
  if (expected > last_position) context.ip_flags |= ip_bit::fragment_range;
  return context;
}

}  // namespace t2::tcp_flags
