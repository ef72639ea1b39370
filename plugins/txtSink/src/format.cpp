// Compiles columns into operations, and runs them.
#include "format.hpp"

#include "txtSink.h"

#include <algorithm>
#include <cassert>
#include <string_view>

#include "values.hpp"

namespace t2::txt_sink {
namespace {

constexpr std::string_view separator = T2_CORE_SEP_CHR, mac_separator = T2_CORE_MAC_SEP,
                           no_address = T2_CORE_B2T_NON_IP_STR;

std::string_view code(Type type) {
  switch (type) {
    case Type::i8: return "I8";
    case Type::i16: return "I16";
    case Type::i32: return "I32";
    case Type::i64: return "I64";
    case Type::u8: return "U8";
    case Type::u16: return "U16";
    case Type::u32: return "U32";
    case Type::u64: return "U64";
    case Type::h8: return "H8";
    case Type::h16: return "H16";
    case Type::h32: return "H32";
    case Type::h64: return "H64";
    case Type::f32: return "F";
    case Type::f64: return "D";
    case Type::text: return "S";
    case Type::label:
    case Type::content:
    case Type::bytes: return "SC";
    case Type::direction: return "C";
    case Type::time: return t2::config::b2t_timestr == 1 ? "S" : "U64.U32";
    case Type::duration: return "U64.U32";
    case Type::mac: return "MAC";
    case Type::ip4: return "IP4";
    case Type::ip6: return "IP6";
    case Type::ip: return "IPX";
  }
  return "";
}

// The numbers of Tranalyzer2's binary format, which other programs know.
unsigned number(Type type) {
  switch (type) {
    case Type::i8: return 1;
    case Type::i16: return 2;
    case Type::i32: return 3;
    case Type::i64: return 4;
    case Type::u8: return 7;
    case Type::u16: return 8;
    case Type::u32: return 9;
    case Type::u64: return 10;
    case Type::h8: return 13;
    case Type::h16: return 14;
    case Type::h32: return 15;
    case Type::h64: return 16;
    case Type::f32: return 19;
    case Type::f64: return 20;
    case Type::text: return 23;
    case Type::direction: return 24;
    case Type::time: return 25;
    case Type::duration: return 26;
    case Type::mac: return 27;
    case Type::ip4: return 28;
    case Type::ip6: return 29;
    case Type::ip: return 30;
    case Type::label:
    case Type::content:
    case Type::bytes: return 31;
  }
  return 0;
}

template <class Name>
std::string types(const Column& column, Name name) {
  std::string text;
  for (unsigned i = 0; i < column.size; ++i) {
    if (i > 0) text += '_';
    text += name(column.type[i]);
  }
  if (column.repeats) text += ":R";
  return text;
}

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

RowFormatter::RowFormatter(std::span<const Column> columns, RowsOf of) : flows_(of == RowsOf::flows) {
  assert(!flows_ || (columns.size() >= 2 && columns[0].type[0] == Type::direction && columns[1].type[0] == Type::u64));
  fixed_room_ = 64 + columns.size() * (separator.size() + 2);
  for (const Column& column : flows_ ? columns.subspan(2) : columns) {
    const Lead before = operations_.empty() && !flows_ ? Lead::nothing : Lead::column;
    if (column.repeats) operations_.push_back({Type::u32, before, true, column.size});
    for (unsigned i = 0; i < column.size; ++i) {
      const Lead lead = i > 0 ? Lead::part : column.repeats ? Lead::nothing : before;
      operations_.push_back({column.type[i], lead, false, 0});
      room_per_byte_ = std::max(room_per_byte_, characters_per_byte(column.type[i]) + 1);
    }
  }
}

[[gnu::always_inline]] inline char* RowFormatter::put_value(char* at, Type type, Values& values) {
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
    case Type::text: return put_text(at, values.text());
    case Type::label: return put_label(at, values.text());
    case Type::content: return put_content(at, values.text());
    case Type::bytes: return put_bytes(at, values.text());
    case Type::direction: return *at = values.get<std::uint8_t>() == 0 ? 'A' : 'B', at + 1;
    case Type::time: return put_time(at, values.get<Time>());
    case Type::duration: return put_duration(at, values.get<Time>());
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

char* RowFormatter::put(char* at, const RowView& row) const {
  if (flows_) {
    *at++ = row.direction == 0 ? 'A' : 'B';
    at = put_unsigned(put_string(at, separator), row.index);
  }
  Values values(row.columns);
  const Operation* const end = operations_.data() + operations_.size();
  for (const Operation* op = operations_.data(); op < end;) {
    if (op->lead == Lead::column) at = put_string(at, separator);
    else if (op->lead == Lead::part) *at++ = '_';
    if (!op->list) {
      at = put_value(at, op++->type, values);
      continue;
    }
    const Operation *const first = op + 1, *const last = first + op->parts;
    const auto count = values.get<std::uint32_t>();
    for (std::uint32_t i = 0; i < count; ++i) {
      if (i > 0) *at++ = ';';
      for (op = first; op < last; ++op) {
        if (op->lead == Lead::part) *at++ = '_';
        at = put_value(at, op->type, values);
      }
    }
    op = last;
  }
  assert(values.done());
  *at++ = '\n';
  return at;
}

std::string decimal(std::uint64_t number) {
  char text[20];
  return std::string(text, put_unsigned(text, number));
}

std::string column_names(std::span<const Column> columns) {
  std::string text;
  for (const Column& column : columns) {
    if (!text.empty()) text += separator;
    text += column.name;
  }
  return text;
}

std::string type_codes(const Column& column) {
  return types(column, [](Type type) { return code(type); });
}

std::string type_numbers(const Column& column) {
  return types(column, [](Type type) { return decimal(number(type)); });
}

std::string describe(std::span<const Column> columns) {
  std::string text = TFS_NC_TYPE == 0 ? "# Col No.\tName\tDescription\n" : "# Col No.\tType\tName\tDescription\n";
  for (std::size_t i = 0; i < columns.size(); ++i) {
    text += decimal(i + 1) + '\t';
    if (TFS_NC_TYPE != 0) text += (TFS_NC_TYPE == 1 ? type_numbers(columns[i]) : type_codes(columns[i])) + '\t';
    text.append(columns[i].name).append("\t").append(columns[i].doc).append("\n");
  }
  return text;
}

}  // namespace t2::txt_sink
