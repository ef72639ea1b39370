// The options of a TCP header: which there are, and the values of those that say something about the sender.
//
// The walk trusts the length bytes, whatever the kind says they should be, but never leaves the header: a value that
// would stand behind its end does not exist.
#include "tcp_options.hpp"

#include <algorithm>
#include <cstring>

namespace tcp_flags {

namespace {

struct Option {
  const std::uint8_t* at;
  std::ptrdiff_t room;  // bytes up to the end of the header
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

// RFC 8684: the subtype is the upper half of the third byte.
void multipath_option(Step& step, const Option& option) {
  enum Subtype : unsigned { capable, join, dss, add_address, remove_address, priority };
  const unsigned subtype = option.at[2] >> 4;
  const std::uint8_t low = option.at[2] & 0x0f;
  const bool has_next = option.has(4) && option.length > 3;
  const std::uint8_t next = has_next ? option.at[3] : 0;
  Trace& trace = step.common.trace;
  Rare none{};
  Rare& keep = step.rare() ? *step.own.rare : none;
  keep.mptcp_types |= static_cast<Word>(1u << subtype);
  trace.mptcp_subtype = static_cast<std::uint8_t>(subtype);
  switch (subtype) {
    case capable: trace.mptcp_flags |= next; break;
    case join:
    case priority:
      if (option.length > 16) break;
      trace.mptcp_flags |= low;
      if (has_next) keep.mptcp_address = trace.mptcp_address = next;
      break;
    case dss: trace.mptcp_dss |= next & 0x1f; break;
    case add_address:
    case remove_address:
      if (has_next) keep.mptcp_address = trace.mptcp_address = next;
      break;
    default: break;
  }
  keep.mptcp_flags |= trace.mptcp_flags;
  keep.mptcp_dss |= trace.mptcp_dss;
  step.status |= stat::mptcp;
  ++step.common.totals.mptcp_options;
}

// Smallest size that the value of an option needs.
std::ptrdiff_t needed(std::uint8_t kind) {
  switch (kind) {
    case segment_size: return 4;
    case window_scale:
    case multipath: return 3;
    case timestamps: return 10;
    default: return 1;
  }
}

void take(Step& step, const Option& option) {
  if (!option.has(needed(option.kind))) {
    step.status |= stat::options_corrupt;
    return;
  }
  switch (option.kind) {
    case segment_size: step.own.mss_or_icmp = word_at(option.at + 2); break;
    case window_scale: scale(step, option); break;
    case sack: step.status |= stat::sack; break;
    case timestamps:
      if (NAT_BT_EST) time_stamp(step, option.at);
      break;
    case multipath:
      if (MPTCP) multipath_option(step, option);
      break;
    default: break;
  }
}

// Kinds of packets with SYN, in order: the first ones in the state itself, the whole list in memory of its own as soon
// as it gets longer (a SYN that was sent again) or has unusual kinds.
void keep_kind(Step& step, std::uint8_t kind) {
  Side& own = step.own;
  if (own.kind_count == JA4TOPTMX) return;
  if (!(own.rare && own.rare->has_kinds)) {
    if (own.kind_count < short_kinds && kind < 16) {
      own.kinds |= static_cast<std::uint32_t>(kind) << 4 * own.kind_count++;
      return;
    }
    Rare* rare = step.rare();
    if (!rare) return;
    for (unsigned i = 0; i < own.kind_count; ++i) rare->kinds[i] = short_kind(own, i);
    rare->has_kinds = true;
  }
  own.rare->kinds[own.kind_count++] = kind;
}

void walk(Step& step) {
  const t2::Packet& packet = step.packet;
  if (packet.captured_l4 < packet.l4_header) {
    step.status |= stat::options_corrupt;
    return;
  }
  Side& own = step.own;
  Trace& trace = step.common.trace;
  trace.mptcp_subtype = trace.mptcp_flags = trace.mptcp_address = trace.mptcp_dss = 0;
  ++own.option_packets;
  const std::uint8_t* header = packet.data + packet.l4;
  const std::uint8_t* end = header + packet.l4_header;
  for (const std::uint8_t* at = header + 20; at < end && *at != end_of_list;) {
    const Option option{at, end - at, *at, end - at > 1 ? at[1] : std::uint8_t{0}};
    ++own.option_count;
    if (TCPJA4T && (step.flags & flag::syn)) keep_kind(step, option.kind);
    own.options |= 1u << std::min<unsigned>(option.kind, 31);
    if (option.kind != no_operation && option.length == 0) {
      step.status |= stat::options_corrupt;
      return;
    }
    take(step, option);
    at += option.kind == no_operation ? 1 : option.length;
  }
}

}  // namespace

Found walk_tcp_options(Step step) {
  walk(step);
  return step;
}

// Times of the first and last packets of a direction are known to the core. Here are the others.
Found note_stamp_time(Step step, bool first) {
  Rare* rare = step.rare();
  if (!rare) return step;
  if (first) rare->stamp_first_time = step.packet.time;
  else rare->stamp_last_time = step.packet.previous;
  return step;
}

}  // namespace tcp_flags
