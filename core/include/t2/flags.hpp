// Compile-time flags as values: what lets a plugin decide by `if constexpr` instead of `#if`, so that the compiler
// parses every setting in every build. Headers only, no state, any thread.
#pragma once

#include <array>
#include <cstddef>
#include <utility>

#include "t2/row.hpp"

namespace t2 {

// One line of a plugin's column table: a column, and the setting under which it exists.
struct ColumnIf {
  Column column;
  bool present = true;
};

// The columns of a table that exist in this build, in their order.
template <const auto& table>
constexpr auto present_columns() {
  constexpr auto nth = [](std::size_t n) {
    std::size_t at = 0;
    while (!table[at].present || n-- > 0) ++at;
    return at;
  };
  constexpr std::size_t size = [] {
    std::size_t present = 0;
    for (const ColumnIf& line : table) present += line.present;
    return present;
  }();
  return [&]<std::size_t... n>(std::index_sequence<n...>) { return std::array<Column, size>{table[nth(n)].column...}; }
  (std::make_index_sequence<size>{});
}

// A field of a plugin's state that exists only under a setting. Without it the field takes no room (declare it
// [[no_unique_address]]), and *field stands in discarded statements only: anything else does not link.
template <class T, bool present>
struct FieldIf {
  T value{};
  constexpr T& operator*() { return value; }
  constexpr const T& operator*() const { return value; }
  constexpr T* operator->() { return &value; }
  constexpr const T* operator->() const { return &value; }
};
template <class T>
struct FieldIf<T, false> {
  T& operator*();
  const T& operator*() const;
  T* operator->();
  const T* operator->() const;
};

}  // namespace t2
