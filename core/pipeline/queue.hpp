// A bounded queue between threads: pop() waits while it is empty, push() from the time it is full until it is half
// empty. To sleep and to be woken takes longer than most of what the queues carry is worth.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>

namespace t2 {

template <class T>
class Queue {
 public:
  explicit Queue(std::size_t most) : max_(most) {}
  std::size_t max() const { return max_; }

  void push(T item) {
    std::unique_lock hold(mutex_);
    if (items_.size() >= max_) half_empty_.wait(hold, [this] { return items_.size() <= max_ / 2; });
    items_.push_back(std::move(item));
    hold.unlock();
    not_empty_.notify_one();
  }
  T pop() {
    std::unique_lock hold(mutex_);
    not_empty_.wait(hold, [this] { return !items_.empty(); });
    return pop_first(hold);
  }
  // The one that was pushed last: its memory is still in a cache. Of a queue that only try_push() fills.
  std::optional<T> try_pop_last() {
    const std::lock_guard hold(mutex_);
    if (items_.empty()) return {};
    T item = std::move(items_.back());
    items_.pop_back();
    return item;
  }
  // False, and the item stays, where the queue is full.
  bool try_push(T& item) {
    const std::lock_guard hold(mutex_);
    if (items_.size() >= max_) return false;
    items_.push_back(std::move(item));
    not_empty_.notify_one();
    return true;
  }
  // Nothing, if nothing came in time.
  std::optional<T> pop_for(std::chrono::milliseconds time) {
    std::unique_lock hold(mutex_);
    if (!not_empty_.wait_for(hold, time, [this] { return !items_.empty(); })) return {};
    return pop_first(hold);
  }

 private:
  T pop_first(std::unique_lock<std::mutex>& hold) {
    T item = std::move(items_.front());
    items_.pop_front();
    const bool half_empty = items_.size() == max_ / 2;
    hold.unlock();
    if (half_empty) half_empty_.notify_all();
    return item;
  }

  std::mutex mutex_;
  std::condition_variable half_empty_, not_empty_;
  std::deque<T> items_;
  std::size_t max_;
};

}  // namespace t2
