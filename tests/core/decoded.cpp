// Running the decoder on one frame, and on tables of frames.
#include "decoded.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>

#include <fmt/format.h>

namespace t2::test {

namespace {

std::string show_mac(const Packet& p, std::uint32_t at) {
  if (at == absent) return "-";
  const std::uint8_t* m = p.data + at;
  return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", m[0], m[1], m[2], m[3], m[4], m[5]);
}

std::string show(Family family, const Endpoint& end) {
  char text[INET6_ADDRSTRLEN] = "?";
  inet_ntop(family == Family::ipv4 ? AF_INET : AF_INET6, end.address.data(), text, sizeof text);
  return fmt::format("{}:{}", text, end.port);
}

std::string describe(const Packet& p, const Lookup& lookup) {
  std::string out;
  if (p.family == Family::layer2) {
    out = fmt::format("{} {} 0x{:04x} l7 {}", show_mac(p, p.source_mac), show_mac(p, p.destination_mac), p.ether_type,
                      p.l7_length);
  } else {
    const Endpoint from = lookup.key.end(lookup.source_end), to = lookup.key.end(lookup.source_end ^ 1u);
    out = fmt::format("{} {} {} l7 {}", show(p.family, from), show(p.family, to), p.protocol, p.l7_length);
  }
  if (p.padding) out += fmt::format(" pad {}", p.padding);
  if (p.vlan_count) out += fmt::format(" vlan {}", p.vlan);
  if (p.mpls_count) out += fmt::format(" labels {}", p.mpls_count);
  return out;
}

}  // namespace

Decoded decode(int link_type, const Buffer& frame, std::uint32_t wire, std::size_t captured) {
  Decoded out;
  const std::size_t size = std::min(captured, frame.size());
  out.data.reset(new std::uint8_t[size]);
  if (size > 0) std::memcpy(out.data.get(), frame.data(), size);
  out.packet.data = out.data.get();
  out.packet.captured = static_cast<std::uint32_t>(size);
  out.packet.wire = wire != 0 ? wire : static_cast<std::uint32_t>(frame.size());
  out.packet.number = 1;
  static std::unique_ptr<HeaderStacks> all;  // making them takes longer than decoding; random bytes would fill them
  static unsigned uses = 0;
  if (uses++ % 4096 == 0) all = std::make_unique<HeaderStacks>();
  HeaderStacks& stacks = *all;
  Dissector dissector(stacks);
  out.has_flow = dissector.run(link_type, out.packet);
  out.headers = stacks.text(out.packet.headers);
  out.counters = dissector.counters();
  out.flow = "none";
  if (out.has_flow) {
    make_lookup(out.packet, KeyedHash(1), out.lookup);
    out.flow = describe(out.packet, out.lookup);
  }
  return out;
}

std::vector<DecodeCase> all_decode_cases() {
  std::vector<DecodeCase> all = decode_link_test::link_cases();
  for (const auto& some :
       {decode_layer2_test::layer2_cases(), decode_ip_test::ip_cases(), decode_tunnel_test::tunnel_cases()})
    all.insert(all.end(), some.begin(), some.end());
  return all;
}

void check(const std::vector<DecodeCase>& cases) {
  for (const DecodeCase& c : cases) {
    INFO(c.name);
    const Decoded d = decode(c.link_type, c.frame, c.wire);
    CHECK(d.headers == c.headers);
    CHECK(fmt::format("{:016x}", d.packet.status) == fmt::format("{:016x}", c.status));
    CHECK(d.flow == c.flow);
    // The number of headers is that of their names, where none is repeated or cut.
    if (c.headers.find('{') == c.headers.npos && c.headers.size() < 120) {
      CHECK(d.packet.header_count == (c.headers.empty() ? 0 : std::count(c.headers.begin(), c.headers.end(), ':') + 1));
    }
  }
}

}  // namespace t2::test
