// Whether the values that a plugin wrote are those of its columns: what sinks read afterwards, they read unchecked.
//
// Made once per plugin and worker; used by the worker's thread, for every row. Where all columns have a fixed size it
// is one comparison; texts, addresses and lists are walked, without ever reading behind the row.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "t2/row.hpp"

namespace t2 {

class RowCheck {
 public:
  explicit RowCheck(std::span<const Column> columns);

  // Are these bytes exactly one value of each column?
  bool fits(std::span<const std::uint8_t> row) const { return fixed_ ? row.size() == fixed_size_ : walk(row); }
  // The first difference between a traced row and the columns, as the end of a sentence that begins with the name of
  // the plugin's function: "puts 4 bytes into column 'x', where its next value takes 8". Empty: there is none.
  std::string difference(std::span<const std::uint8_t> row, std::span<const Row::Put> puts) const;

 private:
  // Columns without names: neighbours of fixed size are one step.
  struct Step {
    enum class Kind : std::uint8_t { fixed, text, ip, list } kind;
    std::uint32_t size = 0;   // fixed: bytes; list: of one element, 0 where elements have no fixed size
    std::uint32_t steps = 0;  // list without a fixed size: so many of the next steps are one element
  };
  bool walk(std::span<const std::uint8_t> row) const;

  std::span<const Column> columns_;
  std::vector<Step> steps_;
  bool fixed_ = true;
  std::size_t fixed_size_ = 0;
};

}  // namespace t2
