// How many bytes a value takes in a row, by its type.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "t2/row.hpp"

namespace t2 {

struct TypeSize {
  enum class Kind : std::uint8_t { fixed, text, ip } kind;
  std::uint32_t bytes = 0;  // fixed
};

constexpr TypeSize size_of(Type type) {
  using enum TypeSize::Kind;
  switch (type) {
    case Type::i8:
    case Type::u8:
    case Type::h8:
    case Type::direction: return {fixed, 1};
    case Type::i16:
    case Type::u16:
    case Type::h16: return {fixed, 2};
    case Type::i32:
    case Type::u32:
    case Type::h32:
    case Type::f32:
    case Type::ip4: return {fixed, 4};
    case Type::mac: return {fixed, 6};
    case Type::i64:
    case Type::u64:
    case Type::h64:
    case Type::f64:
    case Type::time:
    case Type::duration: return {fixed, 8};
    case Type::ip6: return {fixed, 16};
    case Type::text:
    case Type::label:
    case Type::content:
    case Type::bytes: return {text};
    case Type::ip: return {ip};
  }
  return {fixed, 0};
}

// Of an address behind its family byte. Empty: there is no such family.
constexpr std::optional<std::size_t> address_size(std::uint8_t family) {
  if (family == 0) return 0;
  if (family == static_cast<std::uint8_t>(Family::ipv4)) return 4;
  if (family == static_cast<std::uint8_t>(Family::ipv6)) return 16;
  return {};
}

}  // namespace t2
