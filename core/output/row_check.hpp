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
  // Columns without names. Each step takes the bytes of fixed size behind it, too.
  struct Step {
    enum class Kind : std::uint8_t { fixed, text, ip, list, list_of_steps } kind;
    std::uint32_t size = 0;   // list: bytes of an element
    std::uint32_t tail = 0;   // bytes of fixed size behind it, up to the next step
    std::uint32_t steps = 0;  // list_of_steps: so many of the next steps are one element
  };
  static constexpr std::size_t none = SIZE_MAX;
  void add(Type type, std::size_t& last);
  static bool walk(const Step* step, const Step* end, const std::uint8_t*& at, const std::uint8_t* stop);
  bool walk(std::span<const std::uint8_t> row) const;

  std::span<const Column> columns_;
  std::vector<Step> steps_;
  bool fixed_ = true;
  std::size_t fixed_size_ = 0;
};

}  // namespace t2
