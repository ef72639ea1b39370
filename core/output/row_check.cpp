// Walks rows: fast, without names, for every row; slowly, call by call, to find out which column is wrong.
#include "output/row_check.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

#include <fmt/format.h>

#include "t2/type_size.hpp"

namespace t2 {

// `last`: the step of this level that takes fixed bytes behind it.
void RowCheck::add(Type type, std::size_t& last) {
  const TypeSize size = size_of(type);
  if (size.kind != TypeSize::Kind::fixed || last == none) {
    const auto kind = size.kind == TypeSize::Kind::fixed  ? Step::Kind::fixed
                      : size.kind == TypeSize::Kind::text ? Step::Kind::text
                                                          : Step::Kind::ip;
    last = steps_.size();
    steps_.push_back({kind});
  }
  steps_[last].tail += size.bytes;
}

RowCheck::RowCheck(std::span<const Column> columns) : columns_(columns) {
  std::size_t last = none;
  for (const Column& column : columns) {
    const std::span<const Type> types(column.type, column.size);
    if (!column.repeats) {
      for (const Type type : types) add(type, last);
      continue;
    }
    last = steps_.size();
    steps_.push_back({Step::Kind::list_of_steps});
    std::size_t inner = none;
    for (const Type type : types) add(type, inner);
    if (steps_.size() == last + 2 && steps_.back().kind == Step::Kind::fixed) {
      steps_[last] = {Step::Kind::list, steps_.back().tail};
      steps_.pop_back();
    } else {
      steps_[last].steps = static_cast<std::uint32_t>(steps_.size() - last - 1);
    }
  }
  fixed_ = steps_.empty() || (steps_.size() == 1 && steps_[0].kind == Step::Kind::fixed);
  fixed_size_ = fixed_ && !steps_.empty() ? steps_[0].tail : 0;
}

// Moves `at` behind the values of these steps; false: the row ends before, or an address has an unknown family.
bool RowCheck::walk(const Step* step, const Step* end, const std::uint8_t*& at, const std::uint8_t* stop) {
  const auto left = [&] { return static_cast<std::size_t>(stop - at); };
  for (; step != end; ++step) {
    std::size_t bytes = step->tail;
    if (step->kind == Step::Kind::ip) {
      if (left() == 0) return false;
      const std::optional<std::size_t> address = address_size(*at);
      if (!address) return false;
      bytes += 1 + *address;
    } else if (step->kind != Step::Kind::fixed) {
      std::uint32_t count;
      if (left() < sizeof count) return false;
      std::memcpy(&count, at, sizeof count);
      at += sizeof count;
      if (step->kind == Step::Kind::list_of_steps) [[unlikely]] {
        const Step* const element_end = step + 1 + step->steps;
        for (; count > 0; --count) {
          if (!walk(step + 1, element_end, at, stop)) return false;
        }
        step = element_end - 1;
      } else {
        bytes += std::size_t{count} * (step->kind == Step::Kind::list ? step->size : 1);
      }
    }
    if (left() < bytes) return false;
    at += bytes;
  }
  return true;
}

bool RowCheck::walk(std::span<const std::uint8_t> row) const {
  const std::uint8_t *at = row.data(), *const stop = at + row.size();
  return walk(steps_.data(), steps_.data() + steps_.size(), at, stop) && at == stop;
}

namespace {

// Compares calls and columns part by part; a part is what one call of put() or count() writes.
class Comparison {
 public:
  Comparison(std::span<const std::uint8_t> row, std::span<const Row::Put> puts) : row_(row), puts_(puts) {}

  // False: the difference is found.
  bool column(const Column& column) {
    name_ = column.name;
    std::uint32_t count = 1;
    if (column.repeats) {
      if (!list_begins()) return false;
      if (!number(count)) return false;
      announced_ = count;
    }
    for (std::uint32_t i = 0; i < count; ++i) {
      value_ = i + 1;
      if (column.repeats && used_up())
        return found(fmt::format("announces {} values of the list '{}' with count() and puts {}", count, name_, i));
      for (std::size_t k = 0; k < column.size; ++k) {
        if (!value(size_of(column.type[k]))) return false;
      }
    }
    announced_.reset();
    return true;
  }
  bool nothing_left() {
    if (at_ == row_.size()) return true;
    return found(name_.empty() ? fmt::format("puts {} and has no column", bytes_text(row_.size()))
                               : fmt::format("puts {} more than its columns take, behind column '{}'",
                                             bytes_text(row_.size() - at_), name_));
  }
  std::string text() const { return text_; }

