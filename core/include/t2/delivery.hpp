// Rows on their way to a server that takes them in batches: databases, message brokers.
//
// The output thread adds rows, a thread of its own hands over one batch after another, in order. A batch that a server
// could not take is tried again until it does; one that it refuses is lost. What waits is bounded: when the memory is
// full, the output thread waits for progress, for the timeout at most; then rows are lost until there is room again.
// They are counted, and told.
//
//   class MySink final : public BatchSink<Database> {
//     void open(const Output& output) override {
//       store_.emplace(...);
//       start("the database at db:5432", limits);
//     }
//     void write(std::span<const RowView> rows) override {
//       for (const RowView& row : rows) batches_->begin_row() += ..., batches_->end_row();
//     }
//   };
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "t2/clock.hpp"
#include "t2/plugin.hpp"

namespace t2 {

struct Batch {
  std::string bytes;
  std::vector<std::size_t> ends;  // where each of its rows ends
  std::size_t rows() const { return ends.size(); }
  std::string_view row(std::size_t n) const {
    const std::size_t begin = n == 0 ? 0 : ends[n - 1];
    return std::string_view(bytes).substr(begin, ends[n] - begin);
  }
};

struct BatchResult {
  // again: the server is away, or has no room for now; refused: it will never take this batch.
  enum class Outcome : std::uint8_t { delivered, again, refused } outcome = Outcome::delivered;
  std::string why = {};      // one line
  std::uint64_t lost = 0;    // delivered: but for so many rows, and why
  std::uint64_t stored = 0;  // again, refused: so many rows of the batch are stored, in this attempt or before
};

class Batches {
 public:
  struct Limits {
    std::size_t rows = 40'000;  // of a batch, at most
    std::size_t memory = 0;     // bytes that wait, at most
    Time timeout = 0;           // without progress, at the end of the run and where the memory is full
    bool live = true;           // false: input can wait, and does so before many batches wait for a server that works
  };
  // Called in the thread of its own. It must return soon after must_stop(), and within about the timeout in any case.
  using Deliver = std::function<BatchResult(const Batch&)>;

  // `server`: what messages call it.
  Batches(Host& host, std::string server, const Limits& limits, Deliver deliver)
      : host_(host),
        server_(std::move(server)),
        limits_(limits),
        batch_bytes_(std::min<std::size_t>(4 << 20, limits.memory / 4)),
        deliver_(std::move(deliver)) {
    begin_batch();
  }
  // Before the first row, when all that `deliver` uses is ready.
  void start() {
    thread_ = std::thread([this] { run(); });
  }
  ~Batches() { end(); }
  Batches(const Batches&) = delete;
  Batches& operator=(const Batches&) = delete;

  // The row is what is appended to the string until end_row().
  std::string& begin_row() { return filling_.bytes; }
  bool is_new() const { return filling_.rows() == 0; }  // the next row will be the first of its batch
  void end_row() {
    filling_.ends.push_back(filling_.bytes.size());
    if (filling_.rows() >= limits_.rows || filling_.bytes.size() >= batch_bytes_) enqueue();
  }
  // Rows of a live capture are on their way within a second. To be called often.
  void tick(Time now) {
    if (now - ticked_ < one_second && now >= ticked_) return;
    ticked_ = now;
    enqueue();
  }
  // Waits until all is delivered, as long as there is progress.
  void finish() {
    enqueue();
    {
      std::unique_lock lock(mutex_);
      stuck_ = false;
      wait(lock, [&] { return waiting_.empty(); });
    }
    end();
    if (lost_ > 0) host_.warn(std::to_string(lost_) + " rows were lost");
  }
  // True: what is not delivered now is lost. Any thread.
  bool must_stop() const { return give_up_ || host_.must_end(); }

  std::uint64_t lost() const {
    const std::lock_guard lock(mutex_);
    return lost_;
  }
  std::uint64_t max_memory() const { return limits_.memory; }
  void report(Report& to) const {
    const std::lock_guard lock(mutex_);
    to.line("Number of rows acknowledged: " + to.number(delivered_));
    if (repeated_ > 0) to.line("Number of attempts that failed and were repeated: " + to.number(repeated_));
    if (lost_ > 0) to.line("Number of rows lost: " + to.number(lost_));
  }

 private:
  static constexpr Time retry_after = one_second / 5;
  static constexpr auto step = std::chrono::milliseconds(20);  // of a wait
  static constexpr std::size_t max_ahead = 2;                  // batches, of input that can wait
  static constexpr auto pace_limit = std::chrono::seconds(1);

