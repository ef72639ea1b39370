// --anonymise: addresses in texts of plugins, integers, the end report and the files beside the flows.
#include <catch2/catch.hpp>

#include <numeric>

#include "output/address_text.hpp"
#include "run.hpp"

namespace t2::test::anonymise_text_test {

namespace {

AnonymisationKey key_of_test() {
  AnonymisationKey key;
  std::iota(key.begin(), key.end(), std::uint8_t{7});
  return key;
}

std::string changed(const std::string& text) { return with_pseudonyms(text, key_of_test()); }

// Of IPv4 addresses and MAC addresses, that of an IPv4 address with other characters between its numbers.
std::string with(std::string text, char between) {
  for (char& c : text)
    if (c == '.') c = between;
  return text;
}

// The quoted packets, names and texts all have the addresses of the flows in them.
Capture sample() {
  const auto host = [] { return Frame().eth("02:aa:bb:01:02:03", "02:aa:bb:04:05:06").ip4("192.0.2.1", "192.0.2.2"); };
  const auto name = [](const std::string& labels) {
    Buffer out;
    for (std::size_t from = 0, to; from < labels.size(); from = to + 1) {
      to = std::min(labels.find('.', from), labels.size());
      out = out + Buffer{static_cast<std::uint8_t>(to - from)} + text(labels.substr(from, to - from));
    }
    return out + Buffer{0};
  };
  Capture capture;
  capture.add(epoch, host().tcp(40000, 80).flags("S").seq(99));
  capture.add(epoch + 1, host().tcp(40000, 80).flags("PA").seq(100).payload(
                             "GET http://192.0.2.2/a?ip=192.0.2.1 HTTP/1.1\r\nHost: 192.0.2.2:80\r\n"
                             "User-Agent: x (192.0.2.1)\r\nX-Forwarded-For: 192.0.2.1, 2001:db8::7\r\n"
                             "Via: 1.1 ip-192-0-2-1.example\r\nReferer: http://[2001:db8::7]:8080/\r\n"
                             "Cookie: mac=02:aa:bb:01:02:03\r\n\r\n"));
  capture.add(epoch + 2, host().udp(5000, 53).raw(hex("0001 0100 0001 0000 0000 0000") +
                                                  name("1.2.0.192.in-addr.arpa") + hex("000c 0001")));
  capture.add(epoch + 3,
              host().udp(5001, 53).raw(
                  hex("0001 0100 0001 0000 0000 0000") +
                  name("7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa") + hex("000c 0001")));
  const Buffer quoted = host().udp(1, 2);
  capture.add(epoch + 4, host().icmp(5, 1, 0xc0000201).raw(Buffer(quoted.begin() + 14, quoted.end())));
  capture.add(epoch + 5, Frame()
                             .eth("02:aa:bb:04:05:06", "02:aa:bb:01:02:03")
                             .ip4("192.0.2.2", "192.0.2.1")
                             .udp(67, 68)
                             .raw(Buffer{2, 1, 6, 1, 1, 2, 3, 4, 0, 0, 0, 0} + address("192.0.2.1") +
                                  address("192.0.2.1") + address("192.0.2.2") + address("192.0.2.2") +
                                  mac("02:aa:bb:01:02:03") + Buffer(10 + 192) + hex("63825363 350102 3604") +
                                  address("192.0.2.2") + hex("380d") + text("for 192.0.2.1") + Buffer{255}));
  for (unsigned i = 0; i < 3; ++i)
    capture.add(epoch + 6 + i, Frame()
                                   .eth("02:aa:bb:01:02:03", "02:aa:bb:04:05:06")
                                   .arp(1, "02:aa:bb:01:02:03", "192.0.2.1", "00:00:00:00:00:00", "192.0.2.2"));
  return capture;
}

}  // namespace

TEST_CASE("anonymise: texts with addresses", "[anonymise]") {
  const std::string four = changed("192.0.2.1"), six = changed("2001:db8::1"), mac = changed("02:aa:bb:01:02:03");
  CHECK(four != "192.0.2.1");
  CHECK(six != "2001:db8::1");
  CHECK(mac.substr(0, 9) == "02:aa:bb:");
  CHECK(mac != "02:aa:bb:01:02:03");
  using Places = std::vector<std::pair<std::string, std::string>>;  // what is before and behind an address
  const auto check_in = [](const Places& places, const std::string& address, const std::string& pseudonym) {
    for (const auto& [before, behind] : places) {
      CAPTURE(before, behind, address);
      CHECK(changed(before + address + behind) == before + pseudonym + behind);
    }
  };
  check_in({{"", ""},
            {"http://", ":80/x"},
            {"a=", "&b"},
            {"x", "."},
            {"(", ")"},
            {"q%2F", "%2f"},
            {"a.b.", ".nip.io"},
            {"user@", ", "},
            {"1.1 ", ";1.2.3"}},
           "192.0.2.1", four);
  for (const char* form : {"2001:db8::1", "2001:0DB8:0:0:0:0:0:1"})
    check_in(
        {{"", ""}, {"[", "]:443"}, {"1.2.", ""}, {"IPv6:", ""}, {"fetch ", "."}, {"a=", "%eth0"}, {"", ", 12:34:56"}},
        form, six);
  CHECK(changed("a 02:aa:bb:01:02:03, 02-AA-BB-01-02-03") == "a " + mac + ", " + [&] {
    std::string dashes = mac;
    for (char& c : dashes)
      if (c == ':') c = '-';
    return dashes;
  }());
  CHECK(changed("ec2-192-0-2-1.example") == "ec2-" + with(four, '-') + ".example");
  CHECK(changed("192.0.2.1 192.0.2.1") == four + " " + four);
  CHECK(changed("::ffff:192.0.2.1").find("192.0.2.1") == std::string::npos);

  // Names of addresses: the last part first. Networks have the first parts of pseudonyms.
  const auto reversed = [](const std::string& address) {
    std::string out;
    for (std::size_t end = address.size(); end != 0;) {
      const std::size_t point = address.rfind('.', end - 1);
      const std::size_t from = point == address.npos ? 0 : point + 1;
      out += (out.empty() ? "" : ".") + address.substr(from, end - from);
      end = from == 0 ? 0 : from - 1;
    }
    return out;
  };
  CHECK(changed("1.2.0.192.in-addr.arpa") == reversed(four) + ".in-addr.arpa");
  CHECK(changed("b._dns-sd.2.0.192.IN-ADDR.ARPA") ==
        "b._dns-sd." + reversed(four.substr(0, four.rfind('.'))) + ".IN-ADDR.ARPA");
  const std::string network = changed("8.b.d.0.1.0.0.2.ip6.arpa");
  CHECK(network != "8.b.d.0.1.0.0.2.ip6.arpa");
  const std::string name = changed("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
  CHECK(name.size() == 63 + 9);
  CHECK(name.substr(name.size() - network.size()) == network);

  for (const std::string same : {"",
                                 ".",
                                 "1.2.3",
                                 "1.2.3.4.5",
                                 "256.1.1.1",
                                 "1.3.6.1.4.1.311",
                                 "12:34:56",
                                 "std::string",
                                 "a::b::c",
                                 "0.0.0.0",
                                 "::",
                                 "29-23-24-25",
                                 "2024-11-29-10",
                                 "771,4865-4866-4867,0-23-35-13",
                                 "aa:bb:cc",
                                 "eth:vlan:ipv4:tcp",
                                 "in-addr.arpa",
                                 ".ip6.arpa",
                                 "%",
                                 "%2",
                                 "1.",
                                 "1.2.3.",
                                 "02:aa:bb:01:02:03:04",
                                 "ff:ff:ff:ff:ff:ff",
                                 "aa:bb:cc:dd:ee:ff:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd"}) {
    CAPTURE(same);
    CHECK(changed(same) == same);
  }
  CHECK(with_pseudonyms("192.0.2.1", {}) == "192.0.2.1");
}

TEST_CASE("anonymise: no output has an address of the capture", "[anonymise]") {
  const TempFolder folder;
  const AnonymisationKey bytes = key_of_test();
  const std::string key = (folder / "key").string();
  write_file(key, Buffer(bytes.begin(), bytes.end()));
  const std::vector<std::string> plugins{"basicFlow",  "basicStats", "macRecorder", "tcpFlags",
                                         "tcpStates",  "connStat",   "dnsDecode",   "httpSniffer",
                                         "icmpDecode", "dhcpDecode", "jsonSink",    "txtSink"};
  const auto outputs = [&](const Arguments& more) {
    Arguments words{"-s", "-l", "-M", "1"};
    words.insert(words.end(), more.begin(), more.end());
    words.insert(words.end(), {"host 192.0.2.1 or ether host 02:aa:bb:01:02:03 or ip6 host 2001:db8::7"});
    const Result result = run(sample(), plugins, words);
    CHECK(result.status == 0);
    std::string all = result.out + result.err;
    for (const auto& entry : std::filesystem::directory_iterator(result.folder.path()))
      if (entry.is_regular_file() && entry.path().extension() != ".pcap") all += read_file(entry.path());
    return all;
  };
  const std::vector<std::string> originals{"192.0.2.1",       "192.0.2.2",         "192-0-2-1",
                                           "1.2.0.192",       "0xc0000201",        "2001:db8",
                                           "8.b.d.0.1.0.0.2", "02:aa:bb:01:02:03", "02:aa:bb:04:05:06"};
  const std::string plain = outputs({});
  for (const std::string& original : originals) {
    CAPTURE(original);
    CHECK(plain.find(original) != plain.npos);
  }
  const std::string hidden = outputs({"--anonymise", key}), json = outputs({"--anonymise", key, "--report", "json"});
  for (const std::string& original : originals) {
    CAPTURE(original);
    const std::size_t at = hidden.find(original);
    CHECK((at == hidden.npos ? "" : hidden.substr(at < 80 ? 0 : at - 80, 160)) == "");
    CHECK(json.find(original) == json.npos);
  }
  CHECK_THAT(hidden, Catch::Contains("Biggest L3 flow talker: " + changed("192.0.2.1") + ": ") &&
                         Catch::Contains("Biggest L2 flow talker: " + changed("02:aa:bb:01:02:03") + ": ") &&
                         Catch::Contains("Source IP with most connections: " + changed("192.0.2.1") + ": "));
}

}  // namespace t2::test::anonymise_text_test
