// Looking up, delivering, ending.
#include "worker.hpp"

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
bool answers(const Packet& p) {
  if (!p.is_ip()) return false;
  if (p.source_port < 1024 && p.source_port < p.destination_port) return true;
  if ((p.source_port & 0xfff6) == 8080) return true;  // 8080, 8081, 8088, 8089
  if (p.protocol != tcp || p.later_fragment || p.l4 == absent || p.l4 + 14 > p.captured) return false;
  return (p.data[p.l4 + 13] & 0x12) == 0x12;
}

constexpr Time millisecond = one_second / 1000;

void mark(Flow& flow, status::Word bits) {
  for (Side* side : flow.side) {
    if (side) side->status |= bits;
  }
}

// The flow ends at this time, whatever its timeouts say.
void force_end(Flow& flow, Time clock) {
  flow.forced = true;
  flow.due[0] = clock;
}

// Which MAC addresses a packet has, as in Side::link.
std::uint8_t link_of(const Packet& p) {
  if (p.status & status::no_ethernet) return 0;
  return static_cast<std::uint8_t>((p.destination_mac != absent ? Side::has_destination : 0) |
                                   (p.source_mac != absent ? Side::has_source : 0));
}

bool same(const std::uint8_t* a, const std::uint8_t* b, std::size_t bytes) { return std::memcmp(a, b, bytes) == 0; }

// Has its direction's first packet these headers and MAC addresses, too?
bool is_like_first(const Packet& p, const Side& side) {
  if (p.headers != side.headers) return false;
  constexpr std::uint8_t both = Side::has_destination | Side::has_source;
  if (side.link == both && p.source_mac == p.destination_mac + 6)
    return same(side.macs, p.data + p.destination_mac, 12);  // Ethernet
  const std::uint8_t link = link_of(p);
  return link == side.link && (!(link & Side::has_destination) || same(side.macs, p.data + p.destination_mac, 6)) &&
         (!(link & Side::has_source) || same(side.macs + 6, p.data + p.source_mac, 6));
}

// FDURLIMIT: is the packet so late that its flow has to be cut in front of it?
bool beyond_limit(const Flow& flow, const Packet& packet) {
  const Side* side = flow.side[packet.direction];
  return FDURLIMIT > 0 && packet.is_ip() && side && packet.time / one_second - side->first / one_second >= FDURLIMIT;
}

FragmentKey fragment_key(const Lookup& lookup) {
  const auto& address = lookup.key.address;
  return {address[lookup.source_end], address[lookup.source_end ^ 1],
          lookup.identification,      lookup.key.vlan,
          lookup.key.protocol,        lookup.key.family};
}

}  // namespace

FlowCounters& operator+=(FlowCounters& sum, const FlowCounters& more) {
  for (int i = 0; i < 2; ++i) {
    sum.flows[i] += more.flows[i];
    sum.packets[i] += more.packets[i];
    sum.bytes[i] += more.bytes[i];
  }
  sum.layer2 += more.layer2, sum.ipv4 += more.ipv4, sum.ipv6 += more.ipv6;
  sum.lone_replies += more.lone_replies;
  sum.ipv4_fragments += more.ipv4_fragments, sum.ipv6_fragments += more.ipv6_fragments;
  sum.padding += more.padding, sum.evicted += more.evicted, sum.most_in_memory += more.most_in_memory;
  sum.type_arp += more.type_arp, sum.type_rarp += more.type_rarp;
  for (int i = 0; i < 256; ++i) {
    sum.protocol_packets[i] += more.protocol_packets[i];
    sum.protocol_bytes[i] += more.protocol_bytes[i];
  }
  sum.status |= more.status;
  return sum;
}

