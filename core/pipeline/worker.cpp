// Looking up, delivering, ending.
#include "pipeline/worker.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "tranalyzer.h"

namespace t2 {

namespace {

constexpr std::size_t rows_at_once = 128;
constexpr std::uint32_t no_identification = 0xffff'ffff;
constexpr std::uint8_t tcp = 6;

// Whether the first packet of a conversation looks like one of the side that answers.
bool looks_like_responder(const Packet& p) {
  if (!p.is_ip()) return false;
  if (p.source_port < 1024 && p.source_port < p.destination_port) return true;
  if ((p.source_port & 0xfff6) == 8080) return true;  // 8080, 8081, 8088, 8089
  if (p.protocol != tcp || p.later_fragment || p.l4 == absent || p.l4 + 14 > p.captured) return false;
  return (p.data[p.l4 + 13] & 0x12) == 0x12;
}

constexpr Time millisecond = one_second / 1000;

void mark(Flow& flow, status::Word bits) {
  for (Direction* side : flow.directions) {
    if (side) side->status |= bits;
  }
}

// The flow ends at this time, whatever its timeouts say.
void end_early(Flow& flow, Time clock) {
  flow.ended_early = true;
  flow.due[0] = clock;
}

// Which MAC addresses a packet has, as in Direction::link.
std::uint8_t link_of(const Packet& p) {
  if (p.status & status::no_ethernet) return 0;
  return static_cast<std::uint8_t>((p.destination_mac != absent ? Direction::has_destination : 0) |
                                   (p.source_mac != absent ? Direction::has_source : 0));
}

bool same(const std::uint8_t* a, const std::uint8_t* b, std::size_t bytes) { return std::memcmp(a, b, bytes) == 0; }

// Has its direction's first packet these headers and MAC addresses, too?
bool has_headers_of_first(const Packet& p, const Direction& side) {
  if (p.headers != side.headers) return false;
  constexpr std::uint8_t both = Direction::has_destination | Direction::has_source;
  if (side.link == both && p.source_mac == p.destination_mac + 6)
    return same(side.macs, p.data + p.destination_mac, 12);  // Ethernet
  const std::uint8_t link = link_of(p);
  return link == side.link &&
         (!(link & Direction::has_destination) || same(side.macs, p.data + p.destination_mac, 6)) &&
         (!(link & Direction::has_source) || same(side.macs + 6, p.data + p.source_mac, 6));
}

// FDURLIMIT: is the packet so late that its flow has to be cut in front of it?
bool beyond_limit(const Flow& flow, const Packet& packet) {
  const Direction* side = flow.directions[packet.direction];
  return FDURLIMIT > 0 && packet.is_ip() && side && packet.time / one_second - side->first / one_second >= FDURLIMIT;
}

FragmentKey fragment_key(const Lookup& lookup) {
  const auto& address = lookup.key.address;
  return {address[lookup.source_end], address[lookup.source_end ^ 1],
          lookup.identification,      lookup.key.vlan,
          lookup.key.protocol,        lookup.key.family};
}

}  // namespace

Worker::Worker(Layout& layout, const Context& context, WorkerOptions options)
    : log_(context.log),
      totals_(context.totals),
      instances_(layout, context),
      table_(layout.prototype(), options.max_flows,
             layout.other_lines()),  // complete now: the instances have claimed their state
      expiry_(table_),
      fragments_(options.seed),
      batch_(options.packets ? 1 : options.batch),
      rows_out_(std::move(options.rows)),
      packets_out_(std::move(options.packets)),
      shared_(options.shared),
      columns_(layout.columns_are_read()) {
  for (const Instances::Entry& entry : instances_.all()) {
    if (!entry.plugin) continue;
    plugins_.push_back(entry.plugin.get());
    if (entry.descriptor->create_sink) own_.emplace_back();
  }
}

void Worker::drain_pending() {
  const std::span<Packet> packets = pending_.subspan(pending_first_, pending_last_ - pending_first_);
  pending_first_ = pending_last_;
  if (packets.empty()) return;
  for (Plugin* plugin : plugins_) {
    plugin->on_packets(packets);
    const std::size_t n = std::min(ahead_->size(), 1 + batch_ / plugins_.size());
    for (Lookup& lookup : ahead_->first(n)) prefetch_lookup(lookup);
    *ahead_ = ahead_->subspan(n);
  }
  if (packets_out_) packet_row(packets.front());
  for (const Packet& packet : packets) {
    Flow& flow = *packet.flow;
    if (!flow.timeout_shortened) continue;
    flow.timeout_shortened = false;
    if (!flow.detached && expiry_.needs_reschedule(flow)) expiry_.schedule(flow);
  }
}

// With -s: what every plugin has to say about this packet, then its content.
void Worker::packet_row(const Packet& packet) {
  Row& columns = packet_columns_;
  columns.clear();
  if (SPKTMD_PKTNO) columns.put(packet.number);
  columns.put(packet.flow->index);
  for (Plugin* plugin : plugins_) plugin->on_packet_row(packet, columns);
  const std::uint32_t from = SPKTMD_PCNTL == 0   ? 0
                             : SPKTMD_PCNTL == 1 ? packet.l2
                             : SPKTMD_PCNTL == 2 ? packet.l3
                             : SPKTMD_PCNTL == 3 ? packet.l4
                                                 : packet.l7;
  std::span<const std::uint8_t> content = packet.bytes(from).rest();
  if (SPKTMD_PCNTL == 4) content = content.first(std::min<std::size_t>(content.size(), packet.captured_l7));
  const std::string_view text(reinterpret_cast<const char*>(content.data()), content.size());
  if (SPKTMD_PCNTH) columns.text(text);
  if (SPKTMD_PCNTC) columns.text(text);
  packet_rows_.add({packet.direction, true, packet.flow->index, packet.number, packet.time}, columns, {});
  if (packet_rows_.size() >= rows_at_once) drain();
}

// A flow that is still alive at this clock; one that is due makes room for a successor.
inline Flow* Worker::find(const Lookup& lookup, Time clock) {
  Flow* flow = lookup.cached_flow;
  if (!flow || lookup.removals != table_.removals()) flow = table_.find(lookup.key, lookup.hash);
  if (flow && flow->end() <= clock) [[unlikely]] {
    table_.detach(*flow);
    flow = nullptr;
  }
  return flow;
}

// The flow of a later fragment's datagram, and which way it goes. Null: not known.
Flow* Worker::fragment_flow(Packet& packet, const Lookup& lookup, bool& left_out) {
  left_out = !FRAGMENTATION;
  if (left_out) return nullptr;
  const FragmentKey key = fragment_key(lookup);
  const Fragments::Place place = fragments_.find(key);
  if (!place.flow || place.flow->detached || place.flow->end() <= packet.clock) {
    counters_.status |= status::fragment | status::fragment_headless;
    left_out = !FRAG_HLST_CRFT;
    return nullptr;
  }
  packet.direction = static_cast<std::uint8_t>(place.direction);
  if (!packet.more_fragments) {
    fragments_.erase(key);
    place.flow->directions[place.direction]->status &= ~status::fragment_pending;
  }
  return place.flow;
}

[[gnu::always_inline]] inline bool Worker::look_up(Packet& packet, const Lookup& lookup) {
  const Time clock = packet.clock;
  Flow* flow = nullptr;
  bool joined = false;  // a later fragment found its datagram
  Successor successor;
  for (;;) {
    if (packet.later_fragment) [[unlikely]] {
      bool left_out;
      flow = fragment_flow(packet, lookup, left_out);
      if (left_out) return false;
      joined = flow;
    }
    if (!joined) {
      flow = find(lookup, clock);
      if (flow) packet.direction = static_cast<std::uint8_t>(lookup.source_end ^ flow->initiator);
    }
    if (!flow || !beyond_limit(*flow, packet)) break;
    successor = cut(*flow, packet);
    flow = nullptr;
    if (!joined) break;
    joined = false;  // without its datagram it belongs to another flow, or makes one
    successor = {};
  }
  if (!flow) [[unlikely]] {
    flow = begin_flow(packet, lookup, successor);
    if (!flow) return false;
  }
  packet.flow = flow;
  if (const Direction* peer = packet.other = flow->directions[packet.direction ^ 1]) {
    packet.other_last = peer->last;
    packet.other_fragment_pending = peer->status & status::fragment_pending;
  }
  if (!flow->directions[packet.direction]) [[unlikely]]
    begin_direction(packet, *flow, successor);
  Direction& side = *flow->directions[packet.direction];
  packet.own = &side;
  packet.index_in_direction = ++side.packets;
  packet.first = side.first;
  packet.previous = side.last;
  status::Word status = 0;
  if (packet.index_in_direction > 1) {
    packet.same_headers_as_first = has_headers_of_first(packet, side);
    if (packet.family == Family::ipv4 && !joined) {
      if (lookup.identification == side.last_ip_id && lookup.identification != 0) status |= status::duplicate_ip_id;
      side.last_ip_id = lookup.identification;
    }
    if (packet.time < side.last) status |= status::time_jump;
  }
  if (packet.more_fragments || packet.later_fragment || (side.status & status::fragment_pending)) [[unlikely]]
    fragments_of(packet, lookup, joined);
  side.last = packet.time;
  flow->due[packet.direction] = clock + Time{side.timeout} * millisecond;
  status |= packet.status;
  side.status |= status;
  counters_.status |= status;
  counters_.padding += packet.padding;
  const unsigned letter = side.status & status::inverted;
  static_assert(status::inverted == 1);
  ++counters_.packets[letter];
  counters_.bytes[letter] += packet.captured;
  if (packet.is_ip()) {
    ++counters_.protocol_packets[packet.protocol];
    counters_.protocol_bytes[packet.protocol] += packet.captured;
  } else {
    counters_.type_arp += packet.ether_type == 0x0806;
    counters_.type_rarp += packet.ether_type == 0x8035;
  }
  return true;
}

void Worker::process(std::span<Packet> packets, std::span<const Lookup> lookups, std::span<Lookup>& ahead) {
  ahead_ = &ahead;
  pending_ = packets;
  pending_first_ = pending_last_ = 0;
  if (!packets.empty()) expiry_.start(packets[0].clock);
  for (std::size_t i = 0; i < packets.size(); ++i) {
    Packet& packet = packets[i];
    if (pending_last_ - pending_first_ >= batch_ || packet.clock - pending_clock_ >= shortest_timeout) drain_pending();
    if (pending_first_ == pending_last_) {
      pending_first_ = pending_last_ = i;
      pending_clock_ = packet.clock;
    }
    if (!expiry_.nothing_due(packet.clock)) expire(packet.clock);
    if (look_up(packet, lookups[i])) {
      pending_last_ = i + 1;
    } else {
      drain_pending();
      if (totals_) totals_->ignore_one();
    }
  }
  drain_pending();
}

// A fragment, or a packet where one was expected.
void Worker::fragments_of(Packet& packet, const Lookup& lookup, bool joined) {
  Direction& side = *packet.own;
  if (joined) {
    ++(packet.family == Family::ipv4 ? counters_.ipv4_fragments : counters_.ipv6_fragments);
  } else if (packet.later_fragment || packet.more_fragments) {
    if (packet.later_fragment) side.status |= status::fragment_headless;
    first_fragment(packet, lookup.identification);
  } else {
    side.status |= status::fragment_error;
    counters_.status |= status::fragment_error;
  }
}

// A conversation begins. Null: no more of them do.
Flow* Worker::begin_flow(Packet& packet, const Lookup& lookup, const Successor& successor) {
  if (!creating_) return nullptr;
  if (table_.full()) {
    drain_before(packet);
    make_room(packet.clock);
  }
  Flow& flow = table_.create(lookup.key, lookup.hash);
  flow.number = packet.number;
  flow.index = successor.index ? *successor.index : shared_ ? flow_number_++ : ++flow_number_;
  flow.initiator = lookup.source_end;
  packet.direction = 0;  // in a flow that was cut it may have been the other one
  flow.due[0] = packet.clock + Time{FLOW_TIMEOUT} * one_second;
  expiry_.schedule(flow);
  return &flow;
}

// The first packet of a direction.
void Worker::begin_direction(Packet& packet, Flow& flow, const Successor& successor) {
  Direction& side = table_.add_direction(flow, packet.direction);
  const Direction* peer = flow.directions[packet.direction ^ 1];
  side.first = side.last = packet.time;
  side.timeout = FLOW_TIMEOUT * 1000u;
  side.last_ip_id = no_identification;
  side.headers = packet.headers;
  side.link = link_of(packet);
  if (side.link & Direction::has_destination) std::memcpy(side.macs, packet.data + packet.destination_mac, 6);
  if (side.link & Direction::has_source) std::memcpy(side.macs + 6, packet.data + packet.source_mac, 6);
  packet.first_of_direction = true;
  packet.first_of_flow = !peer;
  if (shared_) starts_.push_back({packet.number, Expiry::bucket_of(packet.clock), !peer && !successor.index});
  side.status |= successor.status;
  if (peer ? !(peer->status & status::inverted) : looks_like_responder(packet)) side.status |= status::inverted;
  const auto kind = packet.family == Family::ipv4   ? status::ipv4
                    : packet.family == Family::ipv6 ? status::ipv6
                                                    : status::layer2_flow;
  side.status |= kind;
  if (packet.protocol == tcp && packet.is_ip() && flow.key.end(0) == flow.key.end(1)) {
    side.status |= status::land_attack;
    counters_.status |= status::land_attack;
  }
  ++counters_.flows[peer ? 1 : 0];
  ++(packet.family == Family::ipv4   ? counters_.ipv4
     : packet.family == Family::ipv6 ? counters_.ipv6
                                     : counters_.layer2);
  counters_.max_in_memory = std::max(counters_.max_in_memory, ++directions_);
}

// A datagram begins (or is met without its beginning): its later fragments will find this flow.
void Worker::first_fragment(Packet& packet, std::uint32_t identification) {
  Flow& flow = *packet.flow;
  Direction& side = *packet.own;
  packet.status |= status::fragment;
  ++(packet.family == Family::ipv4 ? counters_.ipv4_fragments : counters_.ipv6_fragments);
  const FragmentKey key = Fragments::key(flow, packet.direction, identification);
  if (side.status & status::fragment_pending) {
    const FragmentKey old = Fragments::key(flow, packet.direction, side.fragment_id);
    const bool mine = fragments_.find(old).flow == &flow;
    if (mine) fragments_.erase(old);
    if (!mine || side.fragment_id != identification) {
      side.status |= status::fragment_error;
      counters_.status |= status::fragment_error;
    }
  } else if (const Fragments::Place other = fragments_.find(key); other.flow && other.flow != &flow) {
    other.flow->directions[other.direction]->status &= ~status::fragment_pending;
  }
  fragments_.set(key, {&flow, packet.direction});
  side.fragment_id = identification;
  side.status |= status::fragment_pending;
}

// Everything in front of this packet must have reached the plugins before a flow is cut short.
void Worker::drain_before(const Packet& packet) {
  const auto here = static_cast<std::size_t>(&packet - pending_.data());
  drain_pending();
  pending_first_ = pending_last_ = here;
  pending_clock_ = packet.clock;
}

// FDURLIMIT: the flow ends in front of this packet, a successor takes over.
Worker::Successor Worker::cut(Flow& flow, const Packet& packet) {
  drain_before(packet);
  Direction& side = *flow.directions[packet.direction];
  side.status |= status::removed;
  counters_.status |= status::removed;
  if (FDLSFINDEX) mark(flow, status::duration_limit);
  end_early(flow, packet.clock);
  table_.detach(flow);
  expiry_.schedule(flow);
  Successor successor{side.status & status::inverted, {}};
  if (FDLSFINDEX) successor = {successor.status | status::duration_limit, flow.index};
  return successor;
}

void Worker::make_room(Time clock) {
  expire(clock);
  while (table_.full()) {
    Flow* flow = expiry_.first();
    if (!flow) return;
    expiry_.remove(*flow);
    if (flow->end() <= clock) {
      end(*flow, flow->ended_early ? EndReason::duration_limit : EndReason::idle);
      continue;
    }
    if (counters_.evicted == 0) {
      log_.warn("Hash Autopilot: main HashMap full: flushing 1 oldest flow(s)");
      log_.info(
          "Hash Autopilot: Fix: Invoke Tranalyzer with '--max-flows N', or raise FLOW_MEMORY with t2conf tranalyzer2");
    }
    mark(*flow, status::evicted);
    counters_.status |= status::evicted;
    ++counters_.evicted;
    end_early(*flow, clock);
    end(*flow, EndReason::evicted);
  }
}

void Worker::expire(Time clock) {
  while (!expiry_.nothing_due(clock)) {
    end(expiry_.due(clock), clock);
  }
}

void Worker::advance(Time clock) {
  expiry_.start(clock);
  expire(clock);
}

std::optional<Time> Worker::finish(Time clock) {
  if (!table_.closed()) {
    table_.close();
    expire(clock);
    rest_ = expiry_.rest();
  }
  const std::span<const Expiry::Due> some = rest_.first(std::min<std::size_t>(rest_.size(), 1024));
  rest_ = rest_.subspan(some.size());
  end(some, clock);
  if (!some.empty()) return some.back().end;
  drain();
  return {};
}

// Ends flows in their order. Their memory has grown cold: it is asked for in time.
void Worker::end(std::span<const Expiry::Due> flows, Time clock) {
  constexpr std::size_t far = 16, near = 8;
  for (std::size_t i = 0; i < flows.size(); ++i) {
    if (i + far < flows.size()) table_.prefetch(*flows[i + far].flow);
    if (i + near < flows.size()) table_.prefetch_for_release(*flows[i + near].flow);
    Flow& flow = *flows[i].flow;
    const bool idle = flows[i].end <= clock;
    end(flow, flow.ended_early ? EndReason::duration_limit : idle ? EndReason::idle : EndReason::input_done);
  }
}

// Writes the rows of a flow, A before B, and frees its records. The wheel has let go of it.
void Worker::end(Flow& flow, EndReason reason) {
  const Time when = flow.end();
  const bool both = flow.directions[1];
  const unsigned a = both && (flow.directions[0]->status & status::inverted) ? 1 : 0;
  for (unsigned letter = 0; letter < (both ? 2u : 1u); ++letter) {
    const unsigned direction = a ^ letter;
    Direction& side = *flow.directions[direction];
    if (!both && (side.status & status::inverted)) ++counters_.lone_replies;
    if (side.status & status::fragment_pending) counters_.status |= status::fragment_pending;
    columns_.clear();
    std::size_t sink = 0;
    const EndedFlow ended{flow, side, flow.directions[direction ^ 1], direction, reason};
    for (const Instances::Entry& entry : instances_.all()) {
      if (!entry.plugin) continue;
      if (entry.descriptor->create_sink) {
        own_[sink].clear();
        entry.plugin->on_flow_end(ended, own_[sink++]);
      } else {
        entry.plugin->on_flow_end(ended, columns_);
      }
    }
    rows_.add({static_cast<std::uint8_t>(letter), !both || letter == 1, flow.index, flow.number, when}, columns_, own_);
    --directions_;
  }
  for (unsigned direction = 0; direction < (both ? 2u : 1u); ++direction) {
    const Direction& side = *flow.directions[direction];
    if (!(side.status & status::fragment_pending)) continue;
    const FragmentKey key = Fragments::key(flow, direction, side.fragment_id);
    if (fragments_.find(key).flow == &flow) fragments_.erase(key);
  }
  instances_.flow_memory().release(flow);
  table_.release(flow);
  if (!shared_ && rows_.size() >= rows_at_once) drain();
}

Delivery Worker::take_completed(RowBatch empty) {
  Delivery made;
  made.rows = std::exchange(rows_, std::move(empty));
  made.starts = std::exchange(starts_, {});
  return made;
}

void Worker::drain() {
  if (shared_) return;
  if (packet_rows_.size() > 0) {
    packets_out_(packet_rows_);
    packet_rows_.clear();
  }
  if (rows_.size() == 0) return;
  rows_out_(rows_);
  rows_.clear();
}

}  // namespace t2
