// What every IP packet is asked, whatever it carries: header flags, TTL, identification, checksums, order in time, and
// how long the peer waited for it. What few packets are asked is in ip_part.cpp.
#pragma once

#include <algorithm>
#include <cmath>

#include "parts.hpp"
#include "transport_checksum.hpp"

namespace tcp_flags {

// Fields that both versions have in other places.
struct IpHeader {
  std::uint8_t ttl, tos;
  std::uint16_t id;        // 0 for IPv6
  std::uint16_t position;  // fragment offset in units of 8 bytes
};

void ip_start(const t2::Packet&, const std::uint8_t* ip, IpHeader, Side& own);
Found ip_options(Step, const std::uint8_t* ip);
Found fragment_position(Step, std::uint16_t position);
Found extension_headers(Step, const std::uint8_t* ip);

template <class T>
void count(T& counter) {
  counter = static_cast<T>(counter + 1);
}

inline IpHeader read_header(const t2::Packet& packet, const std::uint8_t* ip, bool v4) {
  if (v4) return {ip[8], ip[1], word_at(ip + 4), static_cast<std::uint16_t>(word_at(ip + 6) & 0x1fff)};
  IpHeader header{ip[7], static_cast<std::uint8_t>(word_at(ip) >> 4), 0, 0};
  if (packet.fragment_header != t2::absent) header.position = packet.bytes(packet.fragment_header + 2).u16() >> 3;
  return header;
}

inline bool has_ip_options(const t2::Packet& packet) {
  if (packet.family == t2::Family::ipv4) return packet.l3_header > 20;
  return packet.hop_options != t2::absent || packet.destination_options != t2::absent;
}

inline void time_to_live(Side& own, std::uint8_t ttl) {
  if (ttl == own.ttl) return;
  count(own.ttl_changes);
  own.ttl = ttl;
  own.ttl_min = std::min(own.ttl_min, ttl);
  own.ttl_max = std::max(own.ttl_max, ttl);
}

template <bool traced>
[[gnu::always_inline]] inline void identification(Step& step, std::uint16_t id) {
  Side& own = step.own;
  if (!step.first()) {
    const int change = id - own.ip_id;
    if (traced) step.common.trace.ip_id_step = change;
    if (change < 0) step.ip_flags |= ip_bit::id_down;
    const bool smaller = change<own.ip_id_step_min, larger = change> own.ip_id_step_max;
    own.ip_id_step_min = static_cast<std::uint16_t>(smaller ? change : own.ip_id_step_min);
    own.ip_id_step_max = static_cast<std::uint16_t>(larger ? change : own.ip_id_step_max);
  }
  own.ip_id = id;
}

[[gnu::always_inline]] inline void header_checksum(Step& step, const std::uint8_t* ip) {
  const t2::Packet& packet = step.packet;
  if (!step.usual && packet.captured_l3 < packet.l3_header) {
    step.ip_flags |= ip_bit::header_checksum | ip_bit::cut;
  } else if (IPCHECKSUM > 0 &&
             !is_right(step.usual || packet.l3_header == 20 ? sum_words(ip, 20) : sum_words(ip, packet.l3_header))) {
    step.ip_flags |= ip_bit::header_checksum;
  }
}

[[gnu::always_inline]] inline void order_in_time(Step& step) {
  const t2::Packet& packet = step.packet;
  if (packet.time > packet.previous || step.first()) return;
  step.ip_flags |= packet.time == packet.previous ? ip_bit::no_distance : ip_bit::time_back;
}

// Seconds from the peer's last packet to this one. Fractions of a second are rounded to single precision before they
// are subtracted: users' baselines were made so.
[[gnu::always_inline]] inline float since_peer(Seconds& kept, const t2::Packet& packet) {
  const Seconds::Parts now = kept(packet.time), then = kept.before(packet.other_last);
  const double seconds = static_cast<double>(now.second - then.second);
  const float fraction = static_cast<float>(now.rest) - static_cast<float>(then.rest);
  return static_cast<float>(std::fabs(seconds + static_cast<double>(fraction) / 1e9));
}

// The time since the peer's last packet counts as the answer time that the peer saw. Means are weighed with all packets
// of this direction, as ever.
[[gnu::always_inline]] inline void answer_time(const Step& step) {
  Side& own = step.own;
  Side& peer = *step.peer;
  if (own.trip_state == Trip::stop) return;
  const float time = step.answer;
  peer.rtt_min = std::min(peer.rtt_min, time);
  peer.rtt_max = std::max(peer.rtt_max, time);
  if ((peer.trip_state == Trip::syn || peer.trip_state == Trip::syn_ack) && !peer.several) {
    peer.trip = peer.rtt_mean = time;
    return;
  }
  constexpr std::uint64_t most = 1 << 24;  // where counting in single precision ends
  const auto packets = static_cast<float>(static_cast<std::int64_t>(std::min(step.packet.index_in_direction, most)));
  using Lanes = float __attribute__((vector_size(16)));  // both quotients at once
  const float deviation = time - peer.rtt_mean;
  const Lanes change = Lanes{deviation, deviation * deviation - peer.rtt_variance} / packets;
  peer.rtt_mean += change[0];
  peer.rtt_variance += change[1];
  peer.trip_state = Trip::ack;
}

template <bool traced>
[[gnu::always_inline]] inline void ip_part(Step& step) {
  const t2::Packet& packet = step.packet;
  Side& own = step.own;
  const bool v4 = step.usual || packet.family == t2::Family::ipv4;
  const std::uint8_t* ip = packet.data + packet.l3;
  if (!step.usual && packet.captured - packet.l3 < (v4 ? 20 : 40)) return;  // no IP flow is made of less
  const IpHeader header = read_header(packet, ip, v4);

  if (step.first()) ip_start(packet, ip, header, own);
  else if (!step.usual) own.several = true;
  if (!step.usual && has_ip_options(packet)) step.take(ip_options(step, ip));
  time_to_live(own, header.ttl);
  own.tos |= header.tos;

  if (v4) {
    step.ip_flags |= ip[6] & 0xe0u;
    identification<traced>(step, header.id);
    header_checksum(step, ip);
  } else {
    if (packet.more_fragments) step.ip_flags |= ip_bit::more_fragments;
    if (packet.l3_header > 40) step.take(extension_headers(step, ip));
  }
  transport_checksum<traced>(step);
  order_in_time(step);
  if (FRAG_ANALYZE && !step.usual && (packet.more_fragments || header.position))
    step.take(fragment_position(step, header.position));
  own.ip_flags |= static_cast<Word>(step.ip_flags);

  if (!step.peer) return;
  if (RTT_ESTIMATE) answer_time(step);
  else step.peer->trip_state = Trip::none;
}

}  // namespace tcp_flags
