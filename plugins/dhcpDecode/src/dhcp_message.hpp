// Messages of DHCP (RFC 2131, 2132) and DHCPv6 (RFC 8415): what they say goes into the facts of a direction.
#pragma once

#include "dhcpDecode_state.h"

namespace t2::dhcp_decode {

struct Limits {
  std::uint32_t options, messages, names;
};

namespace stat {
enum : std::uint16_t {
  dhcp = 0x0001,
  client = 0x0002,
  server = 0x0004,
  broadcast = 0x0008,
  other_identifier = 0x0010,
  overload = 0x0020,
  swapped_seconds = 0x0040,
  other_hardware = 0x0080,
  options_cut = 0x0100,
  names_cut = 0x0200,
  unknown_message = 0x0800,
  bad_length = 0x1000,
  no_options = 0x2000,
  bad_options = 0x4000,
  too_short = 0x8000,
};
}

constexpr unsigned known_messages = 18, known_messages6 = 36;  // types 1 to so many

// Each returns the message's type, 0: unknown.
std::uint8_t read_message(View message, DhcpFacts& facts, const Limits& limits);
std::uint8_t read_message6(View message, DhcpFacts& facts, const Limits& limits);

// Whether a client sends such messages.
bool is_of_client6(std::uint8_t type);

}  // namespace t2::dhcp_decode
