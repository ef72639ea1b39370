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

void put_length(std::string& to, std::size_t length) {
  const auto n = static_cast<std::uint32_t>(length);
  to.append(reinterpret_cast<const char*>(&n), sizeof n);
}

// Runs of the RLE hybrid encoding, of values of one bit; with the length of all in front.
void put_levels(std::string& to, const std::vector<std::uint8_t>& levels) {
  const std::size_t begin = to.size();
  put_length(to, 0);
  for (std::size_t at = 0; at < levels.size();) {
    std::size_t end = at + 1;
    while (end < levels.size() && levels[end] == levels[at]) ++end;
    std::size_t header = (end - at) << 1;
    for (; header >= 0x80; header >>= 7) to += static_cast<char>(header | 0x80);
    to += static_cast<char>(header);
    to += static_cast<char>(levels[at]);
    at = end;
  }
  const auto size = static_cast<std::uint32_t>(to.size() - begin - 4);
  std::memcpy(to.data() + begin, &size, sizeof size);
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
  values_.append(&value, sizeof value);
  using Wide = std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>;
  const auto wide = static_cast<Wide>(value);
  if (!has_range_ || wide < static_cast<Wide>(smallest_)) smallest_ = static_cast<std::uint64_t>(wide);
  if (!has_range_ || static_cast<Wide>(largest_) < wide) largest_ = static_cast<std::uint64_t>(wide);
  has_range_ = true;
}

void ParquetColumn::put_bytes(std::string_view text) {
  const auto length = static_cast<std::uint32_t>(text.size());
  values_.append(&length, sizeof length);
  values_.append(text.data(), text.size());
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
    case Type::f32: values_.append(values.read(4), 4); return;
    case Type::f64: values_.append(values.read(8), 8); return;
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

void ParquetColumn::put(Values values) {
  if (!is_list_) {
    ++rows_;
    return put_value(values);
  }
  const auto count = values.get<std::uint32_t>();
  for (std::uint32_t i = 0; i < std::max(count, 1u); ++i) {
    repetition_.push_back(i > 0);
    definition_.push_back(count > 0);
    if (count > 0) put_value(values);
  }
}

void ParquetColumn::put_text(std::string_view text) {
  ++rows_;
  put_bytes(text);
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

std::string_view ParquetColumn::page(std::string& scratch) const {
  if (!is_list_) return values_.view();
  scratch.clear();
  put_levels(scratch, repetition_), put_levels(scratch, definition_);
  return scratch += values_.view();
}

void ParquetColumn::clear() {
  values_.clear();
  repetition_.clear();
  definition_.clear();
  first_text_.clear();
  last_text_.clear();
  rows_ = 0;
  has_range_ = long_text_ = false;
}

}  // namespace t2::parquet_sink
