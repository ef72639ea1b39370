// The analysis behind the decoder: a worker in the calling thread, and perhaps more of them in threads of their own.
//
// A packet goes to the worker that its address pair names, so fragments, ICMP errors and related connections meet
// without locks. The calling thread, which also reads, gets less than the others, and nothing where there are many.
// Every chunk carries the capture clock, so that workers without packets go on too. All methods are called by the
// decoding thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "capture/block.hpp"
#include "output/merge.hpp"
#include "pipeline/prefetch_stage.hpp"
#include "pipeline/queue.hpp"
#include "pipeline/shard_balancer.hpp"

namespace t2 {

class WorkerPool {
 public:
  // `threads` 0: everything happens in the calling thread. `memory`: bytes for what grows with traffic, where the
  // options bound nothing.
  WorkerPool(std::size_t threads, Layout& layout, const Context& context, const WorkerOptions& options,
             const FastPath& plain, std::uint64_t memory, OutputSinks& sinks);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  void start();  // the threads; before the first packet
  // Where the next packet is to be decoded; add() it when it has a flow.
  Packet& next() { return queues_.empty() ? stages_[0]->next() : next_; }
  void add();
  [[gnu::always_inline]] void add(const RawPacket& raw, const FastHeaders& found,
                                  const PacketStamp& stamp) {  // one that FastPath recognised
    if (threaded()) {
      ++waiting_;
      if (const std::size_t worker = balancer_.of(hash_pair(raw, found, hash_), raw.captured); worker > 0) {
        std::vector<Item>& items = queues_[worker - 1]->filling.items;
        if (constexpr std::size_t ahead = 12; items.capacity() - items.size() > ahead)
          __builtin_prefetch(items.data() + items.size() + ahead, 1);  // in the worker's cache since it was last used
        items.push_back({stamp, raw.time, raw.data, raw.captured, raw.wire, found, raw.interface});
        return;
      }
    }
    ++taken_;
    stages_[0]->add(raw, found, stamp);
  }
  // All packets of a block were taken; it is held until they are analysed. `now`: nothing may wait for more packets.
  void flush(Time clock, std::shared_ptr<Block> block, bool now);
  void advance(Time clock);  // no packets, but time has passed
  void finish(Time clock);   // ends all flows; afterwards all rows are with the sinks
  void stop_creating();
  void idle(Time now);  // live input: hands on what waits, and lets sinks look at the clock

  std::uint64_t flows_in_memory() const;
  // What follows is consistent while no worker runs: after finish(), and inside pause().
  void pause(const std::function<void()>& look);
  FlowCounters counters() const;
  // Gives `look` the plugins with the totals of all workers.
  void with_totals(const std::function<void(Instances&)>& look);
  const FlowTable& table() const { return workers_[0]->table(); }  // that of the first worker
  std::uint64_t max_flows() const;
  MemoryBound memory_bound() const { return memory_bound(max_flows()); }

 private:
  enum class Kind { packets, pause, end };
  // A plain packet goes to its worker as it was recognised: to fill in a Packet there costs less than to carry it over.
  struct Item {
    PacketStamp stamp;
    Time time = 0;
    const std::uint8_t* data = nullptr;  // null: the next one of `decoded`
    std::uint32_t captured = 0, wire = 0;
    FastHeaders plain;
    std::uint8_t interface = 0;
    RawPacket raw() const {
      return {.time = time, .data = data, .captured = captured, .wire = wire, .interface = interface};
    }
  };
  static_assert(sizeof(Item) == 64);  // a line of the cache
  struct Chunk {
    Kind kind = Kind::packets;
    std::vector<Item> items;
    std::vector<Packet> decoded;
    std::vector<std::shared_ptr<Block>> blocks;  // keep the packets' bytes
    Time clock = 0;
  };
  struct WorkerQueue {                                                 // from the decoder to a worker
    Queue<Chunk> queue{2 * ShardBalancer::wanted_chunks, 2}, used{8};  // to the worker, and back for its memory
    Chunk filling;
    std::thread thread;
  };
  void work(std::size_t which);
  void deliver(std::size_t which, Time complete);
  void deliver_due(std::size_t which, Time clock, Time& delivered);
  void write();
  bool threaded() const { return !queues_.empty(); }
  void bound(std::uint64_t max_flows);
  std::uint64_t share_of(std::size_t worker, std::uint64_t max_flows) const;
  MemoryBound memory_bound(std::uint64_t max_flows) const;
  void release_blocks();
  std::size_t send(WorkerQueue& queue, Kind kind, Time clock, bool urgent = true);
  void wait_paused();

  Layout& layout_;
  const Context& context_;
  OutputSinks& sinks_;
  std::vector<std::unique_ptr<Worker>> workers_;  // [0]: in the calling thread, [i]: behind queues_[i - 1]
  std::vector<std::unique_ptr<PrefetchStage>> stages_;
  const KeyedHash hash_;
  ShardBalancer balancer_;
  struct Held {
    std::uint64_t taken;  // packets up to the end of the block
    std::shared_ptr<Block> block;
  };
  std::deque<Held> held_;       // blocks with packets that wait in the calling thread's stage
  std::uint64_t taken_ = 0;     // packets of that stage
  Time delivered_ = INT64_MIN;  // by the calling thread's worker
  Packet next_;                 // with threads
  std::size_t waiting_ = 0;     // packets in all lanes that wait for more
  std::vector<std::unique_ptr<WorkerQueue>> queues_;
  std::atomic<bool> creating_ = true, live_ = false;
  std::vector<std::atomic<std::uint64_t>> flows_;  // in memory, by worker

  struct Rows {
    Kind kind = Kind::packets;
    Delivery delivery;
  };
  Queue<Rows> deliveries_{64, 16};
  Queue<RowBatch> spent_rows_{64};  // memory of rows that were merged
  Queue<std::vector<FlowStart>> spent_starts_{8};
  Merge merge_;
  std::thread writer_;

  std::mutex pause_mutex_;
  std::condition_variable changed_;
  std::size_t paused_threads_ = 0;
  bool paused_ = false;
};

}  // namespace t2
