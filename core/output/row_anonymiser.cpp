// Walks rows by the types of their columns.
#include "output/row_anonymiser.hpp"

#include <algorithm>
#include <cstring>

#include "output/address_text.hpp"
#include "t2/bytes.hpp"
#include "t2/type_size.hpp"

namespace t2 {

namespace {

// `change` gets the bytes of the integer in the order of an address.
template <class T, class Change>
void change_integer(std::uint8_t* value, Change change) {
  T number;
  std::memcpy(&number, value, sizeof number);
  std::uint8_t bytes[sizeof number];
  store_big(bytes, number);
  change(bytes);
  number = load_big<T>(bytes);
  std::memcpy(value, &number, sizeof number);
}

}  // namespace

void RowAnonymiser::replace(std::span<const Column> columns, Row& row, std::size_t begin) {
  const auto bytes = row.bytes().subspan(begin);
  if (bytes.empty()) return;  // no sink reads columns
  changed_.clear();
  rest_ = bytes.data();
  // The bytes are the worker's own; Row shows them read-only to all others.
  auto* at = const_cast<std::uint8_t*>(bytes.data());
  for (const Column& column : columns) {
    std::uint32_t times = 1;
    if (column.repeats) {
      std::memcpy(&times, at, sizeof times);
      at += sizeof times;
    }
    for (; times > 0; --times) {
      for (unsigned i = 0; i < column.size; ++i) at = replace(column.type[i], i < column.integer_addresses, at);
    }
  }
  if (changed_.empty()) return;
  changed_.insert(changed_.end(), rest_, static_cast<const std::uint8_t*>(at));
  row.shorten(begin);
  row.raw(changed_.data(), changed_.size());
}

// Returns the end of the value. The row was compared with its columns before.
std::uint8_t* RowAnonymiser::replace(Type type, bool address, std::uint8_t* value) {
  const TypeSize size = size_of(type);
  if (size.kind == TypeSize::Kind::text) return replace_text(value);
  if (address && size.bytes == 4) change_integer<std::uint32_t>(value, [&](std::uint8_t* four) { names_.ip4(four); });
  else if (address) change_integer<std::uint64_t>(value, [&](std::uint8_t* eight) { names_.mac(eight + 2); });
  if (size.kind == TypeSize::Kind::ip) {
    const std::size_t bytes = address_size(*value++).value_or(0);
    if (bytes == 4) names_.ip4(value);
    if (bytes == 16) names_.ip6(value);
    return value + bytes;
  }
  if (type == Type::ip4) names_.ip4(value);
  if (type == Type::ip6) names_.ip6(value);
  if (type == Type::mac) names_.mac(value);
  return value + size.bytes;
}

std::uint8_t* RowAnonymiser::replace_text(std::uint8_t* value) {
  std::uint32_t size;
  std::memcpy(&size, value, sizeof size);
  const auto* const text = reinterpret_cast<const char*>(value + sizeof size);
  std::uint8_t* const end = value + sizeof size + size;
  if (!replace_addresses({text, size}, names_, text_)) return end;
  changed_.insert(changed_.end(), rest_, static_cast<const std::uint8_t*>(value));
  size = static_cast<std::uint32_t>(text_.size());
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(&size);
  changed_.insert(changed_.end(), bytes, bytes + sizeof size);
  changed_.insert(changed_.end(), text_.begin(), text_.end());
  rest_ = end;
  return end;
}

RowAnonymiser::Masked::Masked(RowAnonymiser& by, const EndedFlow& ended)
    : flow_(const_cast<Flow&>(ended.flow)),
      directions_{const_cast<Direction*>(&ended.own), const_cast<Direction*>(ended.other)},
      key_(ended.flow.key),
      macs_{} {
  for (auto& address : flow_.key.address) {
    if (key_.family == Family::ipv4) by.names_.ip4(address.data());
    else if (key_.family == Family::ipv6) by.names_.ip6(address.data());
    else by.names_.mac(address.data());
  }
#if T2_CORE_ETH_ACTIVATE == 2
  for (auto& mac : flow_.key.mac) by.names_.mac(mac.data());
#endif
  for (unsigned i = 0; i < 2; ++i) {
    if (!directions_[i]) continue;
    std::copy_n(directions_[i]->macs, 12, macs_[i]);
    by.names_.mac(directions_[i]->macs), by.names_.mac(directions_[i]->macs + 6);
  }
}
RowAnonymiser::Masked::~Masked() {
  flow_.key = key_;
  for (unsigned i = 0; i < 2; ++i)
    if (directions_[i]) std::copy_n(macs_[i], 12, directions_[i]->macs);
}

}  // namespace t2
