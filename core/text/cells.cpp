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

// Most of what is compared is short: a call of memcmp() would cost more.
bool are_equal(const std::uint8_t* a, const std::uint8_t* b, std::size_t size) {
  constexpr std::size_t word = sizeof(std::uint64_t);
  if (size < word) return std::equal(a, a + size, b);
  std::uint64_t any = 0;
  const auto add = [&](std::size_t at) {
    std::uint64_t x, y;
    std::memcpy(&x, a + at, word);
    std::memcpy(&y, b + at, word);
    any |= x ^ y;
  };
  for (std::size_t at = 0; at + word <= size; at += word) add(at);
  add(size - word);
  return any == 0;
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
  for (std::size_t i = 2; i < columns_.size(); ++i) add_to_groups(groups_, columns_[i], i, i + 1);
  for (Last& last : last_) last.sizes.resize(groups_.size());
}

std::size_t Cells::size_of_cell(std::size_t column, const std::uint8_t* at) const {
  if (fixed_[column] > 0) return fixed_[column];
  const std::uint8_t* const begin = at;
  std::uint32_t count = 1;
  if (columns_[column].repeats) {
    std::memcpy(&count, at, sizeof count);
    at += sizeof count;
  }
  for (std::uint32_t value = 0; value < count; ++value)
    for (unsigned part = 0; part < columns_[column].size; ++part) at += size_at(columns_[column].type[part], at);
  return static_cast<std::size_t>(at - begin);
}

void Cells::read_name(const RowView& row) {
  direction_ = row.direction;
  index_ = row.index;
  cells_[0] = {&direction_, 1};
  cells_[1] = {reinterpret_cast<const std::uint8_t*>(&index_), sizeof index_};
}

void Cells::read(const RowView& row) {
  read_name(row);
  const std::uint8_t* at = row.columns.data();
  for (std::size_t i = 2; i < columns_.size(); ++i) {
    cells_[i] = {at, size_of_cell(i, at)};
    at += cells_[i].size();
  }
}

std::span<const std::size_t> Cells::read_changes(const RowView& row) {
  read_name(row);
  Last& last = last_[row.direction & 1];
  changes_.clear();
  if (!last.known) changes_.push_back(0);
  changes_.push_back(1);
  const std::uint8_t *at = row.columns.data(), *before = last.columns.data();
  const std::uint8_t* const end = at + row.columns.size();
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    const auto left = static_cast<std::size_t>(end - at);
    if (last.known && last.sizes[g] <= left && are_equal(at, before, last.sizes[g])) {
      at += last.sizes[g], before += last.sizes[g];
      continue;
    }
    const std::uint8_t* const begin = at;
    for (std::size_t i = groups_[g].begin; i < groups_[g].end; ++i) {
      const std::size_t size = size_of_cell(i, at);
      const std::size_t size_before = last.known ? size_of_cell(i, before) : 0;
      if (size != size_before || !are_equal(at, before, size)) {
        cells_[i] = {at, size};
        changes_.push_back(i);
      }
      at += size, before += size_before;
    }
    last.sizes[g] = static_cast<std::size_t>(at - begin);
  }
  last.columns.assign(row.columns.begin(), row.columns.end());
  last.known = true;
  return changes_;
}

void Cells::forget() {
  for (Last& last : last_) last.known = false;
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
