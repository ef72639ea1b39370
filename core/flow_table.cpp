// Growing the index and the records, and taking flows out again.
#include "flow_table.hpp"

#include <bit>
#include <cstring>
#include <new>

#include <sys/mman.h>

#include "t2/plugin.hpp"

namespace t2 {

namespace {

constexpr std::size_t chunk_bytes = 2 << 20;

__extension__ using Wide = unsigned __int128;

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  const Wide product = Wide{a} * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

}  // namespace

// Multiply-and-fold over the key's seven words, seeded.
std::uint64_t hash_key(const Key& key, std::uint64_t seed) {
  std::uint64_t w[7];
  static_assert(sizeof w == sizeof key);
  std::memcpy(w, &key, sizeof w);
  constexpr std::uint64_t a = 0xa0761d6478bd642f, b = 0xe7037ed1a0b428db, c = 0x8ebc6af09c88c6e3, d = 0x589965cc75374cc3;
  const std::uint64_t low = mix(w[0] ^ a ^ seed, w[1] ^ b), middle = mix(w[2] ^ c, w[3] ^ seed), high = mix(w[4] ^ d ^ seed, w[5] ^ w[6] ^ a);
  return mix(low ^ high ^ b, middle ^ seed ^ w[6] ^ c);
}

FlowTable::FlowTable(std::vector<std::byte> prototype, std::uint64_t most)
    : prototype_(std::move(prototype)),
      stride_(prototype_.size()),
      chunk_bits_(static_cast<unsigned>(std::bit_width(std::max<std::size_t>(1, chunk_bytes / stride_)) - 1)),
      most_(std::min<std::uint64_t>(most, 0xffff'fff0)),
      slots_(4096),
      mask_(slots_.size() - 1) {}

FlowTable::~FlowTable() {
  for (std::byte* chunk : chunks_) munmap(chunk, stride_ << chunk_bits_);
}

Flow& FlowTable::create(const Key& key, std::uint64_t hash) {
  if (2 * (indexed_ + 1) > slots_.size()) grow();
  std::uint32_t number;
  if (!free_.empty()) {
    number = free_.back();
    free_.pop_back();
  } else {
    number = next_record_++;
    if (number >> chunk_bits_ >= chunks_.size()) {
      void* chunk = mmap(nullptr, stride_ << chunk_bits_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      if (chunk == MAP_FAILED) throw Error("no memory for more flows");
      chunks_.push_back(static_cast<std::byte*>(chunk));
    }
  }
  Flow& flow = record(number);
  std::memcpy(static_cast<void*>(&flow), prototype_.data(), stride_);
  flow.key = key;
  flow.hash = hash;
  flow.record = number;
  std::size_t at = hash & mask_;
  while (slots_[at].record != 0) at = (at + 1) & mask_;
  slots_[at] = {static_cast<std::uint32_t>(hash >> 32), number};
  ++records_;
  ++indexed_;
  return flow;
}

void FlowTable::detach(Flow& flow) {
  if (flow.detached) return;
  flow.detached = true;
  --indexed_;
  std::size_t hole = flow.hash & mask_;
  while (slots_[hole].record != flow.record) hole = (hole + 1) & mask_;
  // Shift back whatever could no longer be reached over the hole.
  for (std::size_t at = (hole + 1) & mask_; slots_[at].record != 0; at = (at + 1) & mask_) {
    const std::size_t home = record(slots_[at].record).hash & mask_;
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
    std::size_t at = record(slot.record).hash & mask_;
    while (slots_[at].record != 0) at = (at + 1) & mask_;
    slots_[at] = slot;
  }
}

}  // namespace t2
