// Finds where each cell of a row begins.
#include "t2/cells.hpp"

#include <algorithm>

#include "t2/text.hpp"
#include "t2/type_size.hpp"

namespace t2::text {
namespace {

// Characters of a byte in hex.
constexpr std::size_t text_per_byte =
    2 + std::string_view(T2_CORE_SPKTMD_PCNTH_PREF).size() + std::string_view(T2_CORE_SPKTMD_PCNTH_SEP).size();

// Of the value at `at`, with what stands before it: the length of a text, the family of an address.
std::size_t size_at(Type type, const std::uint8_t* at) {
  const TypeSize size = size_of(type);
  if (size.kind == TypeSize::Kind::fixed) return size.bytes;
  if (size.kind == TypeSize::Kind::ip) return 1 + address_size(*at).value_or(0);
  std::uint32_t length;
  std::memcpy(&length, at, sizeof length);
  return sizeof length + length;
}

}  // namespace

Cells::Cells(std::span<const Column> columns, const RowForm& form)
    : columns_(columns.begin(), columns.end()), cells_(columns.size()) {
  for (const Column& column : columns_) {
    const TypeSize size = size_of(column.type[0]);
    const bool is_fixed = column.size == 1 && !column.repeats && size.kind == TypeSize::Kind::fixed;
    fixed_.push_back(is_fixed ? size.bytes : 0);
    formatters_.emplace_back(std::span(&column, 1), RowFormatter::RowsOf::packets, form);
  }
}

void Cells::read(const RowView& row) {
  direction_ = row.direction;
  index_ = row.index;
  cells_[0] = {&direction_, 1};
  cells_[1] = {reinterpret_cast<const std::uint8_t*>(&index_), sizeof index_};
  const std::uint8_t* at = row.columns.data();
  for (std::size_t i = 2; i < columns_.size(); ++i) {
    if (fixed_[i] > 0) {
      cells_[i] = {at, fixed_[i]};
      at += fixed_[i];
      continue;
    }
    const std::uint8_t* const begin = at;
    std::uint32_t count = 1;
    if (columns_[i].repeats) {
      std::memcpy(&count, at, sizeof count);
      at += sizeof count;
    }
    for (std::uint32_t value = 0; value < count; ++value)
      for (unsigned part = 0; part < columns_[i].size; ++part) at += size_at(columns_[i].type[part], at);
    cells_[i] = {begin, at};
  }
}

std::string_view Cells::text(std::size_t at) {
  const RowView cell{.direction = 0, .index = 0, .end = 0, .columns = cells_[at], .own = {}};
  const std::size_t room = formatters_[at].room(cell);
  if (text_.size() < room + 8) text_.resize(2 * room + 8);
  const char* const end = formatters_[at].put(text_.data(), cell);
  return {text_.data(), static_cast<std::size_t>(end - text_.data()) - 1};  // without the newline
}

std::string_view plain_text(Type type, std::string_view raw, std::vector<char>& scratch) {
  const std::size_t room = raw.size() * std::max<std::size_t>(6, text_per_byte) + 16;
  if (scratch.size() < room) scratch.resize(2 * room);
  char* const at = scratch.data();
  const char* const end = type == Type::content ? put_content(at, raw)
                          : type == Type::bytes ? put_bytes(at, raw)
                                                : put_label(at, raw, true);
  return {at, static_cast<std::size_t>(end - at)};
}

}  // namespace t2::text
