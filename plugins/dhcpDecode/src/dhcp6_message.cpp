#include "dhcp_reader.hpp"

namespace t2::dhcp_decode {

namespace {

constexpr unsigned max_relays = 8;  // whose messages lie in each other

class Message6 final : Reader {
 public:
  using Reader::Reader;

  std::uint8_t read(View message, unsigned relays = 0) {
    constexpr std::uint8_t forwarded = 12, replied = 13;
    Bytes in(message);
    const std::uint8_t type = in.u8();
    const bool relayed = type == forwarded || type == replied;
    if (relayed) {
      const std::uint8_t hops = in.u8();
      if (hops < 32 && in.ok()) f_.hops |= 1u << hops;
      in.skip(32);
    } else {
      in.skip(3);  // transaction
    }
    if (!in.ok()) {
      set(stat::too_short);
      return 0;
    }
    add_message(type);
    if (type == 0 || type > known_messages6) {
      set(stat::unknown_message);
      return 0;
    }
    set(is_of_client6(type) ? stat::client : stat::server);
    options(in.rest(), relays);
    return type;
  }

 private:
  void options(View bytes, unsigned relays) {
    Bytes in(bytes);
    while (in.left() > 0) {
      const std::uint16_t code = in.u16();
      const View value = in.read(in.u16());
      if (!in.ok()) return set(stat::bad_options);
      add_option(code);
      option(code, value, relays);
    }
  }

  void option(std::uint16_t code, View value, unsigned relays) {
    Bytes in(value);
    switch (code) {
      case 1: client(value); break;
      case 2: set_hex(f_.server_id6, value); break;
      case 3:   // addresses
      case 25:  // prefixes
        in.skip(4);
        f_.renew = in.u32(), f_.rebind = in.u32();
        if (in.ok()) return options(in.rest(), relays);
        break;
      case 4:
        in.skip(4);
        if (in.ok()) return options(in.rest(), relays);
        break;
      case 5: {
        const View address = in.read(16);
        in.skip(4);
        const std::uint32_t lease = in.u32();
        if (!in.ok()) break;
        f_.lease = lease;
        add_prefix(address, 128);
        return options(in.rest(), relays);
      }
      case 26: {
        in.skip(4);
        const std::uint32_t lease = in.u32();
        const std::uint8_t length = in.u8();
        const View address = in.read(16);
        if (!in.ok()) break;
        f_.lease = lease;
        add_prefix(address, length);
        return options(in.rest(), relays);
      }
      case 6:
        while (in.left() > 1) add_parameter(in.u16());
        break;
      case 8: {
        const std::uint16_t hundredths = in.u16();
        f_.max_seconds = std::max(f_.max_seconds, static_cast<std::uint16_t>(hundredths / 100));
        break;
      }
      case 9:
        if (relays < max_relays) read(value, relays + 1);
        break;
      case 13:
        f_.status6 = in.u16();
        if (in.ok()) f_.message.set(in.rest());
        break;
      case 16: {
        in.skip(4);  // enterprise
        const View vendor = in.read(in.u16());
        if (in.ok()) f_.vendor.set(vendor);
        break;
      }
      case 18: set_hex(f_.circuit, value); break;
      case 23: take_address(f_.dns6, value); break;
      case 24: for_each_name(value, [&](View name) { add_name(f_.domains, name); }); break;
      case 39:
        in.skip(1);  // flags
        if (in.ok())
          for_each_name(in.rest(), [&](View name) {
            f_.full_name.set(name);
            add_name(f_.domains, name);
          });
        break;
      default: break;
    }
    if (!in.ok()) set(stat::bad_length);
  }

  // Identifiers of the kinds 1 and 3 end with an address of the link layer (RFC 8415, 11).
  void client(View value) {
    set_hex(f_.client_id6, value);
    Bytes in(value);
    const std::uint16_t kind = in.u16();
    if (kind != 1 && kind != 3) return;
    const std::uint16_t hardware = in.u16();
    if (kind == 1) in.skip(4);  // time
    if (!in.ok()) return;
    if (hardware < 64) f_.hardware |= std::uint64_t{1} << hardware;
    if (hardware == 1 && in.left() == 6) add_mac(in.rest());
    else set(stat::other_hardware);
  }
};

}  // namespace

std::uint8_t read_message6(View message, DhcpFacts& facts, const Limits& limits) {
  return Message6(facts, limits).read(message);
}

bool is_of_client6(std::uint8_t type) {
  switch (type) {
    case 2:                 // advertise
    case 7:                 // reply
    case 10:                // reconfigure
    case 13:                // relay-reply
    case 15:                // leasequery-reply
    case 16:                // leasequery-done
    case 17:                // leasequery-data
    case 19:                // reconfigure-reply
    case 21: return false;  // DHCPv4-response
    default: return true;
  }
}

}  // namespace t2::dhcp_decode
