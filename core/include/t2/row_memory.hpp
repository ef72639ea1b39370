// What a row has in common with the row before: formatters copy its text instead of making it again. Most values are
// those of the row before in the same direction, and text depends on nothing but the values.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "t2/row.hpp"
#include "t2/type_size.hpp"

namespace t2::text {

// Columns that follow each other are compared as a group. Groups of 32 bytes were the best of 8 to 48: of shorter ones
// there are more, longer ones change more often.
constexpr std::size_t max_group_bytes = 32;

// What a column counts in its group: bytes in a row, as far as they are known before. 0: it stands alone and is not
// remembered, for times change with each row.
inline std::size_t bytes_in_group(const Column& column) {
  constexpr std::size_t variable = 8;  // a text, a list, an address
  std::size_t bytes = column.repeats ? variable : 0;
  for (const Type type : std::span(column.type, column.size)) {
    if (type == Type::time || type == Type::duration) return 0;
    const TypeSize size = size_of(type);
    bytes += size.kind == TypeSize::Kind::fixed ? size.bytes : variable;
  }
  return bytes;
}

struct ColumnGroup {
  std::size_t begin, end;  // what the formatter does for its columns: places in a list of the formatter's
  std::size_t bytes;       // bytes_in_group() of its columns; 0: it is not remembered
};

// A column for which the formatter does what stands from `begin` to `end`: it belongs to the last group, or begins one.
inline void add_to_groups(std::vector<ColumnGroup>& groups, const Column& column, std::size_t begin, std::size_t end) {
  const std::size_t bytes = bytes_in_group(column);
  const bool belongs =
      !groups.empty() && groups.back().bytes > 0 && bytes > 0 && groups.back().bytes + bytes <= max_group_bytes;
  if (!belongs) groups.push_back({begin, end, 0});
  groups.back().end = end;
  groups.back().bytes += bytes;
}

// The values of a group in the last row of one direction, and their text.
template <std::size_t max_text>
class GroupMemory {
 public:
  static constexpr std::size_t room = 32;  // so much may be written behind the end of a text

  // The text of the values that come next, if they are those that were kept; moves `values` behind them. Null: they are
  // not. `end`: of the row.
  char* copy(char* at, Values& values, const std::uint8_t* end) const {
    const std::uint8_t* const next = values.read(0);
    if (size_ == 0 || end - next < size_ || !is_kept(next)) return nullptr;
    copy_blocks(at, text_, length_);
    values.read(size_);
    return at + length_;
  }
  // As far as there is room. Reads up to 31 characters behind the text.
  void keep(std::span<const std::uint8_t> bytes, std::string_view text) {
    if (bytes.size() < sizeof(std::uint64_t) || bytes.size() > sizeof bytes_ || text.size() > max_text) return;
    size_ = static_cast<std::uint8_t>(bytes.size());
    length_ = static_cast<std::uint16_t>(text.size());
    std::memcpy(bytes_, bytes.data(), bytes.size());
    copy_blocks(text_, text.data(), text.size());
  }

 private:
  static constexpr std::size_t block = 32;
  static_assert(max_text % block == 0 && block <= room);

  bool is_kept(const std::uint8_t* next) const {
    const auto difference = [&](std::size_t at) {
      std::uint64_t kept, now;
      std::memcpy(&kept, bytes_ + at, sizeof kept);
      std::memcpy(&now, next + at, sizeof now);
      return kept ^ now;
    };
    if (difference(0) | difference(size_ - 8u)) return false;
    std::uint64_t any = 0;
    for (std::size_t i = 8; i + 8 < size_; i += 8) any |= difference(i);
    return any == 0;
  }
  static void copy_blocks(char* to, const char* from, std::size_t size) {
    std::memcpy(to, from, block);
    for (std::size_t i = block; i < size; i += block) std::memcpy(to + i, from + i, block);
  }

  std::uint8_t size_ = 0;  // 0: nothing is kept; else at least eight bytes
  std::uint16_t length_ = 0;
  std::uint8_t bytes_[64];
  char text_[max_text];
};

}  // namespace t2::text
