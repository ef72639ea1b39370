// One shard of the analysis: looks up flows, lets plugins see their packets, ends flows and hands out their rows.
//
// Shares nothing with other workers. Packets are looked up in capture order, then given to one plugin after the other
// in batches; a batch is cut wherever its size could become visible: when its capture time reaches the shortest
// timeout, or when a packet cuts short a flow. So results are those of packet-by-packet processing.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "expiry.hpp"
#include "flow_table.hpp"
#include "fragments.hpp"
#include "layout.hpp"
#include "merge.hpp"
#include "output.hpp"

namespace t2 {

// What a packet needs to find its flow; made by the decoding thread.
struct Lookup {
  Key key;
  std::uint64_t hash = 0;
  Flow* hint = nullptr;              // see Worker::seek()
  std::uint32_t removals = 0;        // of the table, when the hint was given
  std::uint32_t identification = 0;  // of IPv4, or of the IPv6 fragment header
  std::uint8_t source_end = 0;       // which end of the key sent the packet
};

// Totals of flows, for the reports. Sums only: workers' totals add up.
struct FlowCounters {
  std::uint64_t flows[2] = {}, packets[2] = {}, bytes[2] = {};  // A, B; flows by creation, the others by status bit 0
  std::uint64_t layer2 = 0, ipv4 = 0, ipv6 = 0;                 // flows by kind
  std::uint64_t lone_replies = 0;                               // flows without a peer whose status says "B"
  std::uint64_t ipv4_fragments = 0, ipv6_fragments = 0;
  std::uint64_t padding = 0, evicted = 0, most_in_memory = 0;
  std::uint64_t type_arp = 0, type_rarp = 0;  // packets by EtherType
  std::uint64_t protocol_packets[256] = {}, protocol_bytes[256] = {};
  status::Word status = 0;
};

FlowCounters& operator+=(FlowCounters& sum, const FlowCounters& more);

struct WorkerOptions {
  std::size_t batch = 64;
  std::uint64_t seed = 0;
  std::uint64_t most_flows = 0;            // conversations in memory; more end the oldest
  std::function<void(RowBatch&)> rows;     // takes rows of flows that ended
  std::function<void(RowBatch&)> packets;  // -s: takes rows of packets; set: batches hold one packet
  bool shared = false;                     // one of several: rows wait for hand_over(), flows are numbered from 0
};

class Worker {
 public:
  Worker(Layout& layout, const Context& context, WorkerOptions options);

  // Three steps that ask for memory before it is needed, each some packets after the one before: slot, flow, sides.
  // They change nothing, may be left out, and come in front of process().
  [[gnu::always_inline]] void prefetch_slot(const Lookup& lookup) const { table_.prefetch_slot(lookup.hash); }
  [[gnu::always_inline]] void prefetch_flow(const Lookup& lookup) const { table_.prefetch_record(lookup.hash); }
  void seek(Lookup& lookup);

  // Packets in capture order, with their lookups; both stay valid during the call. On the way it seeks for some of the
  // packets behind them, whose flows are prefetched, and takes those from the front of `ahead`.
  void process(std::span<Packet> packets, std::span<const Lookup> lookups, std::span<Lookup>& ahead);
  void process(std::span<Packet> packets, std::span<const Lookup> lookups) {
    std::span<Lookup> none;
    process(packets, lookups, none);
  }
  void advance(Time clock);  // no packets, but time has passed (live input)
  // Ends flows, some at a time, in order. Answers the end of the last one, nothing when none is left.
  std::optional<Time> finish(Time clock);
  void stop_creating() { creating_ = false; }
  void drain();  // hands out the rows that wait
  bool has_much_to_hand_over() const { return rows_.size() >= 512 || births_.size() >= 4096; }
  Delivery hand_over(RowBatch empty);  // the rows and births since the last time; `empty`: for the next ones

  std::uint64_t flows_in_memory() const { return table_.size(); }
  std::uint64_t most_flows() const { return table_.most(); }
  void bound(std::uint64_t most_flows) { table_.bound(most_flows); }
  std::size_t bytes_each() const { return table_.bytes_each(); }  // of a conversation
  const FlowCounters& counters() const { return counters_; }
  Instances& instances() { return instances_; }

 private:
  bool look_up(Packet& packet, const Lookup& lookup);
  Flow* find(const Lookup& lookup, Time clock);
  [[gnu::noinline]] Flow* fragment_flow(Packet& packet, const Lookup& lookup, bool& left_out);
  [[gnu::noinline]] void fragments_of(Packet& packet, const Lookup& lookup, bool joined);
  // Of a flow that was cut: what the next part of it keeps.
  struct Successor {
    status::Word status = 0;
    std::optional<std::uint64_t> index;  // without one: its own
  };
  [[gnu::noinline]] Flow* begin_flow(Packet& packet, const Lookup& lookup, const Successor& successor);
  void make_room(Time clock);
  [[gnu::noinline]] void begin_side(Packet& packet, Flow& flow, const Successor& successor);
  void first_fragment(Packet& packet, std::uint32_t identification);
  Successor cut(Flow& flow, const Packet& packet);
  void drain_pending();
  void drain_before(const Packet& packet);
  void packet_row(const Packet& packet);
  void expire(Time clock);
  void end(std::span<const Expiry::Due> flows, Time clock);
  void end(Flow& flow, EndReason reason);

  Log& log_;
  InputTotals* totals_;
  Instances instances_;
  FlowTable table_;
  Expiry expiry_;
  Fragments fragments_;
  std::size_t batch_;
  std::uint64_t flow_number_ = 0;
  std::uint64_t sides_ = 0;  // directions in memory
  bool creating_ = true;
  FlowCounters counters_;
  std::function<void(RowBatch&)> rows_out_, packets_out_;
  RowBatch rows_, packet_rows_;
  bool shared_;
  std::vector<Birth> births_;
  Row columns_, packet_columns_;
  std::vector<Row> own_;               // one for each sink with a plugin
  std::vector<Plugin*> plugins_;       // those that see packets, in order
  std::span<const Expiry::Due> rest_;  // finish(): flows that are still to be ended

  std::span<Lookup>* ahead_ = nullptr;
  // The packets that are looked up but not delivered yet.
  std::span<Packet> pending_;
  std::size_t pending_first_ = 0, pending_last_ = 0;
  Time pending_clock_ = 0;
};

// The flow as it stands now. Packets in front of this one may still begin or end it: it is asked for again if there was
// none, or if any flow was taken out of the index since.
inline void Worker::seek(Lookup& lookup) {
  lookup.hint = table_.find(lookup.key, lookup.hash);
  lookup.removals = table_.removals();
  if (!lookup.hint) return;
  const unsigned direction = lookup.source_end ^ lookup.hint->opener;
  if (const Side* own = lookup.hint->side[direction]) table_.prefetch_side(*own);
  if (const Side* peer = lookup.hint->side[direction ^ 1]) table_.prefetch_peer(*peer);
}

}  // namespace t2
