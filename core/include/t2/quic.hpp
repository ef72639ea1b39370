// Headers of QUIC packets (RFC 8999, 9000, 9369): what plugins read of them without decrypting anything.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "t2/bytes.hpp"

namespace t2 {

enum class QuicType : std::uint8_t { initial, zero_rtt, handshake, retry, negotiation };

struct QuicHeader {
  QuicType type = QuicType::initial;
  std::uint32_t version = 0;
  std::span<const std::uint8_t> destination_id, source_id;
  std::size_t number_at = 0,
              end = 0;  // of the packet in the datagram: where its number or its rest begins, where it ends
};

namespace quic {

constexpr std::uint32_t version_1 = 1, version_2 = 0x6b3343cf, draft = 0xff000000;  // and the draft's number
constexpr std::size_t max_id = 20;                                                  // bytes

// Versions whose headers have the form of RFC 9000. Others may have any form.
constexpr bool is_known(std::uint32_t version) {
  return version == version_1 || version == version_2 || (version >= draft + 23 && version <= draft + 34);
}

// A number of 1, 2, 4 or 8 bytes (RFC 9000, 16).
inline std::uint64_t read_number(Bytes& in) {
  const std::uint8_t first = in.u8();
  std::uint64_t value = first & 0x3f;
  for (unsigned more = (1u << (first >> 6)) - 1; more > 0; --more) value = value << 8 | in.u8();
  return value;
}

}  // namespace quic

struct ConnectionId {
  std::uint8_t size = 0, byte[quic::max_id]{};
  std::span<const std::uint8_t> bytes() const { return {byte, size}; }
  void set(std::span<const std::uint8_t> id) {
    size = static_cast<std::uint8_t>(id.size());
    std::ranges::copy(id, byte);
  }
};

// A long header at the beginning of a datagram, or of what is left of it. False: there is none of a known version, or
// the packet is longer than the datagram, of which `missing` bytes were not captured.
inline bool parse_quic(std::span<const std::uint8_t> datagram, QuicHeader& header, std::size_t missing = 0) {
  constexpr std::uint8_t long_header = 0x80, fixed = 0x40;
  Bytes in(datagram);
  const std::uint8_t first = in.u8();
  header.version = in.u32();
  if (!(first & long_header)) return false;
  const bool negotiation = header.version == 0;
  if (!negotiation && (!(first & fixed) || !quic::is_known(header.version))) return false;
  for (auto* id : {&header.destination_id, &header.source_id}) {
    const std::size_t size = in.u8();
    if (size > quic::max_id) return false;
    *id = in.read(size);
  }
  header.end = datagram.size();
  header.number_at = in.position();
  if (negotiation) {
    header.type = QuicType::negotiation;
    return in.ok() && in.left() > 0 && in.left() % sizeof header.version == 0;
  }
  const unsigned bits = first >> 4 & 3;
  header.type = static_cast<QuicType>(header.version == quic::version_2 ? (bits + 3) % 4 : bits);
  if (header.type == QuicType::retry) return in.ok();
  if (header.type == QuicType::initial) {
    const std::uint64_t token = quic::read_number(in);
    if (token > in.left()) return false;
    in.skip(static_cast<std::size_t>(token));
  }
  const std::uint64_t size = quic::read_number(in);
  if (!in.ok() || size > in.left() + missing) return false;
  header.number_at = in.position();
  header.end = in.position() + static_cast<std::size_t>(size);
  return true;
}

}  // namespace t2
