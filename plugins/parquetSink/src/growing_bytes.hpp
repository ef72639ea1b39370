// Bytes that become many. Where a string would copy them to new memory, which the kernel has to clear first, realloc()
// has the kernel move the pages. They keep their memory when they are cleared.
#pragma once

#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <utility>

namespace t2::parquet_sink {

class GrowingBytes {
 public:
  static constexpr std::size_t block = 32;  // so much may be read or written behind the end

  void append(const void* from, std::size_t size) {
    if (size > 0) std::memcpy(more(size), from, size);  // of nothing there may be no address
  }
  // The same from other bytes of this kind, in whole blocks: most are short.
  void append_blocks(const char* from, std::size_t size) {
    char* const to = more(size);
    for (std::size_t i = 0; i < size; i += block) std::memcpy(to + i, from + i, block);
  }
  char* more(std::size_t size) {  // uninitialised
    if (room_ - size_ < size) grow(size);
    return bytes_.get() + std::exchange(size_, size_ + size);
  }
  std::string_view view() const { return {bytes_.get(), size_}; }
  std::size_t size() const { return size_; }
  void clear() { size_ = 0; }

 private:
  struct Free {
    void operator()(char* bytes) const { std::free(bytes); }
  };
  [[gnu::noinline]] void grow(std::size_t size) {
    const std::size_t room = 2 * (size_ + size) + 1024;
    void* const bytes = std::realloc(bytes_.get(), room + block);
    if (!bytes) throw std::bad_alloc();
    static_cast<void>(bytes_.release());  // realloc() has freed it
    bytes_.reset(static_cast<char*>(bytes));
    room_ = room;
  }
  std::unique_ptr<char, Free> bytes_;
  std::size_t size_ = 0, room_ = 0;
};

}  // namespace t2::parquet_sink
