// One shard of the analysis: looks up flows, lets plugins see their packets, ends flows and gives out their rows.
//
// A worker shares nothing with other workers; it is used by one thread. Packets are looked up in capture order, then
// given to one plugin after the other in batches. A batch is cut wherever its size could become visible: when its
// capture time spans the shortest timeout, or when a packet ends a flow. So results are those of packet-by-packet
// processing, and must never depend on where a batch was cut.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/settings.hpp"
#include "flow/counters.hpp"
#include "flow/eviction.hpp"
#include "flow/expiry.hpp"
#include "flow/flow_table.hpp"
#include "flow/fragments.hpp"
#include "flow/lookup.hpp"
#include "host/layout.hpp"
#include "output/merge.hpp"
#include "output/row_writer.hpp"
#include "output/sinks.hpp"
#include "pipeline/memory_bound.hpp"
#include "tranalyzer.h"

namespace t2 {

constexpr Time millisecond = one_second / 1000;

struct WorkerOptions {
  std::size_t batch = 64;                  // packets that plugins get at once, at most
  std::uint64_t seed = 0;                  // of hashes
  std::uint64_t max_flows = 0;             // conversations in memory; a new one beyond that evicts another
  std::function<void(RowBatch&)> rows;     // takes rows of flows that ended
  std::function<void(RowBatch&)> packets;  // -s: takes rows of packets; set: batches hold one packet
  bool shared = false;                     // one of several: rows wait for take_completed(), flows are numbered from 0
  std::function<void()> completed = {};    // shared: there are many rows, of flows that end at once
  std::optional<AnonymisationKey> key = {};  // --anonymise
};

// Lookups of packets that are processed next: the flows' records are prefetched while plugins work on earlier packets.
class PrefetchQueue {
 public:
  PrefetchQueue() = default;
  explicit PrefetchQueue(std::span<Lookup> lookups) : waiting_(lookups) {}
  void prefetch_some(const FlowTable& table, std::size_t count) {
    count = std::min(count, waiting_.size());
    for (Lookup& lookup : waiting_.first(count)) prefetch_lookup(table, lookup);
    waiting_ = waiting_.subspan(count);
  }
  std::size_t waiting() const { return waiting_.size(); }

 private:
  std::span<Lookup> waiting_;
};

class Worker {
 public:
  Worker(Layout& layout, const Context& context, WorkerOptions options);

  // Packets in capture order, with their lookups. Between plugins some lookups of `next` are prefetched.
  void process(std::span<Packet> packets, std::span<const Lookup> lookups, PrefetchQueue& next);
  void process(std::span<Packet> packets, std::span<const Lookup> lookups) {
    PrefetchQueue none;
    process(packets, lookups, none);
  }
  void advance(Time clock);  // no packet came, but time has passed (live input)
  // Ends flows, some at a time, in order. Returns the end of the last one; nothing when none is left.
  std::optional<Time> finish(Time clock);
  void stop_creating() { creating_ = false; }
  void drain();  // hands out the rows that wait
  static constexpr std::size_t many_rows = 512, many_starts = 4096;
  bool has_many_completed() const { return rows_.size() >= many_rows || starts_.size() >= many_starts; }
  // The rows and flow starts since the last call. What is handed over is empty, and memory for the next ones.
  Delivery take_completed(RowBatch rows, std::vector<FlowStart> starts);

  std::uint64_t flows_in_memory() const { return table_.size(); }
  std::uint64_t max_flows() const { return table_.most(); }
  void bound(std::uint64_t max_flows) {
    table_.bound(max_flows);
    fragments_.bound(max_flows);
    instances_.flow_memory().bound(max_flows);
  }
  MemoryBound memory_bound(std::uint64_t max_flows) const;
  const FlowCounters& counters() const { return counters_; }
  Instances& instances() { return instances_; }
  const FlowTable& table() const { return table_; }  // for prefetching

