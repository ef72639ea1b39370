// Labels of MAC addresses: both file formats of the registries, the longest block, the form of names.
#include <catch2/catch.hpp>
#include <cstdio>
#include <set>
#include <string>
#include <utility>

#include "../src/registry.hpp"
#include "run.hpp"
#include "t2/bytes.hpp"

namespace t2::test::labels_test {

using namespace t2::mac_recorder;

namespace {

void write(const TempFolder& folder, const char* name, std::string_view content) {
  write_file(folder / name, text(content));
}

std::string label(const OuiRegistry& registry, std::string_view address, std::uint16_t ether_type = 0x0800) {
  return short_label(registry.find(t2::load_mac(mac(address).data()), ether_type), 12);
}

constexpr const char* oui =
    "Registry,Assignment,Organization Name,Organization Address\r\n"
    "MA-L,00000C,\"Cisco Systems, Inc\",\"170 WEST TASMAN DRIVE SAN JOSE CA US 95134-1706 \"\r\n"
    "MA-L,0080C7,XIRCOM,2300 CORPORATE CENTER DR. THOUSAND OAKS CA US 91320 \r\n"
    "MA-L,0080C7,SECOND OF THAT NUMBER,NOWHERE FR 1 \r\n"
    "MA-L,000000,XEROX CORPORATION,M/S 105-50C WEBSTER NY US 14580 \r\n"
    "MA-L,111111,Private,\r\n"
    "MA-L,0050C2,IEEE Registration Authority,445 Hoes Lane Piscataway NJ US 08554 \r\n"
    "MA-L,3030AA,Sycada BV,Stramanweg 105B Amsterdam  NL 1101 AA \r\n"
    "MA-L,3030AB,\"The \"\"Quoted\"\" Company\",Some Street  HK NA \r\n"
    "MA-L,3030AC,M\xc3\xbcller-Elektronik GmbH,Dorfstr. 1 Ulm  DE 89073 \r\n";
constexpr const char* mam =
    "Registry,Assignment,Organization Name,Organization Address\r\nMA-M,0050C25,IOG Products LLC,9737 LURLINE AVENUE "
    "CHATSWORTH CA US 91311 \r\n";
constexpr const char* oui36 =
    "Registry,Assignment,Organization Name,Organization Address\r\nMA-S,0050C2501,TELEPLATFORMS,\"Polbina st., 3/1 "
    "Moscow  RU 109388 \"\r\n";

}  // namespace

TEST_CASE("macRecorder: labels from the CSV files", "[macRecorder]") {
  const TempFolder folder;
  write(folder, "oui.csv", oui);
  write(folder, "mam.csv", mam);
  write(folder, "oui36.csv", oui36);
  const OuiRegistry registry(folder.path().string());
  CHECK(registry.size() == 10);
  CHECK(label(registry, "00:00:0c:12:34:56") == "CiscoSyst,US");
  CHECK(label(registry, "00:80:c7:00:00:01") == "Xircom,US");  // the first of two entries
  CHECK(label(registry, "00:00:00:00:00:01") == "XEROXCORP,US");
  CHECK(label(registry, "11:11:11:11:11:11") == "Private,");
  CHECK(label(registry, "30:30:aa:00:00:00") == "SycadaBV,NL");  // letters of the postal code
  CHECK(label(registry, "30:30:ab:00:00:00") == "TheQuoted,HK");
  CHECK(label(registry, "30:30:ac:00:00:00") == "M\xc3\xbcllerEle,DE");  // characters count, not bytes
  CHECK(label(registry, "00:50:c2:50:1f:ff") == "Teleplatf,RU");         // 36 bits
  CHECK(label(registry, "00:50:c2:50:20:00") == "IogProduc,US");         // 28 bits
  CHECK(label(registry, "00:50:c2:60:00:00") == "-");  // handed on in parts, and this part is not listed
  CHECK(label(registry, "02:00:00:00:00:01") == "-");
  CHECK(label(registry, "00:00:00:00:00:00") == "-");
  CHECK(full_label(registry.find(t2::load_mac(mac("00:00:0c:12:34:56").data()), 0), 10) == "Cisco Syst");
}

TEST_CASE("macRecorder: many entries in no order are numbered in the order of their blocks", "[macRecorder]") {
  constexpr std::uint64_t blocks = 5000, step = 26'552'407;  // odd: no two of the blocks are equal
  const auto hex = [](std::uint64_t prefix, int digits) {
    char characters[16];
    std::snprintf(characters, sizeof characters, "%0*llX", digits, static_cast<unsigned long long>(prefix));
    return std::string(characters);
  };
  std::string large, parts;
  std::set<std::pair<std::uint64_t, int>> order;  // first address, digits: a block stands in front of its parts
  const auto add = [&](std::string& csv, std::uint64_t prefix, int digits) {
    csv += "MA," + hex(prefix, digits) + ",N" + hex(prefix, digits) + ",X US 1\n";
    order.emplace(prefix << (48 - 4 * digits), digits);
  };
  for (std::uint64_t i = 1; i <= blocks; ++i) add(large, i * step & 0xffffff, 6);
  for (std::uint64_t i = 0; i < 256; ++i) add(parts, (step & 0xffffff) << 12 | (i * 1117 & 0xfff), 9);
  for (std::uint64_t i = 1; i <= blocks; i += 100) large += "MA," + hex(i * step & 0xffffff, 6) + ",second,X US 1\n";
  const TempFolder folder;
  write(folder, "oui.csv", large);
  write(folder, "oui36.csv", parts);
  const OuiRegistry registry(folder.path().string(), OuiRegistry::Numbers::in_order);
  REQUIRE(registry.size() == order.size());
  std::uint32_t number = 0, wrong = 0;
  for (const auto& [first, digits] : order) {
    ++number;
    if (digits == 6 && order.contains({first, 9})) continue;  // the part is found
    const LabelMatch match = registry.find(first, 0);
    if (match.number != number || match.organisation != "N" + hex(first >> (48 - 4 * digits), digits)) ++wrong;
  }
  CHECK(wrong == 0);
}

TEST_CASE("macRecorder: labels from the text files", "[macRecorder]") {
  const TempFolder folder;
  write(folder, "oui.txt",
        "OUI/MA-L                  Organization\r\n\r\n"
        "00-00-0C   (hex)\t\tCisco Systems, Inc\r\n00000C     (base 16)\t\tCisco Systems, Inc\r\n\t\t\t\t170 WEST "
        "TASMAN DRIVE\r\n"
        "\t\t\t\tSAN JOSE  CA  95134-1706\r\n\t\t\t\tUS\r\n\r\n"
        "00-03-BC   (hex)\t\tCOT GmbH\r\n0003BC     (base 16)\t\tCOT GmbH\r\n\t\t\t\tDorfstr. "
        "5\r\n\t\t\t\t\r\n\t\t\t\tDE\r\n\r\n"
        "11-11-11   (hex)\t\tPrivate\r\n111111     (base 16)\t\tPrivate\r\n");
  write(folder, "mam.txt",
        "20-85-93   (hex)\t\tIOG Products LLC\r\nB00000-BFFFFF     (base 16)\t\tIOG Products LLC\r\n\t\t\t\t9737 "
        "LURLINE AVENUE\r\n"
        "\t\t\t\tCHATSWORTH  CA  91311\r\n\t\t\t\tUS\r\n");
  const OuiRegistry registry(folder.path().string());
  CHECK(label(registry, "00:00:0c:12:34:56") == "CiscoSyst,US");
  CHECK(label(registry, "00:03:bc:00:00:00") == "CotGmbH,DE");
  CHECK(label(registry, "11:11:11:00:00:00") == "Private,");
  CHECK(label(registry, "20:85:93:b1:23:45") == "IogProduc,US");
  CHECK(label(registry, "20:85:93:c1:23:45") == "-");
}

TEST_CASE("macRecorder: group addresses of standards", "[macRecorder]") {
  const TempFolder folder;
  write(folder, "oui.csv", oui);
  const OuiRegistry registry(folder.path().string());
  CHECK(label(registry, "ff:ff:ff:ff:ff:ff") == "Broadcast");
  CHECK(label(registry, "01:00:5e:00:00:fb") == "IPv4Multi");
  CHECK(label(registry, "33:33:00:00:00:01") == "IPv6Multi");
  CHECK(label(registry, "01:80:c2:00:00:00") == "NearestCu");
  CHECK(label(registry, "01:80:c2:00:00:02") == "Slow_Prot");
  CHECK(label(registry, "01:80:c2:00:00:0e") == "NearestBr");
  CHECK(label(registry, "01:00:0c:cc:cc:cc", 0x2000) == "CDP");
  CHECK(label(registry, "01:00:0c:cc:cc:cc", 0x2004) == "DTP");
  CHECK(label(registry, "01:00:0c:cc:cc:cc", 0x0800) == "-");
}

TEST_CASE("macRecorder: a missing registry is an error with a remedy", "[macRecorder]") {
  const TempFolder folder;
  try {
    const OuiRegistry registry(folder.path().string());
    FAIL("no error");
  } catch (const std::runtime_error& e) {
    CHECK(std::string(e.what()).find("apt-get install ieee-data") != std::string::npos);
  }
}

TEST_CASE("macRecorder: damaged registries are read as far as possible", "[macRecorder]") {
  const TempFolder folder;
  write(folder, "oui.csv", "MA-L,00000C,\"Cisco");
  CHECK(label(OuiRegistry(folder.path().string()), "00:00:0c:00:00:00") == "Cisco,");
  write(folder, "oui.csv", "MA-L,00000C\nMA-L,0000\nMA-L,zzzzzz,a,b\n,,,,,,\n\n\"\"\"");
  CHECK(label(OuiRegistry(folder.path().string()), "00:00:0c:00:00:00") == ",");
}

}  // namespace t2::test::labels_test
