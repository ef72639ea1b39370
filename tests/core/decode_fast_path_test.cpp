// The fast path against the walk: equal Packets and keys for whatever a frame holds, byte by byte.
#include <catch2/catch.hpp>

#include <algorithm>
#include <random>

#include "decode/dissector.hpp"
#include "decoded.hpp"
#include "flow/key.hpp"

namespace t2::test::decode_fast_path_test {

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

unsigned matched[static_cast<std::size_t>(Prefix::count)];

bool same(int link_type, const Buffer& frame, std::uint32_t wire) {
  Packet direct = packet_of(frame, wire), walked = direct;
  const bool has_flow = dissector.run(link_type, direct);
  if (dissector.walk(link_type, walked) != has_flow || direct != walked) return false;
  const RawPacket raw{.data = frame.data(), .captured = direct.captured, .wire = wire, .link_type = link_type};
  FastHeaders plain;
  if (!FastPath::match(raw, plain)) return true;
  ++matched[static_cast<std::size_t>(plain.prefix())];
  Lookup a, b;
  make_lookup(raw, plain, hash, a);
  make_lookup(walked, hash, b);
  return a.key == b.key && a.hash == b.hash && a.hash == hash_key(b.key, hash) &&
         a.identification == b.identification && a.source_end == b.source_end &&
         hash_pair(raw, plain, hash) == hash_pair(walked, hash) &&
         dissector.fast_path().status(raw, plain) == walked.status;
}

struct LinkFrame {
  int link_type;
  Buffer frame;
};

// An Ethernet frame behind other link layers: tags, Linux cooked capture, none.
void add_forms(std::vector<LinkFrame>& all, const Buffer& ethernet) {
  const Buffer addresses(ethernet.begin(), ethernet.begin() + 12), type(ethernet.begin() + 12, ethernet.begin() + 14),
      packet(ethernet.begin() + 14, ethernet.end());
  for (const char* tags : {"", "81000064", "88a80fff", "8100a000", "810000648100f0c8", "88a8006481000000",
                           "810000648100006581000066", "9100000182000002"})
    all.push_back({ethernet_link, addresses + hex(tags) + type + packet});
  for (const char* hardware : {"000000010006", "000403040006", "000402000006", "000000010000"})
    all.push_back({cooked_link, hex(hardware) + hex("0202020202020000") + type + packet});
  all.push_back({cooked_link, hex("0000000100060202020202020000810000c8") + type + packet});
  for (const char* hardware : {"00010006", "03040006", "02000006", "00010008"})
    all.push_back({cooked_2_link, type + hex("000000000003") + hex(hardware) + hex("0202020202020000") + packet});
  all.push_back({raw_link, packet});
}

std::vector<LinkFrame> frames() {
  std::vector<LinkFrame> all;
  for (const DecodeCase& c : all_decode_cases()) {
    if (c.link_type == ethernet_link || c.link_type == cooked_link || c.link_type == cooked_2_link ||
        c.link_type == raw_link)
      all.push_back({c.link_type, c.frame});
  }
  for (const auto& network : {over4, over6}) {
    add_forms(all, network().tcp(40000, 443).flags("S").bytes());
    add_forms(all, network().tcp(40000, 443).flags("A").options(nop(2) + timestamps(1, 2)).zeros(100).bytes());
    add_forms(all, network().udp(40000, 50000).payload("hello, world").bytes());
    add_forms(all, network().udp(53, 5353).zeros(3).bytes());
    add_forms(all, network().udp(5000, 6000).bytes());
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
  for (const auto& [link_type, frame] : frames()) {
    const auto size = static_cast<std::uint32_t>(frame.size());
    for (std::size_t cut = 0; cut <= frame.size(); ++cut) {  // snapped at every byte
      differences += !same(link_type, {frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(cut)}, size);
    }
    for (std::uint32_t more : {1u, 20u, 1500u})
      differences += !same(link_type, frame, size + more);  // padding, or bytes that were not captured
    for (int i = 0; i < 400; ++i) {
      Buffer changed = frame;
      for (std::size_t n = 1 + below(3); n > 0 && !changed.empty(); --n)
        changed[below(std::min<std::size_t>(changed.size(), 90))] = static_cast<std::uint8_t>(random());
      differences += !same(link_type, changed, size);
    }
    for (const std::uint32_t at : {20u, 22u, 34u, 36u, 38u, 40u, 42u, 44u, 54u, 56u, 58u, 60u}) {  // ports
      for (const std::uint16_t port : ports) {
        Buffer changed = frame;
        if (at + 2 > changed.size()) continue;
        changed[at] = static_cast<std::uint8_t>(port >> 8);
        changed[at + 1] = static_cast<std::uint8_t>(port);
        differences += !same(link_type, changed, size);
      }
    }
  }
  CHECK(differences == 0);
  for (const unsigned of_prefix : matched) CHECK(of_prefix > 500);
}

}  // namespace t2::test::decode_fast_path_test
