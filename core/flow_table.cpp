// Growing the index and the records, and taking flows out again.
#include "flow_table.hpp"

#include <bit>
#include <cstdlib>
#include <cstring>
#include <new>

#include <sys/mman.h>

#include "t2/plugin.hpp"

namespace t2 {

namespace {

constexpr std::size_t huge_page = 2 << 20, chunk_bytes = 4 * huge_page;

// Memory on huge pages where the system has them: random access to records would else miss the TLB as well.
std::byte* map_pages(std::size_t bytes) {
  bytes = (bytes + huge_page - 1) / huge_page * huge_page;
  void* memory = std::aligned_alloc(huge_page, bytes);
  if (memory) madvise(memory, bytes, MADV_HUGEPAGE);
  return static_cast<std::byte*>(memory);
}

__extension__ using Wide = unsigned __int128;

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  const Wide product = Wide{a} * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

}  // namespace

// Multiply-and-fold over the key's words, two at a time, seeded.
std::uint64_t hash_key(const Key& key, std::uint64_t seed) {
  constexpr std::size_t words = sizeof key / 8;
  static_assert(words % 2 == 0);
  std::uint64_t w[words];
  std::memcpy(w, &key, sizeof w);
  constexpr std::uint64_t a = 0xa0761d6478bd642f, b = 0xe7037ed1a0b428db, c = 0x8ebc6af09c88c6e3;
  std::uint64_t hash = seed ^ c;
  for (std::size_t i = 0; i < words; i += 2) hash ^= mix(w[i] ^ a ^ seed, w[i + 1] ^ b ^ (i * c));
  return mix(hash ^ b, seed ^ c);
}

FlowTable::FlowTable(std::vector<std::byte> prototype, std::uint64_t most)
    : prototype_(std::move(prototype)),
      stride_(prototype_.size()),
      chunk_bits_(static_cast<unsigned>(std::bit_width(std::max<std::size_t>(1, chunk_bytes / stride_)) - 1)),
      most_(std::min<std::uint64_t>(most, 0xffff'fff0)),
      slots_(4096),
      mask_(slots_.size() - 1) {}

FlowTable::~FlowTable() {
  for (std::byte* chunk : chunks_) std::free(chunk);
}

// Sees to it that a record is free.
bool FlowTable::reserve() {
  if (!free_.empty() || next_record_ >> chunk_bits_ < chunks_.size()) return true;
  std::byte* chunk = map_pages(stride_ << chunk_bits_);
  if (chunk) chunks_.push_back(chunk);
  return chunk;
}

Flow& FlowTable::create(const Key& key, std::uint64_t hash) {
  if (2 * (indexed_ + 1) > slots_.size()) grow();
  std::uint32_t number;
  if (!free_.empty()) {
    number = free_.back();
    free_.pop_back();
  } else {
    if (!reserve()) throw Error("no memory for a single flow");
    number = next_record_++;
  }
  Flow& flow = record(number);
  std::memcpy(static_cast<void*>(&flow), prototype_.data(), stride_);
  flow.key = key;
  flow.tag = tag_of(hash);
  flow.record = number;
  std::size_t at = flow.tag & mask_;
  while (slots_[at].record != 0) at = (at + 1) & mask_;
  slots_[at] = {flow.tag, number};
  ++records_;
  ++indexed_;
  return flow;
}

void FlowTable::detach(Flow& flow) {
  if (flow.detached) return;
  flow.detached = true;
  --indexed_;
  std::size_t hole = flow.tag & mask_;
  while (slots_[hole].record != flow.record) hole = (hole + 1) & mask_;
  // Shift back whatever could no longer be reached over the hole.
  for (std::size_t at = (hole + 1) & mask_; slots_[at].record != 0; at = (at + 1) & mask_) {
    const std::size_t home = slots_[at].tag & mask_;
    if (((at - home) & mask_) >= ((at - hole) & mask_)) {
      slots_[hole] = slots_[at];
      hole = at;
    }
  }
  slots_[hole] = {};
}

void FlowTable::release(Flow& flow) {
  detach(flow);
  free_.push_back(flow.record);
  --records_;
}

void FlowTable::grow() {
  std::vector<Slot> old(2 * slots_.size());
  old.swap(slots_);
  mask_ = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.record == 0) continue;
    std::size_t at = slot.tag & mask_;
    while (slots_[at].record != 0) at = (at + 1) & mask_;
    slots_[at] = slot;
  }
}

}  // namespace t2
