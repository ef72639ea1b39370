// Analyses an IP packet, whatever it carries: header flags, TTL, identification, checksums, order in time, and how long
// the other side waited for it. What few packets have is in ip_analysis.cpp. Runs in the worker that owns the flow.
#pragma once

#include <algorithm>
#include <cmath>

#include "packet_context.hpp"
#include "transport_checksum.hpp"

namespace t2::tcp_flags {

// Fields that stand in different places in IPv4 and IPv6.
struct IpHeader {
  std::uint8_t ttl, tos;
  std::uint16_t id;        // 0 for IPv6
  std::uint16_t position;  // fragment offset in units of 8 bytes
};

void begin_ip(const t2::Packet&, const std::uint8_t* ip, IpHeader, TcpFlagsState& own);
PacketFindings read_ip_options(PacketContext, const std::uint8_t* ip);
PacketFindings check_fragment_position(PacketContext, std::uint16_t position);
PacketFindings read_extension_headers(PacketContext, const std::uint8_t* ip);

template <class T>
void increment(T& counter) {
  counter = static_cast<T>(counter + 1);
}

inline IpHeader read_header(const t2::Packet& packet, const std::uint8_t* ip, bool v4) {
  if (v4)
    return {ip[8], ip[1], load_big<std::uint16_t>(ip + 4),
            static_cast<std::uint16_t>(load_big<std::uint16_t>(ip + 6) & 0x1fff)};
  IpHeader header{ip[7], static_cast<std::uint8_t>(load_big<std::uint16_t>(ip) >> 4), 0, 0};
  if (packet.fragment_header != t2::absent) header.position = packet.bytes(packet.fragment_header + 2).u16() >> 3;
  return header;
}

inline bool has_ip_options(const t2::Packet& packet) {
  if (packet.family == t2::Family::ipv4) return packet.l3_header > 20;
  return packet.hop_options != t2::absent || packet.destination_options != t2::absent;
}

inline void update_ttl(TcpFlagsState& own, std::uint8_t ttl) {
  if (ttl == own.ttl) return;
  increment(own.ttl_changes);
  own.ttl = ttl;
  own.ttl_min = std::min(own.ttl_min, ttl);
  own.ttl_max = std::max(own.ttl_max, ttl);
}

template <bool traced>
[[gnu::always_inline]] inline void update_identification(PacketContext& context, std::uint16_t id) {
  TcpFlagsState& own = context.own;
  if (!context.first()) {
    const int change = id - own.ip_id;
    if (traced) context.worker.trace.ip_id_step = change;
    if (change < 0) context.ip_flags |= ip_bit::id_down;
    const bool smaller = change<own.ip_id_step_min, larger = change> own.ip_id_step_max;
    own.ip_id_step_min = static_cast<std::uint16_t>(smaller ? change : own.ip_id_step_min);
    own.ip_id_step_max = static_cast<std::uint16_t>(larger ? change : own.ip_id_step_max);
  }
  own.ip_id = id;
}

[[gnu::always_inline]] inline void verify_header_checksum(PacketContext& context, const std::uint8_t* ip) {
  const t2::Packet& packet = context.packet;
  if (!context.mid_connection && packet.captured_l3 < packet.l3_header) {
    context.ip_flags |= ip_bit::header_checksum | ip_bit::cut;
  } else if (config::ip_checksum &&
             !checksum_ok(context.mid_connection || packet.l3_header == 20 ? sum_words(ip, 20)
                                                                           : sum_words(ip, packet.l3_header))) {
    context.ip_flags |= ip_bit::header_checksum;
  }
}

[[gnu::always_inline]] inline void check_time_order(PacketContext& context) {
  const t2::Packet& packet = context.packet;
  if (packet.time > packet.previous || context.first()) return;
  context.ip_flags |= packet.time == packet.previous ? ip_bit::no_interval : ip_bit::time_back;
}

// Seconds from the other direction's last packet to this one. Fractions of a second are rounded to single precision
// before they are subtracted: published figures rest on that.
[[gnu::always_inline]] inline float seconds_since_other(t2::TimeSplitter& splitter, const t2::Packet& packet) {
  const t2::TimeSplitter::Parts now = splitter.split(packet.time), then = splitter.split_earlier(packet.other_last);
  const double seconds = static_cast<double>(now.second - then.second);
  const float fraction = static_cast<float>(now.fraction) - static_cast<float>(then.fraction);
  return static_cast<float>(std::fabs(seconds + static_cast<double>(fraction) / t2::fractions_per_second));
}

// The time since the other direction's last packet counts as the answer time that the other side saw. The weight
// of a new value is one of all packets of this direction, not of the values: the columns are defined so.
[[gnu::always_inline]] inline void update_rtt(const PacketContext& context) {
  TcpFlagsState& own = context.own;
  TcpFlagsState& other = *context.other;
  if (own.handshake == Handshake::stop) return;
  const float time = context.response_time;
  other.rtt_min = std::min(other.rtt_min, time);
  other.rtt_max = std::max(other.rtt_max, time);
  if ((other.handshake == Handshake::syn || other.handshake == Handshake::syn_ack) && !other.more_than_one) {
    other.trip = other.rtt_mean = time;
    return;
  }
  constexpr std::uint64_t most = 1 << 24;  // where counting in single precision ends
  const auto packets = static_cast<float>(static_cast<std::int64_t>(std::min(context.packet.index_in_direction, most)));
  using Lanes = float __attribute__((vector_size(16)));  // both quotients at once
  const float deviation = time - other.rtt_mean;
  const Lanes change = Lanes{deviation, deviation * deviation - other.rtt_variance} / packets;
  other.rtt_mean += change[0];
  other.rtt_variance += change[1];
  other.handshake = Handshake::ack;
}

template <bool traced>
[[gnu::always_inline]] inline void analyse_ip(PacketContext& context) {
  const t2::Packet& packet = context.packet;
  TcpFlagsState& own = context.own;
  const bool v4 = context.mid_connection || packet.family == t2::Family::ipv4;
  const std::uint8_t* ip = packet.data + packet.l3;
  if (!context.mid_connection && packet.captured - packet.l3 < (v4 ? 20 : 40)) return;  // no IP flow is made of less
  const IpHeader header = read_header(packet, ip, v4);

  if (context.first()) begin_ip(packet, ip, header, own);
  else if (!context.mid_connection) own.more_than_one = true;
  if (!context.mid_connection && has_ip_options(packet)) context.set(read_ip_options(context, ip));
  update_ttl(own, header.ttl);
  own.tos |= header.tos;

  if (v4) {
    context.ip_flags |= ip[6] & 0xe0u;
    update_identification<traced>(context, header.id);
    verify_header_checksum(context, ip);
  } else {
    if (packet.more_fragments) context.ip_flags |= ip_bit::more_fragments;
    if (packet.l3_header > 40) context.set(read_extension_headers(context, ip));
  }
  verify_transport_checksum<traced>(context);
  check_time_order(context);
  if (config::fragments && !context.mid_connection && (packet.more_fragments || header.position))
    context.set(check_fragment_position(context, header.position));
  own.ip_flags |= static_cast<Bits>(context.ip_flags);

  if (!context.other) return;
  if constexpr (config::response_times) update_rtt(context);
  else context.other->handshake = Handshake::none;
}

}  // namespace t2::tcp_flags
