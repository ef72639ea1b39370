// Analyses the flags of TCP packets other than ACK alone: those that open, close or reset a connection, and impossible
// combinations. Counts what few packets have. Runs in the worker that owns the flow.
#include "tcp_analysis.hpp"

namespace t2::tcp_flags {

namespace {

constexpr float syn_retry_interval = 0.9f;  // seconds; a SYN that comes again earlier is a scan

void syn(PacketContext& context) {
  if (context.own.handshake == Handshake::syn) {
    if (context.inter_arrival() > syn_retry_interval) {
      context.anomaly |= anomaly::syn_retry;
      ++context.worker.totals.syn_retries;
    } else {
      context.anomaly |= anomaly::scan;
      ++context.worker.totals.scans;
    }
  }
  if (context.packet.l7_length) context.anomaly |= anomaly::syn_payload;
  context.own.handshake = Handshake::syn;
}

}  // namespace

PacketFindings analyse_control_flags(PacketContext context) {
  const unsigned flag_bits = context.flags & 0x3f;
  if (flag_bits == 0) {
    context.flags |= flag::null;
    context.anomaly |= anomaly::scan;
  } else if (flag_bits == (flag::fin | flag::psh | flag::urg)) {
    context.flags |= flag::xmas;
    context.anomaly |= anomaly::scan;
  }
  switch (context.flags & (flag::ack | flag::control)) {
    case flag::syn: syn(context); return context;
    case flag::syn | flag::ack:
      context.flags |= flag::syn_ack;
      context.own.handshake = Handshake::syn_ack;
      return context;
    case flag::fin | flag::ack: context.flags |= flag::fin_ack; break;
    case flag::rst | flag::ack: context.flags |= flag::rst_ack; break;
    case flag::syn | flag::fin: context.flags |= flag::syn_fin; break;
    case flag::syn | flag::fin | flag::rst: context.flags |= flag::syn_fin_rst; break;
    case flag::rst | flag::fin: context.flags |= flag::rst_fin; break;
    default: break;
  }
  context.own.handshake = Handshake::stop;
  return context;
}

PacketFindings count_window_below(PacketContext context) {
  if (ColdState* cold = context.cold()) ++cold->window_below;
  return context;
}

PacketFindings count_without_header(PacketContext context) {
  if (ColdState* cold = context.cold()) ++cold->without_header;
  return context;
}

// Counters of the eight flags stop at their end, those of the combinations wrap.
void count_flags(TcpHeaderState& own_tcp, unsigned flags) {
  if constexpr (config::flag_counters) {
    constexpr Bits combinations[] = {flag::fin_ack, flag::syn_ack,     flag::rst_ack, flag::null,
                                     flag::syn_fin, flag::syn_fin_rst, flag::rst_fin, flag::xmas};
    std::array<std::uint16_t, 16>& counts = *own_tcp.flag_counts;
    for (unsigned i = 0; i < 8; ++i)
      if ((flags & 1u << i) && counts[i] != 0xffff) ++counts[i];
    for (unsigned i = 0; i < 8; ++i)
      if (flags & combinations[i]) ++counts[8 + i];
  }
}

}  // namespace t2::tcp_flags
