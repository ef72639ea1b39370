// MPLS label stacks and what follows them. No header says what that is: its own bytes have to. Reader thread.
//
// Addresses are never taken from bytes that only look like a header by their first four bits: a pseudo wire without a
// control word (RFC 4448 4.6) begins with a MAC address of any value.
#include <algorithm>

#include "decode/dissector.hpp"

namespace t2 {

namespace {

constexpr unsigned max_stack = 255;  // labels that are read

// Ethernet's padding and check sequence: so many bytes may follow an IP packet in a frame.
constexpr std::uint32_t max_trailer = 50;

constexpr std::uint8_t without_options =
    0x45;  // IPv4's first byte; as that of a MAC address, a group's, it is not in use

bool checksum_right(const std::uint8_t* header, std::uint32_t bytes) {
  std::uint32_t sum = 0;
  for (std::uint32_t i = 0; i + 1 < bytes; i += 2) sum += static_cast<std::uint32_t>(header[i] << 8 | header[i + 1]);
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return sum == 0xffff;
}

}  // namespace

bool Dissector::fits_ipv4(std::uint32_t at) const {
  if (!captured(at, 20) || p_->data[at] >> 4 != 4) return false;
  if (p_->data[at] == without_options) return true;
  const std::uint32_t header = 4u * (p_->data[at] & 0x0f), length = u16(at + 2), rest = on_wire(at);
  if (header < 20) return false;
  if (captured(at, header) && checksum_right(p_->data + at, header)) return true;
  return length >= header && length <= rest && rest - length <= max_trailer;
}

bool Dissector::fits_ipv6(std::uint32_t at) const {
  const std::uint32_t length = u16(at + 4) + 40u, rest = on_wire(at);
  return u8(at) >> 4 == 6 && captured(at, 40) && length <= rest && rest - length <= max_trailer;
}

// Whether an Ethernet frame begins here, by its source address, its type and what follows.
Dissector::Fit Dissector::ethernet_fit(std::uint32_t at) const {
  constexpr std::uint8_t group = 1;
  if (!captured(at, 14) || u8(at + 6) & group) return Fit::none;
  std::uint16_t type = u16(at + 12);
  at += 14;
  for (unsigned n = 0; n < 4 && captured(at, 4) && (type == 0x8100 || type == 0x88a8); ++n) {
    type = u16(at + 2);
    at += 4;
  }
  const auto checked = [](bool fits) { return fits ? Fit::checked : Fit::none; };
  switch (type) {
    case ether_type::ipv4: return captured(at, 20) ? checked(fits_ipv4(at)) : Fit::known_type;
    case ether_type::ipv6: return captured(at, 40) ? checked(fits_ipv6(at)) : Fit::known_type;
    case ether_type::arp: return checked(u32(at) == 0x00010800);
    default: break;
  }
  if (type <= max_llc_length) {
    const bool length_fits = type >= 3 && type <= on_wire(at) && on_wire(at) - type <= max_trailer;
    return checked(length_fits && (u16(at) == 0xaaaa || u16(at) == 0x4242 || u16(at) == 0xfefe));
  }
  bool known = true;
  ether_type_name(type, known);
  return known ? Fit::known_type : type > max_llc_length ? Fit::unknown_type : Fit::none;
}

// Whether a label stack begins here, and what follows it is what MPLS may carry.
bool Dissector::fits_mpls(std::uint32_t at) const {
  constexpr unsigned max_labels = 16;
  for (unsigned n = 0; n < max_labels && captured(at, 4); ++n, at += 4) {
    if ((u8(at + 2) & 1) == 0) continue;
    at += 4;
    return fits_ipv4(at) || fits_ipv6(at) || ethernet_fit(at) == Fit::checked || ethernet_fit(at + 4) == Fit::checked;
  }
  return false;
}

bool Dissector::mpls(std::uint16_t type, std::uint32_t at) {
  set(type == ether_type::mpls_unicast ? status::mpls_unicast : status::mpls_multicast);
  p_->mpls = at;
  p_->mpls_count = 0;
  bool bottom = false;
  unsigned labels = 0;
  for (; !bottom && captured(at, 4) && labels < max_stack; ++labels, at += 4) bottom = p_->data[at + 2] & 1;
  p_->mpls_count = static_cast<std::uint8_t>(labels);
  name(header::mpls, labels);
  return bottom ? mpls_content(type, at) : layer2(type, at);
}

bool Dissector::mpls_content(std::uint16_t type, std::uint32_t at) {
  const unsigned first = u8(at) >> 4;
  if ((first == 4 && !captured(at, 20)) || (first == 6 && !captured(at, 40))) return ip(at);
  if (u8(at) == without_options) return ip(at);
  const Fit frame = ethernet_fit(at);
  if (frame == Fit::checked && first != 0) return ethernet_frame(at);
  if (fits_ipv4(at) || fits_ipv6(at)) return ip(at);
  if (first == 0) {  // RFC 4448: a pseudo wire's control word begins with 0, and so do most MAC addresses
    const Fit behind = ethernet_fit(at + 4);
    if (behind >= frame && (behind >= Fit::known_type || (behind == Fit::unknown_type && u16(at) == 0))) {
      name(header::pwethcw);
      return ethernet_frame(at + 4);
    }
  }
  if (frame >= Fit::known_type) return ethernet_frame(at);
  return layer2(type, at);
}

}  // namespace t2