 private:
  // Of a flow that was cut: what the next part of it keeps.
  struct Successor {
    status::Word status = 0;
    std::optional<std::uint64_t> index;  // without one: its own
  };
  enum class LookedUp { in_flow, ignored, deliver_first };  // the last: the packets before it, then look up again
  LookedUp look_up(Packet& packet, const Lookup& lookup, std::span<const Packet> undelivered);
  LookedUp find_continued(Packet& packet, const Lookup& lookup, std::span<const Packet> undelivered, FlowEntry*& flow,
                          bool& joined, Successor& successor);
  void append(Packet& packet, FlowEntry& flow, DirectionEntry& own, const Lookup& lookup, bool joined);
  void count(const Packet& packet, const DirectionEntry& own);
  void deliver(std::span<Packet> packets, PrefetchQueue& next);
  FlowEntry* find(const Lookup& lookup, const Packet& packet);

  [[gnu::noinline]] FlowEntry& begin_flow(Packet& packet, const Lookup& lookup, const Successor& successor);
  [[gnu::noinline]] void begin_direction(Packet& packet, FlowEntry& flow, const Successor& successor);
  [[gnu::noinline]] FlowEntry* fragment_flow(Packet& packet, bool& ignored);
  [[gnu::noinline]] void update_ranges(const Packet& packet);
  [[gnu::noinline]] void note_fragment(Packet& packet, bool joined);
  void first_fragment(Packet& packet);
  Successor cut(FlowEntry& flow, const Packet& packet);
  [[gnu::noinline]] bool make_room(Time clock, std::span<const Packet> undelivered);

  void expire(Time clock);
  void end(std::span<const Expiry::Due> flows, Time clock);
  void end(FlowEntry& flow, EndReason reason);
  void packet_row(const Packet& packet);
  bool begins_with_answer(const Packet& packet) const;

  Log& log_;
  InputTotals* totals_;
  Instances instances_;
  FlowTable table_;
  Expiry expiry_;
  EvictionOrder eviction_;
  Fragments fragments_;
  std::size_t batch_;
  std::size_t prefetches_per_plugin_;  // so that a batch prefetches as many lookups as it has packets
  std::uint64_t flow_number_ = 0;
  std::uint64_t directions_ = 0;  // directions in memory
  bool creating_ = true;
  FlowCounters counters_;
  std::function<void(RowBatch&)> rows_out_, packets_out_;
  std::function<void()> completed_;
  RowBatch rows_, packet_rows_;
  bool shared_;
  std::vector<FlowStart> starts_;
  RowWriter row_writer_;
  std::size_t packet_row_memory_;    // of a direction, bytes
  std::size_t conversation_memory_;  // of plugins, bytes
  bool ends_in_order_;               // plugins have seen all packets before a flow's end
  std::vector<Opener (*)(const Packet&)> openers_;
  std::vector<Plugin*> plugins_;       // those that see packets, in order
  std::span<const Expiry::Due> rest_;  // finish(): flows that are still to be ended
};

// Whether both directions were silent for their timeouts by the times of their packets. Flow::due says the same of
// positions on the run's clock, which stands still for the first packets behind a large step.
inline bool silent_before(const Packet& packet, const FlowEntry& flow) {
  for (unsigned direction = 0; direction < 2; ++direction) {
    const DirectionEntry* own = flow.direction(direction);
    if (own && packet.time - flow.times(direction).latest < Time{own->timeout} * millisecond) return false;
  }
  return true;
}

// Capture time ran backwards, by more than a timeout, to before the flow began.
inline bool long_before(const Packet& packet, const FlowEntry& flow) {
  return packet.time < flow.directions[0]->first - settings.flow_timeout;
}

// At a packet of its key.
inline bool has_ended(const FlowEntry& flow, const Packet& packet) {
  return flow.end() <= packet.at || long_before(packet, flow) || silent_before(packet, flow);
}

// Which MAC addresses a packet has, as in Direction::link.
inline std::uint8_t link_of(const Packet& p) {
  if (p.status & status::no_ethernet) return 0;
  return static_cast<std::uint8_t>((p.destination_mac != absent ? Direction::has_destination : 0) |
                                   (p.source_mac != absent ? Direction::has_source : 0));
}

}  // namespace t2
