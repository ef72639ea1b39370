// A map from numbers to numbers in one array: open addressing, linear probing, at most half full. Keys are never 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace t2 {

class NumberMap {
 public:
  void insert(std::uint64_t key, std::uint64_t value) {  // the key must not be there
    if (2 * (size_ + 1) > slots_.size()) grow();
    put({key, value});
    ++size_;
  }
  // The key must be there.
  std::uint64_t at(std::uint64_t key) const { return slots_[find(key)].value; }
  void erase(std::uint64_t key) {
    std::size_t hole = find(key);
    for (std::size_t i = next(hole); slots_[i].key != 0; i = next(i)) {  // close the gap behind it
      if (((i - home(slots_[i].key)) & mask()) < ((i - hole) & mask())) continue;
      slots_[hole] = slots_[i];
      hole = i;
    }
    slots_[hole] = {};
    --size_;
  }
  std::size_t size() const { return size_; }

 private:
  struct Slot {
    std::uint64_t key = 0, value = 0;
  };
  std::size_t mask() const { return slots_.size() - 1; }
  std::size_t home(std::uint64_t key) const { return (key * 0x9e3779b97f4a7c15u >> 32) & mask(); }
  std::size_t next(std::size_t i) const { return (i + 1) & mask(); }
  std::size_t find(std::uint64_t key) const {
    std::size_t i = home(key);
    while (slots_[i].key != key) i = next(i);
    return i;
  }
  void put(Slot slot) {
    std::size_t i = home(slot.key);
    while (slots_[i].key != 0) i = next(i);
    slots_[i] = slot;
  }
  void grow() {
    std::vector<Slot> old(2 * slots_.size());
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.key != 0) put(slot);
    }
  }

  std::vector<Slot> slots_ = std::vector<Slot>(1024);
  std::size_t size_ = 0;
};

}  // namespace t2
