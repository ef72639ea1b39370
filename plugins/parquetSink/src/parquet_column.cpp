// Parquet's format: https://parquet.apache.org/docs/file-format, with the numbers of its parquet.thrift.
#include "parquet_column.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <type_traits>

#include "t2/cells.hpp"
#include "t2/text.hpp"

namespace t2::parquet_sink {

static_assert(std::endian::native == std::endian::little, "PLAIN is little-endian");

namespace {

using Physical = ParquetColumn::Physical;

constexpr std::size_t max_statistics = 64;  // bytes; a column with longer texts has none

struct IntegerType {
  std::int8_t bits = 0;  // 0: no integer
  bool is_signed = false;
};
IntegerType integer_type(Type type) {
  switch (type) {
    case Type::i8: return {8, true};
    case Type::i16: return {16, true};
    case Type::i32: return {32, true};
    case Type::i64: return {64, true};
    case Type::u8:
    case Type::h8: return {8, false};
    case Type::u16:
    case Type::h16: return {16, false};
    case Type::u32:
    case Type::h32: return {32, false};
    case Type::u64:
    case Type::h64: return {64, false};
    default: return {};
  }
}

Physical physical_of(Type type) {
  const IntegerType integer = integer_type(type);
  if (integer.bits > 0) return integer.bits < 64 ? Physical::int32 : Physical::int64;
  switch (type) {
    case Type::f32: return Physical::float32;
    case Type::f64: return Physical::float64;
    case Type::time:
    case Type::duration: return Physical::int64;
    default: return Physical::bytes;
  }
}

std::size_t length_at(const char* at) {
  std::uint32_t length;
  std::memcpy(&length, at, sizeof length);
  return length;
}

// Runs of the RLE hybrid encoding, of values of one bit; with the length of all in front.
void put_levels(GrowingBytes& to, const std::vector<std::uint8_t>& levels) {
  std::string runs;
  for (std::size_t at = 0; at < levels.size();) {
    std::size_t end = at + 1;
    while (end < levels.size() && levels[end] == levels[at]) ++end;
    std::size_t header = (end - at) << 1;
    for (; header >= 0x80; header >>= 7) runs += static_cast<char>(header | 0x80);
    runs += static_cast<char>(header);
    runs += static_cast<char>(levels[at]);
    at = end;
  }
  const auto size = static_cast<std::uint32_t>(runs.size());
  to.append(&size, sizeof size);
  to.append(runs.data(), runs.size());
}

}  // namespace

ParquetColumn::ParquetColumn(const Column& column, bool is_list, bool is_text)
    : type_(column.type[0]),
      is_list_(is_list),
      physical_(is_text ? Physical::bytes : physical_of(column.type[0])),
      name_(column.name),
      unit_(column.unit) {}

template <class T>
void ParquetColumn::put_number(T value) {
  cells_->append(&value, sizeof value);
  using Wide = std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>;
  const auto wide = static_cast<Wide>(value);
  if (!has_range_ || wide < static_cast<Wide>(smallest_)) smallest_ = static_cast<std::uint64_t>(wide);
  if (!has_range_ || static_cast<Wide>(largest_) < wide) largest_ = static_cast<std::uint64_t>(wide);
  has_range_ = true;
}

void ParquetColumn::put_bytes(std::string_view text) {
  const auto length = static_cast<std::uint32_t>(text.size());
  cells_->append(&length, sizeof length);
  cells_->append(text.data(), text.size());
  if (text.size() > max_statistics) long_text_ = true;
  if (long_text_) return;
  if (!has_range_ || text < first_text_) first_text_ = text;
  if (!has_range_ || text > last_text_) last_text_ = text;
  has_range_ = true;
}

void ParquetColumn::put_address(Type type, Values& values) {
  char text[64];
  const char* end = text;
  const auto family = type == Type::ip4   ? Family::ipv4
                      : type == Type::ip6 ? Family::ipv6
                                          : static_cast<Family>(values.get<std::uint8_t>());
  if (family == Family::ipv4) end = text::put_ip4(text, values.read(4));
  else if (family == Family::ipv6) end = text::put_ip6(text, values.read(16));
  else return put_bytes(T2_CORE_B2T_NON_IP_STR);
  put_bytes({text, static_cast<std::size_t>(end - text)});
}

[[gnu::always_inline]] inline void ParquetColumn::put_value(Values& values) {
  switch (type_) {
    case Type::i8: return put_number<std::int32_t>(values.get<std::int8_t>());
    case Type::i16: return put_number<std::int32_t>(values.get<std::int16_t>());
    case Type::i32: return put_number(values.get<std::int32_t>());
    case Type::i64:
    case Type::time:
    case Type::duration: return put_number(values.get<std::int64_t>());
    case Type::u8:
    case Type::h8: return put_number<std::uint32_t>(values.get<std::uint8_t>());
    case Type::u16:
    case Type::h16: return put_number<std::uint32_t>(values.get<std::uint16_t>());
    case Type::u32:
    case Type::h32: return put_number(values.get<std::uint32_t>());
    case Type::u64:
    case Type::h64: return put_number(values.get<std::uint64_t>());
    case Type::f32: cells_->append(values.read(4), 4); return;
    case Type::f64: cells_->append(values.read(8), 8); return;
    case Type::direction: return put_bytes(values.get<std::uint8_t>() == 0 ? "A" : "B");
    case Type::mac: {
      char text[64];
      const char* const end = text::put_mac(text, values.read(6));
      return put_bytes({text, static_cast<std::size_t>(end - text)});
    }
    case Type::ip4:
    case Type::ip6:
    case Type::ip: return put_address(type_, values);
    case Type::text:
    case Type::label:
    case Type::content:
    case Type::bytes: return put_bytes(text::plain_text(type_, values.text(), scratch_));
  }
}

void ParquetColumn::begin_cell(Place place) {
  Side& side = sides_[place.direction];
  side.repeated = in_page(side, place.of_direction);
  side.last = side.cells.size();
  side.since = place.of_direction;
  side.levels = 0;
  cells_ = &side.cells;
  constexpr std::size_t bits = 64;
  if (begins_.size() <= place.row / bits) begins_.resize(place.row / bits + 1);
  begins_[place.row / bits] |= std::uint64_t{1} << place.row % bits;
}

void ParquetColumn::put(Place place, Values values) {
  begin_cell(place);
  if (!is_list_) return put_value(values);
  const auto count = values.get<std::uint32_t>();
  cells_->append(&count, sizeof count);
  for (std::uint32_t i = 0; i < count; ++i) put_value(values);
  sides_[place.direction].levels = std::max(count, 1u);
}

void ParquetColumn::put_text(Place place, std::string_view text) {
  begin_cell(place);
  put_bytes(text);
}

// Bytes of values and levels, with so many rows of the direction.
std::size_t ParquetColumn::in_page(const Side& side, std::size_t rows) const {
  const std::size_t count = is_list_ ? sizeof(std::uint32_t) : 0;
  const std::size_t cell = side.cells.size() - side.last;
  return side.repeated + (cell == 0 ? 0 : (rows - side.since) * (cell - count + 2 * side.levels));
}

std::size_t ParquetColumn::size(const std::size_t (&rows)[2]) const {
  return in_page(sides_[0], rows[0]) + in_page(sides_[1], rows[1]);
}

void ParquetColumn::put_schema(Thrift& to) const {
  enum : std::int32_t { required = 0, repeated = 2 };
  enum : std::int32_t { utf8 = 0, list = 3, uint8 = 11, int8 = 15 };  // converted types, for readers of old
  if (is_list_) {
    to.begin();
    to.number(3, required);
    to.text(4, name_);
    to.number(5, 1);  // children
    to.number(6, list);
    to.begin(10), to.empty(3), to.end();
    to.end();
    to.begin();
    to.number(3, repeated);
    to.text(4, "list");
    to.number(5, 1);
    to.end();
  }
  to.begin();
  to.number(1, static_cast<std::int32_t>(physical_));
  to.number(3, required);
  to.text(4, is_list_ ? "element" : name_);
  const IntegerType integer = integer_type(type_);
  if (physical_ == Physical::bytes) {
    to.number(6, utf8);
    to.begin(10), to.empty(1), to.end();
  } else if (integer.bits > 0) {
    to.number(6, (integer.is_signed ? int8 : uint8) + std::countr_zero(static_cast<unsigned>(integer.bits)) - 3);
    to.begin(10), to.begin(10), to.small(1, integer.bits), to.boolean(2, integer.is_signed), to.end(), to.end();
  } else if (type_ == Type::time) {  // in nanoseconds, of UTC; marked as that, DuckDB would cut them to microseconds
    to.begin(10), to.begin(8), to.boolean(1, false), to.begin(2), to.empty(3), to.end(), to.end(), to.end();
  }
  to.end();
}

void ParquetColumn::put_statistics(Thrift& to) const {
  if (!has_range_ || long_text_) return;
  const std::size_t size = physical_ == Physical::int32 ? 4 : 8;
  const auto text_of = [&](const std::uint64_t& number, const std::string& text) {
    return physical_ == Physical::bytes ? std::string_view(text)
                                        : std::string_view(reinterpret_cast<const char*>(&number), size);
  };
  to.begin(12);
  if (!is_list_) to.number64(3, 0);  // nulls
  to.text(5, text_of(largest_, last_text_));
  to.text(6, text_of(smallest_, first_text_));
  to.end();
}

std::vector<std::string> ParquetColumn::path() const {
  if (is_list_) return {name_, "list", "element"};
  return {name_};
}

template <class Begin, class Repeat>
void ParquetColumn::each_row(std::span<const std::uint8_t> directions, Begin begin, Repeat repeat) const {
  for (std::size_t row = 0; row < directions.size();) {
    const std::size_t end = std::min(row + 64, directions.size());
    for (std::uint64_t begins = begins_[row / 64]; row < end; ++row, begins >>= 1) {
      if ((begins & 1) != 0) begin(directions[row]);
      repeat(directions[row]);
    }
  }
}

template <class T>
void ParquetColumn::put_numbers(GrowingBytes& to, std::span<const std::uint8_t> directions) const {
  const char* next[2] = {sides_[0].cells.view().data(), sides_[1].cells.view().data()};
  T now[2]{};
  char* at = to.more(directions.size() * sizeof(T));
  each_row(
      directions,
      [&](std::uint8_t direction) {
        std::memcpy(&now[direction], next[direction], sizeof(T));
        next[direction] += sizeof(T);
      },
      [&](std::uint8_t direction) {
        std::memcpy(at, &now[direction], sizeof(T));
        at += sizeof(T);
      });
}

void ParquetColumn::put_texts(GrowingBytes& to, std::span<const std::uint8_t> directions) const {
  const char* next[2] = {sides_[0].cells.view().data(), sides_[1].cells.view().data()};
  std::string_view now[2];
  each_row(
      directions,
      [&](std::uint8_t direction) {
        now[direction] = {next[direction], sizeof(std::uint32_t) + length_at(next[direction])};
        next[direction] += now[direction].size();
      },
      [&](std::uint8_t direction) { to.append_blocks(now[direction].data(), now[direction].size()); });
}

std::size_t ParquetColumn::size_of_values(const char* at, std::size_t count) const {
  if (physical_ == Physical::int32 || physical_ == Physical::float32) return 4 * count;
  if (physical_ != Physical::bytes) return 8 * count;
  std::size_t size = 0;
  for (std::size_t i = 0; i < count; ++i) size += sizeof(std::uint32_t) + length_at(at + size);
  return size;
}

void ParquetColumn::put_lists(Page& to, std::span<const std::uint8_t> directions) const {
  const char* next[2] = {sides_[0].cells.view().data(), sides_[1].cells.view().data()};
  struct {
    std::size_t count;
    std::string_view values;
  } now[2]{};
  to.values.clear();
  to.repetition.clear();
  to.definition.clear();
  each_row(
      directions,
      [&](std::uint8_t direction) {
        const std::size_t count = length_at(next[direction]);
        const char* const values = next[direction] + sizeof(std::uint32_t);
        now[direction] = {count, {values, size_of_values(values, count)}};
        next[direction] = values + now[direction].values.size();
      },
      [&](std::uint8_t direction) {
        const auto& [count, values] = now[direction];
        to.repetition.push_back(0);
        to.repetition.insert(to.repetition.end(), std::max<std::size_t>(count, 1) - 1, 1);
        to.definition.insert(to.definition.end(), std::max<std::size_t>(count, 1), count > 0);
        to.values.append_blocks(values.data(), values.size());
      });
  to.levels = to.repetition.size();
  put_levels(to.bytes, to.repetition);
  put_levels(to.bytes, to.definition);
  to.bytes.append(to.values.view().data(), to.values.size());
}

void ParquetColumn::put_page(Page& to, std::span<const std::uint8_t> directions) {
  begins_.resize(directions.size() / 64 + 1);
  to.bytes.clear();
  to.levels = directions.size();
  if (is_list_) return put_lists(to, directions);
  if (physical_ == Physical::bytes) return put_texts(to.bytes, directions);
  if (physical_ == Physical::int32 || physical_ == Physical::float32)
    return put_numbers<std::uint32_t>(to.bytes, directions);
  put_numbers<std::uint64_t>(to.bytes, directions);
}

void ParquetColumn::clear() {
  for (Side& side : sides_) {
    side.cells.clear();
    side.last = side.since = side.levels = side.repeated = 0;
  }
  begins_.clear();
  first_text_.clear();
  last_text_.clear();
  has_range_ = long_text_ = false;
}

}  // namespace t2::parquet_sink
