// Adding, erasing and growing.
#include "flow/slot_index.hpp"

#include <memory>

#include "flow/flow_table.hpp"
#include "t2/error.hpp"

namespace t2 {

SlotIndex::SlotIndex(const HugePages& pages)
    : pages_(pages), slots_(make_slots(slots_at_first)), mask_(slots_at_first - 1) {
  if (!slots_) throw Error("no memory for a flow table");
}

SlotIndex::Slots SlotIndex::make_slots(std::size_t count) const {
  auto* slots = reinterpret_cast<Slot*>(HugePages::allocate(count * sizeof(Slot)));
  if (slots) pages_.begin_all(reinterpret_cast<std::byte*>(slots), count * sizeof(Slot));
  if (slots) std::uninitialized_fill_n(slots, count, Slot{});
  return Slots(slots);
}

void SlotIndex::put(Slot slot) {
  std::size_t at = slot.tag & mask_;
  while (slots_[at].number != 0) at = (at + 1) & mask_;
  slots_[at] = slot;
}

void SlotIndex::add(std::uint32_t tag, std::uint32_t number) {
  if (2 * (size_ + 1) > mask_ + 1) grow();
  put({tag, number});
  ++size_;
}

std::size_t SlotIndex::slot_of(std::uint32_t tag, std::uint32_t number) const {
  std::size_t at = tag & mask_;
  while (slots_[at].number != number) at = (at + 1) & mask_;
  return at;
}

void SlotIndex::replace(std::uint32_t tag, std::uint32_t number, std::uint32_t by) {
  slots_[slot_of(tag, number)].number = by;
}

// Shifts back whatever could no longer be reached over the hole.
void SlotIndex::erase(std::uint32_t tag, std::uint32_t number) {
  --size_;
  std::size_t hole = slot_of(tag, number);
  for (std::size_t at = (hole + 1) & mask_; slots_[at].number != 0; at = (at + 1) & mask_) {
    const std::size_t home = slots_[at].tag & mask_;
    if (((at - home) & mask_) >= ((at - hole) & mask_)) {
      slots_[hole] = slots_[at];
      hole = at;
    }
  }
  slots_[hole] = {};
}

// Without memory for twice as many slots the index becomes fuller, until full() says so.
void SlotIndex::grow() {
  Slots larger = make_slots(2 * (mask_ + 1));
  if (!larger) return;
  std::swap(slots_, larger);
  const std::size_t before = mask_ + 1;
  mask_ = 2 * before - 1;
  for (std::size_t i = 0; i < before; ++i) {
    if (larger[i].number != 0) put(larger[i]);
  }
}

std::uint64_t SlotIndex::probes() const {
  std::uint64_t sum = 0;
  for (std::size_t at = 0; at <= mask_; ++at) {
    if (slots_[at].number != 0) sum += 1 + ((at - slots_[at].tag) & mask_);
  }
  return sum;
}

}  // namespace t2
