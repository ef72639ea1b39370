// Growing the records, and taking flows out again.
#include "flow/flow_table.hpp"

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <new>

#include <sys/mman.h>

#include "t2/plugin.hpp"

namespace t2 {

// Memory of whole huge pages, backed by usual pages until HugePages asks the kernel for huge ones.
std::byte* HugePages::allocate(std::size_t bytes) {
  return static_cast<std::byte*>(std::aligned_alloc(size, (bytes + size - 1) / size * size));
}

void HugePages::begin(std::byte* page) {
  if (++begun_ < next_try_) return;
  madvise(page, size, MADV_HUGEPAGE);
  const auto before = std::chrono::steady_clock::now();
  *const_cast<volatile std::byte*>(page) = std::byte{0};  // now it comes
  if (std::chrono::steady_clock::now() - before < slow) return;
  next_try_ = begun_ + pause_;
  pause_ *= 4;
}

void HugePages::begin_all(std::byte* pages, std::size_t bytes) const {
  if (bytes >= size && begun_ >= next_try_) madvise(pages, bytes, MADV_HUGEPAGE);
}

FlowTable::FlowTable(std::vector<std::byte> prototype, std::uint64_t most,
                     const std::vector<std::uint32_t>& other_lines)
    : prototype_(std::move(prototype)),
      stride_(prototype_.size()),
      max_(std::min(most, max_records)),
      other_line_count_(std::min(other_lines.size(), other_lines_.size())) {
  std::copy_n(other_lines.begin(), other_line_count_, other_lines_.begin());
}

FlowTable::~FlowTable() {
  for (std::byte* chunk : chunks_) std::free(chunk);
  for (std::byte* chunk : direction_chunks_) std::free(chunk);
}

// Sees to it that a flow and both its sides are free. Chunks take up memory only where they have been written to.
bool FlowTable::reserve() {
  if (!free_.empty() || next_record_ >> flow_bits < chunks_.size()) return true;
  std::byte* flows = HugePages::allocate(sizeof(FlowEntry) << flow_bits);
  std::byte* sides = HugePages::allocate(stride_ << (flow_bits + 1));
  if (!flows || !sides) return std::free(flows), std::free(sides), false;
  chunks_.push_back(flows);
  direction_chunks_.push_back(sides);
  free_.reserve(chunks_.size() << flow_bits);  // touched as far as it is used; to double it would cost more
  free_directions_.reserve(chunks_.size() << (flow_bits + 1));
  return true;
}

FlowEntry& FlowTable::create(const Key& key, std::uint64_t hash) {
  std::uint32_t number;
  if (!free_.empty()) {
    number = free_.back();
    free_.pop_back();
  } else {
    if (!reserve()) throw Error("no memory for a single flow");
    number = next_record_++;
    const Place place = place_of(number);
    huge_pages_.use(place.chunk, place.at, sizeof(FlowEntry));
  }
  FlowEntry& flow = *new (&record(number)) FlowEntry;
  flow.key = key;
  flow.tag = SlotIndex::tag_of(hash);
  flow.record = number;
  index_.add(flow.tag, number);
  ++records_;
  return flow;
}

DirectionEntry& FlowTable::add_direction(FlowEntry& flow, unsigned direction) {
  std::byte* memory;
  if (!free_directions_.empty()) {
    memory = reinterpret_cast<std::byte*>(free_directions_.back());
    free_directions_.pop_back();
  } else {
    constexpr std::size_t in_chunk = std::size_t{2} << flow_bits;
    std::byte* chunk = direction_chunks_[next_direction_ / in_chunk];
    const std::size_t at = next_direction_++ % in_chunk * stride_;
    huge_pages_.use(chunk, at, stride_);
    memory = chunk + at;
  }
  std::memcpy(memory, prototype_.data(), stride_);
  flow.directions[direction] = std::launder(reinterpret_cast<DirectionEntry*>(memory));
  return *flow.direction(direction);
}

void FlowTable::detach(FlowEntry& flow) {
  if (flow.detached) return;
  flow.detached = true;
  ++removals_;
  index_.erase(flow.tag, flow.record);
}

void FlowTable::release(FlowEntry& flow) {
  --records_;
  if (closed_) return;
  detach(flow);
  for (Direction* side : flow.directions) {
    if (side) free_directions_.push_back(side);
  }
  free_.push_back(flow.record);
}

}  // namespace t2
