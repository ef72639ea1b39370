// TCP packets that are no plain ACK: they open, close or reset a connection, or have flags that should not be. And
// windows that should be larger.
#include "tcp_part.hpp"

namespace tcp_flags {

namespace {

constexpr float syn_retry_distance = 0.9f;  // seconds; a SYN that comes again earlier is a scan

void syn(Step& step) {
  if (step.own.trip_state == Trip::syn) {
    if (step.distance() > syn_retry_distance) {
      step.anomaly |= anomaly::syn_retry;
      ++step.common.totals.syn_retries;
    } else {
      step.anomaly |= anomaly::scan;
      ++step.common.totals.scans;
    }
  }
  if (step.packet.l7_length) step.anomaly |= anomaly::syn_payload;
  step.own.trip_state = Trip::syn;
}

}  // namespace

Found edge_flags(Step step) {
  const unsigned six = step.flags & 0x3f;
  if (six == 0) {
    step.flags |= flag::null;
    step.anomaly |= anomaly::scan;
  } else if (six == (flag::fin | flag::psh | flag::urg)) {
    step.flags |= flag::xmas;
    step.anomaly |= anomaly::scan;
  }
  switch (step.flags & (flag::ack | flag::edge)) {
    case flag::syn: syn(step); return step;
    case flag::syn | flag::ack:
      step.flags |= flag::syn_ack;
      step.own.trip_state = Trip::syn_ack;
      return step;
    case flag::fin | flag::ack: step.flags |= flag::fin_ack; break;
    case flag::rst | flag::ack: step.flags |= flag::rst_ack; break;
    case flag::syn | flag::fin: step.flags |= flag::syn_fin; break;
    case flag::syn | flag::fin | flag::rst: step.flags |= flag::syn_fin_rst; break;
    case flag::rst | flag::fin: step.flags |= flag::rst_fin; break;
    default: break;
  }
  step.own.trip_state = Trip::stop;
  return step;
}

Found count_window_below(Step step) {
  if (Rare* rare = step.rare()) ++rare->window_below;
  return step;
}

Found count_headless(Step step) {
  if (Rare* rare = step.rare()) ++rare->headless;
  return step;
}

#if TCPFLGCNT
// Counters of the eight flags stop at their end, those of the combinations wrap.
void count_flags(Side& own, unsigned flags) {
  constexpr Word combinations[] = {flag::fin_ack, flag::syn_ack,     flag::rst_ack, flag::null,
                                   flag::syn_fin, flag::syn_fin_rst, flag::rst_fin, flag::xmas};
  for (unsigned i = 0; i < 8; ++i)
    if ((flags & 1u << i) && own.flag_counts[i] != 0xffff) ++own.flag_counts[i];
  for (unsigned i = 0; i < 8; ++i)
    if (flags & combinations[i]) ++own.flag_counts[8 + i];
}
#endif

}  // namespace tcp_flags
