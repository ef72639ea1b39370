// Fills the columns of a finished direction, and derives figures that no packet needs: clock tick, boot time,
// fingerprint. Runs in the worker when a flow has ended; changes no state.
#include "columns.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

#include "bits.hpp"
#include "tcp_options.hpp"

namespace t2::tcp_flags {

namespace {

// Several values at once: the row checks its room once, the rest are plain stores.
template <class... T>
void put(t2::Row& row, T... values) {
  std::uint8_t bytes[(sizeof(T) + ...)], *at = bytes;
  ((std::memcpy(at, &values, sizeof(T)), at += sizeof(T)), ...);
  row.raw(bytes, sizeof bytes);
}

constexpr ColdState no_cold_state{};
const ColdState& cold_of(const TcpFlagsState& state) { return state.cold ? *state.cold : no_cold_state; }

void put_tos(t2::Row& row, std::uint8_t tos) {
  if constexpr (config::tos_form == TosForm::hex) put(row, tos);
  else put(row, static_cast<std::uint8_t>(tos >> config::tos_class_shift), static_cast<std::uint8_t>(tos & 3));
}

void put_ip(t2::Row& row, const TcpFlagsState& own, bool v4) {
  const ColdState& cold = cold_of(own);
  put(row, own.status, own.ip_id_step_min, own.ip_id_step_max, own.ttl_min, own.ttl_max, own.ttl_changes);
  put_tos(row, own.tos);
  put(row, own.ip_flags);
  const unsigned if_v4 = v4 ? 1 : 0, if_v6 = v4 ? 0 : 1;  // the fields hold the options of the flow's own version
  if constexpr (config::ipv4_columns)
    put(row, static_cast<std::uint16_t>(cold.ip_option_count[0] * if_v4), cold.ip_option_class,
        cold.ip_options[0] * if_v4);
  if constexpr (config::ipv6_columns)
    put(row, static_cast<std::uint16_t>(cold.ip_option_count[0] * if_v6),
        static_cast<std::uint16_t>(cold.ip_option_count[1] * if_v6), cold.ip_options[0] * if_v6,
        cold.ip_options[1] * if_v6);
}

void put_numbers(t2::Row& row, const TcpHeaderState& own_tcp) {
  put(row, own_tcp.isn, own_tcp.in_sequence, own_tcp.sent_bytes, own_tcp.retransmissions, own_tcp.acks,
      own_tcp.acked_bytes, own_tcp.ack_faults, own_tcp.in_flight_max);
}

void put_window(t2::Row& row, const t2::Direction& direction, const TcpFlagsState& own, const TcpHeaderState& own_tcp) {
  const auto packets = static_cast<float>(tcp_packets(direction, own));
  const float below = packets > 0 ? static_cast<float>(cold_of(own).window_below) / packets : 0.0f;
  put(row, std::uint32_t{own_tcp.window_first}, own_tcp.window_mean, own_tcp.window_min, own_tcp.window_max,
      own_tcp.window_down, own_tcp.window_up, own_tcp.window_turns, below);
}

// WINDOW_KIND-KIND...MSS_SHIFT: no separator between the last kind and the segment size, `00` for what is missing.
void put_fingerprint(t2::Row& row, const TcpFlagsState& own, const TcpHeaderState& own_tcp) {
  char text[4 * config::max_option_kinds + 32];
  char* at = text;
  const auto put = [&](std::string_view characters) {
    if (characters.size() <= static_cast<std::size_t>(std::end(text) - at))
      at = std::copy(characters.begin(), characters.end(), at);
  };
  const auto number = [&](unsigned value) { at = std::to_chars(at, std::end(text), value).ptr; };
  number(own_tcp.window_first);
  put("_");
  for (unsigned i = 0; i < own_tcp.kind_count; ++i) {
    if (i) put("-");
    number(own.cold && own.cold->has_all_kinds ? own.cold->kinds[i] : packed_kind(own_tcp, i));
  }
  if (!own_tcp.kind_count) put("00_");
  if (own.mss() < 10) put("0");
  number(own.mss());
  put("_");
  if (own.status & stat::scaled) number(own_tcp.scale);
  else put("00");
  row.text({text, static_cast<std::size_t>(at - text)});
}

void put_options(t2::Row& row, const TcpFlagsState& own, const TcpHeaderState& own_tcp) {
  put(row, own_tcp.option_packets, own_tcp.option_count, own_tcp.options, own.mss(), own_tcp.window_factor(own));
  if constexpr (!config::multipath) return;
  const ColdState& cold = cold_of(own);
  put(row, cold.mptcp_types, cold.mptcp_flags, cold.mptcp_address, cold.mptcp_dss);
}

// Clocks tick in 1, 4, 10 or 100 ms, or in seconds. Of a clock that did not move the tick is guessed
// from the TTL, which tells operating systems apart.
float tick_of(std::uint8_t ttl_min, const TcpHeaderState& own_tcp, t2::Time first, t2::Time last) {
  const std::uint32_t ticks = own_tcp.timestamp - own_tcp.timestamp_first;
  if (ticks == 0) {
    if (ttl_min >= 128) return 0.1f;
    if (ttl_min >= 64) return 0.004f;
    return ttl_min > 32 ? 0.01f : 0.001f;
  }
  const float span = static_cast<float>(static_cast<double>(last - first) / 1e9);
  const float tick = span / static_cast<float>(ticks);
  if (tick < 0.002f) return 0.001f;
  if (tick < 0.005f) return 0.004f;
  if (tick < 0.02f) return 0.01f;
  return tick < 0.7f ? 0.1f : 1.0f;
}

void put_clock(t2::Row& row, const t2::EndedFlow& e, const TcpFlagsState& own, const TcpHeaderState& own_tcp) {
  float tick = 0;
  double up = 0;
  t2::Time boot = 0;
  if (own_tcp.options & 1u << 8) {
    const t2::Time first = own.timestamp_on_first || !own.cold ? e.own.first : own.cold->timestamp_first_time;
    const t2::Time last = own.timestamp_on_last || !own.cold ? e.own.last : own.cold->timestamp_last_time;
    tick = tick_of(own.ttl_min, own_tcp, first, last);
    up = static_cast<double>(own_tcp.timestamp) * static_cast<double>(tick);
    const double whole = std::floor(up);
    boot = last - static_cast<t2::Time>(whole) * t2::one_second - static_cast<t2::Time>((up - whole) * 1e9);
    boot = std::max<t2::Time>(boot, 0);
  }
  put(row, own_tcp.timestamp, own_tcp.timestamp_echo, tick, up, boot);
}

void put_times(t2::Row& row, const TcpFlagsState& own, const TcpFlagsState* other, bool inverted) {
  float round_trip = 0, deviation = 0;
  if (other) round_trip = inverted ? own.rtt_mean + other->rtt_mean : own.trip + other->trip;
  if (other && inverted) deviation = std::sqrt(own.rtt_variance + other->rtt_variance);
  put(row, own.trip, own.rtt_min, own.rtt_max, own.rtt_mean, std::sqrt(own.rtt_variance), round_trip, deviation);
}

}  // namespace

void put_columns(t2::Row& row, const t2::EndedFlow& e, const TcpFlagsState& own, const TcpHeaderState* tcp,
                 const TcpFlagsState* other) {
  static constexpr TcpHeaderState no_tcp{};
  const TcpHeaderState& own_tcp = tcp ? *tcp : no_tcp;
  put_ip(row, own, e.flow.key.family == t2::Family::ipv4);
  if constexpr (config::sequence_numbers) put_numbers(row, own_tcp);
  if constexpr (config::windows) put_window(row, e.own, own, own_tcp);
  put(row, own_tcp.tcp_flags, own_tcp.anomaly);
  if constexpr (config::flag_counters)
    for (const std::uint16_t count : *own_tcp.flag_counts) row.put(count);
  if constexpr (config::fingerprint) put_fingerprint(row, own, own_tcp);
  put_options(row, own, own_tcp);
  if constexpr (config::timestamps) put_clock(row, e, own, own_tcp);
  if constexpr (config::response_times) put_times(row, own, other, e.own.status & t2::status::inverted);
}

}  // namespace t2::tcp_flags
