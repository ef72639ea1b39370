// Fills the columns of a finished direction. Where a figure is derived (clock tick, boot time, fingerprint), this is
// where it is derived.
#include "columns.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "bits.hpp"

namespace tcp_flags {

namespace {

void put_tos(t2::Row& row, std::uint8_t tos) {
  if (IPTOS == 0) {
    row.put(tos);
  } else {
    row.put(static_cast<std::uint8_t>(tos >> (IPTOS == 1 ? 2 : 5)));
    row.put(static_cast<std::uint8_t>(tos & 3));
  }
}

void put_ip(t2::Row& row, const Side& own, bool v4) {
  row.put(own.status);
  row.put(own.ip_id_step_min);
  row.put(own.ip_id_step_max);
  row.put(own.ttl_min);
  row.put(own.ttl_max);
  row.put(own.ttl_changes);
  put_tos(row, own.tos);
  row.put(own.ip_flags);
  const unsigned four = v4 ? 1 : 0, six = v4 ? 0 : 1;  // the fields hold the options of the flow's own version
  if (IPV6_ACTIVATE != 1) {
    row.put(static_cast<std::uint16_t>(own.ip_option_count[0] * four));
    row.put(own.ip_option_class);
    row.put(own.ip_options[0] * four);
  }
  if (IPV6_ACTIVATE != 0) {
    for (const unsigned count : own.ip_option_count) row.put(static_cast<std::uint16_t>(count * six));
    for (const std::uint32_t bits : own.ip_options) row.put(bits * six);
  }
}

void put_numbers(t2::Row& row, const Side& own) {
  row.put(own.isn);
  row.put(own.in_sequence);
  row.put(own.sent_bytes);
  row.put(own.retransmissions);
  row.put(own.acks);
  row.put(own.acked_bytes);
  row.put(own.ack_faults);
  row.put(own.in_flight_max);
}

void put_window(t2::Row& row, const Side& own) {
  row.put(own.window_first);
  row.put(own.window_mean);
  row.put(own.window_min);
  row.put(own.window_max);
  row.put(own.window_down);
  row.put(own.window_up);
  row.put(own.window_turns);
  row.put(own.tcp_packets ? static_cast<float>(own.window_below) / static_cast<float>(own.tcp_packets) : 0.0f);
}

// WINDOW_KIND-KIND...MSS_SHIFT: no separator between the last kind and the segment size, `00` for what is missing.
void put_fingerprint(t2::Row& row, const Side& own) {
  char text[4 * JA4TOPTMX + 32];
  char* at = text;
  const auto put = [&](std::string_view characters) {
    if (characters.size() <= static_cast<std::size_t>(std::end(text) - at)) at = std::copy(characters.begin(), characters.end(), at);
  };
  const auto number = [&](unsigned value) { at = std::to_chars(at, std::end(text), value).ptr; };
  number(own.window_first);
  put("_");
  for (unsigned i = 0; i < own.kind_count; ++i) {
    if (i) put("-");
    number(own.kinds[i]);
  }
  if (!own.kind_count) put("00_");
  if (own.mss < 10) put("0");
  number(own.mss);
  put("_");
  if (own.status & stat::scaled) number(own.scale);
  else put("00");
  row.text({text, static_cast<std::size_t>(at - text)});
}

void put_options(t2::Row& row, const Side& own) {
  row.put(own.option_packets);
  row.put(own.option_count);
  row.put(own.options);
  row.put(own.mss);
  row.put(static_cast<std::uint16_t>(own.status & stat::scaled ? 1u << (own.scale & 31) : 0));
  if (!MPTCP) return;
  row.put(own.mptcp_types);
  row.put(own.mptcp_flags);
  row.put(own.mptcp_address);
  row.put(own.mptcp_dss);
}

// Clocks tick in 1, 4, 10 or 100 ms, or in seconds. A clock that did not move is told by the initial TTL of the system.
float tick_of(const Side& own) {
  const std::uint32_t ticks = own.stamp - own.stamp_first;
  if (ticks == 0) {
    if (own.ttl_min >= 128) return 0.1f;
    if (own.ttl_min >= 64) return 0.004f;
    return own.ttl_min > 32 ? 0.01f : 0.001f;
  }
  const float span = static_cast<float>(static_cast<double>(own.stamp_last_time - own.stamp_first_time) / 1e9);
  const float tick = span / static_cast<float>(ticks);
  if (tick < 0.002f) return 0.001f;
  if (tick < 0.005f) return 0.004f;
  if (tick < 0.02f) return 0.01f;
  return tick < 0.7f ? 0.1f : 1.0f;
}

void put_clock(t2::Row& row, const Side& own) {
  float tick = 0;
  double up = 0;
  t2::Time boot = 0;
  if (own.options & 1u << 8) {
    tick = tick_of(own);
    up = static_cast<double>(own.stamp) * static_cast<double>(tick);
    const double whole = std::floor(up);
    boot = own.stamp_last_time - static_cast<t2::Time>(whole) * t2::one_second - static_cast<t2::Time>((up - whole) * 1e9);
    boot = std::max<t2::Time>(boot, 0);
  }
  row.put(own.stamp);
  row.put(own.stamp_echo);
  row.put(tick);
  row.put(up);
  row.put(boot);
}

void put_times(t2::Row& row, const Side& own, const Side* peer, bool inverted) {
  row.put(own.trip);
  row.put(own.rtt_min);
  row.put(own.rtt_max);
  row.put(own.rtt_mean);
  row.put(std::sqrt(own.rtt_variance));
  float round_trip = 0, deviation = 0;
  if (peer) round_trip = inverted ? own.rtt_mean + peer->rtt_mean : own.trip + peer->trip;
  if (peer && inverted) deviation = std::sqrt(own.rtt_variance + peer->rtt_variance);
  row.put(round_trip);
  row.put(deviation);
}

}  // namespace

void put_columns(t2::Row& row, const Side& own, const Side* peer, bool v4, bool inverted) {
  put_ip(row, own, v4);
  if (SEQ_ACK_NUM) put_numbers(row, own);
  if (WINDOWSIZE) put_window(row, own);
  row.put(own.tcp_flags);
  row.put(own.anomaly);
#if TCPFLGCNT
  for (const std::uint16_t count : own.flag_counts) row.put(count);
#endif
  if (TCPJA4T) put_fingerprint(row, own);
  put_options(row, own);
  if (NAT_BT_EST) put_clock(row, own);
  if (RTT_ESTIMATE) put_times(row, own, peer, inverted);
}

}  // namespace tcp_flags
