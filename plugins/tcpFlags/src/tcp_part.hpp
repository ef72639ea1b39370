// What every packet with a TCP header is asked: flags, options, window, sequence and acknowledgement numbers against
// those of both directions. Packets other than a plain ACK go through tcp_part.cpp, too.
//
// What is decided by chance, like which of two numbers is larger, is computed without a branch, or asked behind what
// hardly ever is so: a branch that the processor guesses wrong costs as much as twenty of these lines.
//
// Numbers are compared as plain unsigned values: behind a wrap of the sequence space a flow looks out of order, as it
// always did in this program. Only the step from one packet to the next is taken modulo 2^32.
#pragma once

#include <algorithm>

#include "parts.hpp"
#include "tcp_options.hpp"
#include "transport_checksum.hpp"

namespace tcp_flags {

constexpr double retry_factor = 1.5;    // of the mean answer times of both directions
constexpr float retry_distance = 1.0f;  // seconds; where answer times are not measured

struct Segment {
  std::uint32_t seq, ack, window, payload;
  std::uint32_t factor = 0;  // of window scaling, 0: none agreed
  bool edge;                 // carries SYN, FIN or RST
};

Found edge_flags(Step);
Found count_window_below(Step);
Found count_headless(Step);
#if TCPFLGCNT
void count_flags(Side& own, unsigned flags);
#endif

inline bool was_edge(const Side& side) { return side.last & flag::edge; }

inline void start(Side& own, const Segment& segment) {
  own.isn = own.seq = own.seq_expected = own.seq_max = segment.seq;
  own.ack = segment.ack;
}

// Payload counts as in flight until the peer sends something with ACK alone, whatever number it acknowledges. Where no
// peer was seen nothing can be in flight to it.
[[gnu::always_inline]] inline void plain_ack(Step& step, const Segment& segment) {
  Side& own = step.own;
  if (own.trip_state == Trip::syn_ack) own.trip_state = Trip::ack;
  if (!step.peer) return;
  if (step.peer->trip_state == Trip::none || step.peer->trip_state == Trip::syn_ack) step.peer->trip_state = Trip::ack;
  step.peer->in_flight = 0;
  own.in_flight += segment.payload;
  own.in_flight_max = std::max(own.in_flight_max, own.in_flight);
}

// Once a window has grown, each decrease counts as a turn and no increase does: the bit is never taken back.
[[gnu::always_inline]] inline void window_turns(Step& step, std::uint32_t window) {
  Side& own = step.own;
  if (window < own.window) {
    ++own.window_down;
    if (step.status & stat::window_up) ++own.window_turns;
    if (window < own.window_min) own.window_min = window;
    step.status &= ~unsigned{stat::window_up};
  } else if (window > own.window) {
    ++own.window_up;
    if (!(step.status & stat::window_up)) ++own.window_turns;
    if (window > own.window_max) own.window_max = window;
    step.status |= stat::window_up;
  }
}

[[gnu::always_inline]] inline void window(Step& step, Segment& segment) {
  Side& own = step.own;
  if (step.status & stat::scaled) {
    segment.factor = static_cast<std::uint16_t>(1u << (own.scale & 31));
    segment.window *= segment.factor;
  }
  if (!step.usual && !own.tcp_seen) {
    own.window = segment.window;
    own.window_first = static_cast<std::uint16_t>(segment.window);
  }
  if (!WINDOWSIZE) return;
  const std::uint32_t now = segment.window;
  if (!segment.edge && now < WINMIN + 0u) {
    step.take(count_window_below(step));
    step.status |= stat::window_below;
  }
  if (!step.usual && !(step.status & stat::window_known)) {
    own.window_min = own.window_max = now;
    own.window_mean = static_cast<float>(now);
    step.status |= stat::window_known;
  }
  own.window_mean = static_cast<float>(static_cast<double>(own.window_mean) * 0.7 +
                                       static_cast<double>(static_cast<float>(now)) * 0.3);
  window_turns(step, now);
}

// A byte sent into a closed window, or the answer to one.
[[gnu::always_inline]] inline bool window_probe(Step& step, const Segment& segment) {
  if (!step.peer || segment.edge) return false;
  if (step.peer->window == 0 && segment.payload == 1) step.status |= stat::probe;
  else if ((step.peer->last & Side::last_probe) && segment.window == 0 && segment.payload == 0)
    step.status |= stat::probe_answer;
  return step.status & (stat::probe | stat::probe_answer);
}

[[gnu::always_inline]] inline bool slower_than_answers(const Step& step) {
  if (!RTT_ESTIMATE) return step.distance() > retry_distance;
  return step.peer && static_cast<double>(step.distance()) >
                          retry_factor * static_cast<double>(step.peer->rtt_mean + step.own.rtt_mean);
}

[[gnu::always_inline]] inline void retransmission(Step& step, Word kind) {
  step.anomaly |= kind;
  ++step.common.totals.seq_retries;
  ++step.own.retransmissions;
}

// A packet that acknowledges nothing new.
[[gnu::always_inline]] inline void same_ack(Step& step, const Segment& segment) {
  Side& own = step.own;
  const Side* peer = step.peer;
  if (!step.first() && !segment.edge && segment.payload == 0) {
    if (own.window == segment.window || (segment.factor && own.window * segment.factor == segment.window)) {
      step.anomaly |= anomaly::duplicate_ack;
      ++own.ack_faults;
    } else if (segment.seq == own.seq_expected) {
      step.status |= stat::window_update;
    }
  }
  if (!segment.edge && segment.seq < own.seq_max) {
    step.anomaly |= anomaly::out_of_order;
  } else if (segment.seq < own.seq_expected && slower_than_answers(step) && own.window == segment.window) {
    retransmission(step, anomaly::timeout_retry);
  }
  if (!peer) return;
  const bool carries = segment.payload || (step.flags & (flag::syn | flag::fin));
  if ((peer->last & Side::last_duplicate) && segment.seq == peer->ack && carries && segment.seq < own.seq_expected)
    retransmission(step, anomaly::fast_retry);
  if (peer->ack > segment.seq) step.anomaly |= anomaly::already_acked;
}

inline std::int32_t step_between(std::uint32_t from, std::uint32_t to) {
  return from == 0 ? 0 : static_cast<std::int32_t>(to - from);
}

// Of a step forward; the one number that SYN, FIN and RST stand for is no byte.
inline std::uint32_t bytes_of(std::int32_t step, bool after_edge) {
  const unsigned counts = (step > 0) & !(after_edge & (step == 1));
  return static_cast<std::uint32_t>(step) & -counts;
}

template <bool traced>
[[gnu::always_inline]] inline void sequence_and_ack(Step& step, const Segment& segment) {
  Side& own = step.own;
  const Side* peer = step.peer;
  const auto probes = [&] { return segment.payload <= 1 && !segment.edge; };
  if (segment.seq == own.seq_max - 1 && probes()) step.anomaly |= anomaly::keep_alive;
  else if (peer && peer->seq_expected == segment.ack - 1 && probes()) step.anomaly |= anomaly::keep_alive_answer;
  const bool remarkable = (segment.payload == 0) | (segment.seq < std::max(own.seq_max, own.seq_expected)) |
                          (peer && peer->ack > segment.seq);
  if ((segment.ack == own.ack) & remarkable && !(step.anomaly & (anomaly::keep_alive | anomaly::keep_alive_answer)))
    same_ack(step, segment);
  own.in_sequence = static_cast<std::uint16_t>(own.in_sequence + (segment.seq == own.seq_expected));
  if (peer && peer->seq_max < segment.ack) {
    step.anomaly |= anomaly::ack_unseen;
    ++own.ack_faults;
  }
  if (!was_edge(own) && segment.seq > own.seq_max) step.anomaly |= anomaly::segment_missing;
  const std::int32_t seq_step = step_between(own.seq, segment.seq), ack_step = step_between(own.ack, segment.ack);
  const std::uint32_t seq_bytes = bytes_of(seq_step, was_edge(own)),
                      ack_bytes = bytes_of(ack_step, was_edge(own) || (peer && was_edge(*peer)));
  own.sent_bytes += seq_bytes;
  own.acked_bytes += ack_bytes;
  ++own.acks;
  if (traced) {
    Trace& trace = step.common.trace;
    trace.seq_step = seq_step, trace.ack_step = ack_step;
    trace.seq_bytes = seq_bytes, trace.ack_bytes = ack_bytes;
  }
}

[[gnu::always_inline]] inline bool window_full(const Step& step) {
  const Side* peer = step.peer;
  return peer && !(step.status & (stat::probe | stat::probe_answer)) && step.own.in_flight >= peer->window &&
         !(peer->last & flag::rst) && (step.own.tcp_flags & flag::syn);
}

[[gnu::always_inline]] inline void remember(Step& step, const Segment& segment) {
  Side& own = step.own;
  own.seq = segment.seq;
  own.ack = segment.ack;
  own.seq_expected = segment.seq + segment.payload;
  if (segment.edge) ++own.seq_expected;
  else if (step.status & stat::probe) --own.seq_expected;
  own.seq_max = std::max(own.seq_max, own.seq_expected);
  own.window = segment.window;
  own.last = static_cast<std::uint8_t>((step.usual ? 0 : step.flags & flag::edge) |
                                       (step.status & stat::probe ? Side::last_probe : 0) |
                                       (step.anomaly & anomaly::duplicate_ack ? Side::last_duplicate : 0));
  own.tcp_flags |= static_cast<Word>(step.flags);
  own.anomaly |= static_cast<Word>(step.anomaly);
  if (!step.usual) own.tcp_seen = true;
}

// Another protocol; or TCP, but the header was not captured.
[[gnu::always_inline]] inline void no_tcp_part(Step& step) {
  Side& own = step.own;
  if (step.packet.first_of_direction) own.trip_state = Trip::syn_ack;
  else if (own.trip_state == Trip::syn_ack) own.trip_state = Trip::ack;
  if (step.packet.protocol == tcp) step.take(count_headless(step));
}

template <bool traced>
[[gnu::always_inline]] inline void tcp_part(Step& step) {
  const t2::Packet& packet = step.packet;
  Side& own = step.own;
  const std::uint8_t* header = packet.data + packet.l4;
  step.flags = header[13];
  Segment segment{long_at(header + 4),
                  long_at(header + 8),
                  word_at(header + 14),
                  packet.l7_length,
                  0,
                  !step.usual && (step.flags & flag::edge) != 0};
  if (!step.usual && !own.tcp_seen) start(own, segment);

  if (step.usual || (step.flags & (flag::ack | flag::edge)) == flag::ack) plain_ack(step, segment);
  else step.take(edge_flags(step));
#if TCPFLGCNT
  count_flags(own, step.flags);
#endif
  tcp_options(step);
  window(step, segment);
  if (SEQ_ACK_NUM) {
    if (!window_probe(step, segment) && (step.usual || (step.flags & flag::ack)))
      sequence_and_ack<traced>(step, segment);
    if (window_full(step)) step.status |= stat::window_full;
  }
  if ((step.anomaly | own.anomaly) & anomaly::scan) step.anomaly &= ~unsigned{anomaly::hidden_by_scan};
  if (traced) {
    step.common.trace.window = segment.window;
    step.common.trace.factor = segment.factor;
    step.common.trace.seq_max = own.seq_max;
  }
  remember(step, segment);
  if (FRAG_ANALYZE && !step.usual && packet.other_fragment_pending && step.peer &&
      (step.flags & (flag::rst | flag::fin)))
    step.peer->ip_flags |= ip_bit::fragment_sequence;
}

}  // namespace tcp_flags