  static std::size_t size_of(const Batch& batch) {
    return batch.bytes.capacity() + batch.ends.capacity() * sizeof(std::size_t);
  }
  void begin_batch() { filling_.bytes.reserve(batch_bytes_ + batch_bytes_ / 8); }
  void enqueue() {
    if (filling_.rows() == 0) return;
    if (filling_.bytes.size() < batch_bytes_) filling_.bytes.shrink_to_fit();
    filling_.ends.shrink_to_fit();
    const std::size_t size = size_of(filling_);
    const std::size_t room = limits_.memory - std::min(limits_.memory, 2 * batch_bytes_);  // besides the one to come
    {
      std::unique_lock lock(mutex_);
      if (!limits_.live) keep_pace(lock);
      // One batch may always wait, however long its rows are.
      if (wait(lock, [&] { return waiting_.empty() || waiting_bytes_ + size <= room; })) {
        waiting_.push_back(std::exchange(filling_, std::exchange(spare_, {})));
        waiting_bytes_ += size;
        changed_.notify_all();
      } else {
        lose(filling_.rows(), "the memory for rows that wait is full");
      }
    }
    filling_.bytes.clear();
    filling_.ends.clear();
    begin_batch();
  }
  // Few batches stay in the caches, and their memory is used again. A server that does not move is not waited for here.
  void keep_pace(std::unique_lock<std::mutex>& lock) {
    const auto moved = [&] { return waiting_.size() < max_ahead || away_ || must_stop(); };
    if (progress_ != unmoved_ && !changed_.wait_for(lock, pace_limit, moved)) unmoved_ = progress_;
  }
  // False: there was no progress for the timeout, or the run must end. Afterwards it waits no more until there is some.
  template <class Done>
  bool wait(std::unique_lock<std::mutex>& lock, Done done) {
    Time last = steady_clock();
    std::uint64_t seen = progress_;
    while (!done()) {
      if (stuck_ && progress_ == stuck_at_) return false;
      if (must_stop() || steady_clock() - last >= limits_.timeout) {
        stuck_ = true;
        stuck_at_ = progress_;
        return false;
      }
      changed_.wait_for(lock, step);
      if (seen != progress_) {
        seen = progress_;
        last = steady_clock();
        stuck_ = false;
      }
    }
    return true;
  }
  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [&] { return ending_ || !waiting_.empty(); });
      if (waiting_.empty() || must_stop()) {
        if (ending_) return;
        changed_.wait_for(lock, step);
        continue;
      }
      Batch& batch = waiting_.front();  // stays where it is while others are added
      lock.unlock();
      const BatchResult result = deliver_(batch);
      lock.lock();
      settle(lock, result, batch);
    }
  }
  void settle(std::unique_lock<std::mutex>& lock, const BatchResult& result, Batch& batch) {
    if (result.outcome == BatchResult::Outcome::again) {
      ++repeated_;
      if (std::exchange(stored_, result.stored) != result.stored) ++progress_;
      if (!std::exchange(away_, true)) host_.warn(server_ + " takes no rows: " + result.why + "; they wait for it");
      changed_.notify_all();
      changed_.wait_for(lock, std::chrono::nanoseconds(retry_after), [&] { return must_stop(); });
      return;
    }
    if (std::exchange(away_, false)) host_.info(server_ + " takes rows again");
    stored_ = 0;
    if (result.outcome == BatchResult::Outcome::refused) {
      delivered_ += result.stored;
      lose(batch.rows() - result.stored, result.why);
    } else {
      delivered_ += batch.rows() - result.lost;
      if (result.lost > 0) lose(result.lost, result.why);
      else told_.clear();
    }
    waiting_bytes_ -= size_of(batch);
    // Its memory is used again, so the kernel need not clear new pages.
    if (size_of(batch) <= 2 * batch_bytes_ && batch.bytes.capacity() >= batch_bytes_) spare_ = std::move(batch);
    waiting_.pop_front();
    ++progress_;
    changed_.notify_all();
  }
  // A reason that lasts is told once.
  void lose(std::uint64_t rows, const std::string& why) {
    lost_ += rows;
    if (why != told_) host_.warn("rows are lost, " + server_ + " does not take them: " + why);
    told_ = why;
  }
  void end() {
    if (!thread_.joinable()) return;
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
      if (!waiting_.empty()) give_up_ = true;
      changed_.notify_all();
    }
    thread_.join();
    for (const Batch& batch : waiting_) lost_ += batch.rows();
    lost_ += filling_.rows();
    lost_ -= stored_;
    delivered_ += std::exchange(stored_, 0);
    waiting_.clear();
    filling_ = {};
  }

  Host& host_;
  const std::string server_;
  const Limits limits_;
  const std::size_t batch_bytes_;  // a batch that is longer is complete
  const Deliver deliver_;

  // of the output thread
  Batch filling_;
  Time ticked_ = 0;
  bool stuck_ = false;
  std::uint64_t stuck_at_ = 0;                                         // progress_ then
  std::uint64_t unmoved_ = std::numeric_limits<std::uint64_t>::max();  // progress_ when it did not move for a second

  mutable std::mutex mutex_;  // for what follows
  std::condition_variable changed_;
  std::deque<Batch> waiting_;  // the first one is being delivered
  std::size_t waiting_bytes_ = 0;
  Batch spare_;  // memory of a batch that was delivered
  std::uint64_t progress_ = 0, delivered_ = 0, lost_ = 0, repeated_ = 0;
  std::uint64_t stored_ = 0;  // rows of the first batch
  std::string told_;          // the last reason of a loss
  bool away_ = false;         // that the server takes no rows was told
  bool ending_ = false;
  std::atomic<bool> give_up_ = false;
  std::thread thread_;
};

// A sink whose rows go to a `Store` in batches. A Store has `BatchResult store(const Batch&)`, which is called in the
// thread of the batches.
template <class Store>
class BatchSink : public Sink {
 public:
  explicit BatchSink(Host& host) : host_(host) {}

  void idle(Time now) override { batches_->tick(now); }
  void close() override { batches_->finish(); }
  void report(Report& to) const override {
    if (batches_) batches_->report(to);
  }
  std::uint64_t lost() const override { return batches_ ? batches_->lost() : 0; }
  std::uint64_t max_memory() const override { return batches_ ? batches_->max_memory() : 0; }

 protected:
  // At the end of open(), when there is a store. `server`: what messages call it.
  void start(std::string server, const Batches::Limits& limits) {
    batches_ = std::make_unique<Batches>(host_, std::move(server), limits,
                                         [this](const Batch& batch) { return store_->store(batch); });
    batches_->start();
  }
  // True: a store waits no more. Any thread.
  bool must_stop() const { return batches_ ? batches_->must_stop() : host_.must_end(); }

  Host& host_;
  std::optional<Store> store_;
  std::unique_ptr<Batches> batches_;  // its thread uses the store
};

}  // namespace t2
