// What messages of DHCP and DHCPv6 have in common: values that are checked and put into the facts of a direction.
#pragma once

#include "dhcp_message.hpp"
#include "t2/bytes.hpp"

namespace t2::dhcp_decode {

class Reader {
 public:
  Reader(DhcpFacts& facts, const Limits& limits) : f_(facts), limits_(limits) {}

  void set(unsigned bit) { f_.stat = static_cast<std::uint16_t>(f_.stat | bit); }

  void add_message(std::uint8_t type) {
    if (!f_.messages.add(type, limits_.messages)) set(stat::options_cut);
  }
  void add_option(std::uint16_t code) {
    ++f_.option_count;
    if (!f_.options.add(code, limits_.options)) set(stat::options_cut);
  }
  void add_parameter(std::uint16_t code) {
    if (!f_.parameters.add(code, limits_.options)) set(stat::options_cut);
  }
  void add_mac(View six) {
    Mac mac{};
    std::ranges::copy(six, mac.byte);
    if (!f_.macs.add(mac, limits_.names)) set(stat::names_cut);
  }
  void add_name(List<Name, max_names>& list, View text) {
    Name name{};
    name.text.set(text);
    if (!list.add(name, limits_.names) || text.size() > name.text.size) set(stat::names_cut);
  }
  void add_prefix(View address, std::uint8_t length) {
    Prefix prefix{};
    std::ranges::copy(address, prefix.address.byte);
    prefix.length = length;
    if (!f_.addresses6.add(prefix, limits_.names)) set(stat::names_cut);
  }

  // The first one of a list of addresses.
  template <class Address>
  void take_address(Address& to, View list) {
    if (list.size() < sizeof to.byte || list.size() % sizeof to.byte != 0) set(stat::bad_length);
    else std::ranges::copy(list.first(sizeof to.byte), to.byte);
  }
  void take_number(std::uint32_t& to, View bytes) {
    if (bytes.size() == 4) to = load_big<std::uint32_t>(bytes.data());
    else set(stat::bad_length);
  }

 protected:
  DhcpFacts& f_;
  const Limits& limits_;
};

// Up to the first zero.
inline View text_of(View bytes) {
  return bytes.first(static_cast<std::size_t>(std::ranges::find(bytes, std::uint8_t{0}) - bytes.begin()));
}

template <unsigned capacity>
void set_hex(Text<capacity>& to, View bytes) {
  constexpr char digit[] = "0123456789abcdef";
  std::uint8_t text[capacity];
  std::size_t size = 0;
  for (const std::uint8_t byte : bytes.first(std::min<std::size_t>(bytes.size(), capacity / 2))) {
    text[size++] = static_cast<std::uint8_t>(digit[byte >> 4]);
    text[size++] = static_cast<std::uint8_t>(digit[byte & 0xf]);
  }
  to.set({text, size});
}

// Names in the form of DNS, without compression, one behind the other: calls visit(name) for each.
template <class Visit>
void for_each_name(View wire, Visit visit) {
  std::uint8_t name[255];
  std::size_t size = 0;
  Bytes in(wire);
  while (in.left() > 0) {
    const std::uint8_t label = in.u8();
    if (label == 0) {
      if (size > 0) visit(View(name, size));
      size = 0;
      continue;
    }
    const auto bytes = in.read(label);
    if (!in.ok() || label > 63 || size + label + 1 > sizeof name) return;
    if (size > 0) name[size++] = '.';
    std::ranges::copy(bytes, name + size);
    size += label;
  }
  if (size > 0) visit(View(name, size));  // a part of a name ends without a zero
}

}  // namespace t2::dhcp_decode
