// Rows of flows as JSON objects: decimal numbers are numbers; flags in hex, addresses, times (seconds with nine
// decimals) and texts are strings; several values are an array, a list is an array of values. Used by one thread, the
// output thread; put() allocates nothing and never fails. Link the library t2text.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "t2/config.hpp"
#include "t2/row.hpp"
#include "t2/row_memory.hpp"

namespace t2::text {

struct JsonForm {
  bool empty_lists = false;  // false: the member is left out
  bool blanks = false;       // behind ',' and ':'
  bool dates = false;        // times as dates, not as seconds
};

class JsonFormatter {
 public:
  // `only`: names of columns that are written; empty: all.
  JsonFormatter(std::span<const Column> columns, const JsonForm& form, std::span<const std::string> only = {});

  std::size_t room(const RowView& row) const { return fixed_room_ + row.columns.size() * room_per_byte; }
  char* put(char* at, const RowView& row);  // without a newline; returns the end

 private:
  // A list of bytes in hex: "0xff", with a blank; more where users made separators longer.
  static constexpr std::size_t room_per_byte = std::max(
      {std::size_t{12}, 6 + std::string_view(T2_CORE_MAC_SEP).size(),
       6 + std::string_view(T2_CORE_B2T_NON_IP_STR).size(),
       4 + std::string_view(T2_CORE_SPKTMD_PCNTH_PREF).size() + std::string_view(T2_CORE_SPKTMD_PCNTH_SEP).size()});
  static constexpr std::size_t key_block = 16;  // bytes that are copied at a time
  struct Key {
    std::string text;  // `,"name":`, and bytes to fill the last block
    std::size_t size;  // 0: not wanted
  };
  struct Member {
    Key key;
    Type type[16];
    std::uint8_t size;
    bool repeats, wanted;
  };
  using Memory = GroupMemory<512>;  // characters: names of members are a part of them
  struct Cursor {
    char* at;
    std::size_t skip;  // of the next member's key: the comma
  };
  Cursor put_members(Cursor cursor, const Member* begin, const Member* end, Values& values) const;
  char* put_value(char* at, Type type, Values& values) const;
  static char* put_key(char* at, const Key& key, std::size_t skip);  // without `skip` bytes at its begin
  char* put_group(char* at, const Member& member, Values& values) const;

  JsonForm form_;
  std::string comma_;
  Key direction_{}, index_{};
  std::vector<Member> members_;
  std::vector<ColumnGroup> groups_;  // of members_
  std::vector<Memory> memories_[2];  // of each group, by direction
  std::size_t fixed_room_;
};

}  // namespace t2::text
