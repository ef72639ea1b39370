// Filters accept what libpcap accepts when it reads the file, whatever the interface; what they do not fit is counted.
#include <catch2/catch.hpp>

#include <pcap/pcap.h>

#include "run.hpp"

namespace t2::test::filter_test {

namespace {

using Catch::Contains;

const std::vector<std::string> plugins{"basicFlow", "basicStats", "txtSink"};
constexpr std::uint32_t null_link = 0, ethernet = 1, loop_link = 108, usb = 189, nflog = 239, dead = 147;

std::size_t analysed(const Result& result) {
  std::size_t packets = 0;
  for (const auto& row : result.flows.all()) packets += static_cast<std::size_t>(row.number("pktsSnt"));
  return packets;
}

// As tcpdump -r FILE FILTER counts them.
std::size_t by_libpcap(const Buffer& file, const std::string& filter) {
  const TempFolder folder;
  write_file(folder / "c", file);
  char why[PCAP_ERRBUF_SIZE];
  pcap_t* handle = pcap_open_offline((folder / "c").c_str(), why);
  REQUIRE(handle);
  bpf_program program{};
  REQUIRE(pcap_compile(handle, &program, filter.c_str(), 1, PCAP_NETMASK_UNKNOWN) == 0);
  REQUIRE(pcap_setfilter(handle, &program) == 0);
  std::size_t count = 0;
  pcap_pkthdr* head = nullptr;
  const u_char* data = nullptr;
  while (pcap_next_ex(handle, &head, &data) == 1) ++count;
  pcap_freecode(&program);
  pcap_close(handle);
  return count;
}

Buffer ip4(unsigned port) { return Frame().ip4("10.0.0.1", "10.0.0.2").udp(6000, port).payload("abcd"); }
Buffer ip6(unsigned port) { return Frame().ip6("2001:db8::1", "2001:db8::2").udp(6000, port).payload("abcd"); }
Buffer bridged(unsigned port) { return Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(6000, port).payload("abcd"); }

Buffer family(std::uint8_t number, bool big_endian) {
  return big_endian ? Buffer{0, 0, 0, number} : Buffer{number, 0, 0, 0};
}

}  // namespace

TEST_CASE("filters: null and loop frames, in both byte orders, as libpcap filters the file", "[capture]") {
  for (const std::uint32_t link : {null_link, loop_link}) {
    for (const bool big_endian : {false, true}) {
      Capture c;
      const bool order = link == loop_link || big_endian;  // DLT_LOOP is always in network order
      for (const std::uint8_t number :
           Buffer{2, 10, 24, 28, 30}) {  // AF_INET, and AF_INET6 of Linux, BSD, FreeBSD, macOS
        c.add(epoch, family(number, order) + (number == 2 ? ip4(53) : ip6(53)));
        c.add(epoch, family(number, order) + (number == 2 ? ip4(80) : ip6(80)));
      }
      const Buffer pcap = c.pcap({.big_endian = big_endian, .link_type = link});
      const Buffer pcapng =
          c.pcapng({.big_endian = big_endian, .interfaces = {{.link_type = static_cast<std::uint16_t>(link)}}});
      for (const char* filter : {"ip", "ip6", "udp", "udp port 53", "host 10.0.0.1", "net 2001:db8::/32 and port 80"}) {
        INFO("link type " << link << (big_endian ? ", big endian: " : ": ") << filter);
        const std::size_t expected = by_libpcap(pcap, filter);
        CHECK(expected > 0);
        CHECK(analysed(run(pcap, plugins, {filter})) == expected);
        CHECK(analysed(run(pcapng, plugins, {filter})) == expected);
      }
    }
  }
}

TEST_CASE("filters: sections of a pcapng in different byte orders", "[capture]") {
  Buffer file;
  for (const bool big_endian : {false, true})
    file = file + Capture()
                      .add(epoch, family(2, big_endian) + ip4(53))
                      .add(epoch, family(30, big_endian) + ip6(53))
                      .pcapng({.big_endian = big_endian, .interfaces = {{.link_type = null_link}}});
  CHECK(analysed(run(file, plugins, {"ip"})) == 2);
  CHECK(analysed(run(file, plugins, {"ip6"})) == 2);
  CHECK(analysed(run(file, plugins, {"udp port 53"})) == 4);
}

TEST_CASE("filters: an interface that cannot take the filter drops its own packets, and they are counted",
          "[capture]") {
  for (const bool first : {false, true}) {  // it is the first one, or not
    const unsigned other = first ? 0 : 1;
    Capture c;
    for (unsigned i = 0; i < 3; ++i) {
      c.add(epoch + i, bridged(53), 0, other ^ 1);
      c.add(epoch + i, Buffer(64, 1), 0, other);
    }
    std::vector<Capture::Interface> interfaces{{.link_type = ethernet}, {.link_type = usb}};
    if (first) std::swap(interfaces[0], interfaces[1]);
    const Buffer file = c.pcapng({.interfaces = interfaces});
    const Result result = run(file, plugins, {"udp port 53"});
    INFO(result.out << result.err);
    CHECK(result.status == 0);
    CHECK(analysed(result) == 3);
    CHECK_THAT(result.out, Contains("3 packets of link type") && Contains("were dropped: the filter does not fit it"));
    const Result wrong = run(file, plugins, {"no such filter"});
    CHECK(wrong.status == 1);
    CHECK_THAT(wrong.err, Contains("is not a valid filter"));
  }
}

TEST_CASE("filters: of the first interface, whatever blocks stand in front of it", "[capture]") {
  const Buffer data = hex("0800 0000 ffffffffffff 020000000001 020000000002 0000") + hex("aaaa03 000000 0800") +
                      ip4(53);  // an 802.11 data frame
  const Buffer file = Capture().add(epoch, data).pcapng({.interfaces = {{.link_type = 105}}});
  const Buffer secrets = hex("0a000000 18000000 4b53534c 04000000 61626364 18000000"),
               names = hex("04000000 10000000 00000000 10000000"),
               unaligned = hex("0b0bad0b 0e000000 6162 0000 0e000000");
  for (const Buffer& block : {secrets, names, unaligned}) {
    Buffer changed(file.begin(), file.begin() + 28);
    changed = changed + block + Buffer(file.begin() + 28, file.end());
    const Result result = run(changed, plugins, {"type data"});  // means nothing for Ethernet
    INFO(result.out << result.err);
    CHECK(result.status == 0);
    CHECK(analysed(result) == 1);
    CHECK_THAT(result.out, Contains("Link layer type: 802.11 [IEEE802_11/105]") && Contains("Snapshot length: 65535"));
  }
}

TEST_CASE("link types: a capture of nothing but unsupported ones is not analysed, status 1", "[capture]") {
  for (const std::uint32_t link : {nflog, usb, dead}) {
    const Buffer pcap = Capture().add(epoch, Buffer(64, 1)).add(epoch, Buffer(64, 1)).pcap({.link_type = link});
    const Buffer pcapng =
        Capture()
            .add(epoch, Buffer(64, 1), 0, 0)
            .add(epoch, Buffer(64, 1), 0, 1)
            .pcapng({.interfaces = {{.link_type = static_cast<std::uint16_t>(link)}, {.link_type = usb}}});
    for (const Buffer& file : {pcap, pcapng}) {
      for (const char* threads : {"0", "2"}) {
        const Result result = run(file, plugins, {"-t", threads});
        INFO(result.out << result.err);
        CHECK(result.status == 1);
        CHECK_THAT(result.err,
                   Contains("nothing was analysed: all 2 packets are of link types that are not supported"));
      }
    }
  }
  Capture mixed;
  mixed.add(epoch, Buffer(64, 1), 0, 0).add(epoch, bridged(53), 0, 1);
  const Result result = run(mixed.pcapng({.interfaces = {{.link_type = nflog}, {.link_type = ethernet}}}), plugins);
  CHECK(result.status == 0);
  CHECK(analysed(result) == 1);
  CHECK_THAT(result.out, Contains("are not analysed"));
}

}  // namespace t2::test::filter_test
