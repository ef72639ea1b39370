// A bounded queue between threads: pop() waits from the time it is empty until it holds enough or what is urgent,
// push() from the time it is full until it is half empty. To sleep and to be woken takes longer than most of what the
// queues carry is worth.
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
  // `enough`: items for which a thread that waits is woken.
  explicit Queue(std::size_t most, std::size_t enough = 1) : max_(most), enough_(enough) {}
  std::size_t max() const { return max_; }

  // Returns how many items the queue holds now. What is not urgent may stay in it until more comes.
  std::size_t push(T item, bool urgent = true) {
    std::unique_lock hold(mutex_);
    if (items_.size() >= max_) half_empty_.wait(hold, [this] { return items_.size() <= max_ / 2; });
    items_.push_back(std::move(item));
    urgent_ = urgent_ || urgent;
    const std::size_t size = items_.size();
    const bool wake = worth_waking();
    hold.unlock();
    if (wake) enough_there_.notify_one();
    return size;
  }
  T pop() {
    std::unique_lock hold(mutex_);
    if (items_.empty()) enough_there_.wait(hold, [this] { return worth_waking(); });
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
    return true;
  }
  // Nothing, if nothing came in time.
  std::optional<T> pop_for(std::chrono::milliseconds time) {
    std::unique_lock hold(mutex_);
    if (items_.empty()) enough_there_.wait_for(hold, time, [this] { return worth_waking(); });
    if (items_.empty()) return {};
    return pop_first(hold);
  }

 private:
  bool worth_waking() const { return items_.size() >= enough_ || urgent_; }
  T pop_first(std::unique_lock<std::mutex>& hold) {
    T item = std::move(items_.front());
    items_.pop_front();
    if (items_.empty()) urgent_ = false;
    const bool half_empty = items_.size() == max_ / 2;
    hold.unlock();
    if (half_empty) half_empty_.notify_all();
    return item;
  }

  std::mutex mutex_;
  std::condition_variable half_empty_, enough_there_;
  std::deque<T> items_;
  std::size_t max_, enough_;
  bool urgent_ = false;  // there is an item that is
};

}  // namespace t2
