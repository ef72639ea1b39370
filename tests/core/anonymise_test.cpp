// --anonymise: pseudonyms of addresses, in all that leaves for sinks.
#include <catch2/catch.hpp>

#include <algorithm>
#include <random>
#include <set>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "output/crypto_pan.hpp"
#include "run.hpp"

namespace t2::test::anonymise_test {

namespace {

// Of the program that the authors published, and its trace.
const AnonymisationKey published{21,  34,  23,  141, 51,  164, 207, 128, 19, 10, 91, 22, 73, 144, 125, 16,
                                 216, 152, 143, 131, 121, 121, 101, 39,  98, 87, 76, 45, 42, 132, 34,  2};

std::string name_of(CryptoPan& names, const std::string& ip) {
  Buffer bytes = address(ip);
  if (bytes.size() == 4) names.ip4(bytes.data());
  else names.ip6(bytes.data());
  char text[INET6_ADDRSTRLEN];
  return inet_ntop(bytes.size() == 4 ? AF_INET : AF_INET6, bytes.data(), text, sizeof text);
}

std::string key_file(const TempFolder& folder) {
  const std::string path = (folder / "key").string();
  write_file(path, Buffer(published.begin(), published.end()));
  return path;
}

// Addresses in keys, in lists (DNS answers), of both families, and MAC addresses as flows have them.
Capture sample() {
  Buffer answer = hex("0001 8180 0001 0002 0000 0000 0161 00 0001 0001 c00c 0001 0001 0000003c 0004") +
                  address("198.51.100.77") + hex("c00c 001c 0001 0000003c 0010") + address("2001:db8::77");
  Capture capture;
  capture.add(
      epoch,
      Frame().eth("02:aa:bb:01:02:03", "02:aa:bb:04:05:06").ip4("192.0.2.1", "192.0.2.2").udp(53, 5353).raw(answer));
  capture.add(epoch + 1, Frame()
                             .eth("02:aa:bb:04:05:06", "02:aa:bb:01:02:03")
                             .ip4("192.0.2.2", "192.0.2.1")
                             .udp(5353, 53)
                             .payload("0123456789abcdefg"));
  capture.add(epoch + 2, Frame()
                             .eth("02:aa:bb:01:02:03", "02:aa:bb:04:05:06")
                             .ip6("2001:db8::1", "2001:db8::2")
                             .tcp(40000, 80)
                             .flags("S"));
  capture.add(epoch + 3, Frame()
                             .eth("02:aa:bb:01:02:03", "ff:ff:ff:ff:ff:ff")
                             .arp(1, "02:aa:bb:01:02:03", "192.0.2.1", "00:00:00:00:00:00", "192.0.2.2"));
  return capture;
}

const std::vector<std::string> originals{"192.0.2.1", "192.0.2.2", "198.51.100.77", "2001:db8", "01:02:03", "04:05:06"};

void check_hidden(const std::string& text) {
  for (const std::string& original : originals) {
    CAPTURE(original, text);
    CHECK(text.find(original) == text.npos);
  }
}

}  // namespace

TEST_CASE("anonymise: pseudonyms are those of the published program", "[anonymise]") {
  CryptoPan names(published);
  for (const auto& [real, name] :
       std::vector<std::pair<std::string, std::string>>{{"128.11.68.132", "135.242.180.132"},
                                                        {"129.118.74.4", "134.136.186.123"},
                                                        {"130.132.252.244", "133.68.164.234"},
                                                        {"141.223.7.43", "141.167.8.160"},
                                                        {"141.233.145.108", "141.129.237.235"},
                                                        {"152.163.225.39", "151.140.114.167"},
                                                        {"156.29.3.236", "147.225.12.42"},
                                                        {"165.247.96.84", "162.9.99.234"},
                                                        {"166.107.77.190", "160.132.178.185"},
                                                        {"192.102.249.13", "252.138.62.131"},
                                                        {"192.215.32.125", "252.43.47.189"},
                                                        {"192.233.80.103", "252.25.108.8"},
                                                        {"192.41.57.43", "252.222.221.184"},
                                                        {"193.150.244.223", "253.169.52.216"},
                                                        {"195.205.63.100", "255.186.223.5"},
                                                        {"198.200.171.101", "249.199.68.213"},
                                                        {"198.26.132.101", "249.36.123.202"},
                                                        {"198.36.213.5", "249.7.21.132"},
                                                        {"198.51.77.238", "249.18.186.254"},
                                                        {"199.217.79.101", "248.38.184.213"},
                                                        {"202.49.198.20", "245.206.7.234"},
                                                        {"203.12.160.252", "244.248.163.4"},
                                                        {"204.184.162.189", "243.192.77.90"},
                                                        {"204.202.136.230", "243.178.4.198"},
                                                        {"204.29.20.4", "243.33.20.123"},
                                                        {"205.178.38.67", "242.108.198.51"},
                                                        {"205.188.147.153", "242.96.16.101"},
                                                        {"205.188.248.25", "242.96.88.27"},
                                                        {"205.245.121.43", "242.21.121.163"},
                                                        {"207.105.49.5", "241.118.205.138"},
                                                        {"::1", "78ff:f001:9fc0:20df:8380:b1f1:704:ed"},
                                                        {"::2", "78ff:f001:9fc0:20df:8380:b1f1:704:ef"},
                                                        {"::ffff", "78ff:f001:9fc0:20df:8380:b1f1:704:f838"},
                                                        {"2001:db8::1", "4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1e"},
                                                        {"2001:db8::2", "4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1c"}}) {
    CHECK(name_of(names, real) == name);
    CHECK(name_of(names, real) == name);  // once more, when it is known
  }
  CHECK(name_of(names, "0.0.0.0") == "0.0.0.0");
  CHECK(name_of(names, "::") == "::");
}

TEST_CASE("anonymise: MAC addresses keep their manufacturer, and have different pseudonyms", "[anonymise]") {
  CryptoPan names(published), again(published);
  std::set<Buffer> seen;
  for (unsigned i = 1; i <= 4096; ++i) {
    Buffer six = mac("02:aa:bb:00:00:00");
    six[4] = static_cast<std::uint8_t>(i >> 8), six[5] = static_cast<std::uint8_t>(i);
    Buffer name = six, other = six;
    names.mac(name.data());
    again.mac(other.data());
    REQUIRE(name == other);
    REQUIRE(std::equal(six.begin(), six.begin() + 3, name.begin()));
    seen.insert(name);
  }
  CHECK(seen.size() == 4096);
  for (const char* kept : {"ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:fb", "33:33:00:00:00:01", "00:00:00:00:00:00"}) {
    Buffer six = mac(kept);
    names.mac(six.data());
    CHECK(six == mac(kept));
  }
  Buffer solicited = mac("33:33:ff:01:02:03");
  names.mac(solicited.data());
  CHECK(solicited != mac("33:33:ff:01:02:03"));
}

TEST_CASE("anonymise: all columns of addresses, by their type, in flows and packets", "[anonymise]") {
  const TempFolder folder;
  const std::vector<std::string> plugins{"basicFlow", "macRecorder", "dnsDecode", "tcpFlags",
                                         "jsonSink",  "cicFeatures", "txtSink"};
  const Arguments with{"--anonymise", key_file(folder)};
  const Result plain = run(sample(), plugins), hidden = run(sample(), plugins, with);
  REQUIRE(hidden.status == 0);
  check_hidden(hidden.flow_file);
  check_hidden(hidden.file("_flows.json"));
  check_hidden(hidden.file("_cic.csv"));
  CryptoPan names(published);
  for (const char* direction : {"A", "B"}) {
    const auto was = plain.flows.find({{"dir", direction}, {"l4Proto", "17"}}),
               is = hidden.flows.find({{"dir", direction}, {"l4Proto", "17"}});
    for (const char* column : {"srcIP", "dstIP"}) CHECK(is[column] == name_of(names, was[column]));
    CHECK(is["srcPort"] == was["srcPort"]);
    CHECK(is["flowInd"] == was["flowInd"]);
  }
  const auto answer = hidden.flows.find({{"srcPort", "53"}});
  CHECK(answer["dns4Aaddress"] == name_of(names, "198.51.100.77") + ";0.0.0.0");  // no address stays none
  CHECK_THAT(answer["dns6Aaddress"], Catch::Contains(name_of(names, "2001:db8::77")));
  CHECK_THAT(hidden.flows.find({{"ethType", "0x0806"}})["srcMac_dstMac_numP"],
             Catch::StartsWith("02:aa:bb:") && Catch::Contains("ff:ff:ff:ff:ff:ff"));
  CHECK_THAT(hidden.file("_cic.csv"),
             Catch::Contains(name_of(names, "192.0.2.2") + "-" + name_of(names, "192.0.2.1") + "-5353-53-17"));
  CHECK(hidden.flow_file == run(sample(), plugins, {"--anonymise", with[1], "-t", "3"}).flow_file);
  const Result packets = run(sample(), plugins, {"--anonymise", with[1], "-s"});
  check_hidden(packets.file("_packets.txt"));
  CHECK_THAT(packets.file("_packets.txt"), Catch::Contains(name_of(names, "192.0.2.1")));
}

TEST_CASE("anonymise: NetFlow records", "[anonymise]") {
  const int collector = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in here{};
  here.sin_family = AF_INET;
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof here;
  REQUIRE(bind(collector, reinterpret_cast<sockaddr*>(&here), size) == 0);
  REQUIRE(getsockname(collector, reinterpret_cast<sockaddr*>(&here), &size) == 0);
  const TempFolder folder;
  const Result done = run(sample(), {"basicFlow", "basicStats", "macRecorder", "netflowSink"},
                          {"--anonymise", key_file(folder), "--set", "NF_DPORT=" + std::to_string(ntohs(here.sin_port)),
                           "--set", "NF_SERVADD=127.0.0.1"});
  REQUIRE(done.status == 0);
  Buffer all, part(65536);
  for (ssize_t n; (n = recv(collector, part.data(), part.size(), MSG_DONTWAIT)) > 0;)
    all.insert(all.end(), part.begin(), part.begin() + n);
  close(collector);
  const auto has = [&](const Buffer& bytes) {
    return std::search(all.begin(), all.end(), bytes.begin(), bytes.end()) != all.end();
  };
  CryptoPan names(published);
  for (const char* ip : {"192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"}) {
    CAPTURE(ip);
    CHECK(!has(address(ip)));
    CHECK(has(address(name_of(names, ip))));
  }
  Buffer six = mac("02:aa:bb:01:02:03");
  CHECK(!has(six));
  names.mac(six.data());
  CHECK(has(six));
}

TEST_CASE("anonymise: a key has 32 bytes, and packets as they are do not go with it", "[anonymise]") {
  const TempFolder folder;
  const auto error = [&](const Arguments& words) {
    const Result result = run(sample(), {"basicFlow", "txtSink"}, words);
    CHECK(result.status == 1);
    return result.err;
  };
  for (const std::size_t size : {0u, 31u, 33u}) {
    write_file(folder / "bad", Buffer(size, 1));
    CHECK_THAT(error({"--anonymise", (folder / "bad").string()}),
               Catch::Contains("does not have 32 bytes: head -c 32 /dev/urandom > "));
  }
  CHECK_THAT(error({"--anonymise", (folder / "none").string()}), Catch::Contains("none': No such file or directory"));
  CHECK_THAT(error({"--anonymise", key_file(folder), "--extract", "flowInd in (1)"}),
             Catch::Contains("Option '--extract' writes packets as they are: it does not go with --anonymise"));
}

}  // namespace t2::test::anonymise_test
