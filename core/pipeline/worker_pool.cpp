// Threads of the analysis: lanes to the workers, deliveries to the writer, and how all of them are brought to a halt.
#include "pipeline/worker_pool.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/log.hpp"
#include "flow/expiry.hpp"
#include "flow/key.hpp"
#include "t2/clock.hpp"

namespace t2 {

namespace {

constexpr std::size_t max_blocks = 32;  // that the packets of a chunk lie in
constexpr std::size_t in_chunk = 512;   // packets that a worker gets at once, on average; more would leave the cache

// The reader has seen the frame, but in another cache. Its headers are read now, its payload by plugins, much later.
[[gnu::always_inline]] inline void prefetch_frame(const std::uint8_t* frame, std::uint32_t captured) {
  __builtin_prefetch(frame);
  for (std::uint32_t at = 64; at < captured; at += 64) __builtin_prefetch(frame + at, 0, 2);
}

// A plugin's or a sink's exception in a thread of the pool ends the program, as it does in the reader's thread.
template <class Body>
std::thread guarded_thread(Body body) {
  return std::thread([body = std::move(body)] {
    try {
      body();
    } catch (const Error& e) {
      stop_program(e.what());
    } catch (const std::exception& e) {
      stop_program(fmt::format("stopped: {}", e.what()));
    }
  });
}

}  // namespace

WorkerPool::WorkerPool(std::size_t threads, Layout& layout, const Context& context, const WorkerOptions& options,
                       const FastPath& plain, std::uint64_t memory, OutputSinks& sinks)
    : layout_(layout),
      context_(context),
      sinks_(sinks),
      hash_(options.seed),
      balancer_(1 + threads),
      flows_(1 + threads),
      merge_(flows_.size(), [&sinks](std::span<const RowBatch::Place> rows) { sinks.write(rows); }) {
  for (std::size_t i = 0; i < flows_.size(); ++i) {
    WorkerOptions mine = options;
    mine.shared = threads > 0;
    mine.completed = [this, i] { deliver(i, INT64_MIN); };
    if (!mine.shared) mine.rows = [&sinks](RowBatch& rows) { sinks.write(rows); };
    workers_.push_back(std::make_unique<Worker>(layout, context, std::move(mine)));
    stages_.push_back(
        std::make_unique<PrefetchStage>(*workers_.back(), plain, options.packets ? 1 : options.batch, hash_));
  }
  for (std::size_t i = 0; i < threads; ++i) queues_.push_back(std::make_unique<WorkerQueue>());
  std::uint64_t max_flows = options.max_flows;
  for (std::uint64_t step = std::uint64_t{1} << 32; !options.max_flows && step >= 1024; step /= 2) {
    if (memory_bound(max_flows + step).total() <= memory) max_flows += step;
  }
  bound(options.max_flows ? max_flows : std::max<std::uint64_t>(1024, max_flows));
}

void WorkerPool::start() {
  if (!threaded()) return;
  writer_ = guarded_thread([this] { write(); });
  for (std::size_t i = 0; i < queues_.size(); ++i) queues_[i]->thread = guarded_thread([this, i] { work(i); });
}

WorkerPool::~WorkerPool() {
  for (const auto& queue : queues_) {
    if (!queue->thread.joinable()) continue;
    send(*queue, Kind::end, 0);
    queue->thread.join();
  }
  if (writer_.joinable()) {
    deliveries_.push({Kind::end, {}});
    writer_.join();
  }
}

// What a worker gets is not known before; the one in the thread that reads gets less.
std::uint64_t WorkerPool::share_of(std::size_t worker, std::uint64_t max_flows) const {
  const std::uint64_t parts = 2 * workers_.size() - 1;
  return std::max<std::uint64_t>(1, max_flows * (worker == 0 ? 1 : 2) / parts);
}

void WorkerPool::bound(std::uint64_t max_flows) {
  for (std::size_t i = 0; i < workers_.size(); ++i) workers_[i]->bound(share_of(i, max_flows));
}

MemoryBound WorkerPool::memory_bound(std::uint64_t max_flows) const {
  const std::uint64_t row = layout_.usual_row();
  MemoryBound bound;
  for (std::size_t i = 0; i < workers_.size(); ++i) bound += workers_[i]->memory_bound(share_of(i, max_flows));
  bound.rows = 4 * Worker::many_rows * row;
  bound.packets = max_blocks * (Block::usual_size + Block::usual_packets * sizeof(RawPacket));
  if (threaded()) {
    // Deliveries, their memory that is used again, and rows that wait for those of the slowest worker.
    bound.rows += (deliveries_.max() + spent_rows_.max()) * Worker::many_rows * row +
                  max_flows * (2 * row + FlowNumbers::bytes_each);
    bound.rows += (deliveries_.max() + spent_starts_.max()) * Worker::many_starts * sizeof(FlowStart);
    const std::uint64_t chunks =  // of a queue: on their way there, back, at both ends
        queues_[0]->queue.max() + queues_[0]->used.max() + 2;
    bound.packets *= chunks;
    bound.packets += queues_.size() * chunks * in_chunk * workers_.size() * (sizeof(Item) + sizeof(Packet));
  }
  return bound;
}

void WorkerPool::add() {
  if (!threaded()) {
    ++taken_;
    return stages_[0]->add();
  }
  ++waiting_;
  const std::size_t worker = balancer_.of(hash_pair(next_, hash_), next_.captured);
  if (worker == 0) {
    ++taken_;
    stages_[0]->next() = next_;
    stages_[0]->add();
  } else {
    Chunk& filling = queues_[worker - 1]->filling;
    filling.items.emplace_back();
    filling.decoded.push_back(next_);
  }
}

void WorkerPool::flush(Time clock, std::shared_ptr<Block> block, bool now) {
  if (block) {
    for (const auto& queue : queues_) queue->filling.blocks.push_back(block);
    held_.push_back({taken_, std::move(block)});
  }
  if (!threaded()) {
    if (now) stages_[0]->flush();
    return release_blocks();
  }
  if (!now && waiting_ < in_chunk * workers_.size() && queues_[0]->filling.blocks.size() < max_blocks)
    return release_blocks();
  waiting_ = 0;
  for (std::size_t i = 0; i < queues_.size(); ++i) {
    const std::size_t packets = queues_[i]->filling.items.size(), chunks = send(*queues_[i], Kind::packets, clock, now);
    // Input that waits for more packets lets all queues run empty: that says nothing.
    if (!now || chunks > ShardBalancer::wanted_chunks) balancer_.correct(i + 1, packets, chunks);
  }
  stages_[0]->flush();
  workers_[0]->advance(clock);
  release_blocks();
  deliver_due(0, clock, delivered_);
}

// Blocks whose packets the calling thread has analysed.
void WorkerPool::release_blocks() {
  while (!held_.empty() && held_.front().taken + stages_[0]->waiting() <= taken_) held_.pop_front();
}

std::size_t WorkerPool::send(WorkerQueue& queue, Kind kind, Time clock, bool urgent) {
  Chunk full = std::exchange(queue.filling, queue.used.try_pop_last().value_or(Chunk{}));
  full.kind = kind;
  full.clock = clock;
  return queue.queue.push(std::move(full), urgent);
}

void WorkerPool::work(std::size_t which) {
  WorkerQueue& queue = *queues_[which];
  const std::size_t me = which + 1;
  Worker& worker = *workers_[me];
  PrefetchStage& stage = *stages_[me];
  Time delivered = INT64_MIN;
  for (;;) {
    Chunk chunk = queue.queue.pop();
    if (!creating_) worker.stop_creating();
    auto decoded = chunk.decoded.begin();
    for (std::size_t i = 0; i < chunk.items.size(); ++i) {
      constexpr std::size_t ahead = 8;
      if (i + 4 * ahead < chunk.items.size()) __builtin_prefetch(&chunk.items[i + 4 * ahead]);
      if (i + ahead < chunk.items.size()) prefetch_frame(chunk.items[i + ahead].data, chunk.items[i + ahead].captured);
      const Item& item = chunk.items[i];
      if (item.data) {
        stage.add(item.raw(), item.plain, item.stamp);
      } else {
        stage.next() = *decoded++;
        stage.add();
      }
    }
    stage.flush();
    if (chunk.kind == Kind::packets) worker.advance(chunk.clock);
    if (chunk.kind == Kind::end) {
      while (const std::optional<Time> ended = worker.finish(chunk.clock)) deliver(me, Expiry::bucket_of(*ended));
    }
    flows_[me] = worker.flows_in_memory();
    if (chunk.kind == Kind::packets) deliver_due(me, chunk.clock, delivered);
    if (chunk.kind == Kind::pause) wait_paused();
    if (chunk.kind == Kind::end) return deliver(me, INT64_MAX);
    chunk.items.clear();
    chunk.decoded.clear();
    chunk.blocks.clear();
    queue.used.try_push(chunk);
  }
}

// Wakes the output thread only for many rows at once, when other workers' rows have waited for a second of capture
// time, or, with live input, whenever the clock enters another bucket.
void WorkerPool::deliver_due(std::size_t which, Time clock, Time& delivered) {
  const Time complete = Expiry::bucket_of(clock);
  const bool long_ago = live_ ? complete != delivered : complete >= delivered + Expiry::bucket_of(one_second);
  if (!long_ago && !workers_[which]->has_many_completed()) return;
  deliver(which, complete);
  delivered = complete;
}

void WorkerPool::deliver(std::size_t which, Time complete) {
  Rows rows{Kind::packets,
            workers_[which]->take_completed(spent_rows_.try_pop_last().value_or(RowBatch{}),
                                            spent_starts_.try_pop_last().value_or(std::vector<FlowStart>{}))};
  rows.delivery.worker = which;
  rows.delivery.complete = complete;
  deliveries_.push(std::move(rows), live_);
}

void WorkerPool::write() {
  for (;;) {
    std::optional<Rows> item = deliveries_.pop_for(std::chrono::milliseconds(100));
    if (item && item->kind == Kind::packets) {
      merge_.add(std::move(item->delivery));
      for (RowBatch& rows : merge_.take_spent_rows()) spent_rows_.try_push(rows);
      for (std::vector<FlowStart>& starts : merge_.take_spent_starts()) spent_starts_.try_push(starts);
    }
    if (item && item->kind == Kind::pause) wait_paused();
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

void WorkerPool::wait_paused() {
  std::unique_lock hold(pause_mutex_);
  ++paused_threads_;
  changed_.notify_all();
  changed_.wait(hold, [this] { return !paused_; });
  --paused_threads_;
  changed_.notify_all();
}

void WorkerPool::pause(const std::function<void()>& look) {
  if (!threaded() || !writer_.joinable()) return look();
  {
    const std::lock_guard hold(pause_mutex_);
    paused_ = true;
  }
  const auto wait_for = [this](std::size_t standing) {
    std::unique_lock hold(pause_mutex_);
    changed_.wait(hold, [&] { return paused_threads_ == standing; });
  };
  for (const auto& queue : queues_) {
    Chunk chunk;
    chunk.kind = Kind::pause;
    queue->queue.push(std::move(chunk));
  }
  wait_for(queues_.size());
  deliveries_.push({Kind::pause, {}});
  wait_for(queues_.size() + 1);
  look();
  {
    const std::lock_guard hold(pause_mutex_);
    paused_ = false;
  }
  changed_.notify_all();
  wait_for(0);
}

void WorkerPool::advance(Time clock) {
  flush(clock, nullptr, true);
  if (!threaded()) workers_[0]->advance(clock);
}

void WorkerPool::finish(Time clock) {
  Worker& own = *workers_[0];
  if (!threaded()) {
    flush(clock, nullptr, true);
    while (own.finish(clock)) {}
    return;
  }
  for (const auto& queue : queues_) send(*queue, Kind::end, clock);
  stages_[0]->flush();
  release_blocks();
  while (const std::optional<Time> ended = own.finish(clock)) deliver(0, Expiry::bucket_of(*ended));
  deliver(0, INT64_MAX);
  for (const auto& queue : queues_) queue->thread.join();
  deliveries_.push({Kind::end, {}});
  writer_.join();
}

void WorkerPool::with_totals(const std::function<void(Instances&)>& look) {
  if (!threaded()) return look(workers_[0]->instances());
  Instances sum(layout_, context_);
  for (const auto& worker : workers_) sum.merge(worker->instances());
  look(sum);
}

void WorkerPool::stop_creating() {
  creating_ = false;
  workers_[0]->stop_creating();
}

void WorkerPool::idle(Time now) {
  live_ = true;
  if (threaded()) return;
  workers_[0]->drain();
  sinks_.idle(now);
}

std::uint64_t WorkerPool::flows_in_memory() const {
  std::uint64_t sum = workers_[0]->flows_in_memory();
  for (std::size_t i = 1; i < flows_.size(); ++i) sum += flows_[i];
  return sum;
}

std::uint64_t WorkerPool::max_flows() const {
  std::uint64_t sum = 0;
  for (const auto& worker : workers_) sum += worker->max_flows();
  return sum;
}

FlowCounters WorkerPool::counters() const {
  FlowCounters sum;
  for (const auto& worker : workers_) sum += worker->counters();
  if (threaded()) sum.max_in_memory = merge_.max_in_memory();
  return sum;
}

}  // namespace t2
