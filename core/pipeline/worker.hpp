// One shard of the analysis: looks up flows, lets plugins see their packets, ends flows and hands out their rows.
//
// ShardBalancer nothing with other workers. Packets are looked up in capture order, then given to one plugin after the
// other in batches; a batch is cut wherever its size could become visible: when its capture time reaches the shortest
// timeout, or when a packet cuts short a flow. So results are those of packet-by-packet processing.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "flow/counters.hpp"
#include "flow/expiry.hpp"
#include "flow/flow_table.hpp"
#include "flow/fragments.hpp"
#include "flow/lookup.hpp"
#include "host/layout.hpp"
#include "output/merge.hpp"
#include "output/sinks.hpp"

namespace t2 {

struct WorkerOptions {
  std::size_t batch = 64;
  std::uint64_t seed = 0;
  std::uint64_t max_flows = 0;             // conversations in memory; more end the oldest
  std::function<void(RowBatch&)> rows;     // takes rows of flows that ended
  std::function<void(RowBatch&)> packets;  // -s: takes rows of packets; set: batches hold one packet
  bool shared = false;                     // one of several: rows wait for take_completed(), flows are numbered from 0
};

class Worker {
 public:
  Worker(Layout& layout, const Context& context, WorkerOptions options);

  // Three steps that ask for memory before it is needed, each some packets after the one before: slot, flow, sides.
  // They change nothing, may be left out, and come in front of process().
  [[gnu::always_inline]] void prefetch_slot(const Lookup& lookup) const { table_.prefetch_slot(lookup.hash); }
  [[gnu::always_inline]] void prefetch_flow(const Lookup& lookup) const { table_.prefetch_record(lookup.hash); }
  void prefetch_lookup(Lookup& lookup);

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
  bool has_many_completed() const { return rows_.size() >= 512 || starts_.size() >= 4096; }
  Delivery take_completed(RowBatch empty);  // the rows and starts since the last time; `empty`: for the next ones

  std::uint64_t flows_in_memory() const { return table_.size(); }
  std::uint64_t max_flows() const { return table_.most(); }
  void bound(std::uint64_t max_flows) { table_.bound(max_flows); }
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
  [[gnu::noinline]] void begin_direction(Packet& packet, Flow& flow, const Successor& successor);
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
  std::uint64_t directions_ = 0;  // directions in memory
  bool creating_ = true;
  FlowCounters counters_;
  std::function<void(RowBatch&)> rows_out_, packets_out_;
  RowBatch rows_, packet_rows_;
  bool shared_;
  std::vector<FlowStart> starts_;
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
inline void Worker::prefetch_lookup(Lookup& lookup) {
  lookup.cached_flow = table_.find(lookup.key, lookup.hash);
  lookup.removals = table_.removals();
  if (!lookup.cached_flow) return;
  const unsigned direction = lookup.source_end ^ lookup.cached_flow->initiator;
  if (const Direction* own = lookup.cached_flow->directions[direction]) table_.prefetch_direction(*own);
  if (const Direction* peer = lookup.cached_flow->directions[direction ^ 1]) table_.prefetch_other(*peer);
}

}  // namespace t2
