// Slices of packets, and the steps that go ahead of them.
#include "station.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "key.hpp"

namespace t2 {

namespace {
constexpr std::size_t slice_size = 64;  // more packets gain nothing, and leave the first-level cache
}

void begin_packet(Packet& packet, const RawPacket& raw, Time clock, std::uint64_t number) {
  static constexpr Packet fresh{};
  std::memcpy(static_cast<void*>(&packet), &fresh, sizeof packet);
  packet.time = raw.time;
  packet.clock = clock;
  packet.number = number;
  packet.data = raw.data;
  packet.captured = raw.captured;
  packet.wire = raw.wire;
}

Station::Station(Worker& worker, const PlainDecoder& plain, std::size_t batch, std::uint64_t seed) : worker_(worker), plain_(plain), seed_(seed) {
  for (Slice& slice : slices_) {
    slice.packets.resize(std::clamp<std::size_t>(batch, 1, slice_size));
    slice.lookups.resize(slice.packets.size());
  }
  next_ = slices_[0].packets.data();
}

void Station::take() {
  Lookup& found = lookup();
  make_lookup(*next_, seed_, found);
  taken(found);
}

void Station::take(const RawPacket& raw, const Plain& plain, Time clock, std::uint64_t number) {
  plain_.fill(*next_, raw, plain, clock, number);
  Lookup& found = lookup();
  make_lookup(raw, plain, seed_, found);
  taken(found);
}

inline void Station::taken(const Lookup& lookup) {
  constexpr std::size_t behind = 16;  // packets from asking for a slot to looking into it
  Slice &slice = slices_[filling_], &before = slices_[filling_ ^ 1];
  const std::size_t at = slice.size++;
  worker_.prefetch_slot(lookup);
  if (at >= behind) worker_.prefetch_flow(slice.lookups[at - behind]);
  if (before.sought < before.size) worker_.seek(before.lookups[before.sought++]);
  ++next_;
  if (slice.size < slice.packets.size()) return;
  for (std::size_t i = at < behind ? 0 : at - behind + 1; i <= at; ++i) worker_.prefetch_flow(slice.lookups[i]);
  analyse(before, slice);
  filling_ ^= 1;
  next_ = before.packets.data();
}

void Station::flush() {
  Slice &slice = slices_[filling_], &before = slices_[filling_ ^ 1];
  analyse(before, slice);
  analyse(slice, before);
  next_ = slice.packets.data();
}

void Station::analyse(Slice& slice, Slice& ahead) {
  const std::size_t n = std::exchange(slice.size, 0);
  slice.sought = 0;
  std::span<Lookup> sought = std::span(ahead.lookups).first(ahead.size);
  worker_.process(std::span(slice.packets).first(n), std::span(slice.lookups).first(n), sought);
  ahead.sought = ahead.size - sought.size();
}

}  // namespace t2
