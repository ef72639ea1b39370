// Packets as they are read: so many at a time, with the bytes that they point into.
//
// A Block's packets stay valid until the block is filled again. Blocks are small enough for the second-level cache, and
// the one that was released last is filled first: it is still in the cache when it is read.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "base/sanitizers.hpp"
#include "t2/packet.hpp"

namespace t2 {

struct RawPacket {
  Time time = 0;
  const std::uint8_t* data = nullptr;
  std::uint32_t captured = 0, wire = 0;
  int link_type = 0;           // as libpcap's DLT_ constants
  std::uint8_t interface = 0;  // live: which of those that are captured
};

// What the reader thread knows of a packet besides its bytes.
struct PacketStamp {
  std::uint64_t number = 0;  // position in the input, from 1
  Time clock = 0;            // the run's, see CaptureClock: flows whose timeouts ran out before have ended
  Time at = 0;               // the packet's own position on it: its flow's timeouts count from here
};

// Bytes that are not initialised before they are written. The address sanitizer sees who reads behind the last one.
class ReadBuffer {
 public:
  std::uint8_t* data() { return bytes_.get(); }
  std::size_t size() const { return size_; }
  void resize(std::size_t size) {  // what it holds is kept
    reserve(size);
    size_ = size;
    guard();
  }
  void append(const std::uint8_t* bytes, std::size_t n) {
    const std::size_t before = size_;
    if (capacity_ - before < n) reserve(2 * capacity_ + n);
    resize(before + n);
    if (n > 0) std::memcpy(bytes_.get() + before, bytes, n);
  }

  ReadBuffer() = default;
  ~ReadBuffer() { unguard(); }
  ReadBuffer(ReadBuffer&& other) noexcept { *this = std::move(other); }
  ReadBuffer& operator=(ReadBuffer&& other) noexcept {
    std::swap(bytes_, other.bytes_), std::swap(size_, other.size_), std::swap(capacity_, other.capacity_);
    return *this;
  }

 private:
  void reserve(std::size_t capacity) {
    if (capacity <= capacity_) return;
    auto larger = std::make_unique_for_overwrite<std::uint8_t[]>(capacity);
    if (size_ > 0) std::memcpy(larger.get(), bytes_.get(), size_);
    unguard();
    bytes_ = std::move(larger);
    capacity_ = capacity;
    guard();
  }
  void guard() {
    unguard();
    forbid_access(bytes_.get() + size_, capacity_ - size_);
  }
  void unguard() { allow_access(bytes_.get(), capacity_); }

  std::unique_ptr<std::uint8_t[]> bytes_;
  std::size_t size_ = 0, capacity_ = 0;
};

struct Block {
  static constexpr std::size_t usual_size = 64 << 10;  // bytes of a file that are read at once
  static constexpr std::size_t usual_packets = 256;    // in that, on average
  std::vector<RawPacket> packets;
  ReadBuffer memory;                  // where their bytes are, or ...
  std::shared_ptr<const void> holds;  // ... what has them

  void clear() { packets.clear(), memory.resize(0), holds.reset(); }
};

// Blocks that a source fills, and fills again when the last reader has released them. Blocks may be released in any
// thread.
class BlockPool {
 public:
  std::shared_ptr<Block> acquire() {
    std::unique_ptr<Block> block;
    {
      const std::lock_guard hold(free_->mutex);
      if (!free_->blocks.empty()) {
        block = std::move(free_->blocks.back());
        free_->blocks.pop_back();
      }
    }
    if (!block) block = std::make_unique<Block>();
    return {block.release(), [free = free_](Block* used) {
              std::unique_ptr<Block> back(used);
              back->holds.reset();
              const std::lock_guard hold(free->mutex);
              free->blocks.push_back(std::move(back));
            }};
  }

 private:
  struct Free {
    std::mutex mutex;
    std::vector<std::unique_ptr<Block>> blocks;
  };
  std::shared_ptr<Free> free_ = std::make_shared<Free>();
};

}  // namespace t2
