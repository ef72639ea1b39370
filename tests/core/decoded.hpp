// Decodes one frame for a test and tells in a line of text which flow it belongs to.
//
// The frame is copied into a heap block of exactly its size: AddressSanitizer sees a read behind the captured bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "decode/dissector.hpp"
#include "flow/key.hpp"
#include "frame.hpp"
#include "t2/packet.hpp"

namespace t2::test {

struct Decoded {
  bool has_flow = false;
  Packet packet;
  std::string headers;
  Lookup lookup;     // with a flow
  std::string flow;  // "10.0.0.1:5 10.0.0.2:6 17 l7 10", "MAC MAC 0x0806 l7 28", "none"
  DecodeCounters counters;
  std::unique_ptr<std::uint8_t[]> data;
};

// wire 0: as long as the frame. `captured`: how much of it, at most.
Decoded decode(int link_type, const Buffer& frame, std::uint32_t wire = 0, std::size_t captured = SIZE_MAX);

// A frame and what must come of it.
struct DecodeCase {
  std::string_view name;
  int link_type;
  Buffer frame;
  std::string_view headers;
  status::Word status;
  std::string_view flow;
  std::uint32_t wire = 0;
};

// By topic, in the namespaces of the files that have them; the fuzzer begins with them, too.
namespace decode_link_test {
std::vector<DecodeCase> link_cases();
}
namespace decode_layer2_test {
std::vector<DecodeCase> layer2_cases();
}
namespace decode_ip_test {
std::vector<DecodeCase> ip_cases();
}
namespace decode_tunnel_test {
std::vector<DecodeCase> tunnel_cases();
}
std::vector<DecodeCase> all_decode_cases();
void check(const std::vector<DecodeCase>& cases);

// Content of tunnels: UDP 6000 -> 7000, ten bytes.
inline Frame inner4() { return Frame().ip4("192.168.0.1", "192.168.0.2").udp(6000, 7000).payload("inner12345"); }
inline Frame inner6() { return Frame().ip6("2001:db8:2::1", "2001:db8:2::2").udp(6000, 7000).payload("inner12345"); }
inline Frame bridged4() {
  return Frame()
      .eth("02:00:00:00:aa:01", "02:00:00:00:aa:02")
      .ip4("192.168.0.1", "192.168.0.2")
      .udp(6000, 7000)
      .payload("inner12345");
}
inline Frame bridged6() {
  return Frame()
      .eth("02:00:00:00:aa:01", "02:00:00:00:aa:02")
      .ip6("2001:db8:2::1", "2001:db8:2::2")
      .udp(6000, 7000)
      .payload("inner12345");
}
constexpr std::string_view flow4 = "192.168.0.1:6000 192.168.0.2:7000 17 l7 10",
                           flow6 = "2001:db8:2::1:6000 2001:db8:2::2:7000 17 l7 10";

// Headers in front of that content.
inline Frame ethernet() { return Frame().eth(); }
inline Frame over4() { return Frame().eth().ip4("10.0.0.1", "10.0.0.2"); }
inline Frame over6() { return Frame().eth().ip6("2001:db8::1", "2001:db8::2"); }

constexpr status::Word seen4 = status::ipv4 | status::ipv4_seen, seen6 = status::ipv6 | status::ipv6_seen;

}  // namespace t2::test
