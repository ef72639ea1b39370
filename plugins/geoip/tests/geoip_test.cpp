// Places and autonomous systems out of databases that the test writes.
#include <catch2/catch.hpp>

#include "database.hpp"
#include "run.hpp"

namespace t2::test::geoip_test {

namespace {

const std::vector<std::string> plugins{"basicFlow", "geoip", "txtSink"};

Buffer place(const std::string& country, const std::string& city) {
  return mmdb::map(
      {{"city", mmdb::map({{"names", mmdb::map({{"en", mmdb::string(city)}, {"de", mmdb::string("Stadt")}})}})},
       {"continent", mmdb::map({{"code", mmdb::string("EU")}})},
       {"country", mmdb::map({{"iso_code", mmdb::string(country)}})},
       {"location", mmdb::map({{"accuracy_radius", mmdb::u16(20)},
                               {"latitude", mmdb::real(47.5)},
                               {"longitude", mmdb::real(-8.25)},
                               {"time_zone", mmdb::string("Europe/Zurich")}})},
       {"postal", mmdb::map({{"code", mmdb::string("8000")}})}});
}
Buffer system(std::uint32_t number, const std::string& who) {
  return mmdb::map(
      {{"autonomous_system_number", mmdb::u32(number)}, {"autonomous_system_organization", mmdb::string(who)}});
}

Capture flows() {
  Capture capture;
  capture.add(epoch, Frame().eth().ip4("192.0.2.1", "198.51.100.7").udp(1, 2).payload("x"));
  capture.add(epoch + 1, Frame().eth().ip6("2001:db8:1::1", "2001:db8:2::1").udp(3, 4).payload("x"));
  capture.add(epoch + 2, Frame().eth().arp(1, "02:00:00:00:00:01", "192.0.2.1", "00:00:00:00:00:00", "192.0.2.2"));
  return capture;
}

struct Files {
  TempFolder folder;
  std::string put(const char* name, const Buffer& bytes) const {
    write_file(folder / name, bytes);
    return (folder / name).string();
  }
};

}  // namespace

TEST_CASE("geoip: places and autonomous systems of both addresses, IPv4 and IPv6") {
  for (const unsigned record_bits : {24u, 28u, 32u}) {
    const Files files;
    mmdb::Writer places(6, record_bits), systems(6, record_bits);
    places.add("192.0.0.0", 8, place("XX", "not this")).add("192.0.2.0", 24, place("CH", "Z\xc3\xbcrich"));
    places.add("2001:db8:2::", 48, place("FR", "Lyon"))
        .add("198.51.100.7", 32, mmdb::map({{"continent", mmdb::map({{"code", mmdb::string("NA")}})}}));
    systems.add("198.51.100.0", 24, system(4'200'000'000, "Example \"Net\""));
    const Arguments settings{"--set", "GEOIP_DB_FILE=" + files.put("places.mmdb", places.bytes()), "--set",
                             "GEOIP_ASN_FILE=" + files.put("systems.mmdb", systems.bytes())};
    const Result result = run(flows(), plugins, settings);
    const auto v4 = result.flows.row(0), v6 = result.flows.row(1), arp = result.flows.row(2);
    CHECK(v4["srcIpContinent"] == "EU");
    CHECK(v4["srcIpCountry"] == "CH");
    CHECK(v4["srcIpCity"] == "\"Z\xc3\xbcrich\"");
    CHECK(v4["srcIpPostcode"] == "8000");
    CHECK(v4["srcIpAccuracy"] == "20");
    CHECK(v4["srcIpLat"] == "47.500000");
    CHECK(v4["srcIpLong"] == "-8.250000");
    CHECK(v4["srcIpTimeZone"] == "\"Europe/Zurich\"");
    CHECK(v4["srcIpASN"] == "0");
    CHECK(v4["srcIpASOrg"] == "\"--\"");
    CHECK(v4["dstIpContinent"] == "NA");  // an entry without the other members
    CHECK(v4["dstIpCountry"] == "--");
    CHECK(v4["dstIpLat"] == "0.000000");
    CHECK(v4["dstIpASN"] == "4200000000");
    CHECK(v4["dstIpASOrg"] == "\"Example \\\"Net\\\"\"");
    CHECK(v4["geoStat"] == "0x00");
    CHECK(v6["srcIpCity"] == "\"--\"");
    CHECK(v6["dstIpCity"] == "\"Lyon\"");
    CHECK(arp["srcIpCountry"] == "--");
    CHECK(arp["geoStat"] == "0x00");
    const auto german =
        run(flows(), plugins, {settings[0], settings[1], "--set", "GEOIP_LANG=de", "--set", "GEOIP_UNKNOWN=?"});
    CHECK(german.flows.row(0)["srcIpCity"] == "\"Stadt\"");
    CHECK(german.flows.row(1)["srcIpCity"] == "\"?\"");
    CHECK(german.flows.row(0)["dstIpASOrg"] == "\"?\"");
  }
}

TEST_CASE("geoip: a database for IPv4 alone places no IPv6 address") {
  const Files files;
  const std::string path = files.put("v4.mmdb", mmdb::Writer(4, 24).add("192.0.2.0", 24, place("CH", "Bern")).bytes());
  const Result result = run(flows(), plugins, {"--set", "GEOIP_DB_FILE=" + path});
  CHECK(result.flows.row(0)["srcIpCity"] == "\"Bern\"");
  CHECK(result.flows.row(1)["srcIpCity"] == "\"--\"");
  CHECK(result.flows.row(1)["geoStat"] == "0x00");
}

TEST_CASE("geoip: without a database it says so, and that one cannot be used") {
  const Result empty = run(flows(), plugins);
  CHECK(empty.status == 0);
  CHECK(empty.flows.row(0)["srcIpCountry"] == "--");
  CHECK_THAT(empty.out, Catch::Contains("GeoLite2-City.mmdb': places are unknown; download it, or set GEOIP_DB_FILE"));
  const Result missing = run(flows(), plugins, {"--set", "GEOIP_DB_FILE=/nowhere/places.mmdb"});
  CHECK(missing.status == 1);
  CHECK_THAT(missing.err,
             Catch::Contains("'/nowhere/places.mmdb': No such file or directory: download one, or correct"));
  const Files files;
  const std::string path = files.put("text.mmdb", text("no database"));
  const Result other = run(flows(), plugins, {"--set", "GEOIP_DB_FILE=" + path});
  CHECK(other.status == 1);
  CHECK_THAT(other.err, Catch::Contains("text.mmdb': ") && Catch::Contains("download it again"));
  const Result none = run(flows(), plugins, {"--set", "GEOIP_DB_FILE="});
  CHECK(none.status == 0);
  CHECK(none.flows.row(0)["srcIpCountry"] == "--");
}

TEST_CASE("geoip: where a database is damaged, it says so, and other addresses are found") {
  const Files files;
  Buffer bytes =
      mmdb::Writer().add("192.0.2.0", 24, place("CH", "Bern")).add("198.51.100.0", 24, place("FR", "Lyon")).bytes();
  const auto at = std::search(bytes.begin(), bytes.end(), std::begin("Bern"), std::end("Bern") - 1);
  REQUIRE(at != bytes.end());
  at[-1] = 0x20;  // a pointer to nowhere in place of the text, as large as can be
  at[-2] = 0x3f;
  const Result result = run(flows(), plugins, {"--set", "GEOIP_DB_FILE=" + files.put("bad.mmdb", bytes)});
  CHECK(result.status == 0);
  CHECK(result.flows.row(0)["geoStat"] == "0x02");
  CHECK(result.flows.row(0)["dstIpCity"] == "\"Lyon\"");
  CHECK_THAT(result.out, Catch::Contains("geoip: Flows whose addresses lie where a database is damaged: 1"));
}

}  // namespace t2::test::geoip_test
