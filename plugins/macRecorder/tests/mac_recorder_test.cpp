// macRecorder: lists of address pairs, short ones and full ones.
#include <catch2/catch.hpp>

#include "run.hpp"

namespace t2::test::mac_recorder_test {

namespace {

const std::vector<std::string> plugins = {"basicFlow", "macRecorder", "txtSink"};

std::string stage(int n) {
  char text[18];
  std::snprintf(text, sizeof text, "02:00:00:00:01:%02x", static_cast<unsigned>(n));
  return text;
}
Buffer from(int n) { return Frame().eth(stage(n), "02:00:00:00:00:ff").ip4("10.0.0.1", "10.0.0.2").udp(40000, 50000); }
std::string pair(int n, int packets) { return stage(n) + "_02:00:00:00:00:ff_" + std::to_string(packets); }

Result run_stations(const std::vector<int>& numbers) {
  std::vector<Buffer> frames;
  for (int n : numbers) frames.push_back(from(n));
  return run(Capture().add(epoch, frames), plugins);
}
std::vector<int> range(int first, int last) {
  std::vector<int> numbers;
  for (int n = first; n <= last; ++n) numbers.push_back(n);
  return numbers;
}

}  // namespace

TEST_CASE("macRecorder: one pair", "[macRecorder]") {
  const Result result = run_stations({1, 1, 1});
  REQUIRE(result.status == 0);
  const auto row = result.flows.row(0);
  CHECK(row["macStat"] == "0x00");
  CHECK(row["macPairs"] == "1");
  CHECK(row["srcMac_dstMac_numP"] == pair(1, 3));
  CHECK(row["srcMacLbl_dstMacLbl"] == "-_-");
  CHECK(result.out.find("macRecorder: MAC pairs") == std::string::npos);
  CHECK(result.out.find(" short org name records loaded\n") != std::string::npos);
}

TEST_CASE("macRecorder: pairs in order of appearance, counted across the blocks of the list", "[macRecorder]") {
  const Result result = run_stations({1, 2, 3, 4, 5, 6, 7, 8, 5, 8, 1, 2, 8});
  const auto row = result.flows.row(0);
  CHECK(row["macPairs"] == "8");
  std::string expected;
  const int packets[] = {2, 2, 1, 1, 2, 1, 1, 3};
  for (int n = 1; n <= 8; ++n) expected += (n > 1 ? ";" : "") + pair(n, packets[n - 1]);
  CHECK(row["srcMac_dstMac_numP"] == expected);
  CHECK(result.out.find("macRecorder: MAC pairs per flow: min: 8, max: 8, average: 8.00\n") != std::string::npos);
}

TEST_CASE("macRecorder: a full list still counts what it knows", "[macRecorder]") {
  SECTION("exactly full") {
    const Result result = run_stations(range(1, 16));
    CHECK(result.flows.row(0)["macStat"] == "0x00");
    CHECK(result.flows.row(0)["macPairs"] == "16");
  }
  SECTION("one too many") {
    std::vector<int> numbers = range(1, 16);
    numbers.insert(numbers.end(), {16, 1, 17, 16});
    const Result result = run_stations(numbers);
    const auto row = result.flows.row(0);
    CHECK(row["macStat"] == "0x01");
    CHECK(row["macPairs"] == "16");
    CHECK(row["srcMac_dstMac_numP"].find(pair(1, 2)) == 0);
    CHECK(row["srcMac_dstMac_numP"].find(pair(16, 3)) != std::string::npos);
    CHECK(result.out.find("macRecorder: Aggregated macStat=0x01\n") != std::string::npos);
  }
}

TEST_CASE("macRecorder: no Ethernet, no pairs", "[macRecorder]") {
  const Result result =
      run(Capture().add(epoch, Frame().ip4("10.0.0.1", "10.0.0.2").udp(1, 2)).pcap({.link_type = 101}), plugins);
  CHECK(result.flows.row(0)["macPairs"] == "0");
  CHECK(result.flows.row(0)["srcMac_dstMac_numP"] == "");
  CHECK(result.flows.row(0)["srcMacLbl_dstMacLbl"] == "");
}

TEST_CASE("macRecorder: packets", "[macRecorder]") {
  const Capture capture =
      Capture().add(epoch, Frame().eth("02:00:00:00:00:01", "ff:ff:ff:ff:ff:ff").ip4("10.0.0.1", "10.0.0.2").udp(1, 2));
  const Result result = run(capture, plugins, {"-s"});
  const Table packets(result.file("_packets.txt"));
  CHECK(packets.row(0)["srcMacLbl"] == "-");
  CHECK(packets.row(0)["dstMacLbl"] == "Broadcast");
}

}  // namespace t2::test::mac_recorder_test
