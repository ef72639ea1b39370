// Analyses a packet with a TCP header: flags, options, window, and its sequence and acknowledgement numbers against
// those of both directions. Packets with other flags than ACK go through tcp_analysis.cpp as well. Runs in the worker
// that owns the flow; the caller has checked has_tcp_header().
//
// Decisions that a branch predictor cannot learn, such as which of two numbers is larger, are computed without a branch
// or made only after a rare condition: a mispredicted branch costs as much as twenty of these lines.
//
// Numbers are compared as plain unsigned values: behind a wrap of the sequence space a flow looks out of order, as it
// always did in this program. Only the step from one packet to the next is taken modulo 2^32.
#pragma once

#include <algorithm>

#include "packet_context.hpp"
#include "tcp_options.hpp"
#include "transport_checksum.hpp"

namespace t2::tcp_flags {

constexpr double retry_factor = 1.5;    // of the mean answer times of both directions
constexpr float retry_interval = 1.0f;  // seconds; where answer times are not measured

struct TcpSegment {
  std::uint32_t seq, ack, window, payload;
  std::uint32_t factor = 0;  // of window scaling, 0: none agreed
  bool control;              // carries SYN, FIN or RST
};

PacketFindings analyse_control_flags(PacketContext);
PacketFindings count_window_below(PacketContext);
PacketFindings count_without_header(PacketContext);
void count_flags(TcpHeaderState& own_tcp, unsigned flags);

inline bool was_control(const TcpHeaderState& state) { return state.last & flag::control; }

inline void begin_sequence(TcpHeaderState& own_tcp, const TcpSegment& segment) {
  own_tcp.isn = own_tcp.seq = own_tcp.seq_expected = own_tcp.seq_max = segment.seq;
  own_tcp.ack = segment.ack;
}

// Payload counts as in flight until the other side sends something with ACK alone, whatever number it acknowledges.
// As long as nothing was seen from it, nothing counts as in flight.
[[gnu::always_inline]] inline void acknowledge_only(PacketContext& context, const TcpSegment& segment) {
  TcpFlagsState& own = context.own;
  TcpHeaderState& own_tcp = *context.own_tcp;
  if (own.handshake == Handshake::syn_ack) own.handshake = Handshake::ack;
  if (!context.other) return;
  if (context.other->handshake == Handshake::none || context.other->handshake == Handshake::syn_ack)
    context.other->handshake = Handshake::ack;
  context.other_tcp->in_flight = 0;
  own_tcp.in_flight += segment.payload;
  own_tcp.in_flight_max = std::max(own_tcp.in_flight_max, own_tcp.in_flight);
}

// Once a window has grown, each decrease counts as a turn and no increase does: the bit is never taken back.
[[gnu::always_inline]] inline void count_window_changes(PacketContext& context, std::uint32_t window) {
  TcpHeaderState& own_tcp = *context.own_tcp;
  if (window < own_tcp.window) {
    ++own_tcp.window_down;
    if (context.status & stat::window_up) ++own_tcp.window_turns;
    if (window < own_tcp.window_min) own_tcp.window_min = window;
    context.status &= ~unsigned{stat::window_up};
  } else if (window > own_tcp.window) {
    ++own_tcp.window_up;
    if (!(context.status & stat::window_up)) ++own_tcp.window_turns;
    if (window > own_tcp.window_max) own_tcp.window_max = window;
    context.status |= stat::window_up;
  }
}

[[gnu::always_inline]] inline void analyse_window(PacketContext& context, TcpSegment& segment) {
  TcpHeaderState& own_tcp = *context.own_tcp;
  if (context.status & stat::scaled) {
    segment.factor = own_tcp.agreed_window_factor();
    segment.window *= segment.factor;
  }
  if (!context.mid_connection && !context.own.tcp_seen) {
    own_tcp.window = segment.window;
    own_tcp.window_first = static_cast<std::uint16_t>(segment.window);
  }
  if constexpr (!config::windows) return;
  const std::uint32_t now = segment.window;
  if (!segment.control && now < config::min_window) {
    context.set(count_window_below(context));
    context.status |= stat::window_below;
  }
  if (!context.mid_connection && !(context.status & stat::window_known)) {
    own_tcp.window_min = own_tcp.window_max = now;
    own_tcp.window_mean = static_cast<float>(now);
    context.status |= stat::window_known;
  }
  own_tcp.window_mean = static_cast<float>(static_cast<double>(own_tcp.window_mean) * 0.7 +
                                           static_cast<double>(static_cast<float>(now)) * 0.3);
  count_window_changes(context, now);
}

// A byte sent into a closed window, or the reply to one.
[[gnu::always_inline]] inline bool is_window_probe(PacketContext& context, const TcpSegment& segment) {
  if (!context.other || segment.control) return false;
  if (context.other_tcp->window == 0 && segment.payload == 1) context.status |= stat::probe;
  else if ((context.other_tcp->last & TcpHeaderState::last_probe) && segment.window == 0 && segment.payload == 0)
    context.status |= stat::probe_reply;
  return context.status & (stat::probe | stat::probe_reply);
}

[[gnu::always_inline]] inline bool beyond_retransmission_timeout(const PacketContext& context) {
  if constexpr (!config::response_times) return context.inter_arrival() > retry_interval;
  return context.other && static_cast<double>(context.inter_arrival()) >
                              retry_factor * static_cast<double>(context.other->rtt_mean + context.own.rtt_mean);
}

[[gnu::always_inline]] inline void count_retransmission(PacketContext& context, Bits kind) {
  context.anomaly |= kind;
  ++context.worker.totals.seq_retries;
  ++context.own_tcp->retransmissions;
}

// A packet that acknowledges nothing new.
[[gnu::always_inline]] inline void check_repeated_ack(PacketContext& context, const TcpSegment& segment) {
  TcpHeaderState& own_tcp = *context.own_tcp;
  const TcpHeaderState* other_tcp = context.other_tcp;
  if (!context.first() && !segment.control && segment.payload == 0) {
    if (own_tcp.window == segment.window || (segment.factor && own_tcp.window * segment.factor == segment.window)) {
      context.anomaly |= anomaly::duplicate_ack;
      ++own_tcp.ack_faults;
    } else if (segment.seq == own_tcp.seq_expected) {
      context.status |= stat::window_update;
    }
  }
  if (!segment.control && segment.seq < own_tcp.seq_max) {
    context.anomaly |= anomaly::out_of_order;
  } else if (segment.seq < own_tcp.seq_expected && beyond_retransmission_timeout(context) &&
             own_tcp.window == segment.window) {
    count_retransmission(context, anomaly::timeout_retry);
  }
  if (!other_tcp) return;
  const bool carries = segment.payload || (context.flags & (flag::syn | flag::fin));
  if ((other_tcp->last & TcpHeaderState::last_duplicate) && segment.seq == other_tcp->ack && carries &&
      segment.seq < own_tcp.seq_expected)
    count_retransmission(context, anomaly::fast_retry);
  if (other_tcp->ack > segment.seq) context.anomaly |= anomaly::already_acked;
}

inline std::int32_t sequence_change(std::uint32_t from, std::uint32_t to) {
  return from == 0 ? 0 : static_cast<std::int32_t>(to - from);
}

// Bytes of a step forward. The number that SYN, FIN or RST takes up is no byte.
inline std::uint32_t counted_bytes(std::int32_t change, bool after_control) {
  const unsigned counts = (change > 0) & !(after_control & (change == 1));
  return static_cast<std::uint32_t>(change) & -counts;
}

template <bool traced>
[[gnu::always_inline]] inline void analyse_sequence(PacketContext& context, const TcpSegment& segment) {
  TcpHeaderState& own_tcp = *context.own_tcp;
  const TcpHeaderState* other_tcp = context.other_tcp;
  const auto probes = [&] { return segment.payload <= 1 && !segment.control; };
  if (segment.seq == own_tcp.seq_max - 1 && probes()) context.anomaly |= anomaly::keep_alive;
  else if (other_tcp && other_tcp->seq_expected == segment.ack - 1 && probes())
    context.anomaly |= anomaly::keep_alive_reply;
  const bool needs_ack_check = (segment.payload == 0) |
                               (segment.seq < std::max(own_tcp.seq_max, own_tcp.seq_expected)) |
                               (other_tcp && other_tcp->ack > segment.seq);
  if ((segment.ack == own_tcp.ack) & needs_ack_check &&
      !(context.anomaly & (anomaly::keep_alive | anomaly::keep_alive_reply)))
    check_repeated_ack(context, segment);
  own_tcp.in_sequence = static_cast<std::uint16_t>(own_tcp.in_sequence + (segment.seq == own_tcp.seq_expected));
  if (other_tcp && other_tcp->seq_max < segment.ack) {
    context.anomaly |= anomaly::ack_unseen;
    ++own_tcp.ack_faults;
  }
  if (!was_control(own_tcp) && segment.seq > own_tcp.seq_max) context.anomaly |= anomaly::segment_missing;
  const std::int32_t seq_step = sequence_change(own_tcp.seq, segment.seq),
                     ack_step = sequence_change(own_tcp.ack, segment.ack);
  const std::uint32_t seq_bytes = counted_bytes(seq_step, was_control(own_tcp)),
                      ack_bytes =
                          counted_bytes(ack_step, was_control(own_tcp) || (other_tcp && was_control(*other_tcp)));
  own_tcp.sent_bytes += seq_bytes;
  own_tcp.acked_bytes += ack_bytes;
  ++own_tcp.acks;
  if (traced) {
    PacketTrace& trace = context.worker.trace;
    trace.seq_step = seq_step, trace.ack_step = ack_step;
    trace.seq_bytes = seq_bytes, trace.ack_bytes = ack_bytes;
  }
}

[[gnu::always_inline]] inline bool is_window_full(const PacketContext& context) {
  const TcpHeaderState* other_tcp = context.other_tcp;
  return other_tcp && !(context.status & (stat::probe | stat::probe_reply)) &&
         context.own_tcp->in_flight >= other_tcp->window && !(other_tcp->last & flag::rst) &&
         (context.own_tcp->tcp_flags & flag::syn);
}

[[gnu::always_inline]] inline void save_segment(PacketContext& context, const TcpSegment& segment) {
  TcpHeaderState& own_tcp = *context.own_tcp;
  own_tcp.seq = segment.seq;
  own_tcp.ack = segment.ack;
  own_tcp.seq_expected = segment.seq + segment.payload;
  if (segment.control) ++own_tcp.seq_expected;
  else if (context.status & stat::probe) --own_tcp.seq_expected;
  own_tcp.seq_max = std::max(own_tcp.seq_max, own_tcp.seq_expected);
  own_tcp.window = segment.window;
  own_tcp.last =
      static_cast<std::uint8_t>((context.mid_connection ? 0 : context.flags & flag::control) |
                                (context.status & stat::probe ? TcpHeaderState::last_probe : 0) |
                                (context.anomaly & anomaly::duplicate_ack ? TcpHeaderState::last_duplicate : 0));
  own_tcp.tcp_flags |= static_cast<Bits>(context.flags);
  own_tcp.anomaly |= static_cast<Bits>(context.anomaly);
  if (!context.mid_connection) context.own.tcp_seen = true;
}

// Of a packet of another protocol, or whose TCP header was not captured.
[[gnu::always_inline]] inline void analyse_without_tcp(PacketContext& context) {
  TcpFlagsState& own = context.own;
  if (context.packet.first_of_direction) own.handshake = Handshake::syn_ack;
  else if (own.handshake == Handshake::syn_ack) own.handshake = Handshake::ack;
  if (context.packet.protocol == tcp) context.set(count_without_header(context));
}

template <bool traced>
[[gnu::always_inline]] inline void analyse_tcp(PacketContext& context) {
  const t2::Packet& packet = context.packet;
  TcpFlagsState& own = context.own;
  TcpHeaderState& own_tcp = *context.own_tcp;
  const std::uint8_t* header = packet.data + packet.l4;
  context.flags = header[13];
  TcpSegment segment{load_big<std::uint32_t>(header + 4),
                     load_big<std::uint32_t>(header + 8),
                     load_big<std::uint16_t>(header + 14),
                     packet.l7_length,
                     0,
                     !context.mid_connection && (context.flags & flag::control) != 0};
  if (!context.mid_connection && !own.tcp_seen) begin_sequence(own_tcp, segment);

  if (context.mid_connection || (context.flags & (flag::ack | flag::control)) == flag::ack)
    acknowledge_only(context, segment);
  else context.set(analyse_control_flags(context));
  if constexpr (config::flag_counters) count_flags(own_tcp, context.flags);
  tcp_options(context);
  analyse_window(context, segment);
  if constexpr (config::sequence_numbers) {
    if (!is_window_probe(context, segment) && (context.mid_connection || (context.flags & flag::ack)))
      analyse_sequence<traced>(context, segment);
    if (is_window_full(context)) context.status |= stat::window_full;
  }
  if ((context.anomaly | own_tcp.anomaly) & anomaly::scan) context.anomaly &= ~unsigned{anomaly::hidden_by_scan};
  if (traced) {
    context.worker.trace.window = segment.window;
    context.worker.trace.factor = segment.factor;
    context.worker.trace.seq_max = own_tcp.seq_max;
  }
  save_segment(context, segment);
  if (config::fragments && !context.mid_connection && packet.other_fragment_pending && context.other &&
      (context.flags & (flag::rst | flag::fin)))
    context.other->ip_flags |= ip_bit::fragment_sequence;
}

}  // namespace t2::tcp_flags
