// Lengths, padding and frames that were not captured whole. A byte that was not captured does not exist.
#include <catch2/catch.hpp>

#include "decoded.hpp"

namespace t2::test::decode_length_test {

namespace {

using namespace status;

Buffer cut(const Buffer& frame, std::size_t size) {
  return {frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size)};
}

}  // namespace

TEST_CASE("decode: lengths come from headers, captured lengths from the capture", "[decode]") {
  const Buffer frame = over4().udp(6000, 7000).zeros(200);
  REQUIRE(frame.size() == 242);
  const Packet whole = decode(1, frame).packet;
  CHECK(whole.l3 == 14);
  CHECK(whole.l4 == 34);
  CHECK(whole.l7 == 42);
  CHECK(whole.l3_length == 228);
  CHECK(whole.l3_header == 20);
  CHECK(whole.l4_header == 8);
  CHECK(whole.l4_length == 208);
  CHECK(whole.l7_length == 200);
  CHECK(whole.length == 200);
  CHECK(whole.captured_l3 == 228);
  CHECK(whole.captured_l4 == 208);
  CHECK(whole.captured_l7 == 200);

  const Decoded some = decode(1, cut(frame, 100), 242);
  CHECK(some.flow == "10.0.0.1:6000 10.0.0.2:7000 17 l7 200");
  CHECK(some.packet.status == (seen4 | l3_snapped));
  CHECK(some.packet.captured_l3 == 86);
  CHECK(some.packet.captured_l7 == 58);
}

TEST_CASE("decode: a cut transport header is marked, ports that were not captured are 0", "[decode]") {
  const Buffer udp = over4().udp(6000, 7000).zeros(200);
  CHECK(decode(1, cut(udp, 40), 242).packet.status == (seen4 | l3_snapped | l4_header_short));
  CHECK(decode(1, cut(udp, 40), 242).flow == "10.0.0.1:6000 10.0.0.2:7000 17 l7 200");
  CHECK(decode(1, cut(udp, 36), 242).flow == "10.0.0.1:6000 10.0.0.2:0 17 l7 200");
  CHECK(decode(1, cut(udp, 34), 242).flow == "10.0.0.1:0 10.0.0.2:0 17 l7 200");
  const Buffer tcp = over4().tcp(6000, 7000).zeros(100);
  CHECK(decode(1, cut(tcp, 44), 154).flow == "10.0.0.1:6000 10.0.0.2:7000 6 l7 100");
  CHECK(decode(1, cut(tcp, 44), 154).packet.status == (seen4 | l3_snapped | l4_header_short));
}

TEST_CASE("decode: IPv6 that is cut inside the transport header is as IPv4 is", "[decode]") {
  const auto same = [](const auto& transport) {
    const Buffer v4 = transport(over4()), v6 = transport(over6());
    for (std::size_t n = 0; n <= 40; ++n) {
      INFO(n << " bytes behind the IP header");
      const Packet a = decode(1, cut(v4, std::min(v4.size(), 34 + n)), static_cast<std::uint32_t>(v4.size())).packet;
      const Packet b = decode(1, cut(v6, std::min(v6.size(), 54 + n)), static_cast<std::uint32_t>(v6.size())).packet;
      CHECK(a.protocol == b.protocol);
      CHECK(a.has_ports == b.has_ports);
      CHECK(a.source_port == b.source_port);
      CHECK(a.destination_port == b.destination_port);
      CHECK(a.l4_header == b.l4_header);
      CHECK(a.l7_length == b.l7_length);
      CHECK(a.captured_l7 == b.captured_l7);
      CHECK((a.status & ~seen4) == (b.status & ~seen6));
    }
  };
  same([](Frame f) { return f.tcp(6000, 7000).options(mss(1460)).zeros(50).bytes(); });
  same([](Frame f) { return f.udp(6000, 7000).zeros(50).bytes(); });
  same([](Frame f) { return f.udplite(6000, 7000).zeros(50).bytes(); });
  same([](Frame f) { return f.sctp(6000, 7000).chunk(1, 0, Buffer(16)).bytes(); });
}

