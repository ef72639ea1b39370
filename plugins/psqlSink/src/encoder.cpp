// Each value is its length in bytes and its bytes, numbers in network order.
#include "encoder.hpp"

#include <bit>
#include <utility>

#include "t2/bytes.hpp"

namespace t2::psql_sink {

namespace {

template <class T>
void put_big(std::string& to, T value) {
  std::uint8_t bytes[sizeof(T)];
  store_big(bytes, value);
  to.append(reinterpret_cast<const char*>(bytes), sizeof bytes);
}
template <class T>
void put_sized(std::string& to, T value) {
  std::uint8_t bytes[4 + sizeof value];
  store_big(bytes, static_cast<std::uint32_t>(sizeof value));
  store_big(bytes + 4, value);
  to.append(reinterpret_cast<const char*>(bytes), sizeof bytes);
}
void put_text(std::string& to, std::string_view text) {
  put_big(to, static_cast<std::uint32_t>(text.size()));
  to += text;
}
void put_null(std::string& to) { put_big(to, ~std::uint32_t{0}); }

// numeric: digits to the base of 10,000; the first one counts 10,000^weight.
void put_numeric(std::string& to, std::uint64_t value) {
  std::uint16_t digits[5];
  std::size_t count = 0;
  for (; value > 0; value /= 10'000) digits[count++] = static_cast<std::uint16_t>(value % 10'000);
  std::uint8_t bytes[12 + sizeof digits];
  store_big(bytes, static_cast<std::uint32_t>(8 + 2 * count));
  store_big(bytes + 4, static_cast<std::uint16_t>(count));
  store_big(bytes + 6, static_cast<std::uint16_t>(count == 0 ? 0 : count - 1));
  store_big(bytes + 8, std::uint32_t{0});  // sign, digits behind the point
  std::uint8_t* at = bytes + 12;
  for (; count > 0; at += 2) store_big(at, digits[--count]);
  to.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(at - bytes));
}

void put_inet(std::string& to, bool is_ip4, const std::uint8_t* address) {
  const std::uint8_t size = is_ip4 ? 4 : 16;
  put_big(to, std::uint32_t{4} + size);
  to += is_ip4 ? '\2' : '\3';
  to += static_cast<char>(8 * size);  // bits of the netmask
  to += '\0';                         // no cidr
  to += static_cast<char>(size);
  to.append(reinterpret_cast<const char*>(address), size);
}

}  // namespace

Encoder::Encoder(std::span<const Column> columns, std::vector<std::size_t> chosen, bool time_as_integer)
    : cells_(columns),
      chosen_(std::move(chosen)),
      fields_(columns.size(), chosen_),
      time_as_integer_(time_as_integer) {}

Encoder::PgType Encoder::type_of(Type type) const {
  switch (type) {
    case Type::i8:
    case Type::u8:
    case Type::h8:
    case Type::i16: return {"smallint", 21};
    case Type::u16:
    case Type::h16:
    case Type::i32: return {"integer", 23};
    case Type::u32:
    case Type::h32:
    case Type::i64: return {"bigint", 20};
    case Type::u64:
    case Type::h64: return {"numeric", 1700};
    case Type::f32: return {"real", 700};
    case Type::f64: return {"double precision", 701};
    case Type::direction: return {"character(1)", 1042};
    case Type::time: return time_as_integer_ ? PgType{"bigint", 20} : PgType{"timestamp with time zone", 1184};
    case Type::duration: return time_as_integer_ ? PgType{"bigint", 20} : PgType{"interval", 1186};
    case Type::mac: return {"macaddr", 829};
    case Type::ip4:
    case Type::ip6:
    case Type::ip: return {"inet", 869};
    case Type::text:
    case Type::label:
    case Type::content:
    case Type::bytes: break;
  }
  return {"text", 25};
}

