// tcpStates: follows the life of TCP connections (set-up, data, teardown, reset), reports what went wrong on the way,
// and tells the core how long each direction may be silent in the state it is in.
//
// States are kept per direction. Acknowledgements are held against the sequence numbers of SYN and FIN alone: payload
// in such a segment makes its acknowledgement look wrong.
#include <cstdio>

#include "t2/plugin.hpp"
#include "tcpStates_state.h"

namespace t2::tcp_states {

namespace {

constexpr std::uint8_t fin = 0x01, syn = 0x02, rst = 0x04, ack = 0x10;  // TCP flags

// Column tcpStatesAFlags.
enum Anomaly : std::uint8_t {
  bad_setup = 0x01,
  bad_teardown = 0x02,
  bad_flags = 0x04,  // SYN set or ACK missing in an established connection
  after_teardown = 0x08,
  after_reset = 0x10,
  reset_sent = 0x40,
  hostile = 0x80
};

constexpr t2::Time opening_timeout = 120 * t2::one_second;
constexpr t2::Time closed_timeout = 10 * t2::one_second;
constexpr t2::Time reset_timeout = t2::one_second / 10;

constexpr t2::Time timeout_of(Phase phase) {
  switch (phase) {
    case Phase::established: return 610 * t2::one_second;
    case Phase::closed: return closed_timeout;
    case Phase::reset: return reset_timeout;
    default: return opening_timeout;
  }
}

struct TcpHeader {
  std::uint32_t seq, ack;
  std::uint8_t flags;
};

// In 64 bits: nothing acknowledges the sequence number 0xffffffff.
bool acknowledges(const TcpHeader& header, std::uint32_t seq) { return header.ack == std::uint64_t{seq} + 1; }

// One packet: its direction, and the other one if that exists.
class Transition {
 public:
  Transition(const t2::Packet& packet, TcpStatesState& own, TcpStatesState* other)
      : packet_(packet), own_(own), other_(other) {}

  void run(const TcpHeader& header) {
    const std::uint8_t flag_bits = header.flags & 0x3f;
    if (flag_bits == 0x00 || flag_bits == 0x29) mark(hostile, 0);  // null and Xmas scans
    switch (own_.phase) {
      case Phase::fresh: fresh(header); break;
      case Phase::established: established(header); break;
      case Phase::closing: closing(header); break;
      case Phase::closed:
        mark(after_teardown, 0);
        if (header.flags & rst) reset(reset_sent | bad_teardown, bad_teardown);
        break;
      case Phase::reset: mark(after_reset, 0); break;
    }
  }

 private:
  void mark(unsigned own, unsigned other) {
    own_.anomalies = static_cast<std::uint8_t>(own_.anomalies | own);
    if (other_) other_->anomalies = static_cast<std::uint8_t>(other_->anomalies | other);
  }
  void enter_own(Phase phase) {
    own_.phase = phase;
    packet_.set_timeout(packet_.direction, timeout_of(phase));
  }
  void enter_both(Phase phase) {
    enter_own(phase);
    if (!other_) return;
    other_->phase = phase;
    packet_.set_timeout(packet_.direction ^ 1u, timeout_of(phase));
  }
  void reset(unsigned own, unsigned other) {
    enter_both(Phase::reset);
    packet_.set_finished();
    mark(own, other);
  }
  void bad_start() {
    enter_both(Phase::established);
    mark(bad_setup, bad_setup);
  }
  void close_own(const TcpHeader& header) {
    own_.fin_seen = true;
    own_.fin_seq = header.seq;
    enter_own(Phase::closing);
    if (!other_ || other_->fin_seen) packet_.set_finished();
  }
  void acknowledge_fin(const TcpHeader& header) {
    if (other_ && (header.flags & ack) && other_->fin_seen && acknowledges(header, other_->fin_seq))
      other_->fin_acked = true;
  }

  void fresh(const TcpHeader& header) {
    const std::uint8_t edge = header.flags & (syn | rst | fin);
    const std::uint8_t all = edge | (header.flags & ack);
    if (edge == syn) {
      own_.syn_seen = true;
      own_.syn_seq = header.seq;
      enter_own(Phase::fresh);
      if (!(header.flags & ack)) return;
      if (other_ && acknowledges(header, other_->syn_seq)) other_->syn_acked = true;
      else bad_start();
    } else if (other_ && all == ack) {
      if (!acknowledges(header, other_->syn_seq)) return bad_start();
      other_->syn_acked = true;
      if (own_.syn_acked) enter_both(Phase::established);
    } else if (header.flags & rst) {
      if (other_ && all == (rst | ack)) reset(reset_sent, 0);  // how a port says that it is closed
      else reset(reset_sent | bad_setup | (other_ ? 0u : 0u + hostile), bad_setup);
    } else if (all == (fin | ack)) {
      close_own(header);
      mark(bad_setup, bad_setup);
      if (!other_) own_.fin_scan = true;
      acknowledge_fin(header);
    } else if (all == fin) {
      mark(hostile, 0);
    } else {
      bad_start();
    }
  }