Worker::Worker(Layout& layout, const Context& context, WorkerOptions options)
    : log_(context.log),
      totals_(context.totals),
      instances_(layout, context),
      table_(layout.prototype(), options.most_flows,
             layout.peer_lines()),  // complete now: the instances have claimed their state
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
    for (Lookup& lookup : ahead_->first(n)) seek(lookup);
    *ahead_ = ahead_->subspan(n);
  }
  if (packets_out_) packet_row(packets.front());
  for (const Packet& packet : packets) {
    Flow& flow = *packet.flow;
    if (!flow.sooner) continue;
    flow.sooner = false;
    if (!flow.detached && expiry_.too_late(flow)) expiry_.file(flow);
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
  Flow* flow = lookup.hint;
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
    place.flow->side[place.direction]->status &= ~status::fragment_pending;
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
      if (flow) packet.direction = static_cast<std::uint8_t>(lookup.source_end ^ flow->opener);
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
  if (const Side* peer = packet.peer = flow->side[packet.direction ^ 1]) {
    packet.peer_last = peer->last;
    packet.peer_fragment_pending = peer->status & status::fragment_pending;
  }
  if (!flow->side[packet.direction]) [[unlikely]]
    begin_side(packet, *flow, successor);
  Side& side = *flow->side[packet.direction];
  packet.side = &side;
  packet.nth = ++side.packets;
  packet.first = side.first;
  packet.previous = side.last;
  status::Word status = 0;
  if (packet.nth > 1) {
    packet.like_first = is_like_first(packet, side);
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
  Side& side = *packet.side;
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
  flow.opener = lookup.source_end;
  packet.direction = 0;  // in a flow that was cut it may have been the other one
  flow.due[0] = packet.clock + Time{FLOW_TIMEOUT} * one_second;
  expiry_.file(flow);
  return &flow;
}

// The first packet of a direction.
void Worker::begin_side(Packet& packet, Flow& flow, const Successor& successor) {
  Side& side = table_.add_side(flow, packet.direction);
  const Side* peer = flow.side[packet.direction ^ 1];
  side.first = side.last = packet.time;
  side.timeout = FLOW_TIMEOUT * 1000u;
  side.last_ip_id = no_identification;
  side.headers = packet.headers;
  side.link = link_of(packet);
  if (side.link & Side::has_destination) std::memcpy(side.macs, packet.data + packet.destination_mac, 6);
  if (side.link & Side::has_source) std::memcpy(side.macs + 6, packet.data + packet.source_mac, 6);
  packet.first_of_direction = true;
  packet.first_of_flow = !peer;
  if (shared_) births_.push_back({packet.number, Expiry::bucket_of(packet.clock), !peer && !successor.index});
  side.status |= successor.status;
  if (peer ? !(peer->status & status::inverted) : answers(packet)) side.status |= status::inverted;
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
  counters_.most_in_memory = std::max(counters_.most_in_memory, ++sides_);
}

// A datagram begins (or is met without its beginning): its later fragments will find this flow.
void Worker::first_fragment(Packet& packet, std::uint32_t identification) {
  Flow& flow = *packet.flow;
  Side& side = *packet.side;
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
    other.flow->side[other.direction]->status &= ~status::fragment_pending;
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
  Side& side = *flow.side[packet.direction];
  side.status |= status::removed;
  counters_.status |= status::removed;
  if (FDLSFINDEX) mark(flow, status::duration_limit);
  force_end(flow, packet.clock);
  table_.detach(flow);
  expiry_.file(flow);
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
      end(*flow, flow->forced ? EndReason::duration_limit : EndReason::idle);
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
    force_end(*flow, clock);
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
    end(flow, flow.forced ? EndReason::duration_limit : idle ? EndReason::idle : EndReason::input_done);
  }
}

// Writes the rows of a flow, A before B, and frees its records. The wheel has let go of it.
void Worker::end(Flow& flow, EndReason reason) {
  const Time when = flow.end();
  const bool both = flow.side[1];
  const unsigned a = both && (flow.side[0]->status & status::inverted) ? 1 : 0;
  for (unsigned letter = 0; letter < (both ? 2u : 1u); ++letter) {
    const unsigned direction = a ^ letter;
    Side& side = *flow.side[direction];
    if (!both && (side.status & status::inverted)) ++counters_.lone_replies;
    if (side.status & status::fragment_pending) counters_.status |= status::fragment_pending;
    columns_.clear();
    std::size_t sink = 0;
    const EndedFlow ended{flow, side, flow.side[direction ^ 1], direction, reason};
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
    --sides_;
  }
  for (unsigned direction = 0; direction < (both ? 2u : 1u); ++direction) {
    const Side& side = *flow.side[direction];
    if (!(side.status & status::fragment_pending)) continue;
    const FragmentKey key = Fragments::key(flow, direction, side.fragment_id);
    if (fragments_.find(key).flow == &flow) fragments_.erase(key);
  }
  instances_.extras().release(flow);
  table_.release(flow);
  if (!shared_ && rows_.size() >= rows_at_once) drain();
}

Delivery Worker::hand_over(RowBatch empty) {
  Delivery made;
  made.rows = std::exchange(rows_, std::move(empty));
  made.births = std::exchange(births_, {});
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
