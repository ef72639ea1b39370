// Types of columns as codes and as numbers.
#include "t2/schema.hpp"

namespace t2::schema {
namespace {

std::string_view code(Type type, bool dates) {
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
    case Type::time: return dates ? "S" : "U64.U32";
    case Type::duration: return "U64.U32";
    case Type::mac: return "MAC";
    case Type::ip4: return "IP4";
    case Type::ip6: return "IP6";
    case Type::ip: return "IPX";
  }
  return "";
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

}  // namespace

unsigned type_number(Type type) {
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

std::string type_codes(const Column& column, bool dates) {
  return types(column, [&](Type type) { return code(type, dates); });
}

std::string type_numbers(const Column& column) {
  return types(column, [](Type type) { return std::to_string(type_number(type)); });
}

std::string column_names(std::span<const Column> columns, std::string_view separator) {
  std::string text;
  for (const Column& column : columns) {
    if (!text.empty()) text += separator;
    text += column.name;
  }
  return text;
}

std::string describe(std::span<const Column> columns, Types wanted, bool dates) {
  std::string text = wanted == Types::none ? "# Col No.\tName\tDescription\n" : "# Col No.\tType\tName\tDescription\n";
  for (std::size_t i = 0; i < columns.size(); ++i) {
    text += std::to_string(i + 1) + '\t';
    if (wanted != Types::none)
      text += (wanted == Types::numbers ? type_numbers(columns[i]) : type_codes(columns[i], dates)) + '\t';
    text.append(columns[i].name).append("\t").append(columns[i].doc).append("\n");
  }
  return text;
}

}  // namespace t2::schema
