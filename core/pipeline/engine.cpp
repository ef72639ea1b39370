// The loop from packets to rows.
#include "pipeline/engine.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/settings.hpp"
#include "base/signals.hpp"
#include "capture/filter.hpp"
#include "t2/clock.hpp"
#include "tranalyzer.h"

namespace t2 {

void Engine::run() {
  const Time begin = wall_clock();
  BlockPool blocks;
  for (Read kind = Read::packets; kind != Read::end && !must_end();) {
    handle_signals();
    std::shared_ptr<Block> block = blocks.acquire();
    kind = read(*block);
    if (parts_.source.interface_count() > parts_.totals.interfaces.size()) count_dropped();  // their packets name them
    if (settings.sampling > 1) sample(block->packets);
    if constexpr (TSTAMP_PREC == 0)  // the program counts in microseconds: differences are those of the printed times
      for (RawPacket& raw : block->packets) raw.time -= raw.time % 1000;
    for (const RawPacket& raw : block->packets) decode(raw);
    if (parts_.source.live() && !block->packets.empty()) last_arrival_ = steady_clock();
    publish();
    const bool waiting = kind == Read::idle || parts_.source.size() == 0;  // live input and streams
    parts_.workers.flush(clock_.now(), std::move(block), waiting);
    if (waiting) idle();
    if (after_block_) after_block_();
  }
  handle_signals();
  count_dropped();
  if (must_end()) count_unread();
  publish();
  analysis_ = wall_clock() - begin;
  if (before_unloading_) before_unloading_();
  parts_.workers.finish(clock_.end());
}

// What other threads ask for while the run goes on.
void Engine::publish() {
  InputTotals& totals = parts_.totals;
  totals.packets.store(counters_.packets, std::memory_order_relaxed);
  totals.captured_bytes.store(counters_.captured_bytes, std::memory_order_relaxed);
  totals.wire_bytes.store(counters_.wire_bytes, std::memory_order_relaxed);
  totals.left_out.store(counters_.left_out, std::memory_order_relaxed);
  totals.flows_in_memory.store(parts_.workers.flows_in_memory(), std::memory_order_relaxed);
}

// The next block. What goes wrong now, in the middle of the input, ends it; what was read is kept.
Read Engine::read(Block& block) {
  try {
    return parts_.source.read(block);
  } catch (const Error& e) {
    failure_ = e.what();
    return Read::end;
  }
}

// Systematic count-based sampling (RFC 5475, 5.1): keeps the first of each `sampling` packets of the input.
void Engine::sample(std::vector<RawPacket>& packets) {
  const std::uint64_t interval = settings.sampling, seen = counters_.packets + counters_.left_out;
  std::size_t kept = 0;
  for (std::uint64_t at = (interval - seen % interval) % interval; at < packets.size(); at += interval)
    packets[kept++] = packets[at];
  counters_.left_out += packets.size() - kept;
  packets.resize(kept);
}

void Engine::begin(Time first) {
  counters_.first = counters_.last = parts_.run_start = first;
  parts_.log.line("Dump start: " + date(first, TSTAMP_UTC));
}

bool Engine::accepts(int link_type) {
  if (Dissector::supports(link_type)) {
    link_type_ = link_type;
    return true;
  }
  ++counters_.unsupported;
  if (!warned_link_) parts_.log.warn(fmt::format("packets of link type {} are not analysed", link_name(link_type)));
  warned_link_ = true;
  return false;
}

void Engine::decode(const RawPacket& raw) {
  if (counters_.packets++ == 0) begin(raw.time);
  counters_.last = std::max(counters_.last, raw.time);
  PacketStamp stamp{.number = (counters_.packets - 1) * settings.sampling + 1};
  clock_.place(raw.time, stamp);
  counters_.captured_bytes += raw.captured;
  counters_.wire_bytes += raw.wire;
  if (raw.link_type != link_type_ && !accepts(raw.link_type)) return parts_.totals.ignore_one();
  if (FastHeaders plain; parts_.dissector.match_fast_path(raw, plain)) {
    counters_.status |= parts_.dissector.fast_path().status(raw, plain);
    ++(plain.v6() ? counters_.ipv6 : counters_.ipv4);
    counters_.ip_wire_bytes += plain.l3() + plain.l3_length;
    if (Dissector::makes_flows(!plain.v6())) parts_.workers.add(raw, plain, stamp);
    else parts_.totals.ignore_one();
    return;
  }
  if (raw.captured == 0) return skip_without_data();
  Packet& packet = parts_.workers.next();
  static constexpr Packet fresh{};
  begin_packet(packet, fresh, raw, stamp);
  const bool has_flow = parts_.dissector.walk(raw.link_type, packet);
  counters_.status |= packet.status;
  counters_.layer2 += (packet.status & status::layer2_flow) != 0;
  counters_.ipv4 += (packet.status & status::ipv4) != 0;
  counters_.ipv6 += (packet.status & status::ipv6) != 0;
  if (packet.is_ip()) counters_.ip_wire_bytes += std::min(packet.l3 + packet.l3_length, packet.wire);
  if (has_flow) parts_.workers.add();
  else parts_.totals.ignore_one();
}

// Nothing of the packet was captured. The first ones are told one by one.
void Engine::skip_without_data() {
  constexpr std::uint64_t told = 10;
  if (++counters_.without_data <= told)
    parts_.log.warn(fmt::format("No data available for packet {}", counters_.packets));
  if (counters_.without_data == told) parts_.log.warn("further packets without data are only counted");
  parts_.totals.ignore_one();
}

void Engine::count_unread() {
  std::uint64_t received = 0;
  for (const InterfaceCounts& one : interfaces_) received += one.counts.received + one.counts.waiting;
  unread_ = received - std::min(received, counters_.packets + counters_.left_out);
  parts_.totals.dropped.fetch_add(unread_, std::memory_order_relaxed);
}

void Engine::count_dropped() {
  interfaces_ = parts_.source.interface_counts();
  std::uint64_t dropped = 0;
  for (std::size_t i = 0; i < interfaces_.size(); ++i) {
    const CaptureCounts& counts = interfaces_[i].counts;
    dropped += counts.dropped_by_kernel + counts.dropped_by_interface;
    if (i >= parts_.totals.interfaces.size())
      parts_.totals.interfaces.emplace_back(interfaces_[i].name, interfaces_[i].number);
    InputTotals::Interface& total = parts_.totals.interfaces[i];
    total.received.store(counts.received, std::memory_order_relaxed);
    total.dropped_by_kernel.store(counts.dropped_by_kernel, std::memory_order_relaxed);
    total.dropped_by_interface.store(counts.dropped_by_interface, std::memory_order_relaxed);
  }
  parts_.totals.dropped.store(dropped, std::memory_order_relaxed);
}

// Live input: flows also end without traffic, and rows leave in bounded time, also while the wall clock is set.
void Engine::idle() {
  const Time now = steady_clock();
  if (now - last_idle_ < one_second / 10) return;
  last_idle_ = now;
  count_dropped();
  constexpr Time in_kernel = one_second;  // packets that were captured and not read yet are not older
  if (parts_.source.live() && counters_.packets > 0 && now - last_arrival_ > in_kernel) {
    parts_.workers.advance(clock_.pass(now - last_arrival_ - in_kernel));
    counters_.last = std::max(counters_.last, clock_.now());
  }
  parts_.workers.idle(wall_clock());
  parts_.log.flush();
}

void Engine::handle_signals() {
  SignalCounts& signals = signal_counts;
  if (const int toggles = signals.toggles; toggles != toggles_seen_) {
    if ((toggles - toggles_seen_) % 2 != 0) interval_ = interval_ > 0 ? 0 : toggled_interval_;
    toggles_seen_ = toggles;
    last_report_ = 0;  // the first report after a whole interval
  }
  bool wanted = signals.report_requests > 0;
  signals.report_requests = 0;
  if (interval_ > 0) {
    const Time now = steady_clock();
    if (last_report_ == 0) last_report_ = now;
    if (now - last_report_ >= interval_) {
      last_report_ = now;
      wanted = true;
    }
  }
  if (wanted && report_) {
    parts_.workers.flush(clock_.now(), nullptr, true);
    count_dropped();
    report_();
  }
  if (signals.interrupts > interrupts_seen_) {
    const bool first = interrupts_seen_ == 0 && signals.interrupts == 1 && signals.terminations == 0;
    interrupts_seen_ = signals.interrupts;
    confirm_stop();
    if (first) {
      parts_.log.info(fmt::format("SIGINT: Stop flow creation, when all pending flows timeout ({}s): exit",
                                  settings.flow_timeout / one_second));
      parts_.log.info("SIGINT: A second one (Ctrl-C) ends now");
      parts_.log.flush();
      if (settings.stop_creating) parts_.workers.stop_creating();
      draining_ = true;
    } else if (!stopping_) {
      parts_.log.info("SIGINT: Remove all flows and exit, within 5 s; a third one ends at once");
      parts_.log.flush();
      stopping_ = true;
      parts_.source.stop();
    }
  }
  if (signals.terminations > 0 && !stopping_) {
    confirm_stop();
    parts_.log.info("SIGTERM: Terminate, terminate. Remove all flows and exit; a second one ends within 5 s");
    parts_.log.flush();
    stopping_ = true;
    parts_.source.stop();
  }
  if (draining_ && !stopping_ && parts_.workers.flows_in_memory() == 0) {
    stopping_ = true;
    parts_.source.stop();
  }
}

}  // namespace t2
