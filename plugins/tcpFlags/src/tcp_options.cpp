// The options of a TCP header: which there are, and the values of those that say something about the sender.
//
// The walk trusts the length bytes, whatever the kind says they should be, but never leaves the header: a value that
// would stand behind its end does not exist.
#include <algorithm>

#include "parts.hpp"

namespace tcp_flags {

namespace {

enum Kind : std::uint8_t { end_of_list, no_operation, segment_size, window_scale, sack = 5, timestamps = 8, multipath = 30 };

struct Option {
  const std::uint8_t* at;
  std::ptrdiff_t room;    // bytes up to the end of the header
  std::uint8_t kind, length;
  bool has(std::ptrdiff_t bytes) const { return room >= bytes; }
};

void scale(Step& step, const Option& option) {
  if (!(step.flags & flag::syn)) return;
  step.own.scale = option.at[2];
  if (!(step.flags & flag::ack)) return;
  step.own.status |= stat::scaled;  // from the next packet on: this one still carries a plain window
  if (step.peer) step.peer->status |= stat::scaled;
}

void stamp(Step& step, const Option& option) {
  Side& own = step.own;
  own.stamp = long_at(option.at + 2);
  own.stamp_echo = long_at(option.at + 6);
  own.stamp_last_time = step.packet.time;
  if (own.stamp < own.stamp_max) {
    step.status |= stat::stamp_back;
    return;
  }
  own.stamp_max = own.stamp;
  if (step.status & stat::stamped) return;
  own.stamp_first = own.stamp;
  own.stamp_first_time = step.packet.time;
  step.status |= stat::stamped;
}

// RFC 8684: the subtype is the upper half of the third byte.
void multipath_option(Step& step, const Option& option, Totals& totals) {
  enum Subtype : unsigned { capable, join, dss, add_address, remove_address, priority };
  Side& own = step.own;
  const unsigned subtype = option.at[2] >> 4;
  const std::uint8_t low = option.at[2] & 0x0f;
  const bool has_next = option.has(4) && option.length > 3;
  const std::uint8_t next = has_next ? option.at[3] : 0;
  Trace& trace = step.trace;
  own.mptcp_types |= static_cast<Word>(1u << subtype);
  trace.mptcp_subtype = static_cast<std::uint8_t>(subtype);
  switch (subtype) {
    case capable:
      trace.mptcp_flags |= next;
      break;
    case join: case priority:
      if (option.length > 16) break;
      trace.mptcp_flags |= low;
      if (has_next) own.mptcp_address = trace.mptcp_address = next;
      break;
    case dss:
      trace.mptcp_dss |= next & 0x1f;
      break;
    case add_address: case remove_address:
      if (has_next) own.mptcp_address = trace.mptcp_address = next;
      break;
    default:
      break;
  }
  own.mptcp_flags |= trace.mptcp_flags;
  own.mptcp_dss |= trace.mptcp_dss;
  step.status |= stat::mptcp;
  ++totals.mptcp_options;
}

// Smallest size that the value of an option needs.
std::ptrdiff_t needed(std::uint8_t kind) {
  switch (kind) {
    case segment_size: return 4;
    case window_scale: case multipath: return 3;
    case timestamps: return 10;
    default: return 1;
  }
}

void take(Step& step, const Option& option, Totals& totals) {
  if (!option.has(needed(option.kind))) {
    step.status |= stat::options_corrupt;
    return;
  }
  switch (option.kind) {
    case segment_size: step.own.mss = word_at(option.at + 2); break;
    case window_scale: scale(step, option); break;
    case sack: step.status |= stat::sack; break;
    case timestamps:
      if (NAT_BT_EST) stamp(step, option);
      break;
    case multipath:
      if (MPTCP) multipath_option(step, option, totals);
      break;
    default: break;
  }
}

}  // namespace

void tcp_options(Step& step, Totals& totals) {
  const t2::Packet& packet = step.packet;
  if (packet.l4_header <= 20) return;
  if (packet.captured_l4 < packet.l4_header) {
    step.status |= stat::options_corrupt;
    return;
  }
  Side& own = step.own;
  ++own.option_packets;
  const std::uint8_t* header = packet.data + packet.l4;
  const std::uint8_t* end = header + packet.l4_header;
  for (const std::uint8_t* at = header + 20; at < end && *at != end_of_list;) {
    const Option option{at, end - at, *at, end - at > 1 ? at[1] : std::uint8_t{0}};
    ++own.option_count;
    if (TCPJA4T && (step.flags & flag::syn) && own.kind_count < JA4TOPTMX) own.kinds[own.kind_count++] = option.kind;
    own.options |= 1u << std::min<unsigned>(option.kind, 31);
    if (option.kind != no_operation && option.length == 0) {
      step.status |= stat::options_corrupt;
      return;
    }
    take(step, option, totals);
    at += option.kind == no_operation ? 1 : option.length;
  }
}

}  // namespace tcp_flags
