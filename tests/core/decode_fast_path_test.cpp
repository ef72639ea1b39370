// The fast path against the walk: equal Packets and keys for whatever a frame holds, byte by byte.
#include <catch2/catch.hpp>

#include <algorithm>
#include <random>

#include "decode/dissector.hpp"
#include "decoded.hpp"
#include "flow/key.hpp"

namespace t2::test {

namespace {

HeaderStacks stacks;
const KeyedHash hash(7);
Dissector dissector(stacks);

Packet packet_of(const Buffer& frame, std::uint32_t wire) {
  Packet p;
  p.data = frame.data();
  p.captured = static_cast<std::uint32_t>(frame.size());
  p.wire = wire;
  return p;
}

bool same(const Buffer& frame, std::uint32_t wire) {
  Packet direct = packet_of(frame, wire), walked = direct;
  const bool has_flow = dissector.run(1, direct);
  if (dissector.walk(1, walked) != has_flow || direct != walked) return false;
  const RawPacket raw{.data = frame.data(), .captured = direct.captured, .wire = wire, .link_type = 1};
  FastHeaders plain;
  if (!FastPath::match(raw, plain)) return true;
  Lookup a, b;
  make_lookup(raw, plain, hash, a);
  make_lookup(walked, hash, b);
  return a.key == b.key && a.hash == b.hash && a.hash == hash_key(b.key, hash) &&
         a.identification == b.identification && a.source_end == b.source_end &&
         hash_pair(raw, plain, hash) == hash_pair(walked, hash) &&
         dissector.fast_path().status(raw, plain) == walked.status;
}

std::vector<Buffer> frames() {
  std::vector<Buffer> all;
  for (const DecodeCase& c : all_decode_cases()) {
    if (c.link_type == 1) all.push_back(c.frame);
  }
  for (const auto& network : {over4, over6}) {
    all.push_back(network().tcp(40000, 443).flags("S").bytes());
    all.push_back(network().tcp(40000, 443).flags("A").options(nop(2) + timestamps(1, 2)).zeros(100).bytes());
    all.push_back(network().udp(40000, 50000).payload("hello, world").bytes());
    all.push_back(network().udp(53, 5353).zeros(3).bytes());
    all.push_back(network().udp(5000, 6000).bytes());
  }
  return all;
}

}  // namespace

TEST_CASE("decode: the short cut sees what the walk sees", "[decode]") {
  std::mt19937 random(11);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random()) % n; };
  constexpr std::uint16_t ports[] = {0,    80,   1024, 1025, 1701, 1900, 2123, 2152,  3386, 4500,
                                     4789, 4790, 5072, 5246, 5247, 6081, 8472, 12222, 12223};
  unsigned differences = 0;
  for (const Buffer& frame : frames()) {
    const auto size = static_cast<std::uint32_t>(frame.size());
    for (std::size_t cut = 0; cut <= frame.size(); ++cut) {  // snapped at every byte
      differences += !same({frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(cut)}, size);
    }
    for (std::uint32_t more : {1u, 20u, 1500u})
      differences += !same(frame, size + more);  // padding, or bytes that were not captured
    for (int i = 0; i < 400; ++i) {
      Buffer changed = frame;
      for (std::size_t n = 1 + below(3); n > 0 && !changed.empty(); --n)
        changed[below(std::min<std::size_t>(changed.size(), 90))] = static_cast<std::uint8_t>(random());
      differences += !same(changed, size);
    }
    for (const std::uint32_t at : {34u, 36u, 54u, 56u}) {  // ports, behind IPv4 and IPv6
      for (const std::uint16_t port : ports) {
        Buffer changed = frame;
        if (at + 2 > changed.size()) continue;
        changed[at] = static_cast<std::uint8_t>(port >> 8);
        changed[at + 1] = static_cast<std::uint8_t>(port);
        differences += !same(changed, size);
      }
    }
  }
  CHECK(differences == 0);
}

}  // namespace t2::test
