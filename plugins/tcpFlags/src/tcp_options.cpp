// The options of a TCP header: which there are, and the values of those that say something about the sender.
//
// The walk trusts the length bytes, whatever the kind says they should be, but never leaves the captured part of the
// header: a value that would stand behind its end does not exist. Runs in the worker that owns the flow.
#include "tcp_options.hpp"

#include <algorithm>
#include <cstring>

namespace t2::tcp_flags {

namespace {

struct TcpOption {
  const std::uint8_t* at;
  std::ptrdiff_t room;  // captured bytes up to the end of the header
  std::uint8_t kind, length;
  bool has(std::ptrdiff_t bytes) const { return room >= bytes; }
};

void scale(PacketContext& context, const TcpOption& option) {
  if (!(context.flags & flag::syn)) return;
  context.own_tcp->scale = option.at[2];
  if (!(context.flags & flag::ack)) return;
  context.own.status |= stat::scaled;  // from the next packet on: this one still carries a plain window
  if (context.other) context.other->status |= stat::scaled;
}

// RFC 8684: the subtype is the upper half of the third byte.
void multipath_option(PacketContext& context, const TcpOption& option) {
  enum Subtype : unsigned { capable, join, dss, add_address, remove_address, priority };
  const unsigned subtype = option.at[2] >> 4;
  const std::uint8_t low = option.at[2] & 0x0f;
  const bool has_next = option.has(4) && option.length > 3;
  const std::uint8_t next = has_next ? option.at[3] : 0;
  PacketTrace& trace = context.worker.trace;
  ColdState none{};
  ColdState& keep = context.cold() ? *context.own.cold : none;
  keep.mptcp_types |= static_cast<Bits>(1u << subtype);
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
  context.status |= stat::mptcp;
  ++context.worker.totals.mptcp_options;
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

void read_option(PacketContext& context, const TcpOption& option) {
  if (!option.has(needed(option.kind))) {
    context.status |= stat::options_corrupt;
    return;
  }
  switch (option.kind) {
    case segment_size: context.own.mss_or_icmp = load_big<std::uint16_t>(option.at + 2); break;
    case window_scale: scale(context, option); break;
    case sack: context.status |= stat::sack; break;
    case timestamps:
      if constexpr (config::timestamps) read_timestamp(context, option.at);
      break;
    case multipath:
      if constexpr (config::multipath) multipath_option(context, option);
      break;
    default: break;
  }
}

// Records the option kinds of packets with SYN, in order: up to eight kinds below 16 in the state itself; all of them
// in the cold state as soon as there are more (a SYN that was sent again) or larger ones.
void record_option_kind(PacketContext& context, std::uint8_t kind) {
  const TcpFlagsState& own = context.own;
  TcpHeaderState& own_tcp = *context.own_tcp;
  if (own_tcp.kind_count == config::max_option_kinds) return;
  if (!(own.cold && own.cold->has_all_kinds)) {
    if (own_tcp.kind_count < packed_kinds && kind < 16) {
      own_tcp.kinds |= static_cast<std::uint32_t>(kind) << 4 * own_tcp.kind_count++;
      return;
    }
    ColdState* cold = context.cold();
    if (!cold) return;
    for (unsigned i = 0; i < packed_kinds; ++i) cold->kinds[i] = packed_kind(own_tcp, i);  // behind the last one: 0
    cold->has_all_kinds = true;
  }
  own.cold->kinds[own_tcp.kind_count++] = kind;
}

void walk(PacketContext& context) {
  const t2::Packet& packet = context.packet;
  const std::uint32_t length = std::min(packet.l4_header, packet.captured_l4);  // the rest is cut off, or in a fragment
  if (length < packet.l4_header) context.status |= stat::options_corrupt;
  if (length <= 20) return;
  TcpHeaderState& own_tcp = *context.own_tcp;
  PacketTrace& trace = context.worker.trace;
  trace.mptcp_subtype = trace.mptcp_flags = trace.mptcp_address = trace.mptcp_dss = 0;
  ++own_tcp.option_packets;
  const std::uint8_t* header = packet.data + packet.l4;
  const std::uint8_t* end = header + length;
  for (const std::uint8_t* at = header + 20; at < end && *at != end_of_list;) {
    const TcpOption option{at, end - at, *at, end - at > 1 ? at[1] : std::uint8_t{0}};
    ++own_tcp.option_count;
    if (config::fingerprint && (context.flags & flag::syn)) record_option_kind(context, option.kind);
    own_tcp.options |= 1u << std::min<unsigned>(option.kind, 31);
    if (option.kind != no_operation && option.length == 0) {
      context.status |= stat::options_corrupt;
      return;
    }
    read_option(context, option);
    at += option.kind == no_operation ? 1 : option.length;
  }
}

}  // namespace

PacketFindings walk_tcp_options(PacketContext context) {
  walk(context);
  return context;
}

// The core knows when the first and the last packet of a direction came; here the times of others are recorded.
PacketFindings record_timestamp_time(PacketContext context, bool first) {
  ColdState* cold = context.cold();
  if (!cold) return context;
  if (first) cold->timestamp_first_time = context.packet.time;
  else cold->timestamp_last_time = context.packet.previous;
  return context;
}

}  // namespace t2::tcp_flags
