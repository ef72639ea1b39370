// Slices of packets, and the steps that go ahead of them.
#include "pipeline/prefetch_stage.hpp"

#include <algorithm>
#include <utility>

namespace t2 {

namespace {
constexpr std::size_t slice_size = 64;  // more packets gain nothing, and leave the first-level cache
}

PrefetchStage::PrefetchStage(Worker& worker, const FastPath& plain, std::size_t batch, std::uint64_t seed)
    : worker_(worker), plain_(plain), seed_(seed) {
  for (Slice& slice : slices_) {
    slice.packets.resize(std::clamp<std::size_t>(batch, 1, slice_size));
    slice.lookups.resize(slice.packets.size());
  }
  next_ = slices_[0].packets.data();
}

void PrefetchStage::take() {
  Lookup& found = lookup();
  make_lookup(*next_, seed_, found);
  taken(found);
}

// The slice is full.
void PrefetchStage::analyse() {
  Slice &slice = slices_[filling_], &before = slices_[filling_ ^ 1];
  for (std::size_t i = slice.size - std::min(slice.size, behind); i < slice.size; ++i)
    worker_.prefetch_flow(slice.lookups[i]);
  analyse(before, slice);
  filling_ ^= 1;
  next_ = before.packets.data();
}

void PrefetchStage::flush() {
  Slice &slice = slices_[filling_], &before = slices_[filling_ ^ 1];
  analyse(before, slice);
  analyse(slice, before);
  next_ = slice.packets.data();
}

void PrefetchStage::analyse(Slice& slice, Slice& ahead) {
  const std::size_t n = std::exchange(slice.size, 0);
  slice.looked_up = 0;
  std::span<Lookup> looked_up = std::span(ahead.lookups).first(ahead.size);
  worker_.process(std::span(slice.packets).first(n), std::span(slice.lookups).first(n), looked_up);
  ahead.looked_up = ahead.size - looked_up.size();
}

}  // namespace t2
