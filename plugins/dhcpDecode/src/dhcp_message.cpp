#include "dhcp_reader.hpp"

namespace t2::dhcp_decode {

namespace {

class Message final : Reader {
 public:
  using Reader::Reader;

  std::uint8_t read(View message) {
    constexpr std::uint32_t magic = 0x63825363;
    Bytes in(message);
    const std::uint8_t operation = in.u8(), hardware = in.u8(), address_bytes = in.u8(), hops = in.u8();
    in.skip(4);  // transaction
    std::uint16_t seconds = in.u16();
    const std::uint16_t flags = in.u16();
    const View client = in.read(4), yours = in.read(4), next_server = in.read(4), relay = in.read(4);
    client_address_ = in.read(16);
    const View server_name = in.read(64), boot_file = in.read(128);
    if (!in.ok()) {
      set(stat::too_short);
      return 0;
    }
    if (operation == 1) set(stat::client);
    if (operation == 2) set(stat::server);
    if (flags & 0x8000) set(stat::broadcast);
    if (seconds > 0xff && (seconds & 0xff) == 0) {
      seconds = static_cast<std::uint16_t>(seconds >> 8);
      set(stat::swapped_seconds);
    }
    f_.max_seconds = std::max(f_.max_seconds, seconds);
    if (hardware < 64) f_.hardware |= std::uint64_t{1} << hardware;
    if (hops < 32) f_.hops |= 1u << hops;
    is_ethernet_ = hardware == 1 && address_bytes == 6;
    if (!is_ethernet_) set(stat::other_hardware);
    else add_mac(client_address_.first(6));
    take_if_set(f_.client, client), take_if_set(f_.yours, yours);
    take_if_set(f_.next_server, next_server), take_if_set(f_.relay, relay);
    if (in.u32() != magic || !in.ok()) {
      set(stat::no_options);
    } else {
      options(in.rest());
      if (overload_ != 0) set(stat::overload);
      if (overload_ & 1) options(boot_file);
      if (overload_ & 2) options(server_name);
    }
    if (!(overload_ & 1) && boot_file[0] != 0) f_.boot_file.set(text_of(boot_file));
    if (!(overload_ & 2) && server_name[0] != 0) f_.server_name.set(text_of(server_name));
    return type_;
  }

 private:
  static void take_if_set(Ip4& to, View four) {
    if (std::ranges::any_of(four, [](std::uint8_t byte) { return byte != 0; })) std::ranges::copy(four, to.byte);
  }

  void options(View bytes) {
    constexpr std::uint8_t pad = 0, end = 255;
    Bytes in(bytes);
    while (in.left() > 0) {
      const std::uint8_t code = in.u8();
      if (code == pad) continue;
      if (code == end) return;
      const View value = in.read(in.u8());
      if (!in.ok()) break;
      add_option(code);
      option(code, value);
    }
    set(stat::bad_options);
  }

  void option(std::uint8_t code, View value) {
    switch (code) {
      case 1: return take_address(f_.netmask, value);
      case 3: return take_address(f_.router, value);
      case 6: return take_address(f_.dns, value);
      case 12: return add_name(f_.hosts, text_of(value));
      case 15: return add_name(f_.domains, text_of(value));
      case 50: return take_address(f_.requested, value);
      case 51: return take_number(f_.lease, value);
      case 52:
        if (value.size() == 1) overload_ = value[0] & 3;
        else set(stat::bad_length);
        return;
      case 53: return message_type(value);
      case 54: return take_address(f_.server, value);
      case 55:
        for (const std::uint8_t parameter : value) add_parameter(parameter);
        return;
      case 56: return f_.message.set(text_of(value));
      case 58: return take_number(f_.renew, value);
      case 59: return take_number(f_.rebind, value);
      case 60: return f_.vendor.set(text_of(value));
      case 61:
        if (is_ethernet_ && value.size() == 7 && value[0] == 1 &&
            !std::ranges::equal(value.subspan(1), client_address_.first(6)))
          set(stat::other_identifier);
        return;
      case 81: return full_name(value);
      case 82: return relay_information(value);
      default: return;
    }
  }

  void message_type(View value) {
    if (value.size() != 1) return set(stat::bad_length);
    type_ = value[0];
    add_message(type_);
    if (type_ == 0 || type_ > known_messages) type_ = 0, set(stat::unknown_message);
  }

  // RFC 4702.
  void full_name(View value) {
    constexpr std::uint8_t wire_form = 0x04;
    if (value.size() < 3) return set(stat::bad_length);
    const View name = value.subspan(3);
    if (value[0] & wire_form) for_each_name(name, [&](View text) { f_.full_name.set(text); });
    else f_.full_name.set(text_of(name));
  }

  // RFC 3046.
  void relay_information(View value) {
    constexpr std::uint8_t circuit = 1;
    Bytes in(value);
    while (in.left() > 0) {
      const std::uint8_t code = in.u8();
      const View content = in.read(in.u8());
      if (!in.ok()) return set(stat::bad_length);
      if (code == circuit) set_hex(f_.circuit, content);
    }
  }

  View client_address_;
  bool is_ethernet_ = false;
  std::uint8_t overload_ = 0, type_ = 0;
};

}  // namespace

std::uint8_t read_message(View message, DhcpFacts& facts, const Limits& limits) {
  return Message(facts, limits).read(message);
}

}  // namespace t2::dhcp_decode
