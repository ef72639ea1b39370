// Numbers are little-endian; texts and arrays begin with their length, seven bits a byte.
#include "block_encoder.hpp"

#include <bit>
#include <utility>

#include "t2/bytes.hpp"
#include "t2/text.hpp"

namespace t2::clickhouse_sink {

static_assert(std::endian::native == std::endian::little, "numbers are copied as they lie in the row");

namespace {

void put_length(std::string& to, std::uint64_t length) {
  for (; length >= 0x80; length >>= 7) to += static_cast<char>(length | 0x80);
  to += static_cast<char>(length);
}
void put_text(std::string& to, std::string_view text) {
  put_length(to, text.size());
  to += text;
}
void copy(std::string& to, Values& values, std::size_t size) {
  to.append(reinterpret_cast<const char*>(values.read(size)), size);
}

}  // namespace

BlockEncoder::BlockEncoder(std::span<const Column> columns, std::vector<std::size_t> chosen, ServerTypes types)
    : cells_(columns), chosen_(std::move(chosen)), fields_(columns.size(), chosen_), types_(types) {}

std::string BlockEncoder::type_name(Type type) const {
  switch (type) {
    case Type::i8: return "Int8";
    case Type::i16: return "Int16";
    case Type::i32: return "Int32";
    case Type::i64: return "Int64";
    case Type::u8:
    case Type::h8: return "UInt8";
    case Type::u16:
    case Type::h16: return "UInt16";
    case Type::u32:
    case Type::h32: return "UInt32";
    case Type::u64:
    case Type::h64: return "UInt64";
    case Type::f32: return "Float32";
    case Type::f64: return "Float64";
    case Type::direction: return "FixedString(1)";
    case Type::time: return types_.date_time_64 ? "DateTime64(9, 'UTC')" : "Int64";
    case Type::duration: return "Int64";
    case Type::ip4: return types_.addresses ? "IPv4" : "String";
    case Type::ip6:
    case Type::ip: return types_.addresses ? "IPv6" : "String";
    case Type::mac:
    case Type::text:
    case Type::label:
    case Type::content:
    case Type::bytes: break;
  }
  return "String";
}

std::vector<sql::TableColumn> BlockEncoder::columns() const {
  std::vector<sql::TableColumn> out;
  for (const std::size_t at : chosen_) {
    std::string type = cells_.is_single(at) || cells_.is_list(at) ? type_name(cells_.type(at)) : "String";
    if (cells_.is_list(at)) type = "Array(" + type + ")";
    out.push_back({std::string(cells_.column(at).name), std::move(type)});
  }
  return out;
}

// IPv4 in columns of IPv6 as ::ffff:a.b.c.d, no address as ::.
void BlockEncoder::put_address(std::string& to, Type type, Family family, Values& values) {
  const std::size_t size = family == Family::ipv4 ? 4 : family == Family::ipv6 ? 16 : 0;
  const std::uint8_t* const address = size > 0 ? values.read(size) : nullptr;
  if (!types_.addresses) {
    if (!address) return put_text(to, T2_CORE_B2T_NON_IP_STR);
    char text[64];
    const char* const end = family == Family::ipv4 ? text::put_ip4(text, address) : text::put_ip6(text, address);
    return put_text(to, {text, static_cast<std::size_t>(end - text)});
  }
  if (type == Type::ip4) {
    for (std::size_t i = 4; i-- > 0;) to += static_cast<char>(address[i]);
    return;
  }
  if (family == Family::ipv6) {
    to.append(reinterpret_cast<const char*>(address), 16);
  } else if (family == Family::ipv4) {
    to.append(10, '\0').append(2, '\377').append(reinterpret_cast<const char*>(address), 4);
  } else {
    to.append(16, '\0');
  }
}

void BlockEncoder::put_value(std::string& to, Type type, Values& values) {
  switch (type) {
    case Type::i8:
    case Type::u8:
    case Type::h8: return copy(to, values, 1);
    case Type::i16:
    case Type::u16:
    case Type::h16: return copy(to, values, 2);
    case Type::i32:
    case Type::u32:
    case Type::h32:
    case Type::f32: return copy(to, values, 4);
    case Type::i64:
    case Type::u64:
    case Type::h64:
    case Type::f64:
    case Type::time:
    case Type::duration: return copy(to, values, 8);
    case Type::direction: to += values.get<std::uint8_t>() == 0 ? 'A' : 'B'; return;
    case Type::mac: {
      char text[64];
      const char* const end = text::put_mac(text, values.read(6));
      return put_text(to, {text, static_cast<std::size_t>(end - text)});
    }
    case Type::ip4: return put_address(to, type, Family::ipv4, values);
    case Type::ip6: return put_address(to, type, Family::ipv6, values);
    case Type::ip: return put_address(to, type, static_cast<Family>(values.get<std::uint8_t>()), values);
    case Type::text:
    case Type::label:
    case Type::content:
    case Type::bytes: return put_text(to, text::plain_text(type, values.text(), scratch_));
  }
}

void BlockEncoder::put_cell(std::string& to, std::size_t at) {
  Values values(cells_.bytes(at));
  if (cells_.is_single(at)) {
    put_value(to, cells_.type(at), values);
  } else if (cells_.is_list(at)) {
    const auto count = values.get<std::uint32_t>();
    put_length(to, count);
    for (std::uint32_t i = 0; i < count; ++i) put_value(to, cells_.type(at), values);
  } else {
    put_text(to, cells_.text(at));
  }
}

void BlockEncoder::put(std::string& to, const RowView& row) {
  fields_.put(to, row.direction, cells_.read_changes(row), [&](std::size_t at) { put_cell(to, at); });
}

}  // namespace t2::clickhouse_sink
