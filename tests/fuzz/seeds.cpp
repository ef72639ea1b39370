// Writes the first inputs of a fuzz target into the folder $T2_SEEDS: the frames and captures of the tests.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "../../plugins/geoip/tests/database.hpp"
#include "capture.hpp"
#include "core/decoded.hpp"
#include "fuzz/input.hpp"

using namespace t2;
using test::Buffer;
using test::operator+;

namespace {

std::string folder;
unsigned written = 0;

void write(const Buffer& content) {
  test::write_file(std::filesystem::path(folder) / ("seed" + std::to_string(written++)), content);
}

std::uint8_t link_index(int link_type) {
  const auto found = std::find(fuzz::link_types.begin(), fuzz::link_types.end(), link_type);
  return static_cast<std::uint8_t>(found == fuzz::link_types.end() ? 0 : found - fuzz::link_types.begin());
}

Buffer size(const Buffer& frame) {
  return {static_cast<std::uint8_t>(frame.size() >> 8), static_cast<std::uint8_t>(frame.size())};
}

void decode_seeds() {
  for (const test::DecodeCase& c : test::all_decode_cases()) write(Buffer{link_index(c.link_type), 1} + c.frame);
}

void plugin_seeds() {
  for (const test::DecodeCase& c : test::all_decode_cases()) {
    Buffer seed{static_cast<std::uint8_t>(1 | link_index(c.link_type) << 1)};
    for (int i = 0; i < 3; ++i) seed = seed + Buffer{0, 0} + size(c.frame) + c.frame;
    write(seed);
  }
}

void capture_seeds() {
  test::Capture few;
  for (int i = 0; i < 4; ++i) few.add(test::epoch + i, test::over4().udp(53, 5000).payload("x"), i == 2 ? 500 : 0);
  for (const bool big : {false, true}) {
    for (const bool nanoseconds : {false, true}) {
      test::Capture::PcapFormat format;
      format.nanoseconds = nanoseconds;
      format.big_endian = big;
      write(few.pcap(format));
    }
    test::Capture::PcapngFormat format;
    format.big_endian = big;
    format.interfaces.push_back({101, 6, 5, 20});
    format.interfaces.push_back({1, 0x80 | 20, 0, 0});
    test::Capture mixed = few;
    mixed.add(1, test::inner4(), 0, 1).add(2, test::over4().udp(1, 2), 0, 2).add_simple(test::over4().udp(1, 2));
    write(mixed.pcapng(format));
  }
  Buffer old = few.pcap();
  old[6] = 2;  // a version that exchanged the lengths
  write(old);
  Buffer modified = few.pcap();
  modified[0] = 0x34, modified[1] = 0xcd;
  write(modified);
}

void text_seeds() {
  const std::pair<std::uint8_t, std::string_view> texts[] = {
      // of the reader with this number
      {0, "[fuzzed]\nFZ_NUMBER = 9\nFZ_TEXT = \"x\" # y\nFZ_RATE = 2.5\n"},
      {1, "# list\nx.pcap 5 10\n\"a b\"\n"},
      {2, "Registry,Assignment,Organization Name,Organization Address\nMA-L,001122,\"A \"\"B\"\"\",X\n"},
      {2, "OUI/MA-L\n00-11-22   (hex)\t\tA\n001122     (base 16)\t\tA\n"},
      {3, "[::1]:99,host:4739,1.2.3.4,[host]:1"},
      {4, "7 0|1|5-9"},
      {6, "cap007_1.pcap:p,12"},
      {6, "cap0"},
      {5, "-r\na\n-w\nx\n-W\nx:1.5G,3\n-t\n2\nudp port 53"}};
  for (const auto& [reader, text] : texts) write(Buffer{reader} + Buffer(text.begin(), text.end()));
  constexpr std::uint8_t database = 8;
  using namespace test::mmdb;
  const Buffer place = map({{"country", map({{"iso_code", string("CH")}})},
                            {"city", map({{"names", map({{"en", string("Bern")}})}})},
                            {"location", map({{"latitude", real(46.9)}, {"accuracy_radius", u16(5)}})}});
  const Buffer system =
      map({{"autonomous_system_number", u32(64500)}, {"autonomous_system_organization", string("An Organisation")}});
  for (const unsigned bits : {24u, 28u, 32u})
    write(Buffer{database} + Writer(6, bits).add("10.0.0.0", 8, place).add("2001::", 16, system).bytes());
  write(Buffer{database} + Writer(4).add("128.0.0.0", 1, system).bytes());
}

void collector_seeds() {
  for (unsigned n = 0; n < 16 * 6; ++n) {  // 16 kinds of connections, 6 kinds of changes
    const auto how = static_cast<std::uint8_t>(n / 6), change = static_cast<std::uint8_t>(n % 6);
    write(Buffer{how, 0, change, 0, 40, 7, 9, 0, change, 1, 1});
  }
}

void prepare() {
  const char* wanted = std::getenv("T2_SEEDS");
  REQUIRE(wanted);
  folder = wanted;
  written = 0;
}

}  // namespace

TEST_CASE("fuzz: seeds of decode", "[.seeds]") {
  prepare();
  decode_seeds();
  CHECK(written > 0);
}

TEST_CASE("fuzz: seeds of capture", "[.seeds]") {
  prepare();
  capture_seeds();
  CHECK(written > 0);
}

TEST_CASE("fuzz: seeds of plugins", "[.seeds]") {
  prepare();
  plugin_seeds();
  CHECK(written > 0);
}

TEST_CASE("fuzz: seeds of collectors", "[.seeds]") {
  prepare();
  collector_seeds();
  CHECK(written > 0);
}

TEST_CASE("fuzz: seeds of texts", "[.seeds]") {
  prepare();
  text_seeds();
  CHECK(written > 0);
}
