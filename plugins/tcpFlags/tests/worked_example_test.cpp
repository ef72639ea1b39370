// One connection from SYN to FIN, every column of both directions: handshake with options, a request of 100 bytes, an
// answer of 500, a clean close.
#include <catch2/catch.hpp>

#include "example.hpp"

namespace t2::test::worked_example_test {

namespace {

struct Cell {
  const char *column, *a, *b;
};

constexpr Cell cells[] = {{"tcpFStat", "0x0a13", "0x0213"},
                          {"ipMindIPID", "1", "1"},
                          {"ipMaxdIPID", "1", "1"},
                          {"ipMinTTL", "64", "57"},
                          {"ipMaxTTL", "64", "57"},
                          {"ipTTLChg", "0", "0"},
                          {"ipToS", "0x00", "0x00"},
                          {"ipFlags", "0x0040", "0x0040"},
                          {"ipOptCnt", "0", "0"},
                          {"ipOptCpCl_Num", "0x00_0x00000000", "0x00_0x00000000"},
                          {"ip6OptCntHH_D", "0_0", "0_0"},
                          {"ip6OptHH_D", "0x00000000_0x00000000", "0x00000000_0x00000000"},
                          {"tcpISeqN", "1000", "9000"},
                          {"tcpPSeqCnt", "5", "4"},
                          {"tcpSeqSntBytes", "100", "500"},
                          {"tcpSeqFaultCnt", "0", "0"},
                          {"tcpPAckCnt", "5", "4"},
                          {"tcpFlwLssAckRcvdBytes", "500", "100"},
                          {"tcpAckFaultCnt", "0", "0"},
                          {"tcpBFlgtMx", "100", "500"},
                          {"tcpInitWinSz", "64240", "65160"},
                          {"tcpAvgWinSz", "64169.21", "65154.75"},
                          {"tcpMinWinSz", "64128", "65152"},
                          {"tcpMaxWinSz", "64256", "65160"},
                          {"tcpWinSzDwnCnt", "1", "1"},
                          {"tcpWinSzUpCnt", "1", "0"},
                          {"tcpWinSzChgDirCnt", "2", "0"},
                          {"tcpWinSzThRt", "0", "0"},
                          {"tcpFlags", "0x011b", "0x031b"},
                          {"tcpAnomaly", "0x0000", "0x0000"},
                          {"tcpJA4T", "64240_2-4-8-1-31460_7", "65160_2-4-8-1-31460_7"},
                          {"tcpOptPktCnt", "6", "4"},
                          {"tcpOptCnt", "20", "14"},
                          {"tcpOptions", "0x0000011e", "0x0000011e"},
                          {"tcpMSS", "1460", "1460"},
                          {"tcpWS", "128", "128"},
                          {"tcpMPTBF", "0x0000", "0x0000"},
                          {"tcpMPF", "0x00", "0x00"},
                          {"tcpMPAID", "0", "0"},
                          {"tcpMPDSSF", "0x00", "0x00"},
                          {"tcpTmS", "5041", "7031"},
                          {"tcpTmER", "7031", "5031"},
                          {"tcpEcI", "0.001", "0.001"},
                          {"tcpUtm", "5.041000", "7.031000"},
                          {"tcpBtm", "1699999995.000499761", "1699999993.009999667"},
                          {"tcpSSASAATrip", "0.01", "0.0005"},
                          {"tcpRTTAckTripMin", "0.01", "0.0004"},
                          {"tcpRTTAckTripMax", "0.019", "0.001"},
                          {"tcpRTTAckTripAvg", "0.01225", "0.0006500001"},
                          {"tcpRTTAckTripJitAvg", "0.004743416", "0.0002925495"},
                          {"tcpRTTSseqAA", "0.0105", "0.0129"},
                          {"tcpRTTAckJitAvg", "0", "0.004752429"},
                          {"tcpStatesAFlags", "0x00", "0x00"}};

}  // namespace

TEST_CASE("tcpFlags and tcpStates: every column of a clean connection", "[tcpFlags][tcpStates]") {
  const Result result = run_tcp(example());
  INFO(result.err);
  REQUIRE(result.status == 0);
  REQUIRE(result.flows.size() == 2);
  const auto a = result.flows.find({{"dir", "A"}}), b = result.flows.find({{"dir", "B"}});
  for (const Cell& cell : cells) {
    INFO(cell.column);
    CHECK(a[cell.column] == cell.a);
    CHECK(b[cell.column] == cell.b);
  }
}

TEST_CASE("tcpFlags: the end report of a clean connection", "[tcpFlags][tcpStates]") {
  const Result result = run_tcp(example());
  const std::string log = result.out + result.err;
  CHECK(log.find("tcpFlags: Aggregated ipFlags=0x0040") != std::string::npos);
  CHECK(log.find("tcpFlags: Aggregated tcpFStat=0x0a13") != std::string::npos);
  CHECK(log.find("tcpFlags: Aggregated tcpFlags=0x031b") != std::string::npos);
  CHECK(log.find("tcpAnomaly=") == std::string::npos);
  CHECK(log.find("tcpStatesAFlags") == std::string::npos);
}

}  // namespace t2::test::worked_example_test
