// Messages of DHCP and DHCPv6: what is listed, and what damaged ones do.
#include <catch2/catch.hpp>

#include <random>

#include "run.hpp"

namespace t2::test::dhcp_decode_test {

namespace {

const std::vector<std::string> plugins{"basicFlow", "dhcpDecode", "txtSink"};
const Buffer client_mac = mac("02:00:00:00:00:01");

Buffer option(unsigned code, const Buffer& value) {
  return Buffer{static_cast<std::uint8_t>(code), static_cast<std::uint8_t>(value.size())} + value;
}
Buffer option6(unsigned code, const Buffer& value) {
  Buffer out;
  append16(out, code), append16(out, static_cast<std::uint32_t>(value.size()));
  return out + value;
}
Buffer number32(std::uint32_t value) {
  Buffer out;
  append32(out, value);
  return out;
}
const Buffer end{255}, magic = hex("63825363");

struct Bootp {
  std::uint8_t operation = 1;
  std::string client = "0.0.0.0", yours = "0.0.0.0", next = "0.0.0.0", relay = "0.0.0.0";
  Buffer server_name = Buffer(64), boot_file = Buffer(128);
  unsigned seconds = 0, flags = 0;

  Buffer with(const Buffer& options) const {
    Buffer out{operation, 1, 6, 1, 1, 2, 3, 4};
    append16(out, seconds), append16(out, flags);
    for (const std::string& one : {client, yours, next, relay}) out = out + address(one);
    return out + client_mac + Buffer(10) + server_name + boot_file + options;
  }
};

Frame from_client(const Buffer& content) { return Frame().eth().ip4("10.0.0.9", "10.0.0.1").udp(68, 67).raw(content); }
Frame from_server(const Buffer& content) { return Frame().eth().ip4("10.0.0.1", "10.0.0.9").udp(67, 68).raw(content); }
Frame from_client6(const Buffer& content) {
  return Frame().eth().ip6("fe80::9", "ff02::1:2").udp(546, 547).raw(content);
}

Result run_one(const Frame& frame, const Arguments& arguments = {}) {
  const Result result = run(Capture().add(epoch, frame), plugins, arguments);
  REQUIRE(result.status == 0);
  REQUIRE(result.flows.size() == 1);
  return result;
}
std::string stat_of(const Frame& frame) { return run_one(frame).flows.row(0)["dhcpStat"]; }

}  // namespace

TEST_CASE("dhcpDecode: a client gets an address", "[dhcpDecode]") {
  const Buffer asks = magic + option(53, {1}) + Buffer{0, 0} + option(12, text("laptop")) +
                      option(61, Buffer{1} + client_mac) + option(55, {1, 3, 6, 15}) + option(60, text("MSFT 5.0")) +
                      option(50, address("10.0.0.9")) + option(81, Buffer{0, 0, 0} + text("laptop.example")) + end;
  const Buffer answers = magic + option(53, {5}) + option(1, address("255.255.255.0")) +
                         option(3, address("10.0.0.1") + address("10.0.0.2")) + option(6, address("10.0.0.53")) +
                         option(15, text("example.org") + Buffer{0}) + option(51, number32(3600)) +
                         option(58, number32(1800)) + option(59, number32(3150)) + option(54, address("10.0.0.1")) +
                         option(82, option(1, hex("0a0b")) + option(2, hex("01"))) + end;
  Bootp request{.seconds = 0x0700, .flags = 0x8000}, reply{.operation = 2, .yours = "10.0.0.9", .relay = "10.0.0.3"};
  reply.server_name = text("boot") + Buffer(60);
  const Result result = run(
      Capture().add(epoch, from_client(request.with(asks))).add(epoch + 1, from_server(reply.with(answers))), plugins);
  REQUIRE(result.status == 0);
  const auto a = result.flows.find({{"dir", "A"}}), b = result.flows.find({{"dir", "B"}});
  CHECK(a["dhcpStat"] == "0x004b");
  CHECK(b["dhcpStat"] == "0x0005");
  CHECK(a["dhcpMType"] == "1");
  CHECK(a["dhcpHWType"] == "0x0000000000000002");
  CHECK(a["dhcpHopCnt"] == "0x00000002");
  CHECK(a["dhcpCHWAdd"] == "02:00:00:00:00:01");
  CHECK(a["dhcpHosts"] == "\"laptop\"");
  CHECK(a["dhcpOptCnt"] == "7");
  CHECK(a["dhcpOpts"] == "53;12;61;55;60;50;81");
  CHECK(a["dhcpParams"] == "1;3;6;15");
  CHECK(a["dhcpVendor"] == "\"MSFT 5.0\"");
  CHECK(a["dhcpFqdn"] == "\"laptop.example\"");
  CHECK(a["dhcpReqIP"] == "10.0.0.9");
  CHECK(a["dhcpMaxSecEl"] == "7");
  CHECK(b["dhcpNetmask"] == "255.255.255.0");
  CHECK(b["dhcpGWIP"] == "10.0.0.1");
  CHECK(b["dhcpDnsIP"] == "10.0.0.53");
  CHECK(b["dhcpDomains"] == "\"example.org\"");
  CHECK(b["dhcpSrvName"] == "\"boot\"");
  CHECK(b["dhcpLeaseT"] == "3600");
  CHECK(b["dhcpRenewT"] == "1800");
  CHECK(b["dhcpRebindT"] == "3150");
  CHECK(b["dhcpSrvId"] == "10.0.0.1");
  CHECK(b["dhcpYourIP"] == "10.0.0.9");
  CHECK(b["dhcpRelay"] == "10.0.0.3");
  CHECK(b["dhcpCircuit"] == "0a0b");
  CHECK(result.out.find("dhcpDecode: Number of DHCP ACK messages: 1 [50.00%]") != std::string::npos);
  CHECK(result.out.find("dhcpDecode: Number of DHCP queries: 1 [50.00%]") != std::string::npos);
}

TEST_CASE("dhcpDecode: odd messages", "[dhcpDecode]") {
  const Bootp bootp;
  const Buffer type = magic + option(53, {1});
  CHECK(stat_of(from_client(bootp.with(type + end))) == "0x0003");
  CHECK(stat_of(from_client(bootp.with({}))) == "0x2003");
  CHECK(stat_of(from_client(bootp.with(hex("01020304") + end))) == "0x2003");
  CHECK(stat_of(from_client(bootp.with(type))) == "0x4003");
  CHECK(stat_of(from_client(bootp.with(type + Buffer{12, 200, 'x'}))) == "0x4003");
  CHECK(stat_of(from_client(bootp.with(magic + option(53, {99}) + end))) == "0x0803");
  CHECK(stat_of(from_client(bootp.with(magic + option(53, {1, 2}) + end))) == "0x1003");
  CHECK(stat_of(from_client(bootp.with(type + option(51, {1, 2, 3}) + end))) == "0x1003");
  CHECK(stat_of(from_client(bootp.with(type + option(3, {}) + end))) == "0x1003");
  CHECK(stat_of(from_client(bootp.with(type + option(3, Buffer(5)) + end))) == "0x1003");
  CHECK(stat_of(from_client(bootp.with(type + option(61, Buffer{1} + Buffer(6, 9)) + end))) == "0x0013");
  CHECK(stat_of(from_client(Buffer(100, 1))) == "0x8001");
  CHECK(stat_of(from_client(Buffer(Bootp{.operation = 9}.with(type + end)))) == "0x0001");
}

TEST_CASE("dhcpDecode: options in the fields of names", "[dhcpDecode]") {
  Bootp bootp;
  bootp.boot_file = option(12, text("inside")) + end + Buffer(128 - 9);
  bootp.server_name = option(15, text("x.org")) + end + Buffer(64 - 8);
  const auto row_of = [&](std::uint8_t overload) {
    const Result result = run_one(from_client(bootp.with(magic + option(53, {1}) + option(52, {overload}) + end)));
    const auto row = result.flows.row(0);
    return row["dhcpHosts"] + row["dhcpDomains"] + " " + row["dhcpStat"];
  };
  CHECK(row_of(1) == "\"inside\" 0x0023");
  CHECK(row_of(2) == "\"x.org\" 0x0023");
  CHECK(row_of(3) == "\"inside\"\"x.org\" 0x0023");
}

TEST_CASE("dhcpDecode: lists that end", "[dhcpDecode]") {
  Capture capture;
  for (unsigned i = 0; i < 30; ++i)
    capture.add(epoch + i,
                from_client(Bootp{}.with(magic + option(53, {static_cast<std::uint8_t>(1 + i % 18)}) +
                                         option(12, text("host" + std::to_string(i))) + option(100 + i, {}) + end)));
  const Result result = run(capture, plugins),
               few = run(capture, plugins, {"--set", "DHCPNMMAX=1", "--set", "DHCPOPTMAX=2", "--set", "DHCPMSGMAX=3"});
  CHECK(result.flows.row(0)["dhcpStat"] == "0x0303");
  CHECK(result.flows.row(0)["dhcpOptCnt"] == "90");
  CHECK(std::string(result.flows.row(0)["dhcpHosts"]).ends_with(";\"host9\""));
  CHECK(few.flows.row(0)["dhcpHosts"] == "\"host0\"");
  CHECK(few.flows.row(0)["dhcpOpts"] == "53;12");
  CHECK(few.flows.row(0)["dhcpMType"] == "1;2;3");
  const Result large = run_one(from_client(Bootp{}.with(magic + option(12, Buffer(200, 'n')) + end)));
  CHECK(large.flows.row(0)["dhcpHosts"] == "\"" + std::string(95, 'n') + "\"");
  CHECK(large.flows.row(0)["dhcpStat"] == "0x0203");
}

TEST_CASE("dhcpDecode: DHCPv6, also through relays", "[dhcpDecode]") {
  const Buffer duid = hex("0001 0001 11223344") + client_mac;
  const Buffer lent = hex("00000001 00000064 000000c8") +
                      option6(5, address("2001:db8::9") + hex("00000bb8 00000fa0")) +
                      option6(13, hex("0000") + text("fine"));
  const Buffer prefix =
      hex("00000002 00000001 00000002") + option6(26, hex("00000001 00001388 38") + address("2001:db8:1::"));
  const Buffer message = hex("01 010203") + option6(1, duid) + option6(2, hex("0003 0001 0a0b0c0d0e0f")) +
                         option6(3, lent) + option6(25, prefix) + option6(6, hex("0017 0018")) +
                         option6(8, hex("03e8")) + option6(16, hex("00000137 0005") + text("ISC 4")) +
                         option6(23, address("2001:db8::53")) +
                         option6(24, Buffer{3} + text("abc") + Buffer{3} + text("org") + Buffer{0}) +
                         option6(39, Buffer{1, 2} + text("pc") + Buffer{0});
  const Buffer relayed = Buffer{12, 4} + Buffer(32) + option6(18, text("eth1")) + option6(9, message);
  for (const Buffer& content : {message, relayed}) {
    const Result result = run_one(from_client6(content));
    const auto row = result.flows.row(0);
    const bool direct = content == message;
    CHECK(row["dhcpStat"] == "0x0003");
    CHECK(row["dhcpMType"] == (direct ? "1" : "12;1"));
    CHECK(row["dhcpHopCnt"] == (direct ? "0x00000000" : "0x00000010"));
    CHECK(row["dhcpCircuit"] == (direct ? "" : "65746831"));
    CHECK(row["dhcpCHWAdd"] == "02:00:00:00:00:01");
    CHECK(row["dhcp6CliId"] == "0001000111223344020000000001");
    CHECK(row["dhcp6SrvId"] == "000300010a0b0c0d0e0f");
    CHECK(row["dhcp6Addr_Len"] == "2001:db8::9_128;2001:db8:1::_56");
    CHECK(row["dhcpLeaseT"] == "5000");
    CHECK(row["dhcpRenewT"] == "1");
    CHECK(row["dhcpParams"] == "23;24");
    CHECK(row["dhcpMaxSecEl"] == "10");
    CHECK(row["dhcpVendor"] == "\"ISC 4\"");
    CHECK(row["dhcpMsg"] == "\"fine\"");
    CHECK(row["dhcp6Dns"] == "2001:db8::53");
    CHECK(row["dhcpDomains"] == "\"abc.org\";\"pc\"");
    CHECK(row["dhcpFqdn"] == "\"pc\"");
    CHECK(result.out.find("dhcpDecode: Number of DHCPv6 packets: 1 [100.00%]") != std::string::npos);
  }
  Buffer nested = message;  // deeper than is read
  for (unsigned i = 0; i < 12; ++i) nested = Buffer{12, 0} + Buffer(32) + option6(9, nested);
  CHECK(run_one(from_client6(nested)).flows.row(0)["dhcpMType"] == "12");
  CHECK(stat_of(from_client6({1, 2})) == "0x8001");
  CHECK(stat_of(from_client6(hex("01 010203 0001 00ff 00"))) == "0x4003");
  CHECK(stat_of(from_client6(hex("c8 010203"))) == "0x0801");
  CHECK(stat_of(from_client6(hex("07 010203"))) == "0x0005");
}

TEST_CASE("dhcpDecode: who asks is A, whoever came first", "[dhcpDecode]") {
  const Buffer type = magic + option(53, {2}) + end;
  const auto first = [](const Frame& frame) { return run_one(frame).flows.row(0).number("flowStat") & 1; };
  CHECK(first(from_client(Bootp{}.with(type))) == 0);
  CHECK(first(from_server(Bootp{.operation = 2}.with(type))) == 1);
  CHECK(first(from_client6(hex("01 010203"))) == 0);
  CHECK(first(Frame().eth().ip6("fe80::1", "fe80::9").udp(547, 546).raw(hex("07 010203"))) == 1);
}

TEST_CASE("dhcpDecode: cut and random messages", "[dhcpDecode]") {
  const Buffer content = Bootp{}.with(magic + option(53, {1}) + option(55, {1, 3, 6}) + option(12, text("abc")) + end);
  const Buffer whole = from_client(content);
  for (std::size_t size = 43; size < whole.size(); size += 7)
    CHECK(run(Capture().add(epoch, Buffer(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)),
                            static_cast<std::uint32_t>(whole.size())),
              plugins)
              .status == 0);
  std::mt19937 random(2);
  Capture capture;
  for (int i = 0; i < 3000; ++i) {
    Buffer bytes =
        i % 2 ? content
              : hex("01 010203") + option6(3, Buffer(12) + option6(5, Buffer(24))) + option6(39, Buffer(20, 3));
    for (auto changes = random() % 6; changes > 0; --changes)
      bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
    bytes.resize(bytes.size() - random() % 20);
    capture.add(epoch + i, i % 2 ? from_client(bytes) : from_client6(bytes));
  }
  CHECK(run(capture, plugins).status == 0);
}

}  // namespace t2::test::dhcp_decode_test
