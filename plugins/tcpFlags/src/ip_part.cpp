// What every IP packet is asked, whatever it carries: header flags, options, TTL, identification, checksums, order in
// time, fragments, and how long the peer waited for it.
#include <algorithm>
#include <cmath>

#include "checksum.hpp"
#include "parts.hpp"

namespace tcp_flags {

namespace {

constexpr std::uint32_t small_fragment = 48;     // bytes from the IP header on
constexpr std::uint16_t last_position = 0x1fff;  // largest fragment offset, in units of 8 bytes

template <class T>
void count(T& counter) {
  counter = static_cast<T>(counter + 1);
}

// Fields that both versions have in other places.
struct Header {
  std::uint8_t ttl, tos;
  std::uint16_t id;           // 0 for IPv6
  std::uint16_t position;     // fragment offset in units of 8 bytes
};

Header read_header(const t2::Packet& packet, const std::uint8_t* ip) {
  if (packet.family == t2::Family::ipv4)
    return {ip[8], ip[1], word_at(ip + 4), static_cast<std::uint16_t>(word_at(ip + 6) & 0x1fff)};
  Header header{ip[7], static_cast<std::uint8_t>(word_at(ip) >> 4), 0, 0};
  if (packet.fragment_header != t2::absent) header.position = packet.bytes(packet.fragment_header + 2).u16() >> 3;
  return header;
}

void start(const t2::Packet& packet, const std::uint8_t* ip, const Header& header, Side& own) {
  own.last = packet.time;
  own.ttl = own.ttl_min = own.ttl_max = header.ttl;
  own.ip_id = header.id;
  own.tos_first = header.tos;
  own.id_first = packet.family == t2::Family::ipv4 ? header.id : long_at(ip) & 0xfffff;
  if ((packet.protocol == 1 || packet.protocol == 58) && !packet.later_fragment && packet.captured_l4 >= 2) {
    own.icmp_type = packet.data[packet.l4];
    own.icmp_code = packet.data[packet.l4 + 1];
  }
}

void ipv4_options(Step& step, const std::uint8_t* ip) {
  Side& own = step.own;
  const std::uint8_t* end = ip + step.packet.l3_header;
  for (const std::uint8_t* at = ip + 20; at < end && *at != 0;) {
    const std::uint8_t type = *at;
    const std::uint8_t length = end - at > 1 ? at[1] : 0;
    own.ip_option_class |= type & 0xe0;
    own.ip_options[0] |= 1u << (type & 31);
    count(own.ip_option_count[0]);
    if (type > 1 && length == 0) {
      step.ip_flags |= ip_bit::options_corrupt;
      return;
    }
    at += type == 1 ? 1 : length;
  }
}

// Options of one extension header; a Pad1 ends the list.
void ipv6_options(Step& step, std::uint32_t offset, unsigned which) {
  if (offset == t2::absent) return;
  t2::Bytes header = step.packet.bytes(offset);
  header.skip(1);
  const std::size_t bytes = header.u8() * 8u + 6;
  t2::Bytes options(header.take(std::min(bytes, header.left())));
  while (options.left()) {
    const std::uint8_t type = options.u8();
    if (type == 0) return;
    step.own.ip_options[which] |= 1u << (type & 31);
    count(step.own.ip_option_count[which]);
    options.skip(options.u8());
  }
}

void options(Step& step, const std::uint8_t* ip) {
  const t2::Packet& packet = step.packet;
  const bool v4 = packet.family == t2::Family::ipv4;
  if (v4 ? packet.l3_header <= 20 : packet.hop_options == t2::absent && packet.destination_options == t2::absent) return;
  if (packet.captured_l3 < packet.l3_header) {  // captured_l3 is never more than the header says
    step.ip_flags |= ip_bit::options_corrupt;
  } else if (v4) {
    ipv4_options(step, ip);
  } else {
    ipv6_options(step, packet.hop_options, 0);
    ipv6_options(step, packet.destination_options, 1);
  }
}

void identification(Step& step, std::uint16_t id) {
  Side& own = step.own;
  if (!step.packet.first_of_direction) {
    const int change = id - own.ip_id;
    step.trace.ip_id_step = change;
    if (change < 0) step.ip_flags |= ip_bit::id_down;
    own.ip_id_step_min = static_cast<std::uint16_t>(std::min<int>(change, own.ip_id_step_min));
    own.ip_id_step_max = static_cast<std::uint16_t>(std::max<int>(change, own.ip_id_step_max));
  }
  own.ip_id = id;
}

void header_checksum(Step& step, const std::uint8_t* ip) {
  const t2::Packet& packet = step.packet;
  if (packet.captured_l3 < packet.l3_header) {
    step.ip_flags |= ip_bit::header_checksum | ip_bit::cut;
  } else if (IPCHECKSUM > 0 && fold(sum_words(ip, packet.l3_header)) != 0xffff) {
    step.ip_flags |= ip_bit::header_checksum;
  }
}

void fragment_position(Step& step, std::uint16_t position) {
  const t2::Packet& packet = step.packet;
  std::uint16_t& expected = step.own.fragment_expected;
  if (packet.more_fragments && packet.l3_length < small_fragment) step.ip_flags |= ip_bit::fragment_small;
  if (position - expected > 1) step.ip_flags |= ip_bit::fragment_position;
  expected = static_cast<std::uint16_t>(position + packet.l4_length / 8);
  if (expected > last_position) step.ip_flags |= ip_bit::fragment_range;
}

void packet_distance(Step& step) {
  Side& own = step.own;
  const t2::Time passed = step.packet.time - own.last;
  if (!step.packet.first_of_direction) {
    if (passed == 0) step.ip_flags |= ip_bit::no_distance;
    if (passed < 0) step.ip_flags |= ip_bit::time_back;
  }
  step.distance = static_cast<float>(static_cast<double>(passed) / 1e9);
  own.last = step.packet.time;
}

// The time since the peer's last packet counts as the answer time that the peer saw. Fractions of a second are rounded
// to single precision before they are subtracted, and means are weighed with all packets of this direction: users'
// baselines were made so.
void answer_time(const Step& step) {
  Side& own = step.own;
  Side& peer = *step.peer;
  if (own.trip_state == Trip::stop) return;
  const t2::Time now = step.packet.time;
  const double seconds = static_cast<double>(now / t2::one_second - peer.last / t2::one_second);
  const float fraction = static_cast<float>(now % t2::one_second) - static_cast<float>(peer.last % t2::one_second);
  const float time = static_cast<float>(std::fabs(seconds + static_cast<double>(fraction) / 1e9));
  peer.rtt_min = std::min(peer.rtt_min, time);
  peer.rtt_max = std::max(peer.rtt_max, time);
  if ((peer.trip_state == Trip::syn || peer.trip_state == Trip::syn_ack) && peer.packets == 1.0f) {
    peer.trip = peer.rtt_mean = time;
    return;
  }
  const float deviation = time - peer.rtt_mean;
  peer.rtt_mean += deviation / own.packets;
  peer.rtt_variance += (deviation * deviation - peer.rtt_variance) / own.packets;
  peer.trip_state = Trip::ack;
}

}  // namespace

void ip_part(Step& step) {
  const t2::Packet& packet = step.packet;
  Side& own = step.own;
  const bool v4 = packet.family == t2::Family::ipv4;
  const std::uint8_t* ip = packet.data + packet.l3;
  if (packet.captured - packet.l3 < (v4 ? 20 : 40)) return;  // no IP flow is made of less
  const Header header = read_header(packet, ip);

  if (packet.first_of_direction) start(packet, ip, header, own);
  own.packets += 1.0f;
  if (v4) step.ip_flags |= ip[6] & 0xe0;
  else if (packet.more_fragments) step.ip_flags |= ip_bit::more_fragments;
  options(step, ip);

  if (header.ttl != own.ttl) count(own.ttl_changes);
  own.ttl = header.ttl;
  own.ttl_min = std::min(own.ttl_min, header.ttl);
  own.ttl_max = std::max(own.ttl_max, header.ttl);
  own.tos |= header.tos;

  if (v4) {
    identification(step, header.id);
    header_checksum(step, ip);
  }
  transport_checksum(step);
  packet_distance(step);
  if (FRAG_ANALYZE && (packet.more_fragments || header.position)) fragment_position(step, header.position);
  own.ip_flags |= step.ip_flags;

  if (!step.peer) return;
  if (RTT_ESTIMATE) answer_time(step);
  else step.peer->trip_state = Trip::none;
}

}  // namespace tcp_flags
