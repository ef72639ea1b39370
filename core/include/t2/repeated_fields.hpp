// Rows of encoded fields behind each other: those of the row before in the same direction are copied, for most cells
// repeat. Used by the output thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace t2::text {

class RepeatedFields {
 public:
  // Of so many cells those that are `chosen`, in ascending order, are fields.
  RepeatedFields(std::size_t cells, std::span<const std::size_t> chosen) : fields_(cells, unwanted) {
    for (const std::size_t at : chosen) fields_[at] = count_++;
    for (Side& side : sides_) side.ends.resize(count_);
  }

  // Appends a row. `changes`: those of Cells::read_changes(). `put_cell` appends a field, and is called for these.
  template <class PutCell>
  void put(std::string& to, std::uint8_t direction, std::span<const std::size_t> changes, PutCell put_cell) {
    Side& side = sides_[direction & 1];
    const std::size_t begin = to.size();
    std::size_t done = 0;   // fields
    std::size_t from = 0;   // of the row before: where the next field begins
    std::size_t moved = 0;  // by so many bytes, modulo 2^64
    const auto copy_until = [&](std::size_t field) {
      if (done == field) return;
      const std::size_t end = side.ends[field - 1];
      to.append(side.row, from, end - from);
      from = end;
      if (moved != 0)
        for (std::size_t i = done; i < field; ++i) side.ends[i] += moved;
      done = field;
    };
    for (const std::size_t at : changes) {
      const std::size_t field = fields_[at];
      if (field == unwanted) continue;
      copy_until(field);
      from = side.ends[field];
      put_cell(at);
      side.ends[field] = to.size() - begin;
      moved = side.ends[field] - from;
      done = field + 1;
    }
    copy_until(count_);
    side.row.assign(to, begin);
  }

 private:
  static constexpr std::size_t unwanted = SIZE_MAX;
  struct Side {
    std::string row;                // the last one
    std::vector<std::size_t> ends;  // of its fields
  };
  std::vector<std::size_t> fields_;  // of each cell
  std::size_t count_ = 0;
  Side sides_[2];  // by direction
};

}  // namespace t2::text
