// Every frame of the tables, cut behind each of its bytes and changed at random: what was decoded must fit together,
// and (under AddressSanitizer) nothing behind the captured bytes may be read.
#include <catch2/catch.hpp>

#include <random>

#include "decoded.hpp"

namespace t2::test::decode_cut_test {

namespace {

void check_consistent(const Decoded& d) {
  const Packet& p = d.packet;
  const auto inside = [&](std::uint32_t offset, std::uint32_t bytes) {
    return offset <= p.captured && p.captured - offset >= bytes;
  };
  bool fine = (p.source_mac == absent || inside(p.source_mac, 6)) &&
              (p.destination_mac == absent || inside(p.destination_mac, 6));
  fine = fine && p.padding <= p.wire && d.headers.size() < 128;
  if (d.has_flow) {
    fine = fine && p.captured_l3 <= p.captured && p.captured_l4 <= p.captured_l3 && p.captured_l7 <= p.captured_l4;
    fine = fine && (p.captured_l7 == 0 || inside(p.l7, p.captured_l7));
    if (p.is_ip())
      fine = fine && inside(p.l3, p.family == Family::ipv4 ? 20 : 40) && p.l3 + p.l3_length <= p.wire &&
             p.l4_length <= p.l3_length && p.l7_length <= p.l4_length;
  }
  if (!fine)
    FAIL_CHECK("lengths and offsets contradict each other: " << d.flow << " captured " << p.captured << " of "
                                                             << p.wire);
}

}  // namespace

TEST_CASE("decode: frames cut behind every byte", "[decode]") {
  for (const DecodeCase& c : all_decode_cases()) {
    INFO(c.name);
    for (std::size_t n = 0; n <= c.frame.size(); ++n) {
      INFO("first " << n << " bytes");
      check_consistent(
          decode(c.link_type, c.frame, static_cast<std::uint32_t>(c.frame.size()), n));  // cut by the snapshot length
      check_consistent(decode(
          c.link_type, {c.frame.begin(), c.frame.begin() + static_cast<std::ptrdiff_t>(n)}));  // short on the wire
    }
  }
}

TEST_CASE("decode: frames with wrong bytes", "[decode]") {
  std::mt19937 random(1);
  for (const DecodeCase& c : all_decode_cases()) {
    INFO(c.name);
    for (std::size_t at = 0; at < c.frame.size(); ++at) {
      for (const unsigned change : {0x01u, 0x80u, 0xffu, static_cast<unsigned>(random() & 0xff)}) {
        Buffer frame = c.frame;
        frame[at] = static_cast<std::uint8_t>(frame[at] ^ change);
        check_consistent(decode(c.link_type, frame));
        frame[random() % frame.size()] = static_cast<std::uint8_t>(random());
        check_consistent(decode(c.link_type, frame, 0, random() % (frame.size() + 1)));
      }
    }
  }
}

}  // namespace t2::test::decode_cut_test
