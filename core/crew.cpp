// Threads of the analysis: lanes to the workers, deliveries to the writer, and how all of them are brought to a halt.
#include "crew.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "expiry.hpp"

namespace t2 {

namespace {

constexpr std::size_t in_chunk = 1024;  // packets that a worker gets at once, on average; more would leave the cache
constexpr std::size_t slice = 64;  // packets looked up in one go: their records are prefetched together

std::size_t lane_of(const Key& key, std::size_t lanes) {
  std::uint64_t w[4];
  std::memcpy(w, key.address[0].data(), 16);
  std::memcpy(w + 2, key.address[1].data(), 16);
  std::uint64_t hash = 0;
  for (const std::uint64_t x : w) hash = (hash ^ x) * 0x9e3779b97f4a7c15u, hash ^= hash >> 32;
  return hash % lanes;
}

}  // namespace

Crew::Crew(std::size_t threads, Layout& layout, const Context& context, const WorkerOptions& options, std::uint64_t memory, OutputSinks& sinks)
    : layout_(layout),
      context_(context),
      threaded_(threads > 0),
      sinks_(sinks),
      flows_(std::max<std::size_t>(1, threads)),
      merge_(flows_.size(), [&sinks](RowBatch& rows) { sinks.write(rows); }) {
  for (std::size_t i = 0; i < flows_.size(); ++i) {
    WorkerOptions mine = options;
    mine.shared = threaded_;
    if (!threaded_) mine.rows = [&sinks](RowBatch& rows) { sinks.write(rows); };
    workers_.push_back(std::make_unique<Worker>(layout, context, std::move(mine)));
    constexpr std::size_t index = 32;  // slots of 8 bytes, a quarter to half of them in use
    const std::uint64_t most = options.most_flows ? options.most_flows : std::max<std::uint64_t>(1024, memory / (bytes_each() + index));
    workers_.back()->bound(std::max<std::uint64_t>(1, most / flows_.size()));
  }
  for (Slice& each : slices_) {
    each.packets.resize(std::clamp<std::size_t>(options.packets ? 1 : options.batch, 1, slice));
    each.lookups.resize(each.packets.size());
  }
  next_packet_ = slices_[0].packets.data();
  next_lookup_ = slices_[0].lookups.data();
  if (!threaded_) return;
  writer_ = std::thread([this] { write(); });
  for (std::size_t i = 0; i < threads; ++i) lanes_.push_back(std::make_unique<Lane>());
  for (std::size_t i = 0; i < threads; ++i) lanes_[i]->thread = std::thread([this, i] { work(i); });
}

Crew::~Crew() {
  for (const auto& lane : lanes_) {
    if (!lane->thread.joinable()) continue;
    send(*lane, Kind::end, 0, nullptr);
    lane->thread.join();
  }
  if (writer_.joinable()) {
    deliveries_.push({Kind::end, {}});
    writer_.join();
  }
}

void Crew::take() {
  if (!threaded_) return take_here();
  Chunk& filling = lanes_[lane_of(next_lookup_->key, lanes_.size())]->filling;
  filling.packets.push_back(*next_packet_);
  filling.lookups.push_back(*next_lookup_);
  ++waiting_;
}

// A packet's memory is asked for in steps while other packets are decoded and analysed: its slot now, its flow some
// packets later, the sides of that when its slice is full.
void Crew::take_here() {
  constexpr std::size_t behind = 16;
  Worker& worker = *workers_[0];
  Slice &slice = slices_[filling_], &before = slices_[filling_ ^ 1];
  const std::size_t at = slice.size++;
  worker.prefetch_slot(slice.lookups[at]);
  if (at >= behind) worker.prefetch_flow(slice.lookups[at - behind]);
  if (before.sought < before.size) worker.seek(before.lookups[before.sought++]);
  if (slice.size == slice.packets.size()) {
    for (std::size_t i = at < behind ? 0 : at - behind + 1; i <= at; ++i) worker.prefetch_flow(slice.lookups[i]);
    analyse(before, slice);
    filling_ ^= 1;
  }
  next_packet_ = &slices_[filling_].packets[slices_[filling_].size];
  next_lookup_ = &slices_[filling_].lookups[slices_[filling_].size];
  next_lookup_->hint = nullptr;
}

void Crew::analyse(Slice& slice, Slice& ahead) {
  const std::size_t n = std::exchange(slice.size, 0);
  slice.sought = 0;
  std::span<Lookup> sought = std::span(ahead.lookups).first(ahead.size);
  workers_[0]->process(std::span(slice.packets).first(n), std::span(slice.lookups).first(n), sought);
  ahead.sought = ahead.size - sought.size();
}

void Crew::flush(Time clock, const std::shared_ptr<Block>& block, bool now) {
  if (threaded_ ? !now && !block && waiting_ < in_chunk * lanes_.size() : !now && !block) return;
  waiting_ = 0;
  for (const auto& lane : lanes_) send(*lane, Kind::packets, clock, block);
  if (threaded_) return;
  analyse(slices_[filling_ ^ 1], slices_[filling_]);
  analyse(slices_[filling_], slices_[filling_ ^ 1]);
  next_packet_ = slices_[filling_].packets.data();
  next_lookup_ = slices_[filling_].lookups.data();
}

void Crew::send(Lane& lane, Kind kind, Time clock, const std::shared_ptr<Block>& block) {
  Chunk full = std::exchange(lane.filling, lane.used.try_pop().value_or(Chunk{}));
  full.kind = kind;
  full.clock = clock;
  full.block = block;
  lane.queue.push(std::move(full));
}

namespace {

// Some slices of a chunk, counted from the one at `at`.
std::span<Lookup> slices(std::span<Lookup> lookups, std::size_t at, std::size_t from, std::size_t to) {
  from = std::min(at + from * slice, lookups.size()), to = std::min(at + to * slice, lookups.size());
  return lookups.subspan(from, to - from);
}

}  // namespace

void Crew::work(std::size_t which) {
  Worker& worker = *workers_[which];
  for (;;) {
    Chunk chunk = lanes_[which]->queue.pop();
    if (!creating_) worker.stop_creating();
    for (std::size_t at = 0; at < chunk.packets.size(); at += slice) {
      const std::size_t n = std::min(slice, chunk.packets.size() - at);
      for (const Lookup& lookup : slices(chunk.lookups, at, at == 0 ? 0 : 3, 4)) worker.prefetch_slot(lookup);
      for (const Lookup& lookup : slices(chunk.lookups, at, at == 0 ? 0 : 2, 3)) worker.prefetch_flow(lookup);
      std::span<Lookup> ahead = slices(chunk.lookups, at, 1, 2);
      worker.process(std::span(chunk.packets).subspan(at, n), std::span(chunk.lookups).subspan(at, n), ahead);
      for (Lookup& lookup : ahead) worker.seek(lookup);
    }
    if (chunk.kind == Kind::packets) worker.advance(chunk.clock);
    if (chunk.kind == Kind::end) {
      while (const std::optional<Time> ended = worker.finish(chunk.clock)) deliver(which, Expiry::bucket_of(*ended));
    }
    flows_[which] = worker.flows_in_memory();
    if (chunk.kind == Kind::pause) stand_still();
    else deliver(which, chunk.kind == Kind::end ? INT64_MAX : Expiry::bucket_of(chunk.clock));
    if (chunk.kind == Kind::end) return;
    chunk.packets.clear();
    chunk.lookups.clear();
    chunk.block.reset();
    lanes_[which]->used.try_push(chunk);
  }
}

void Crew::deliver(std::size_t which, Time complete) {
  Item item{Kind::packets, workers_[which]->hand_over()};
  item.delivery.worker = which;
  item.delivery.complete = complete;
  deliveries_.push(std::move(item));
}

void Crew::write() {
  for (;;) {
    std::optional<Item> item = deliveries_.pop_for(std::chrono::milliseconds(100));
    if (item && item->kind == Kind::packets) merge_.add(std::move(item->delivery));
    if (item && item->kind == Kind::pause) stand_still();
    if (item && item->kind == Kind::end) {
      merge_.drain();
      return;
    }
    if (live_) {
      merge_.drain();
      sinks_.idle(wall_clock());
    }
  }
}

void Crew::stand_still() {
  std::unique_lock hold(standstill_);
  ++standing_;
  changed_.notify_all();
  changed_.wait(hold, [this] { return !paused_; });
  --standing_;
  changed_.notify_all();
}

void Crew::pause(const std::function<void()>& look) {
  if (!threaded_ || !writer_.joinable()) return look();
  {
    const std::lock_guard hold(standstill_);
    paused_ = true;
  }
  const auto wait_for = [this](std::size_t standing) {
    std::unique_lock hold(standstill_);
    changed_.wait(hold, [&] { return standing_ == standing; });
  };
  for (const auto& lane : lanes_) {
    Chunk chunk;
    chunk.kind = Kind::pause;
    lane->queue.push(std::move(chunk));
  }
  wait_for(lanes_.size());
  deliveries_.push({Kind::pause, {}});
  wait_for(lanes_.size() + 1);
  look();
  {
    const std::lock_guard hold(standstill_);
    paused_ = false;
  }
  changed_.notify_all();
  wait_for(0);
}

void Crew::advance(Time clock) {
  flush(clock, nullptr, true);
  if (!threaded_) workers_[0]->advance(clock);
}

void Crew::finish(Time clock) {
  if (!threaded_) {
    flush(clock, nullptr, true);
    while (workers_[0]->finish(clock)) {}
    return;
  }
  for (const auto& lane : lanes_) send(*lane, Kind::end, clock, nullptr);
  for (const auto& lane : lanes_) lane->thread.join();
  deliveries_.push({Kind::end, {}});
  writer_.join();
}

void Crew::with_totals(const std::function<void(Instances&)>& look) {
  if (workers_.size() == 1) return look(workers_[0]->instances());
  Instances sum(layout_, context_);
  for (const auto& worker : workers_) sum.merge(worker->instances());
  look(sum);
}

void Crew::stop_creating() {
  creating_ = false;
  if (!threaded_) workers_[0]->stop_creating();
}

void Crew::idle(Time now) {
  live_ = true;
  if (threaded_) return;
  workers_[0]->drain();
  sinks_.idle(now);
}

std::uint64_t Crew::flows_in_memory() const {
  if (!threaded_) return workers_[0]->flows_in_memory();
  std::uint64_t sum = 0;
  for (const auto& flows : flows_) sum += flows;
  return sum;
}

std::uint64_t Crew::most_flows() const {
  std::uint64_t sum = 0;
  for (const auto& worker : workers_) sum += worker->most_flows();
  return sum;
}

FlowCounters Crew::counters() const {
  FlowCounters sum;
  for (const auto& worker : workers_) sum += worker->counters();
  if (threaded_) sum.most_in_memory = merge_.most_in_memory();
  return sum;
}

}  // namespace t2
