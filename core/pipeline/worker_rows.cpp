// The end of flows, and rows: of flows that ended and, with -s, of packets. Used by the worker's thread.
#include <algorithm>
#include <utility>

#include "base/signals.hpp"
#include "pipeline/worker.hpp"
#include "tranalyzer.h"

namespace t2 {

namespace {

constexpr std::size_t rows_at_once = 128;  // that the sinks get, where there is one thread

}  // namespace

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
  if (must_end()) {  // a row for each direction that is left would come too late
    counters_.unwritten = std::exchange(directions_, 0);
    rest_ = {};
  }
  const std::span<const Expiry::Due> some = rest_.first(std::min<std::size_t>(rest_.size(), 1024));
  rest_ = rest_.subspan(some.size());
  end(some, clock);
  if (!some.empty()) return some.back().end;
  drain();
  return {};
}

// Ends flows in their order. Prefetches: these records were last used long ago and have left the cache.
void Worker::end(std::span<const Expiry::Due> flows, Time clock) {
  constexpr std::size_t far = 16, near = 8;
  for (std::size_t i = 0; i < flows.size(); ++i) {
    if (i + far < flows.size()) table_.prefetch(*flows[i + far].flow);
    if (i + near < flows.size()) table_.prefetch_for_release(*flows[i + near].flow);
    FlowEntry& flow = *flows[i].flow;
    const bool idle = flows[i].end <= clock;
    end(flow, flow.ended_early ? EndReason::duration_limit : idle ? EndReason::idle : EndReason::input_done);
  }
}

// Writes the rows of a flow, A before B, and frees its records. It is no longer in the wheel of timeouts.
void Worker::end(FlowEntry& flow, EndReason reason) {
  const Time when = flow.end();
  const bool both = flow.directions[1];
  const unsigned a = both && (flow.directions[0]->status & status::inverted) ? 1 : 0;
  for (unsigned letter = 0; letter < (both ? 2u : 1u); ++letter) {
    const unsigned direction = a ^ letter;
    Direction& own = *flow.directions[direction];
    if (!both && (own.status & status::inverted)) ++counters_.lone_replies;
    if (own.status & status::fragment_pending) counters_.status |= status::fragment_pending;
    row_writer_.write({flow, own, flow.directions[direction ^ 1], direction, reason},
                      {static_cast<std::uint8_t>(letter), !both || letter == 1, flow.index, flow.number, when}, rows_);
    --directions_;
  }
  for (unsigned direction = 0; direction < (both ? 2u : 1u); ++direction) fragments_.erase(flow, direction);
  instances_.flow_memory().release(flow);
  if (!table_.closed()) eviction_.remove(flow);
  table_.release(flow);
  if (!shared_ && rows_.size() >= rows_at_once) drain();
  if (shared_ && has_many_completed()) completed_();
}

// What a packet's row shows as content: from the layer that SPKTMD_PCNTL names to the end of the packet. Padding and
// trailers behind it belong to the frame, which SPKTMD_PCNTL 0 shows as it was captured.
static std::string_view content_of(const Packet& packet) {
  enum Layer : int { frame, layer2, layer3, layer4, layer7 };
  constexpr Layer first{SPKTMD_PCNTL};
  const std::uint32_t from = first == frame    ? 0
                             : first == layer2 ? packet.l2
                             : first == layer3 ? packet.l3
                             : first == layer4 ? packet.l4
                                               : packet.l7;
  std::span<const std::uint8_t> content = packet.bytes(from).rest();
  std::uint32_t end = packet.captured;
  if (first == layer7) end = packet.l7 + packet.captured_l7;
  else if (first != frame) end = packet.is_ip() ? packet.l3 + packet.captured_l3 : packet.wire - packet.padding;
  if (!content.empty()) content = content.first(std::min<std::size_t>(content.size(), end > from ? end - from : 0));
  return {reinterpret_cast<const char*>(content.data()), content.size()};
}

// With -s: what every plugin has to say about this packet, then its content.
void Worker::packet_row(const Packet& packet) {
  Row& columns = packet_rows_.begin({packet.direction, true, packet.flow->index, packet.number, packet.time});
  if (SPKTMD_PKTNO) columns.put(packet.number);
  columns.put(packet.flow->index);
  row_writer_.write(packet, columns);
  // Content has addresses in forms that cannot be found, in headers and in messages of any protocol.
  const std::string_view content = row_writer_.anonymises() ? std::string_view() : content_of(packet);
  if (SPKTMD_PCNTH) columns.text(content);
  if (SPKTMD_PCNTC) columns.text(content);
  packet_rows_.end();
  if (packet_rows_.size() >= rows_at_once) drain();
}

Delivery Worker::take_completed(RowBatch rows, std::vector<FlowStart> starts) {
  Delivery made;
  made.rows = std::exchange(rows_, std::move(rows));
  made.starts = std::exchange(starts_, std::move(starts));
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
