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

SideMemory::~SideMemory() {
  for (std::byte* chunk : chunks_) std::free(chunk);
}

bool SideMemory::add_chunk() {
  std::byte* chunk = HugePages::allocate(bytes() * in_chunk);
  if (!chunk) return false;
  chunks_.push_back(chunk);
  free_.reserve(chunks_.size() * in_chunk);  // touched as far as it is used; to double it would cost more
  return true;
}

// Where the next side will be; null: in a chunk that is not there yet.
std::byte* SideMemory::next() const {
  if (!free_.empty()) return free_.back();
  const std::size_t chunk = next_ / in_chunk;
  return chunk < chunks_.size() ? chunks_[chunk] + next_ % in_chunk * bytes() : nullptr;
}

DirectionEntry& SideMemory::create(HugePages& pages) {
  std::byte* const memory = next();
  if (free_.empty()) {
    const std::size_t at = next_++ % in_chunk * bytes();
    pages.use(memory - at, at, bytes());
  } else {
    free_.pop_back();
    allow_access(memory, bytes());
  }
  std::memcpy(memory, prototype_.data(), bytes());
  // The memory of the side after this one has left the caches, or was never in them.
  if (const std::byte* following = next())
    for (std::size_t i = 0; i < bytes(); i += 64) __builtin_prefetch(following + i, 1);
  return *std::launder(reinterpret_cast<DirectionEntry*>(memory + front_));
}

FlowTable::FlowTable(SidePrototype prototype, std::uint64_t most)
    : prototype_(std::move(prototype)),
      max_(std::min(most, max_records)),
      tcp_sides_(prototype_.bytes, prototype_.tcp_bytes),
      other_sides_(std::span(prototype_.bytes).subspan(prototype_.tcp_bytes), 0) {
  std::copy_n(prototype_.other_lines.begin(), std::min(prototype_.other_lines.size(), other_lines_.size()),
              other_lines_.begin());
}

FlowTable::~FlowTable() {
  for (std::byte* chunk : chunks_) std::free(chunk);
}

// Sees to it that there is room for another flow and for both sides of all flows, which may come much later. Chunks
// take up memory only where they have been written to.
bool FlowTable::reserve() {
  const std::uint64_t sides = 2 * (records_ + 1);  // all flows may be of one kind
  if (!tcp_sides_.reserve(sides) || !other_sides_.reserve(sides)) return false;
  if (!free_.empty() || next_record_ >> flow_bits < chunks_.size()) return true;
  std::byte* flows = HugePages::allocate(sizeof(FlowEntry) << flow_bits);
  if (!flows) return false;
  chunks_.push_back(flows);
  free_.reserve(chunks_.size() << flow_bits);
  return true;
}

FlowEntry& FlowTable::create(const Key& key, std::uint64_t hash) {
  if (!reserve()) throw Error("no memory for a single flow");
  std::uint32_t number;
  if (!free_.empty()) {
    number = free_.back();
    free_.pop_back();
  } else {
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
  if (!free_.empty()) prefetch(record(free_.back()));  // of the flow after this one
  return flow;
}

DirectionEntry& FlowTable::add_direction(FlowEntry& flow, unsigned direction) {
  DirectionEntry& side = sides_of(flow).create(huge_pages_);
  side.tcp = flow.is_tcp();
  flow.directions[direction] = &side;
  return side;
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
    if (side) sides_of(flow).release(*side);
  }
  free_.push_back(flow.record);
}

}  // namespace t2
