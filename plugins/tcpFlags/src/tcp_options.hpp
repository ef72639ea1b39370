// The options of a TCP header. Headers without options and with a time stamp alone, nearly all, are handled inline
// here; tcp_options.cpp walks through the others. Runs in the worker that owns the flow.
#pragma once

#include "packet_context.hpp"

namespace t2::tcp_flags {

enum OptionKind : std::uint8_t {
  end_of_list,
  no_operation,
  segment_size,
  window_scale,
  sack = 5,
  timestamps = 8,
  multipath = 30
};

// TcpHeaderState::kinds
inline constexpr unsigned packed_kinds = config::max_option_kinds < 8 ? config::max_option_kinds : 8;
inline std::uint8_t packed_kind(const TcpHeaderState& state, unsigned i) {
  return static_cast<std::uint8_t>(state.kinds >> 4 * i & 15);
}

PacketFindings walk_tcp_options(PacketContext);
PacketFindings record_timestamp_time(PacketContext, bool first);

[[gnu::always_inline]] inline void read_timestamp(PacketContext& context, const std::uint8_t* option) {
  TcpHeaderState& own_tcp = *context.own_tcp;
  own_tcp.timestamp = load_big<std::uint32_t>(option + 2);
  own_tcp.timestamp_echo = load_big<std::uint32_t>(option + 6);
  context.has_timestamp = true;
  if (own_tcp.timestamp < own_tcp.timestamp_max) {
    context.status |= stat::timestamp_back;
    return;
  }
  own_tcp.timestamp_max = own_tcp.timestamp;
  if (context.status & stat::timestamp_seen) return;
  own_tcp.timestamp_first = own_tcp.timestamp;
  if (context.first()) context.own.timestamp_on_first = true;
  else context.set(record_timestamp_time(context, true));
  context.status |= stat::timestamp_seen;
}

[[gnu::always_inline]] inline void tcp_options(PacketContext& context) {
  const t2::Packet& packet = context.packet;
  if (packet.l4_header <= 20) return;
  const std::uint8_t* options = packet.data + packet.l4 + 20;
  constexpr std::uint32_t padded_timestamp = 0x0101080a;  // two NOP, kind 8 of 10 bytes (RFC 7323, appendix A)
  if (packet.l4_header != 32 || (!context.mid_connection && packet.captured_l4 < 32) || (context.flags & flag::syn) ||
      load_big<std::uint32_t>(options) != padded_timestamp)
    return context.set(walk_tcp_options(context));
  TcpHeaderState& own_tcp = *context.own_tcp;
  ++own_tcp.option_packets;
  own_tcp.option_count = static_cast<std::uint16_t>(own_tcp.option_count + 3);
  own_tcp.options |= 1u << no_operation | 1u << timestamps;
  if constexpr (config::timestamps) read_timestamp(context, options + 2);
}

// After each packet: remembers whether the last time stamp came with it, and if not, when it came.
[[gnu::always_inline]] inline void update_timestamp_on_last(PacketContext& context) {
  if (!config::timestamps || context.own.timestamp_on_last == context.has_timestamp) return;
  if (!context.has_timestamp) context.set(record_timestamp_time(context, false));
  context.own.timestamp_on_last = context.has_timestamp;
}

}  // namespace t2::tcp_flags
