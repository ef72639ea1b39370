// Messages of ICMP and ICMPv6: what is counted, which side asks, and what error messages quote.
#include <catch2/catch.hpp>

#include <random>
#include <utility>

#include "parents.hpp"
#include "run.hpp"

namespace t2::test::icmp_decode_test {

using namespace t2::icmp_decode;

namespace {

const std::vector<std::string> plugins{"basicFlow", "icmpDecode", "txtSink"};
constexpr std::size_t link_bytes = 14;  // bytes of the Ethernet header

Frame there() { return Frame().eth().ip4("10.0.0.1", "10.0.0.2"); }
Frame back() { return Frame().eth().ip4("10.0.0.2", "10.0.0.1"); }
constexpr std::uint32_t echo(unsigned id, unsigned sequence) { return id << 16 | sequence; }

Buffer quoted(const Frame& frame) {
  const Buffer bytes = frame;
  return Buffer(bytes.begin() + link_bytes, bytes.end());
}

}  // namespace

TEST_CASE("icmpDecode: echoes and answers", "[icmpDecode]") {
  Capture capture;
  for (unsigned i = 0; i < 4; ++i) {
    capture.add(epoch + i * second, there().icmp(8, 0, echo(7, 100 + i)).zeros(48));
    if (i != 2) capture.add(epoch + i * second + 1, back().icmp(0, 0, echo(7, 100 + i)).zeros(48));
  }
  const Result result = run(capture, plugins, {"-s"});
  REQUIRE(result.status == 0);
  const auto a = result.flows.find({{"dir", "A"}}), b = result.flows.find({{"dir", "B"}});
  CHECK(a["icmpStat"] == "0x01");
  CHECK(b["icmpStat"] == "0x21");  // an answer is missing
  CHECK(a["icmpTCcnt"] == "4");
  CHECK(a["icmpBFTypH_TypL_Code"] == "0x00000000_0x00000100_0x0001");
  CHECK(b["icmpBFTypH_TypL_Code"] == "0x00000000_0x00000001_0x0001");
  CHECK(a["icmpEchoSuccRatio"] == "0.75");
  CHECK(a["icmpErrProto"] == "0");
  const Table packets(result.file("_packets.txt"));
  CHECK(packets.row(0)["icmpID"] == "0x0007");
  CHECK(packets.row(1)["icmpType"] == "0");
  CHECK(packets.row(1)["icmpSeq"] == "0x0064");
  CHECK(result.out.find("icmpDecode: Number of ICMP echo request packets: 4 [57.14%]") != std::string::npos);
  CHECK(result.out.find("icmpDecode: ICMP echo reply / request ratio: 0.75") != std::string::npos);
  CHECK(result.out.find("icmpDecode: ICMP type 8 code 0: 4 [57.14%]") != std::string::npos);
}

TEST_CASE("icmpDecode: more than 255 messages", "[icmpDecode]") {
  Capture capture;
  for (unsigned i = 0; i < 300; ++i) capture.add(epoch + i, there().icmp(8, 0, echo(1, i)));
  CHECK(run(capture, plugins).flows.row(0)["icmpTCcnt"] == "300");
}

TEST_CASE("icmpDecode: error messages quote headers", "[icmpDecode]") {
  const auto row_of = [](const Frame& frame) {
    const Result result = run(Capture().add(epoch, frame), plugins);
    REQUIRE(result.status == 0);
    std::string cells;
    for (const char* column :
         {"icmpStat", "icmpErrProto", "icmpErrSrcIP", "icmpErrSrcPort", "icmpErrDstIP", "icmpErrDstPort"})
      cells += result.flows.row(0)[column] + " ";
    return cells;
  };
  const Buffer udp = quoted(Frame().eth().ip4("10.0.0.1", "192.0.2.9").udp(4000, 53).zeros(100));
  const Buffer tcp6 = quoted(Frame().eth().ip6("2001:db8::1", "2001:db8::2").tcp(4001, 443));
  for (const unsigned type : {3u, 4u, 5u, 11u, 12u})
    CHECK(row_of(back().icmp(type, 3).raw(udp)) == "0x01 17 10.0.0.1 4000 192.0.2.9 53 ");
  const Frame back6 = Frame().eth().ip6("2001:db8::2", "2001:db8::1");
  for (const unsigned type : {1u, 2u, 3u, 4u})
    CHECK(row_of(Frame(back6).icmp6(type).raw(tcp6)) == "0x01 6 2001:db8::1 4001 2001:db8::2 443 ");
  CHECK(row_of(back().icmp(3).raw(Buffer(udp.begin(), udp.begin() + 19))) == "0x03 0 - 0 - 0 ");
  CHECK(row_of(back().icmp(3).raw(Buffer(udp.begin(), udp.begin() + 20))) == "0x01 17 10.0.0.1 0 192.0.2.9 0 ");
  CHECK(row_of(back().icmp(3).raw(Buffer(40))) == "0x03 0 - 0 - 0 ");
  CHECK(row_of(back().icmp(8).raw(udp)) == "0x01 0 - 0 - 0 ");
  Buffer later = udp;
  later[7] = 100;  // offset of a fragment: what follows the header are no ports
  CHECK(row_of(back().icmp(3).raw(later)) == "0x01 17 10.0.0.1 0 192.0.2.9 0 ");
  const Buffer ports = hex("0fa1 0035 0000 0000"), options = hex("00 00 01 04 00 00 00 00");
  const auto quote6 = [&](std::uint8_t first, const Buffer& headers) {
    Buffer ip(tcp6.begin(), tcp6.begin() + 40);
    ip[6] = first;
    return row_of(Frame(back6).icmp6(1).raw(ip + headers));
  };
  const auto behind = [](Buffer header, std::uint8_t next) {
    header[0] = next;
    return header;
  };
  const std::string with_ports = "0x01 17 2001:db8::1 4001 2001:db8::2 53 ",
                    without = "0x01 17 2001:db8::1 0 2001:db8::2 0 ";
  CHECK(quote6(0, behind(options, 60) + behind(options, 17) + ports) == with_ports);
  CHECK(quote6(43, behind(options, 17) + ports) == with_ports);
  CHECK(quote6(51, behind(options, 17) + ports) == with_ports);
  CHECK(quote6(44, hex("11 00 0001 00000007") + ports) == with_ports);
  CHECK(quote6(44, hex("11 00 0008 00000007") + ports) == without);
  CHECK(quote6(0, Buffer(options.begin(), options.begin() + 7)) == "0x01 0 2001:db8::1 0 2001:db8::2 0 ");
}

TEST_CASE("icmpDecode: flows are found by what is quoted", "[icmpDecode]") {
  Parents parents;
  const auto flow_of = [](std::uint64_t number, std::uint8_t a, unsigned a_port, std::uint8_t b, unsigned b_port,
                          std::uint16_t vlan = 0) {
    t2::Flow flow;
    flow.key.address[0][3] = a, flow.key.address[1][3] = b;
    flow.key.port[0] = static_cast<std::uint16_t>(a_port), flow.key.port[1] = static_cast<std::uint16_t>(b_port);
    flow.key.family = t2::Family::ipv4, flow.key.protocol = 17, flow.key.vlan = vlan;
    flow.number = number, flow.index = number + 100;
    return flow;
  };
  Quoted quoted;
  quoted.family = t2::Family::ipv4, quoted.protocol = 17;
  quoted.source.address[3] = 1, quoted.source.port = 10;
  quoted.destination.address[3] = 2, quoted.destination.port = 20;
  const t2::Flow there = flow_of(1, 1, 10, 2, 20), other = flow_of(2, 1, 20, 2, 10),
                 tagged = flow_of(3, 2, 20, 1, 10, 7);
  for (const t2::Flow* flow : {&there, &other, &tagged}) parents.begin(*flow);
  CHECK(parents.find(quoted, 0) == 101);
  CHECK(parents.find(quoted, 7) == 103);
  CHECK(parents.find(quoted, 8) == 0);
  std::swap(quoted.source, quoted.destination);
  CHECK(parents.find(quoted, 0) == 101);
  quoted.protocol = 6;
  CHECK(parents.find(quoted, 0) == 0);
  quoted.protocol = 17;
  const t2::Flow successor = flow_of(4, 2, 20, 1, 10);
  parents.begin(successor);  // before the end of the one that it follows
  parents.end(there);
  CHECK(parents.find(quoted, 0) == 104);
  for (const t2::Flow* flow : {&other, &tagged, &successor, &successor}) parents.end(*flow);
  CHECK(parents.find(quoted, 0) == 0);
  CHECK(parents.size() == 0);
}

TEST_CASE("icmpDecode: time stamps and redirections", "[icmpDecode]") {
  const auto value = [](const Frame& frame) {
    const Result result = run(Capture().add(epoch, frame), plugins);
    return std::string(result.flows.row(0)["icmpTmGtw"]);
  };
  const Buffer times = hex("00000001 00000002 00000003");
  CHECK(value(there().icmp(13, 0, echo(1, 2)).raw(times)) == "0x00000001");
  CHECK(value(there().icmp(14, 0, echo(1, 2)).raw(times)) == "0x00000003");
  CHECK(value(there().icmp(5, 1, 0x0a000001).raw(quoted(there().udp(1, 2)))) == "0x0a000001");
  CHECK(value(there().icmp(13).raw(hex("00000001"))) == "0x00000000");
}

TEST_CASE("icmpDecode: what does not begin with a request is an answer", "[icmpDecode]") {
  const auto inverted = [](const Capture& capture) {
    std::string bits;
    const Result result = run(capture, plugins);
    for (const auto& row : result.flows.all()) bits += row["dir"] + std::to_string(row.number("flowStat") & 1);
    return bits;
  };
  CHECK(inverted(Capture().add(epoch, there().icmp(8))) == "A0");
  CHECK(inverted(Capture().add(epoch, there().icmp(0))) == "A1");
  CHECK(inverted(Capture().add(epoch, there().icmp(3).raw(quoted(back().udp(1, 2))))) == "A1");
  CHECK(inverted(Capture().add(epoch, Frame().eth().ip6("2001:db8::1", "2001:db8::2").icmp6(128))) == "A0");
  CHECK(inverted(Capture().add(epoch, Frame().eth().ip6("2001:db8::1", "2001:db8::2").icmp6(135))) == "A1");
  const Result answered =
      run(Capture().add(epoch, there().icmp(0, 0, echo(1, 1))).add(epoch + 1, back().icmp(8, 0, echo(1, 2))), plugins);
  CHECK(answered.flows.row(0)["srcIP"] == "10.0.0.2");  // asks, and so is A
  CHECK(answered.flows.row(1)["srcIP"] == "10.0.0.1");
}

TEST_CASE("icmpDecode: signs of tunnels", "[icmpDecode]") {
  const auto stat = [](const Frame& frame) {
    const Result result = run(Capture().add(epoch, frame), plugins);
    return std::string(result.flows.row(0)["icmpStat"]);
  };
  CHECK(stat(there().icmp(8).payload("012345WANG2")) == "0x11");
  CHECK(stat(there().icmp(0).payload("012345WANG2")) == "0x01");
  CHECK(stat(there().icmp(8, 0, echo(1, 0x01f0))) == "0x41");
  CHECK(stat(there().icmp(0).payload(std::string(40, 'x') + "SSH-2.0-OpenSSH_9")) == "0x81");
  CHECK(stat(there().icmp(0).payload("SSH-2.0-OpenSSH_9")) == "0x01");
}

TEST_CASE("icmpDecode: cut and random messages", "[icmpDecode]") {
  Capture cut;  // a flow for each size
  const auto host_of = [](std::size_t size) { return "10.1.0." + std::to_string(size); };
  const auto whole = [&](std::size_t size) -> Buffer {
    return Frame().eth().ip4(host_of(size), "10.0.0.1").icmp(3, 1).raw(quoted(there().udp(1, 2).zeros(20)));
  };
  const std::size_t first = link_bytes + 20, end = whole(1).size();
  for (std::size_t size = first; size < end; ++size) {
    const Buffer bytes = whole(size);
    cut.add(epoch, Buffer(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)),
            static_cast<std::uint32_t>(end));
  }
  const Result result = run(cut, plugins, {"-s"});
  REQUIRE(result.status == 0);
  for (std::size_t size = first; size < end; ++size)
    CHECK(result.flows.find({{"srcIP", host_of(size)}})["icmpTCcnt"] == (size >= link_bytes + 22 ? "1" : "0"));
  std::mt19937 random(1);
  Capture capture;
  for (int i = 0; i < 2000; ++i) {
    Buffer bytes(random() % 80);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
    const auto type = static_cast<unsigned>(random() % 256);
    capture.add(epoch + i, i % 2 ? there().icmp(type, 0, static_cast<std::uint32_t>(random())).raw(bytes)
                                 : Frame().eth().ip6("2001:db8::1", "2001:db8::2").icmp6(type).raw(bytes));
  }
  CHECK(run(capture, plugins, {"-s"}).status == 0);
}

}  // namespace t2::test::icmp_decode_test
