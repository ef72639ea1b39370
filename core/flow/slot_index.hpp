// An index of 8-byte slots: from the hash of a key to a number, say of the record that holds the key.
//
// Open addressing with linear probing, at most half full, deletion by shifting back. A slot holds 32 bits of the hash,
// which also tell its home: no record is touched to move a slot. Used by one worker.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

namespace t2 {

class HugePages;

class SlotIndex {
 public:
  // `pages`: those of the table that the index belongs to. Throws Error without memory.
  explicit SlotIndex(const HugePages& pages);

  // The first number with this hash for which `is` answers true; 0: there is none.
  template <class Is>
  [[gnu::always_inline]] std::uint32_t find(std::uint64_t hash, Is is) const {
    const std::uint32_t tag = tag_of(hash);
    for (std::size_t at = tag & mask_;; at = (at + 1) & mask_) {
      const Slot slot = slots_[at];
      if (slot.number == 0) return 0;
      if (slot.tag == tag && is(slot.number)) return slot.number;
    }
  }
  // The number in the home slot of a hash, which may be another's; 0: the slot is empty.
  [[gnu::always_inline]] std::uint32_t at_home(std::uint64_t hash) const { return slots_[tag_of(hash) & mask_].number; }
  [[gnu::always_inline]] void prefetch(std::uint32_t tag) const { __builtin_prefetch(&slots_[tag & mask_]); }

  static constexpr std::uint32_t tag_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 32); }
  void add(std::uint32_t tag, std::uint32_t number);  // not full; the number is not 0 and not in the index
  void replace(std::uint32_t tag, std::uint32_t number, std::uint32_t by);  // the number is in the index
  void erase(std::uint32_t tag, std::uint32_t number);                      // the number is in the index
  std::size_t size() const { return size_; }
  // With so many numbers; while it grows, half of that besides.
  static std::uint64_t max_bytes(std::uint64_t numbers) {
    return std::bit_ceil(std::max<std::uint64_t>(2 * numbers, slots_at_first)) * sizeof(Slot) * 3 / 2;
  }
  bool full() const { return size_ >= mask_; }  // there was no memory for more slots
  // Slots that are looked at to find each number once.
  std::uint64_t probes() const;

 private:
  struct Slot {
    std::uint32_t tag = 0, number = 0;  // number 0: empty
  };
  static constexpr std::size_t slots_at_first = 4096;
  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };
  using Slots = std::unique_ptr<Slot[], Free>;
  Slots make_slots(std::size_t count) const;  // null: no memory
  std::size_t slot_of(std::uint32_t tag, std::uint32_t number) const;
  void put(Slot slot);
  void grow();

  const HugePages& pages_;
  Slots slots_;
  std::size_t mask_, size_ = 0;
};

}  // namespace t2