  void established(const TcpHeader& header) {
    if ((header.flags & (syn | ack)) != ack) mark(bad_flags, bad_flags);
    if (header.flags & fin) {
      close_own(header);
      acknowledge_fin(header);
    }
    if (header.flags & rst) reset(reset_sent | bad_teardown, bad_teardown);
  }

  void closing(const TcpHeader& header) {
    if (header.flags & rst) reset(reset_sent | bad_teardown, bad_teardown);
    acknowledge_fin(header);
    if (other_ && own_.fin_seen && own_.fin_acked && other_->fin_seen && other_->fin_acked) enter_both(Phase::closed);
  }

  const t2::Packet& packet_;
  TcpStatesState& own_;
  TcpStatesState* other_;
};

class TcpStates : public t2::Plugin {
 public:
  explicit TcpStates(t2::Host& host) : state_(host, 0, t2::Flows::tcp) {}

  void on_packets(std::span<const t2::Packet> packets) override {
    for (const t2::Packet& packet : packets) {
      if (!followed(packet)) continue;
      const std::uint8_t* tcp = packet.data + packet.l4;
      const std::uint8_t flags = tcp[13];
      TcpStatesState& own = state_(*packet.own);
      if (own.phase == Phase::established && (flags & (fin | syn | rst | ack)) == ack)
        continue;  // most packets: nothing changes
      TcpStatesState* other = packet.other ? &state_(*packet.other) : nullptr;
      Transition(packet, own, other)
          .run({t2::load_big<std::uint32_t>(tcp + 4), t2::load_big<std::uint32_t>(tcp + 8), flags});
    }
  }

  void on_flow_end(const t2::EndedFlow& e, t2::Row& row) override {
    if (!e.own.tcp) return row.put(std::uint8_t{0});
    TcpStatesState& own = state_(e.own);
    finish(own, e.other ? &state_(*e.other) : nullptr);
    total_ |= own.anomalies;
    row.put(own.anomalies);
  }

  // What was found so far; what only the end can tell is missing.
  void on_packet_row(const t2::Packet& packet, t2::Row& row) override {
    row.put(followed(packet) ? state_(*packet.own).anomalies : std::uint8_t{0});
  }

  void merge(t2::Plugin& other) override { total_ |= static_cast<TcpStates&>(other).total_; }

  void report(t2::Report& report) const override {
    if (!total_) return;
    char line[64];
    std::snprintf(line, sizeof line, "Aggregated tcpStatesAFlags=0x%02x", total_ + 0u);
    report.line(line);
  }

 private:
  // The flags are the 14th byte of the header.
  static bool followed(const t2::Packet& packet) { return packet.is_tcp_header() && packet.captured_l4 >= 14; }

  // Anomalies that show only at the end of the flow: a set-up or a teardown that was not complete.
  static void finish(TcpStatesState& own, TcpStatesState* other) {
    const bool set_up = other && own.syn_seen && own.syn_acked && other->syn_seen && other->syn_acked;
    const bool torn_down = other && own.fin_seen && own.fin_acked && other->fin_seen && other->fin_acked;
    unsigned found = own.anomalies;
    if (!set_up) found |= bad_setup;
    if (!torn_down) found |= bad_teardown;
    if (torn_down) own.fin_scan = other->fin_scan = false;
    if (own.fin_scan) found |= hostile;
    own.anomalies = static_cast<std::uint8_t>(found);
  }

  t2::State<TcpStatesState> state_;
  std::uint8_t total_ = 0;
};

constexpr t2::Bit anomaly_bits[] = {
    {bad_setup,
     "set-up is bad or was not seen: no SYN on a side, or one that was not acknowledged with its number + 1"},
    {bad_teardown, "teardown is bad or was not seen: the same for FIN, or a reset of an open connection"},
    {bad_flags, "a packet of the established connection had SYN, or no ACK (marked on both sides)"},
    {after_teardown, "packets after the teardown"},
    {after_reset, "packets after a reset"},
    {reset_sent, "this side sent the reset"},
    {hostile, "looks hostile: null or Xmas packet, connection begun with FIN, reset out of nothing"},
};
constexpr t2::Column columns[] = {
    t2::Column("tcpStatesAFlags", "anomalies of the TCP connection, bits", t2::Type::h8).with(anomaly_bits)};

t2::Plugin* create(t2::Host& host) { return new TcpStates(host); }

}  // namespace
}  // namespace t2::tcp_states

T2_PLUGIN = {.name = "tcpStates",
             .version = T2_PLUGIN_VERSION,
             .summary = "state of TCP connections: bad set-up, teardown, scans; timeouts",
             .number = T2_NUMBER,
             .layout = T2_LAYOUT_tcpStates,
             .columns = t2::tcp_states::columns,
             .packet_columns = t2::tcp_states::columns,
             .create = t2::tcp_states::create};
