// What happens rarely to flows while packets come: they begin, are cut, are evicted, and have fragments. Used by the
// worker's thread.
#include <algorithm>
#include <cstring>

#include "base/settings.hpp"
#include "pipeline/worker.hpp"
#include "tranalyzer.h"

namespace t2 {

namespace {

constexpr std::uint32_t no_identification = 0xffff'ffff;

// Whether the first packet of a conversation comes from the end that answers: the connection began before the capture.
bool looks_like_responder(const Packet& p) {
  if (!p.is_ip()) return false;
  if (settings.syn_makes_a && p.is_opening()) return false;
  if (p.source_port < 1024 && p.source_port < p.destination_port) return true;
  if ((p.source_port & 0xfff6) == 8080) return true;  // 8080, 8081, 8088, 8089
  if (p.protocol != protocol::tcp || p.later_fragment || p.l4 == absent || p.l4 + 14 > p.captured) return false;
  return (p.data[p.l4 + 13] & 0x12) == 0x12;
}

void mark(FlowEntry& flow, status::Word bits) {
  for (Direction* direction : flow.directions) {
    if (direction) direction->status |= bits;
  }
}

// The flow ends at this time, whatever its timeouts say.
void end_early(FlowEntry& flow, Time clock) {
  flow.ended_early = true;
  flow.due[0] = clock;
}

}  // namespace

// A conversation begins; there is room for it.
FlowEntry& Worker::begin_flow(Packet& packet, const Lookup& lookup, const Successor& successor) {
  FlowEntry& flow = table_.create(lookup.key, lookup.hash);
  flow.number = packet.number;
  flow.index = successor.index ? *successor.index : shared_ ? flow_number_++ : ++flow_number_;
  flow.initiator = lookup.source_end;
  packet.direction = 0;  // in a flow that was cut it may have been the other one
  flow.due[0] = packet.at + settings.flow_timeout;
  expiry_.schedule(flow);
  eviction_.add(flow);
  return flow;
}

bool Worker::begins_with_answer(const Packet& packet) const {
  for (const auto opener : openers_) {
    if (const Opener found = opener(packet); found != Opener::unknown) return found == Opener::answers;
  }
  return looks_like_responder(packet);
}

// The first packet of a direction.
void Worker::begin_direction(Packet& packet, FlowEntry& flow, const Successor& successor) {
  DirectionEntry& own = table_.add_direction(flow, packet.direction);
  const Direction* other = flow.directions[packet.direction ^ 1];
  own.first = own.last = packet.time;
  own.timeout = static_cast<std::uint32_t>(settings.flow_timeout / millisecond);
  own.last_ip_id = no_identification;
  own.headers = packet.headers;
  own.link = link_of(packet) & 3;
  own.interface = packet.interface & (max_interfaces - 1);
  if (own.link & Direction::has_destination) std::memcpy(own.macs, packet.data + packet.destination_mac, 6);
  if (own.link & Direction::has_source) std::memcpy(own.macs + 6, packet.data + packet.source_mac, 6);
  if (packet.is_opening()) own.syn = load_big<std::uint16_t>(packet.data + packet.l4 + 6);
  packet.first_of_direction = true;
  packet.first_of_flow = !other;
  if (shared_) starts_.push_back({packet.number, Expiry::bucket_of(packet.clock), !other && !successor.index});
  own.status |= successor.status;
  if (other) own.status |= other->status & status::duration_limit;  // a continuation is one in both directions
  if (other ? !(other->status & status::inverted) : begins_with_answer(packet)) own.status |= status::inverted;
  const auto kind = packet.family == Family::ipv4   ? status::ipv4
                    : packet.family == Family::ipv6 ? status::ipv6
                                                    : status::layer2_flow;
  own.status |= kind;
  if (packet.protocol == protocol::tcp && packet.is_ip() && flow.key.end(0) == flow.key.end(1)) {
    own.status |= status::land_attack;
    counters_.status |= status::land_attack;
  }
  ++counters_.flows[other ? 1 : 0];
  ++(packet.family == Family::ipv4   ? counters_.ipv4
     : packet.family == Family::ipv6 ? counters_.ipv6
                                     : counters_.layer2);
  counters_.max_in_memory = std::max(counters_.max_in_memory, ++directions_);
}

// The flow of a later fragment's datagram; sets the packet's direction. Null: not known; `ignored`: it makes no flow.
FlowEntry* Worker::fragment_flow(Packet& packet, bool& ignored) {
  ignored = !FRAGMENTATION;
  if (ignored) return nullptr;
  Fragments::Datagram* const datagram = fragments_.find(datagram_of(packet));
  if (!datagram || datagram->flow->detached || has_ended(*datagram->flow, packet)) {
    counters_.status |= status::fragment | status::fragment_headless;
    ignored = !FRAG_HLST_CRFT;
    return nullptr;
  }
  packet.direction = static_cast<std::uint8_t>(datagram->direction);
  packet.protocol = datagram->flow->key.protocol;
  const Piece piece = piece_of(packet);
  Holes& missing = datagram->missing;
  missing.fill(piece);
  // Without its beginning, which makes another flow, no datagram is complete: then the last piece ends it.
  if (missing.none() || (piece.last && missing.without_beginning()))
    datagram->flow->directions[packet.direction]->status &= ~status::fragment_pending;
  return datagram->flow;
}

// Keeps the earliest and the latest time of a flow in which a packet was older than the one before it in its direction.
void Worker::update_ranges(const Packet& packet) {
  FlowEntry& flow = entry_of(*packet.flow);
  if (!flow.ranges) {
    auto* ranges = static_cast<TimeRange*>(instances_.flow_memory().get(flow, 2 * sizeof(TimeRange)));
    if (!ranges) return;  // no memory: the times stay those of the first and the last packet
    for (unsigned direction = 0; direction < 2; ++direction) {
      if (flow.directions[direction]) ranges[direction] = flow.times(direction);
    }
    flow.ranges = ranges;
  }
  TimeRange& range = flow.ranges[packet.direction];
  if (packet.first_of_direction) range = {packet.time, packet.time};
  range.earliest = std::min(range.earliest, packet.time);
  range.latest = std::max(range.latest, packet.time);
}

// A fragment, or a packet where one was expected.
void Worker::note_fragment(Packet& packet, bool joined) {
  DirectionEntry& own = entry_of(*packet.own);
  if (joined) {
    ++(packet.family == Family::ipv4 ? counters_.ipv4_fragments : counters_.ipv6_fragments);
  } else if (packet.later_fragment || packet.more_fragments) {
    if (packet.later_fragment) own.status |= status::fragment_headless;
    first_fragment(packet);
  } else {
    own.status |= status::fragment_error;
    counters_.status |= status::fragment_error;
  }
}

// A datagram begins (or is met without its beginning): its later fragments will find this flow.
void Worker::first_fragment(Packet& packet) {
  FlowEntry& flow = entry_of(*packet.flow);
  DirectionEntry& own = entry_of(*packet.own);
  packet.status |= status::fragment;
  ++(packet.family == Family::ipv4 ? counters_.ipv4_fragments : counters_.ipv6_fragments);
  const DatagramKey key = datagram_of(packet);
  const std::optional<std::uint32_t> erased = fragments_.erase(flow, packet.direction);
  Fragments::Datagram* const other = fragments_.find(key);
  Holes missing;
  if (own.status & status::fragment_pending) {
    if (erased != key.identification) {
      own.status |= status::fragment_error;
      counters_.status |= status::fragment_error;
    }
  } else if (other) {
    // The beginning comes after other pieces, which made a flow without ports.
    other->flow->directions[other->direction]->status &= ~status::fragment_pending;
    missing = other->missing;
  }
  missing.fill(piece_of(packet));
  if (other) fragments_.assign(*other, flow, packet.direction, missing);
  else fragments_.add(key, flow, packet.direction, missing);
  own.status |= status::fragment_pending;
}

// FDURLIMIT: the flow ends in front of this packet, and a successor takes over. The packets before it are delivered.
Worker::Successor Worker::cut(FlowEntry& flow, const Packet& packet) {
  Direction& own = *flow.directions[packet.direction];
  own.status |= status::removed;
  counters_.status |= status::removed;
  end_early(flow, packet.at);
  table_.detach(flow);
  expiry_.schedule(flow);
  Successor successor{own.status & status::inverted, {}};
  if (settings.same_index) successor = {successor.status | status::duration_limit, flow.index};
  return successor;
}

// Ends flows until there is room for one. False, where that would be a flow of `undelivered` packets: these first.
bool Worker::make_room(Time clock, std::span<const Packet> undelivered) {
  if (ends_in_order_ && !undelivered.empty()) return false;
  while (table_.full()) {
    if (FlowEntry* ended = expiry_.next_ended(clock)) {
      end(*ended, ended->ended_early ? EndReason::duration_limit : EndReason::idle);
      continue;
    }
    FlowEntry* flow = eviction_.first();
    if (!flow) break;
    for (const Packet& packet : undelivered) {
      if (packet.flow == flow) return false;
    }
    expiry_.remove(*flow);
    if (counters_.evicted == 0) {
      log_.warn("Hash Autopilot: main HashMap full: flushing 1 oldest flow(s)");
      log_.info("Hash Autopilot: Fix: Invoke Tranalyzer with '--max-flows N', or --set FLOW_MEMORY=PERCENT");
    }
    mark(*flow, status::evicted);
    counters_.status |= status::evicted;
    ++counters_.evicted;
    end_early(*flow, clock);
    end(*flow, EndReason::evicted);
  }
  return true;
}

}  // namespace t2