 private:
  bool found(std::string text) {
    text_ = std::move(text);
    return false;
  }
  static std::string bytes_text(std::size_t n) { return fmt::format("{} byte{}", n, n == 1 ? "" : "s"); }
  bool wrong_size(std::size_t put, std::size_t wanted) {
    if (announced_) {
      return found(fmt::format("announces {} values of the list '{}' with count(); value {} has a put() of {}, not {}",
                               *announced_, name_, value_, bytes_text(put), wanted));
    }
    return found(
        fmt::format("puts {} into column '{}', where its next value takes {}", bytes_text(put), name_, wanted));
  }
  bool used_up() const { return inside_ == 0 && next_ == puts_.size(); }
  bool list_begins() {
    if (inside_ > 0 || used_up() || puts_[next_].kind != Row::Put::Kind::value) return true;
    return found(fmt::format("begins the list '{}' with a put() of {}: count() is missing", name_,
                             bytes_text(puts_[next_].size)));
  }
  bool number(std::uint32_t& n) {
    if (!part(sizeof n, true)) return false;
    std::memcpy(&n, row_.data() + at_ - sizeof n, sizeof n);
    return true;
  }
  bool value(TypeSize size) {
    if (size.kind == TypeSize::Kind::fixed) return part(size.bytes);
    if (size.kind == TypeSize::Kind::text) {
      std::uint32_t length = 0;
      return number(length) && part(length);
    }
    if (!part(1)) return false;
    const std::uint8_t family = row_[at_ - 1];
    const std::optional<std::size_t> address = address_size(family);
    if (!address)
      return found(fmt::format("puts an address of family {} into column '{}': 0, 4 and 6 are known", family, name_));
    return part(*address);
  }
  // The next calls write so many bytes, and a value is not cut.
  bool part(std::size_t bytes, bool count = false) {
    if (bytes == 0) return true;
    const std::size_t start = at_;
    while (inside_ < start + bytes - at_) {
      at_ += inside_;
      inside_ = 0;
      if (next_ == puts_.size()) {
        return at_ == start ? found(fmt::format("leaves out column '{}', or a part of it", name_))
                            : wrong_size(at_ - start, bytes);
      }
      const Row::Put& put = puts_[next_++];
      if (put.kind != Row::Put::Kind::bytes && at_ != start) return wrong_size(at_ - start, bytes);
      if (put.kind == Row::Put::Kind::count && !count && !announced_)
        return found(fmt::format("calls count() where column '{}' takes a value", name_));
      if (put.kind != Row::Put::Kind::bytes && put.size != bytes) return wrong_size(put.size, bytes);
      inside_ = put.size;
    }
    inside_ -= start + bytes - at_;
    at_ = start + bytes;
    return true;
  }

  std::span<const std::uint8_t> row_;
  std::span<const Row::Put> puts_;
  std::size_t next_ = 0;    // call
  std::size_t inside_ = 0;  // bytes of the call before it that are still to be compared
  std::size_t at_ = 0;      // in row_
  std::string_view name_;
  std::optional<std::uint32_t> announced_;  // values of the list that is compared
  std::uint32_t value_ = 0;                 // of it, from 1
  std::string text_;
};

}  // namespace

std::string RowCheck::difference(std::span<const std::uint8_t> row, std::span<const Row::Put> puts) const {
  Comparison comparison(row, puts);
  const bool same =
      std::all_of(columns_.begin(), columns_.end(), [&](const Column& column) { return comparison.column(column); }) &&
      comparison.nothing_left();
  return same ? std::string() : comparison.text();
}

}  // namespace t2