TEST_CASE("decode: without addresses there is no flow", "[decode]") {
  const Buffer v4 = over4().udp(6000, 7000).zeros(200), v6 = over6().udp(6000, 7000).zeros(200);
  for (std::size_t n = 16; n < 34; ++n) {
    CHECK(decode(1, cut(v4, n), 242).flow == "none");
    CHECK((decode(1, cut(v4, n), 242).packet.status & l3_snapped) != 0);
  }
  for (std::size_t n = 16; n < 54; ++n) CHECK(decode(1, cut(v6, n), 262).flow == "none");
  CHECK(decode(1, cut(v4, 15), 242).packet.status == l2_snapped);
  CHECK(decode(1, cut(v4, 0), 242).flow == "none");
}

TEST_CASE("decode: a captured frame of no length", "[decode]") {
  for (const DecodeCase& c : decode_link_test::link_cases()) CHECK(decode(c.link_type, {}, 60).flow == "none");
}

TEST_CASE("decode: padding of short frames, and only of those", "[decode]") {
  CHECK(decode(1, over4().udp(6000, 7000).payload("xx").pad()).flow == "10.0.0.1:6000 10.0.0.2:7000 17 l7 2 pad 16");
  CHECK(decode(1, over6().udp(6000, 7000).payload("x") + Buffer(1)).flow ==
        "2001:db8::1:6000 2001:db8::2:7000 17 l7 1 pad 1");  // 64 bytes
  CHECK(decode(1, over6().udp(6000, 7000).payload("xx") + Buffer(6)).flow ==
        "2001:db8::1:6000 2001:db8::2:7000 17 l7 2");  // 70 bytes
  CHECK(decode(1, over4().udp(6000, 7000).zeros(40) + Buffer(4)).packet.padding == 0);
  const Packet padded = decode(1, over4().udp(6000, 7000).payload("xx").pad()).packet;
  CHECK(padded.captured_l7 == 2);  // padding is no content
  CHECK(decode(1, over6().udp(6000, 7000).payload("xx") + Buffer(6)).packet.captured_l7 == 2);
}

TEST_CASE("decode: length fields that cannot be right", "[decode]") {
  const auto flow = [](const Buffer& frame) { return decode(1, frame).flow; };
  const auto flags = [](const Buffer& frame) { return decode(1, frame).packet.status; };
  const auto v4 = [](unsigned length) { return over4().length(length).udp(6000, 7000).zeros(30).bytes(); };
  CHECK(flow(v4(0)) == "10.0.0.1:6000 10.0.0.2:7000 17 l7 30");  // segmentation offload
  CHECK(flags(v4(0)) == (seen4 | ip_length_mismatch));
  CHECK(flow(v4(500)) == "10.0.0.1:6000 10.0.0.2:7000 17 l7 30");
  CHECK(flags(v4(500)) == seen4);
  CHECK(flags(v4(10)) == (seen4 | l3_header_short | l4_header_short));
  CHECK(decode(1, v4(10)).packet.l7_length == 0);
  CHECK(decode(1, v4(24)).packet.has_ports == false);
  CHECK(flags(v4(24)) == (seen4 | l4_header_short));

  const auto v6 = [](unsigned length) { return over6().length(length).tcp(5000, 80).payload("zz").bytes(); };
  CHECK(flow(v6(0)) == "2001:db8::1:5000 2001:db8::2:80 6 l7 2");
  CHECK(flags(v6(0)) == (seen6 | ip_length_mismatch));
  CHECK(flow(v6(9000)) == "2001:db8::1:5000 2001:db8::2:80 6 l7 2");
  CHECK(flags(v6(12)) == (seen6 | l4_header_short));
  CHECK(decode(1, v6(12)).packet.has_ports == false);

  CHECK(flow(over4().header_words(4).udp(6000, 7000)) == "none");
  CHECK(flags(over4().header_words(4).udp(6000, 7000)) == (ipv4_seen | ip_header_short));
  CHECK(decode(1, over4().header_words(15).udp(6000, 7000)).packet.l7_length == 0);
  CHECK(decode(1, over4().tcp(1, 2).header_words(15)).packet.l7_length == 0);
  CHECK(decode(1, over4().tcp(1, 2).header_words(15)).packet.status == (seen4 | l4_header_short));
}

TEST_CASE("decode: an extension header that is longer than the packet ends the walk", "[decode]") {
  const Decoded d = decode(1, over6().destination_options().poke(1, hex("ff")).udp(6000, 7000).payload("abc"));
  CHECK(d.has_flow);
  CHECK_FALSE(d.packet.has_ports);
  CHECK(d.packet.l7_length == 0);
  CHECK(d.packet.captured_l7 == 0);
}

}  // namespace t2::test::decode_length_test
