// The options of a TCP header. Most headers have none or a time stamp alone: that is done here, the walk through all
// the others in tcp_options.cpp.
#pragma once

#include "parts.hpp"

namespace tcp_flags {

enum Kind : std::uint8_t {
  end_of_list,
  no_operation,
  segment_size,
  window_scale,
  sack = 5,
  timestamps = 8,
  multipath = 30
};

// Side::kinds
inline constexpr unsigned short_kinds = JA4TOPTMX < 8 ? JA4TOPTMX : 8;
inline std::uint8_t short_kind(const Side& side, unsigned i) {
  return static_cast<std::uint8_t>(side.kinds >> 4 * i & 15);
}

Found walk_tcp_options(Step);
Found note_stamp_time(Step, bool first);

[[gnu::always_inline]] inline void time_stamp(Step& step, const std::uint8_t* option) {
  Side& own = step.own;
  own.stamp = long_at(option + 2);
  own.stamp_echo = long_at(option + 6);
  step.stamped = true;
  if (own.stamp < own.stamp_max) {
    step.status |= stat::stamp_back;
    return;
  }
  own.stamp_max = own.stamp;
  if (step.status & stat::stamped) return;
  own.stamp_first = own.stamp;
  if (step.first()) own.stamp_on_first = true;
  else step.take(note_stamp_time(step, true));
  step.status |= stat::stamped;
}

[[gnu::always_inline]] inline void tcp_options(Step& step) {
  const t2::Packet& packet = step.packet;
  if (packet.l4_header <= 20) return;
  const std::uint8_t* options = packet.data + packet.l4 + 20;
  constexpr std::uint32_t padded_stamp = 0x0101080a;  // two NOP, kind 8 of 10 bytes (RFC 7323, appendix A)
  if (packet.l4_header != 32 || (!step.usual && packet.captured_l4 < 32) || (step.flags & flag::syn) ||
      long_at(options) != padded_stamp)
    return step.take(walk_tcp_options(step));
  Side& own = step.own;
  ++own.option_packets;
  own.option_count = static_cast<std::uint16_t>(own.option_count + 3);
  own.options |= 1u << no_operation | 1u << timestamps;
  if (NAT_BT_EST) time_stamp(step, options + 2);
}

// Behind each packet of a direction: was the last time stamp in this one?
[[gnu::always_inline]] inline void stamp_on_last(Step& step) {
  if (!NAT_BT_EST || step.own.stamp_on_last == step.stamped) return;
  if (!step.stamped) step.take(note_stamp_time(step, false));
  step.own.stamp_on_last = step.stamped;
}

}  // namespace tcp_flags
