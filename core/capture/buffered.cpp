// IO_BUFFERING, and input that can keep a reader waiting: a thread reads blocks ahead of the analysis, into a bounded
// ring; a full ring makes it wait, an empty one is told as idle.
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "capture/source.hpp"

namespace t2 {

namespace {

class Buffered final : public Source {
 public:
  Buffered(std::unique_ptr<Source> source, std::size_t packets)
      : source_(std::move(source)),
        free_(std::max<std::size_t>(2, packets / Block::usual_packets)),
        published_{source_->size(), source_->position(), {}, {}, source_->interface_counts()},
        reader_([this] { fill(); }) {}

  ~Buffered() override {
    {
      const std::lock_guard hold(mutex_);
      closing_ = true;
    }
    source_->stop();
    changed_.notify_all();
    reader_.join();
  }
  Buffered(const Buffered&) = delete;
  Buffered& operator=(const Buffered&) = delete;

  Read read(Block& block) override {
    std::unique_lock hold(mutex_);
    if (!changed_.wait_for(hold, std::chrono::milliseconds(100), [this] { return !ready_.empty(); })) {
      block.clear();
      return Read::idle;
    }
    if (ready_.front().first == Read::end) {  // stays there: each later read() returns it again, without packets
      block.clear();
      std::swap(block, ready_.front().second);
      return Read::end;
    }
    const Read kind = ready_.front().first;
    std::swap(block, ready_.front().second);
    free_.push_back(std::move(ready_.front().second));
    ready_.pop_front();
    hold.unlock();
    changed_.notify_all();
    return kind;
  }

  void stop() override { source_->stop(); }
  bool live() const override { return source_->live(); }
  std::string describe() const override { return source_->describe(); }
  std::uint64_t size() const override { return published().size; }
  std::uint64_t position() const override { return published().position; }
  std::string damage() const override { return published().damage; }
  std::vector<std::string> notes() const override { return published().notes; }
  std::vector<InterfaceCounts> interface_counts() const override { return published().interfaces; }
  std::size_t interface_count() const override {
    const std::lock_guard hold(mutex_);
    return published_.interfaces.size();
  }

 private:
  // What the source said of itself after the last block: only the reading thread asks it.
  struct Published {
    std::uint64_t size = 0, position = 0;
    std::string damage;
    std::vector<std::string> notes;
    std::vector<InterfaceCounts> interfaces;
  };
  Published published() const {
    const std::lock_guard hold(mutex_);
    return published_;
  }

  void fill() {
    for (;;) {
      std::unique_lock hold(mutex_);
      changed_.wait(hold, [this] { return closing_ || !free_.empty(); });
      if (closing_) return;
      Block block = std::move(free_.back());
      free_.pop_back();
      hold.unlock();
      Read kind = Read::end;
      std::string failure;
      try {
        kind = source_->read(block);
      } catch (const std::exception& e) {  // ends the input; what was read is kept
        failure = e.what();
      }
      Published now{source_->size(),
                    source_->position(),
                    failure.empty() ? source_->damage() : failure,
                    {},
                    source_->interface_counts()};
      if (kind == Read::end) now.notes = source_->notes();
      hold.lock();
      published_ = std::move(now);
      ready_.emplace_back(kind, std::move(block));
      hold.unlock();
      changed_.notify_all();
      if (kind == Read::end) return;
    }
  }

  std::unique_ptr<Source> source_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::pair<Read, Block>> ready_;  // in the order of reading
  std::vector<Block> free_;
  Published published_;
  bool closing_ = false;
  std::thread reader_;  // last: starts when all else is there
};

}  // namespace

std::unique_ptr<Source> buffered(std::unique_ptr<Source> source, std::size_t packets) {
  return std::make_unique<Buffered>(std::move(source), packets);
}

}  // namespace t2
