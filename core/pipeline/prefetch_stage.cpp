// What happens once per slice of packets. Used by the worker's thread.
#include "pipeline/prefetch_stage.hpp"

#include <algorithm>
#include <utility>

namespace t2 {

namespace {
constexpr std::size_t slice_size = 64;  // more packets gain nothing, and leave the first-level cache
}

PrefetchStage::PrefetchStage(Worker& worker, const FastPath& fast_path, std::size_t batch, const KeyedHash& hash)
    : worker_(worker), fast_path_(fast_path), hash_(hash) {
  for (Slice& slice : slices_) {
    slice.packets.resize(std::clamp<std::size_t>(batch, 1, slice_size));
    slice.lookups.resize(slice.packets.size());
  }
  next_ = slices_[0].packets.data();
}

void PrefetchStage::add() {
  Lookup& made = next_lookup();
  make_lookup(*next_, hash_, made);
  added(made);
}

// One slice is full: the worker gets the other one, which is filled next.
void PrefetchStage::turn() {
  Slice &slice = slices_[filling_], &before = slices_[filling_ ^ 1];
  for (std::size_t i = slice.size - std::min(slice.size, slot_distance); i < slice.size; ++i)
    worker_.table().prefetch_record(slice.lookups[i].hash);
  process(before, slice);
  filling_ ^= 1;
  next_ = before.packets.data();
}

void PrefetchStage::flush() {
  Slice &slice = slices_[filling_], &before = slices_[filling_ ^ 1];
  process(before, slice);
  process(slice, before);
  next_ = slice.packets.data();
}

void PrefetchStage::process(Slice& slice, Slice& next) {
  const std::size_t size = std::exchange(slice.size, 0);
  slice.prefetched = 0;
  PrefetchQueue queue(std::span(next.lookups).first(next.size));
  worker_.process(std::span(slice.packets).first(size), std::span(slice.lookups).first(size), queue);
  next.prefetched = next.size - queue.waiting();
}

}  // namespace t2
