// What tcpFlags says about IP: TTL, identification, options, time, checksums, fragments.
#include <catch2/catch.hpp>

#include "run.hpp"

namespace t2::test::ip_test {

namespace {

Frame four() { return Frame().eth().ip4("10.0.0.1", "10.0.0.2"); }
Frame six() { return Frame().eth().ip6("2001:db8::1", "2001:db8::2"); }

Result analyse(const Capture& capture) { return run(capture, {"basicFlow", "tcpFlags", "txtSink"}); }
Result analyse(const std::vector<Buffer>& frames) { return analyse(Capture().add(epoch, frames, millisecond)); }

std::int64_t ip_flags(const std::vector<Buffer>& frames) { return analyse(frames).flows.row(0).number("ipFlags"); }

constexpr std::int64_t bad_header = 0x0400, bad_transport = 0x0800, cut = 0x1000, bad_length = 0x2000;

}  // namespace

TEST_CASE("tcpFlags: TTL, type of service, don't fragment", "[tcpFlags]") {
  const Result result = analyse({four().ttl(64).tos(0xb8).dont_fragment().udp(9, 9).bytes(),
                                 four().ttl(60).tos(1).udp(9, 9).bytes(), four().ttl(64).udp(9, 9).bytes()});
  const auto row = result.flows.row(0);
  CHECK(row["ipMinTTL"] == "60");
  CHECK(row["ipMaxTTL"] == "64");
  CHECK(row["ipTTLChg"] == "2");
  CHECK(row["ipToS"] == "0xb9");
  CHECK((row.number("ipFlags") & 0x00e0) == 0x0040);
  const Result v6 = analyse({six().ttl(3).tos(0x20).udp(9, 9).payload("x").bytes()});
  CHECK(v6.flows.row(0)["ipMinTTL"] == "3");
  CHECK(v6.flows.row(0)["ipToS"] == "0x20");
  CHECK(v6.flows.row(0)["ipFlags"] == "0x0000");
}

TEST_CASE("tcpFlags: steps of the identification", "[tcpFlags]") {
  const auto with_id = [](unsigned id) { return four().id(id).udp(9, 9).bytes(); };
  const Result up = analyse({with_id(10), with_id(12), with_id(17)});
  CHECK(up.flows.row(0)["ipMindIPID"] == "2");
  CHECK(up.flows.row(0)["ipMaxdIPID"] == "5");
  const Result down = analyse({with_id(10), with_id(8)});
  CHECK(down.flows.row(0)["ipMindIPID"] == "65534");
  CHECK((down.flows.row(0).number("ipFlags") & 0x0004) != 0);
  CHECK(analyse({with_id(10)}).flows.row(0)["ipMindIPID"] == "65535");
}

TEST_CASE("tcpFlags: equal times and time running backwards", "[tcpFlags]") {
  const Buffer frame = four().udp(9, 9).bytes();
  const auto flags_after = [&](std::int64_t step) {
    return analyse(Capture().add(epoch, frame).add(epoch + step, frame)).flows.row(0).number("ipFlags") & 0xc000;
  };
  CHECK(flags_after(millisecond) == 0);
  CHECK(flags_after(0) == 0x4000);
  CHECK(flags_after(-millisecond) == 0x8000);  // over a full second as well
  CHECK(flags_after(-3 * second) == 0x8000);
}

TEST_CASE("tcpFlags: options of IPv4 and IPv6", "[tcpFlags]") {
  const Result router_alert = analyse({four().options(hex("94 04 00 00")).udp(9, 9).bytes()});
  CHECK(router_alert.flows.row(0)["ipOptCnt"] == "1");
  CHECK(router_alert.flows.row(0)["ipOptCpCl_Num"] == "0x80_0x00100000");
  const Result no_length = analyse({four().options(hex("94 00 00 00")).udp(9, 9).bytes()});
  CHECK((no_length.flows.row(0).number("ipFlags") & 1) != 0);
  const Result v6 =
      analyse({six().hop_by_hop(hex("05 02 00 00 01 00")).destination_options().udp(9, 9).payload("x").bytes()});
  CHECK(v6.flows.row(0)["ip6OptCntHH_D"] == "2_1");
  CHECK(v6.flows.row(0)["ip6OptHH_D"] == "0x00000022_0x00000002");
  CHECK(v6.flows.row(0)["ipOptCnt"] == "0");
}

TEST_CASE("tcpFlags: checksums of whole packets", "[tcpFlags]") {
  const auto both = bad_header | bad_transport | cut;
  CHECK((ip_flags({four().tcp(1, 2).flags("A").payload("odd").bytes()}) & both) == 0);
  CHECK((ip_flags({four().checksum(1).tcp(1, 2).flags("A").bytes()}) & both) == bad_header);
  CHECK((ip_flags({four().tcp(1, 2).flags("A").checksum(1).bytes()}) & both) == bad_transport);
  CHECK((ip_flags({four().icmp(8).payload("ping").bytes()}) & both) == 0);
  CHECK((ip_flags({four().icmp(8).checksum(7).payload("ping").bytes()}) & both) == bad_transport);
  CHECK((ip_flags({six().icmp6(128).payload("ping").bytes()}) & both) == 0);
  CHECK((ip_flags({six().udp(9, 9).payload("x").bytes()}) & both) == 0);
  CHECK((ip_flags({six().tcp(1, 2).flags("S").checksum(9).bytes()}) & both) == bad_transport);
}

TEST_CASE("tcpFlags: checksums of OSPF leave out the authentication, GRE and PIM have none that can be judged",
          "[tcpFlags]") {
  const auto flags = [](unsigned protocol, const Buffer& content) {
    return ip_flags({four().next(protocol).raw(content).bytes()}) & bad_transport;
  };
  const auto ospf = [](unsigned kind, const Buffer& authentication) {
    const Buffer body = hex("ffffff00 000a 02 01 00000028 0a000001 0a000002");
    const Buffer front = hex("0201 002c 0a000001 00000000"), type = {0, static_cast<std::uint8_t>(kind)};
    Buffer sum;
    append16(sum, internet_checksum(front + hex("0000") + type + body));
    return front + (kind == 2 ? hex("0000") : sum) + type + authentication + body;
  };
  CHECK(flags(89, ospf(0, Buffer(8))) == 0);
  CHECK(flags(89, ospf(1, text("password"))) == 0);
  CHECK(flags(89, ospf(2, hex("0000 01 10 3c7ec4f0"))) == 0);
  Buffer wrong = ospf(1, text("password"));
  wrong.back() ^= 1;
  CHECK(flags(89, wrong) == bad_transport);
  CHECK(flags(47, hex("0000 1234") + Buffer(21, 0x55)) == 0);
  CHECK(flags(103, hex("2100 deff 40000000") + Buffer(24)) == 0);  // a register without content
}

TEST_CASE("tcpFlags: UDP without a checksum is right over IPv4, wrong over IPv6", "[tcpFlags]") {
  CHECK(ip_flags({four().udp(9, 9).checksum(0).payload("abc").bytes()}) == 0);
  CHECK(ip_flags({six().udp(9, 9).checksum(0).payload("abc").bytes()}) == bad_transport);
}

TEST_CASE("tcpFlags: lengths of UDP and coverage of UDP-Lite", "[tcpFlags]") {
  CHECK((ip_flags({four().udp(9, 9).length(9).payload("abc").bytes()}) & bad_length) != 0);
  CHECK(ip_flags({four().udplite(9, 9, 0).payload("abcdef").bytes()}) == 0);
  CHECK(ip_flags({four().udplite(9, 9, 8).payload("abcdef").bytes()}) == 0);
  CHECK((ip_flags({four().udplite(9, 9, 4).payload("abcdef").bytes()}) & bad_length) != 0);
}

TEST_CASE("tcpFlags: what was not captured is not verified", "[tcpFlags]") {
  Buffer frame = four().udp(9, 9).zeros(500).bytes();
  const auto wire = static_cast<std::uint32_t>(frame.size());
  frame.resize(100);
  const auto flags = analyse(Capture().add(epoch, frame, wire)).flows.row(0).number("ipFlags");
  CHECK((flags & (bad_transport | cut)) == (bad_transport | cut));
  CHECK((flags & bad_header) == 0);
}

TEST_CASE("tcpFlags: the checksum of a datagram in fragments", "[tcpFlags]") {
  const auto flags = [](std::vector<Buffer> frames) {
    return ip_flags(frames) & (bad_transport | cut | bad_length | 0x0100);
  };
  for (const std::size_t size : {1480u, 1280u, 24u}) {
    const auto pieces = four().udp(9, 9).zeros(2999).fragments(size, 77);
    CHECK(flags(pieces) == 0);
    CHECK(flags(four().udp(9, 9).checksum(5).zeros(2999).fragments(size, 77)) == bad_transport);
    CHECK(flags(four().icmp(8).zeros(2999).fragments(size, 77)) == 0);
    CHECK(flags(six().udp(9, 9).zeros(2999).fragments(size, 77)) == 0);
    CHECK(flags(six().udp(9, 9).checksum(5).zeros(2999).fragments(size, 77)) == bad_transport);
  }
  auto swapped = four().udp(9, 9).zeros(2999).fragments(1000, 77);
  std::swap(swapped[1], swapped[2]);
  CHECK((flags(swapped) & bad_transport) == 0);
  CHECK((flags(swapped) & 0x0100) != 0);
  auto missing = four().udp(9, 9).checksum(5).zeros(2999).fragments(1000, 77);
  missing.erase(missing.begin() + 1);
  CHECK((flags(missing) & bad_transport) == 0);  // cannot be known
}

TEST_CASE("tcpFlags: small fragments and fragments of TCP", "[tcpFlags]") {
  CHECK((ip_flags(four().udp(9, 9).zeros(40).fragments(8, 5)) & 0x0028) == 0x0028);
  CHECK((ip_flags(six().udp(9, 9).zeros(40).fragments(24, 5)) & 0x0020) == 0x0020);
  // Position 1280 holds payload, not a header.
  const Result result = analyse(four().tcp(40000, 80).flags("A").seq(5).zeros(3000).fragments(1280, 9));
  CHECK(result.flows.size() == 1);
  CHECK(result.flows.row(0)["tcpFlags"] == "0x0010");
  CHECK(result.flows.row(0)["tcpPAckCnt"] == "1");
  CHECK((result.flows.row(0).number("ipFlags") & bad_transport) == 0);
}

TEST_CASE("tcpFlags: answer times are measured for every protocol", "[tcpFlags]") {
  const Capture capture =
      Capture()
          .add(epoch, Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(5000, 53).payload("q").bytes())
          .add(epoch + 20 * millisecond, Frame().eth().ip4("10.0.0.2", "10.0.0.1").udp(53, 5000).payload("a").bytes());
  const Result result = analyse(capture);
  const auto a = result.flows.find({{"dir", "A"}}), b = result.flows.find({{"dir", "B"}});
  CHECK(a["tcpSSASAATrip"] == "0.02");
  CHECK(a["tcpRTTAckTripMin"] == "0.02");
  CHECK(b["tcpRTTAckTripMin"] == "65535");
  CHECK(b["tcpRTTSseqAA"] == "0.02");
}

TEST_CASE("tcpFlags: a flow without IP has empty columns", "[tcpFlags]") {
  const Result result =
      analyse({Frame().eth().arp(1, "02:00:00:00:00:01", "10.0.0.1", "00:00:00:00:00:00", "10.0.0.2").pad().bytes()});
  const auto row = result.flows.row(0);
  CHECK(row["tcpFStat"] == "0x0000");
  CHECK(row["ipMindIPID"] == "65535");
  CHECK(row["tcpRTTAckTripMin"] == "65535");
  CHECK(row["tcpJA4T"] == "0_00_00_00");
  CHECK(row["ipMinTTL"] == "0");
}

}  // namespace t2::test::ip_test
