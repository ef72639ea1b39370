// Compiles columns into operations, and runs them.
#include "t2/row_text.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <string_view>

#include "t2/text.hpp"
#include "t2/type_size.hpp"

namespace t2::text {
namespace {

constexpr std::string_view mac_separator = T2_CORE_MAC_SEP, no_address = T2_CORE_B2T_NON_IP_STR;
constexpr std::string_view quoted = "\"\r\n";  // in CSV, besides the separator

// Characters per byte of the binary row: six, except for doubles and for separators that users made longer.
std::size_t characters_per_byte(Type type) {
  switch (type) {
    case Type::f64: return bytes_per_value / sizeof(double);
    case Type::mac: return 4 + mac_separator.size();
    case Type::ip: return 6 + no_address.size();
    case Type::bytes:
      return 2 + std::string_view(T2_CORE_SPKTMD_PCNTH_PREF).size() + std::string_view(T2_CORE_SPKTMD_PCNTH_SEP).size();
    default: return 6;
  }
}

}  // namespace

RowForm default_form() { return {T2_CORE_SEP_CHR, t2::config::b2t_timestr == 1}; }

RowFormatter::RowFormatter(std::span<const Column> columns, RowsOf of, RowForm form)
    : flows_(of == RowsOf::flows), form_(std::move(form)) {
  assert(!flows_ || (columns.size() >= 2 && columns[0].type[0] == Type::direction && columns[1].type[0] == Type::u64));
  fixed_room_ = 64 + Memory::room + columns.size() * (form_.separator.size() + 2);
  for (const Column& column : flows_ ? columns.subspan(2) : columns) add(column, operations_.empty() && !flows_);
  for (auto& memories : memories_) memories.resize(groups_.size());
  if (form_.csv) fixed_room_ *= 2, room_per_byte_ *= 2;  // all may be quotes, which are doubled
}

void RowFormatter::add(const Column& column, bool first) {
  using enum Operation::Kind;
  const std::size_t begin = operations_.size();
  Operation lead;  // what the column's first operation writes before it
  if (!first && form_.separator.size() == 1) lead = {.lead = form_.separator[0], .leads = 1};
  else if (!first) operations_.push_back({.kind = separator});
  const auto push = [&](Operation operation) {
    operation.lead = lead.lead, operation.leads = lead.leads;
    operations_.push_back(operation);
    lead = {};
  };
  const bool is_cell = form_.csv && may_need_quotes(column);
  if (is_cell) push({.kind = cell});
  if (column.repeats) push({.kind = list, .parts = column.size});
  for (unsigned i = 0; i < column.size; ++i) {
    if (i > 0) lead = {.lead = '_', .leads = 1};
    const bool seconds = column.type[i] == Type::time && !form_.dates;
    push({.type = seconds ? Type::duration : column.type[i]});
    room_per_byte_ = std::max(room_per_byte_, characters_per_byte(column.type[i]) + 1);
  }
  if (is_cell) push({.kind = cell_end});
  add_to_groups(groups_, column, begin, operations_.size());
}

// A value that is not a text has these characters only.
bool RowFormatter::may_need_quotes(const Column& column) const {
  const std::string others = "0123456789ABCDEFTabcdefinx+-.:;_" + std::string(mac_separator) + std::string(no_address);
  if (form_.separator.find_first_not_of(others) == std::string::npos || others.find_first_of(quoted) != others.npos)
    return true;
  return std::any_of(column.type, column.type + column.size,
                     [](Type type) { return size_of(type).kind == TypeSize::Kind::text; });
}

[[gnu::always_inline]] inline char* RowFormatter::put_value(char* at, Type type, Values& values) const {
  switch (type) {
    case Type::i8: return put_signed(at, values.get<std::int8_t>());
    case Type::i16: return put_signed(at, values.get<std::int16_t>());
    case Type::i32: return put_signed(at, values.get<std::int32_t>());
    case Type::i64: return put_signed(at, values.get<std::int64_t>());
    case Type::u8: return put_unsigned(at, values.get<std::uint8_t>());
    case Type::u16: return put_unsigned(at, values.get<std::uint16_t>());
    case Type::u32: return put_unsigned(at, values.get<std::uint32_t>());
    case Type::u64: return put_unsigned(at, values.get<std::uint64_t>());
    case Type::h8: return put_hex<2>(at, values.get<std::uint8_t>());
    case Type::h16: return put_hex<4>(at, values.get<std::uint16_t>());
    case Type::h32: return put_hex<8>(at, values.get<std::uint32_t>());
    case Type::h64: return put_hex<16>(at, values.get<std::uint64_t>());
    case Type::f32: return put_float(at, values.get<float>());
    case Type::f64: return put_double(at, values.get<double>());
    case Type::text:
      return form_.csv ? put_label(at, values.text(), form_.sanitise) : put_text(at, values.text(), form_.sanitise);
    case Type::label: return put_label(at, values.text(), form_.sanitise);
    case Type::content: return put_content(at, values.text());
    case Type::bytes: return put_bytes(at, values.text());
    case Type::direction: return *at = values.get<std::uint8_t>() == 0 ? 'A' : 'B', at + 1;
    case Type::time: return put_date(at, values.get<Time>());
    case Type::duration: return put_seconds(at, values.get<Time>());
    case Type::mac: return put_mac(at, values.read(6));
    case Type::ip4: return put_ip4(at, values.read(4));
    case Type::ip6: return put_ip6(at, values.read(16));
    case Type::ip: {
      const auto family = static_cast<Family>(values.get<std::uint8_t>());
      if (family == Family::ipv4) return put_ip4(at, values.read(4));
      if (family == Family::ipv6) return put_ip6(at, values.read(16));
      return put_string(at, no_address);
    }
  }
  return at;
}

[[gnu::always_inline]] inline char* RowFormatter::put_separator(char* at) const {
  if (form_.separator.size() != 1) return put_string(at, form_.separator);
  *at = form_.separator[0];
  return at + 1;
}

// RFC 4180: a cell with a separator, a quote or a line end stands in quotes, its own quotes are doubled.
char* RowFormatter::quote(char* cell, char* end) const {
  const auto is_special = [first = form_.separator.empty() ? '"' : form_.separator[0]](char c) {
    return c == first || c == '"' || c == '\r' || c == '\n';
  };
  if (std::none_of(cell, end, is_special) && !form_.separator.empty()) return end;
  const std::string_view text(cell, static_cast<std::size_t>(end - cell));
  if (text.find(form_.separator) == text.npos && text.find_first_of(quoted) == text.npos) return end;
  const auto quotes = static_cast<std::size_t>(std::count(cell, end, '"'));
  char *from = end, *to = end + quotes + 2;
  char* const new_end = to;
  *--to = '"';
  while (from > cell)
    if ((*--to = *--from) == '"') *--to = '"';
  *cell = '"';
  return new_end;
}

RowFormatter::Cursor RowFormatter::run(char* at, Values values, const ColumnGroup& group) const {
  using enum Operation::Kind;
  char* begin_of_cell = at;
  const Operation* const end = operations_.data() + group.end;
  for (const Operation* op = operations_.data() + group.begin; op < end; ++op) {
    *at = op->lead;
    at += op->leads;
    if (op->kind == value) [[likely]] {
      at = put_value(at, op->type, values);
    } else if (op->kind == list) {
      const Operation *const first = op + 1, *const last = first + op->parts;
      const auto count = values.get<std::uint32_t>();
      for (std::uint32_t i = 0; i < count; ++i) {
        if (i > 0) *at++ = ';';
        for (op = first; op < last; ++op) {
          *at = op->lead;
          at += op->leads;
          at = put_value(at, op->type, values);
        }
      }
      op = last - 1;
    } else if (op->kind == separator) {
      at = put_string(at, form_.separator);
    } else if (op->kind == cell) {
      begin_of_cell = at;
    } else {
      at = quote(begin_of_cell, at);
    }
  }
  return {at, values};
}

char* RowFormatter::put_cells(char* at, const RowView& row) {
  Values values(row.columns);
  const std::uint8_t* const end = row.columns.data() + row.columns.size();
  Memory* memory = memories_[row.direction & 1].data();
  for (const ColumnGroup& group : groups_) {
    Memory& last = *memory++;
    if (char* const copied = last.copy(at, values, end)) {
      at = copied;
      continue;
    }
    const std::uint8_t* const from = values.read(0);
    Cursor done = run(at, values, group);
    if (group.bytes > 0) last.keep({from, done.values.read(0)}, {at, done.at});
    at = done.at, values = done.values;
  }
  assert(values.done());
  return at;
}

char* RowFormatter::put(char* at, const RowView& row) {
  if (flows_) {
    *at++ = row.direction == 0 ? 'A' : 'B';
    at = put_unsigned(put_separator(at), row.index);
  }
  at = put_cells(at, row);
  *at++ = '\n';
  return at;
}

}  // namespace t2::text
