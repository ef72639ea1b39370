// Finds where each cell of a row begins.
#include "t2/cells.hpp"

#include <algorithm>

#include "t2/text.hpp"

namespace t2::text {
namespace {

// Characters of a byte in hex.
constexpr std::size_t text_per_byte =
    2 + std::string_view(T2_CORE_SPKTMD_PCNTH_PREF).size() + std::string_view(T2_CORE_SPKTMD_PCNTH_SEP).size();

std::size_t size_of(Type type, const std::uint8_t* at) {
  switch (type) {
    case Type::i8:
    case Type::u8:
    case Type::h8:
    case Type::direction: return 1;
    case Type::i16:
    case Type::u16:
    case Type::h16: return 2;
    case Type::i32:
    case Type::u32:
    case Type::h32:
    case Type::f32:
    case Type::ip4: return 4;
    case Type::i64:
    case Type::u64:
    case Type::h64:
    case Type::f64:
    case Type::time:
    case Type::duration: return 8;
    case Type::mac: return 6;
    case Type::ip6: return 16;
    case Type::ip: return 1 + (*at == 4 ? 4u : *at == 6 ? 16u : 0u);
    case Type::text:
    case Type::label:
    case Type::content:
    case Type::bytes: break;
  }
  std::uint32_t length;
  std::memcpy(&length, at, sizeof length);
  return sizeof length + length;
}

}  // namespace

Cells::Cells(std::span<const Column> columns, const RowForm& form)
    : columns_(columns.begin(), columns.end()), cells_(columns.size()) {
  for (const Column& column : columns_)
    formatters_.emplace_back(std::span(&column, 1), RowFormatter::RowsOf::packets, form);
}

void Cells::read(const RowView& row) {
  direction_ = row.direction;
  index_ = row.index;
  cells_[0] = {&direction_, 1};
  cells_[1] = {reinterpret_cast<const std::uint8_t*>(&index_), sizeof index_};
  const std::uint8_t* at = row.columns.data();
  for (std::size_t i = 2; i < columns_.size(); ++i) {
    const std::uint8_t* const begin = at;
    std::uint32_t count = 1;
    if (columns_[i].repeats) {
      std::memcpy(&count, at, sizeof count);
      at += sizeof count;
    }
    for (std::uint32_t value = 0; value < count; ++value)
      for (unsigned part = 0; part < columns_[i].size; ++part) at += size_of(columns_[i].type[part], at);
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
