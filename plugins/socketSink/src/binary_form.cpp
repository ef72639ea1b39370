// Writes header, host and rows.
#include "binary_form.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/if_packet.h>
#include <net/if_arp.h>
#include <sys/socket.h>
#include <sys/utsname.h>

#include "t2/clock.hpp"
#include "t2/schema.hpp"
#include "t2/type_size.hpp"

namespace t2::socket_sink {

namespace {

template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void pad(std::string& out) {
  while (out.size() % 4 != 0) out += '\0';
}

void put_padded(std::string& out, std::string_view text) {
  out.append(text) += '\0';
  pad(out);
}

void put_text(std::string& out, std::string_view text) {
  const std::size_t start = out.size();
  out.append(text);
  std::replace(out.begin() + static_cast<std::ptrdiff_t>(start), out.end(), '\0', '.');
  out += '\0';
}

void put_time(std::string& out, Time time) {
  const Time fraction = (time % one_second + one_second) % one_second;
  put(out, static_cast<std::uint64_t>((time - fraction) / one_second));
  put(out, static_cast<std::uint32_t>(fraction));
}

void put_value(std::string& out, Type type, Values& values) {
  switch (type) {
    case Type::text:
    case Type::label:
    case Type::content:
    case Type::bytes: return put_text(out, values.text());
    case Type::time:
    case Type::duration: return put_time(out, values.get<Time>());
    default: break;
  }
  const TypeSize fixed = size_of(type);
  std::size_t size = fixed.bytes;
  if (fixed.kind == TypeSize::Kind::ip) {
    const auto family = values.get<std::uint8_t>();
    put(out, family);
    size = address_size(family).value_or(0);
  }
  out.append(reinterpret_cast<const char*>(values.read(size)), size);
}

// "192.0.2.1/24", "02:00:00:00:00:01"; empty: an address of another kind.
std::string address_text(const ifaddrs& one) {
  if (!one.ifa_addr) return {};
  char text[INET6_ADDRSTRLEN] = "";
  if (one.ifa_addr->sa_family == AF_PACKET) {
    const auto& link = *reinterpret_cast<const sockaddr_ll*>(one.ifa_addr);
    if (link.sll_halen != 6 || link.sll_hatype == ARPHRD_LOOPBACK) return {};
    constexpr char digits[] = "0123456789abcdef";
    std::string mac;
    for (unsigned i = 0; i < 6; ++i) {
      if (i > 0) mac += ':';
      mac += digits[link.sll_addr[i] >> 4];
      mac += digits[link.sll_addr[i] & 15];
    }
    return mac;
  }
  const bool v6 = one.ifa_addr->sa_family == AF_INET6;
  if (!v6 && one.ifa_addr->sa_family != AF_INET) return {};
  const auto bytes_of = [v6](const sockaddr* address) {
    return v6 ? reinterpret_cast<const std::uint8_t*>(&reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr)
              : reinterpret_cast<const std::uint8_t*>(&reinterpret_cast<const sockaddr_in*>(address)->sin_addr);
  };
  if (!inet_ntop(one.ifa_addr->sa_family, bytes_of(one.ifa_addr), text, sizeof text)) return {};
  int bits = 0;
  if (one.ifa_netmask) {
    const std::span mask(bytes_of(one.ifa_netmask), v6 ? 16 : 4);
    for (const std::uint8_t byte : mask) bits += __builtin_popcount(byte);
  }
  return std::string(text) + '/' + std::to_string(bits);
}

}  // namespace

std::string binary_header(std::span<const Column> columns) {
  std::string out = "ANTEATER";
  put(out, std::uint32_t{1});
  for (const Column& column : columns) {
    put_padded(out, column.name);
    put_padded(out, column.doc);
    put(out, std::uint32_t{column.size});
    for (unsigned i = 0; i < column.size; ++i) put(out, std::uint32_t{schema::type_number(column.type[i])});
    put(out, std::uint32_t{column.repeats});
  }
  put(out, ~std::uint32_t{0});
  return out;
}

std::string host_block(unsigned sensor_id) {
  std::string out;
  put(out, std::uint32_t{sensor_id});
  const Time now = wall_clock();
  put(out, static_cast<std::uint64_t>(now / one_second));
  put(out, static_cast<std::uint32_t>(now % one_second / 1000));
  utsname system{};
  uname(&system);
  for (const char* part : {system.nodename, system.sysname, system.release, system.version, system.machine})
    out.append(part) += ';';
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) == 0) {
    const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(list, freeifaddrs);
    for (const ifaddrs* one = list; one; one = one->ifa_next) {
      const std::string text = address_text(*one);
      if (!text.empty()) out.append(one->ifa_name).append("(").append(text).append(");");
    }
  }
  pad(out);
  return out;
}

std::string BinaryForm::row(const RowView& row) const {
  std::string out;
  out.reserve(row.columns.size() + 64);
  put(out, row.direction);
  put(out, row.index);
  Values values(row.columns);
  for (const Column& column : columns_) {
    std::uint32_t times = 1;
    if (column.repeats) {
      times = values.get<std::uint32_t>();
      put(out, times);
    }
    for (; times > 0; --times) {
      for (unsigned i = 0; i < column.size; ++i) put_value(out, column.type[i], values);
    }
  }
  return out;
}

}  // namespace t2::socket_sink