std::vector<sql::TableColumn> Encoder::columns() const {
  std::vector<sql::TableColumn> out;
  for (const std::size_t at : chosen_) {
    std::string type = cells_.is_single(at) || cells_.is_list(at) ? type_of(cells_.type(at)).name : "text";
    if (cells_.is_list(at)) type += "[]";
    out.push_back({std::string(cells_.column(at).name), std::move(type)});
  }
  return out;
}

void Encoder::put_value(std::string& to, Type type, Values& values) {
  constexpr Time epoch_2000 = 946'684'800 * one_second;
  switch (type) {
    case Type::i8: return put_sized(to, static_cast<std::uint16_t>(values.get<std::int8_t>()));
    case Type::u8:
    case Type::h8: return put_sized(to, std::uint16_t{values.get<std::uint8_t>()});
    case Type::i16: return put_sized(to, values.get<std::uint16_t>());
    case Type::u16:
    case Type::h16: return put_sized(to, std::uint32_t{values.get<std::uint16_t>()});
    case Type::i32:
    case Type::f32: return put_sized(to, values.get<std::uint32_t>());
    case Type::u32:
    case Type::h32: return put_sized(to, std::uint64_t{values.get<std::uint32_t>()});
    case Type::i64:
    case Type::f64: return put_sized(to, values.get<std::uint64_t>());
    case Type::u64:
    case Type::h64: return put_numeric(to, values.get<std::uint64_t>());
    case Type::direction: return put_text(to, values.get<std::uint8_t>() == 0 ? "A" : "B");
    case Type::time: {
      const Time time = values.get<Time>();
      if (time_as_integer_) return put_sized(to, static_cast<std::uint64_t>(time));
      const Time since = time - epoch_2000;  // in microseconds, cut towards the past
      return put_sized(to, static_cast<std::uint64_t>((since - (since % 1000 + 1000) % 1000) / 1000));
    }
    case Type::duration: {
      const Time time = values.get<Time>();
      if (time_as_integer_) return put_sized(to, static_cast<std::uint64_t>(time));
      put_big(to, std::uint32_t{16});
      put_big(to, static_cast<std::uint64_t>(time / 1000));
      return put_big(to, std::uint64_t{0});  // days, months
    }
    case Type::mac: return put_text(to, {reinterpret_cast<const char*>(values.read(6)), 6});
    case Type::ip4: return put_inet(to, true, values.read(4));
    case Type::ip6: return put_inet(to, false, values.read(16));
    case Type::ip: {
      const auto family = static_cast<Family>(values.get<std::uint8_t>());
      if (family == Family::ipv4) return put_inet(to, true, values.read(4));
      if (family == Family::ipv6) return put_inet(to, false, values.read(16));
      return put_null(to);
    }
    case Type::text:
    case Type::label:
    case Type::content:
    case Type::bytes: return put_text(to, text::plain_text(type, values.text(), scratch_));
  }
}

void Encoder::put_cell(std::string& to, std::size_t at) {
  Values values(cells_.bytes(at));
  if (cells_.is_single(at)) {
    put_value(to, cells_.type(at), values);
  } else if (cells_.is_list(at)) {
    const std::size_t begin = to.size();
    put_big(to, std::uint32_t{0});  // the length, which is known at the end
    const auto count = values.get<std::uint32_t>();
    put_big(to, std::uint32_t{count > 0});                    // dimensions
    put_big(to, std::uint32_t{cells_.type(at) == Type::ip});  // there may be nulls
    put_big(to, type_of(cells_.type(at)).oid);
    if (count > 0) put_big(to, count), put_big(to, std::uint32_t{1});
    for (std::uint32_t i = 0; i < count; ++i) put_value(to, cells_.type(at), values);
    store_big(reinterpret_cast<std::uint8_t*>(to.data() + begin), static_cast<std::uint32_t>(to.size() - begin - 4));
  } else {
    put_text(to, cells_.text(at));
  }
}

void Encoder::put(std::string& to, const RowView& row) {
  put_big(to, static_cast<std::uint16_t>(chosen_.size()));
  fields_.put(to, row.direction, cells_.read_changes(row), [&](std::size_t at) { put_cell(to, at); });
}

}  // namespace t2::psql_sink
