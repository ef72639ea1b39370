// The path of every packet: from its lookup to its flow, then to the plugins. Used by the worker's thread.
//
// Nothing here allocates; what is rare (a flow or direction begins, fragments, a limit) stands in worker_flows.cpp.
#include "pipeline/worker.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/settings.hpp"
#include "tranalyzer.h"

namespace t2 {

namespace {

bool same(const std::uint8_t* a, const std::uint8_t* b, std::size_t bytes) { return std::memcmp(a, b, bytes) == 0; }

// Whether its direction's first packet had these headers and MAC addresses, too.
bool has_headers_of_first(const Packet& p, const Direction& own) {
  if (p.headers != own.headers) return false;
  constexpr std::uint8_t both = Direction::has_destination | Direction::has_source;
  if (own.link == both && p.source_mac == p.destination_mac + 6)
    return same(own.macs, p.data + p.destination_mac, 12);  // Ethernet
  const std::uint8_t link = link_of(p);
  return link == own.link && (!(link & Direction::has_destination) || same(own.macs, p.data + p.destination_mac, 6)) &&
         (!(link & Direction::has_source) || same(own.macs + 6, p.data + p.source_mac, 6));
}

// A SYN of a new connection between the ports of one that is over, or was silent for FLOW_TIMEOUT. Not a SYN that comes
// again: that has the number of the one before.
bool begins_connection(const FlowEntry& flow, const Packet& packet) {
  const DirectionEntry* own = flow.direction(packet.direction);
  if (own && own->syn == load_big<std::uint16_t>(packet.data + packet.l4 + 6)) return false;
  if (flow.finished) return true;
  for (unsigned direction = 0; direction < 2; ++direction) {
    if (flow.directions[direction] && packet.time - flow.times(direction).latest < settings.flow_timeout) return false;
  }
  return true;
}

// FDURLIMIT: whether the packet is so late that its flow is cut in front of it.
bool beyond_duration_limit(const FlowEntry& flow, const Packet& packet) {
  const Direction* own = flow.directions[packet.direction];
  return settings.duration_limit > 0 && packet.is_ip() && own &&
         packet.time / one_second - own->first / one_second >= settings.duration_limit;
}

}  // namespace

Worker::Worker(Layout& layout, const Context& context, WorkerOptions options)
    : log_(context.log),
      totals_(context.totals),
      instances_(layout, context),
      table_(layout.prototype(), options.max_flows),  // after the instances claimed their state
      expiry_(table_),
      eviction_(table_),
      fragments_(table_.huge_pages(), KeyedHash(options.seed)),
      batch_(options.packets ? 1 : options.batch),
      rows_out_(std::move(options.rows)),
      packets_out_(std::move(options.packets)),
      completed_(std::move(options.completed)),
      shared_(options.shared),
      row_writer_(instances_, layout, options.key),
      packet_row_memory_(packets_out_ ? layout.packet_row_memory() : 0),
      conversation_memory_(layout.conversation_memory()),
      ends_in_order_(needs_one_worker(layout.plugins())) {
  for (const Instances::Entry& entry : instances_.all()) {
    if (entry.plugin) plugins_.push_back(entry.plugin.get());
    if (entry.descriptor->opener) openers_.push_back(entry.descriptor->opener);
  }
  prefetches_per_plugin_ = 1 + batch_ / std::max<std::size_t>(1, plugins_.size());
}

// The flow of a packet. One that has ended at the packet's own time, or began too long after it, makes room for
// another.
inline FlowEntry* Worker::find(const Lookup& lookup, const Packet& packet) {
  FlowEntry* flow = lookup.cached_flow;
  if (!flow || lookup.removals != table_.removals()) flow = table_.find(lookup.key, lookup.hash);
  if (flow && has_ended(*flow, packet)) [[unlikely]] {
    table_.detach(*flow);
    flow = nullptr;
  }
  return flow;
}

// The flow that a packet continues, where there is one: none, and a flow begins. One beyond its duration limit is cut;
// the flow to be made then succeeds it. `joined`: a later fragment found its datagram. Results stand apart, not in a
// struct: copied as one, its loads would wait for the stores of its fields.
[[gnu::always_inline]] inline Worker::LookedUp Worker::find_continued(Packet& packet, const Lookup& lookup,
                                                                      std::span<const Packet> undelivered,
                                                                      FlowEntry*& flow, bool& joined,
                                                                      Successor& successor) {
  for (;;) {
    if (packet.later_fragment) [[unlikely]] {
      bool ignored;
      flow = fragment_flow(packet, ignored);
      if (ignored) return LookedUp::ignored;
      joined = flow;
    }
    if (!joined) {
      flow = find(lookup, packet);
      if (flow) packet.direction = static_cast<std::uint8_t>(lookup.source_end ^ flow->initiator);
      if (flow && packet.is_opening() && settings.syn_begins_flow) [[unlikely]] {
        if (!undelivered.empty()) return LookedUp::deliver_first;  // plugins may find that it is over
        if (begins_connection(*flow, packet)) {
          table_.detach(*flow);
          flow = nullptr;
          return LookedUp::in_flow;
        }
      }
    }
    if (!flow || !beyond_duration_limit(*flow, packet)) return LookedUp::in_flow;
    if (!undelivered.empty()) return LookedUp::deliver_first;
    successor = cut(*flow, packet);
    flow = nullptr;
    if (!joined) return LookedUp::in_flow;
    joined = false, successor = {};  // without its datagram it belongs to another flow, or makes one
  }
}

// Tells the packet what it comes behind, and its direction that it came. `joined`: see find_continued().
[[gnu::always_inline]] inline void Worker::append(Packet& packet, FlowEntry& flow, DirectionEntry& own,
                                                  const Lookup& lookup, bool joined) {
  packet.own = &own;
  packet.index_in_direction = ++own.packets;
  packet.first = own.first;
  packet.previous = own.last;
  status::Word status = 0;
  if (packet.index_in_direction > 1) {
    packet.same_headers_as_first = has_headers_of_first(packet, own);
    if (packet.family == Family::ipv4 && !joined) {
      if (lookup.identification == own.last_ip_id && lookup.identification != 0) status |= status::duplicate_ip_id;
      own.last_ip_id = lookup.identification;
    }
    if (packet.time < own.last) status |= status::time_jump;
  }
  if (packet.time < own.last || flow.ranges) [[unlikely]]
    update_ranges(packet);
  if (FRAGMENTATION && (packet.more_fragments || packet.later_fragment || own.status & status::fragment_pending))
      [[unlikely]]
    note_fragment(packet, joined);
  own.last = packet.time;
  Time& due = flow.due[packet.direction];
  due = std::max(due, packet.at + Time{own.timeout} * millisecond);
  status |= packet.status;
  own.status |= status;
  counters_.status |= status;
}

[[gnu::always_inline]] inline void Worker::count(const Packet& packet, const DirectionEntry& own) {
  counters_.padding += packet.padding;
  const unsigned letter = own.status & status::inverted;
  static_assert(status::inverted == 1);
  ++counters_.packets[letter];
  counters_.bytes[letter] += packet.captured;
  if (packet.is_ip()) {
    ++counters_.protocol_packets[packet.protocol];
    counters_.protocol_bytes[packet.protocol] += packet.captured;
  } else {
    counters_.type_arp += packet.ether_type == ether_type::arp;
    counters_.type_rarp += packet.ether_type == ether_type::rarp;
  }
}

[[gnu::always_inline]] inline Worker::LookedUp Worker::look_up(Packet& packet, const Lookup& lookup,
                                                               std::span<const Packet> undelivered) {
  FlowEntry* flow = nullptr;
  bool joined = false;
  Successor successor;
  const LookedUp found = find_continued(packet, lookup, undelivered, flow, joined, successor);
  if (found != LookedUp::in_flow) return found;
  if (!flow) [[unlikely]] {
    if (!creating_) return LookedUp::ignored;
    if (FRAGMENTATION && packet.more_fragments) fragments_.prefetch(datagram_of(packet));  // of use after make_room()
    if (table_.full() && !make_room(packet.clock, undelivered)) return LookedUp::deliver_first;
    flow = &begin_flow(packet, lookup, successor);
  }
  packet.flow = flow;
  if (const Direction* other = packet.other = flow->directions[packet.direction ^ 1]) {
    packet.other_last = other->last;
    packet.other_fragment_pending = other->status & status::fragment_pending;
  }
  if (!flow->directions[packet.direction]) [[unlikely]]
    begin_direction(packet, *flow, successor);
  DirectionEntry& own = *flow->direction(packet.direction);
  append(packet, *flow, own, lookup, joined);
  count(packet, own);
  return LookedUp::in_flow;
}

MemoryBound Worker::memory_bound(std::uint64_t max_flows) const {
  MemoryBound bound;
  bound.flows = table_.max_bytes(max_flows) + Expiry::max_bytes(max_flows) + max_flows * EvictionOrder::bytes_each();
  bound.lists =
      instances_.flow_memory().max_bytes(max_flows) + max_flows * (2 * packet_row_memory_ + conversation_memory_);
  bound.fragments = Fragments::max_bytes(max_flows);
  return bound;
}

// Gives a batch to one plugin after the other.
void Worker::deliver(std::span<Packet> packets, PrefetchQueue& next) {
  for (Plugin* plugin : plugins_) {
    plugin->on_packets(packets);
    next.prefetch_some(table_, prefetches_per_plugin_);
  }
  if (packets_out_) packet_row(packets.front());
  for (const Packet& packet : packets) {
    FlowEntry& flow = entry_of(*packet.flow);
    if (!flow.timeout_shortened) continue;
    flow.timeout_shortened = false;
    if (!flow.detached && expiry_.needs_reschedule(flow)) expiry_.schedule(flow);
  }
}

void Worker::process(std::span<Packet> packets, std::span<const Lookup> lookups, PrefetchQueue& next) {
  if (packets.empty()) return;
  expiry_.start(packets[0].clock);
  std::size_t first = 0;      // packets from here to `i` are looked up and not delivered yet
  Time earliest = INT64_MAX;  // position of these on the clock
  Time offset = 0;            // from their times to their positions
  const auto deliver_before = [&](std::size_t end) {
    if (first < end) deliver(packets.subspan(first, end - first), next);
    first = end;
    earliest = INT64_MAX;
  };
  for (std::size_t i = 0; i < packets.size(); ++i) {
    Packet& packet = packets[i];
    // So no flow with packets in the batch can have ended, whatever timeouts plugins give it.
    const std::size_t most = instances_.flow_memory().is_tight() ? 1 : batch_;
    if (i - first >= most ||
        (first < i && (packet.at - earliest >= shortest_timeout || packet.at - packet.time != offset)))
      deliver_before(i);
    earliest = std::min(earliest, packet.at);
    offset = packet.at - packet.time;
    if (!expiry_.nothing_due(packet.clock)) {
      if (ends_in_order_) deliver_before(i), earliest = packet.at;
      expire(packet.clock);
    }
    LookedUp found = look_up(packet, lookups[i], packets.subspan(first, i - first));
    if (found == LookedUp::deliver_first) [[unlikely]] {
      deliver_before(i);
      earliest = packet.at;
      found = look_up(packet, lookups[i], {});
    }
    if (found == LookedUp::ignored) [[unlikely]] {
      deliver_before(i);
      first = i + 1;
      if (totals_) totals_->ignore_one();
    }
  }
  deliver_before(packets.size());
}

}  // namespace t2
