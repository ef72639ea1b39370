// What flows have in common while they live; the table of counts.
#include <catch2/catch.hpp>

#include <map>
#include <random>

#include "count_table.hpp"
#include "run.hpp"

namespace t2::test::conn_stat_test {

namespace {

const std::vector<std::string> plugins{"basicFlow", "connStat", "txtSink"};

std::string host(unsigned number) { return "10.0.0." + std::to_string(number); }
Frame datagram(unsigned from, unsigned to, unsigned source_port, unsigned port, std::size_t size = 10) {
  return Frame().eth().ip4(host(from), host(to)).udp(source_port, port).zeros(size);
}

std::string counts(const Table::Row& row) {
  std::string out;
  for (const char* column : {"connSip", "connDip", "connSipDip", "connSipDprt", "connF", "connG"})
    out += row[column] + " ";
  return out;
}

}  // namespace

TEST_CASE("connStat: flows that the end of the input finds count in all of these", "[connStat]") {
  Capture capture;
  for (unsigned server = 2; server < 6; ++server) capture.add(epoch + server, datagram(1, server, 5000, 80));
  capture.add(epoch + 10, datagram(2, 1, 80, 5000))
      .add(epoch + 11, datagram(1, 2, 5001, 443))
      .add(epoch + 12, datagram(9, 2, 5002, 80));
  for (const char* threads : {"0", "2"}) {
    const Result result = run(capture, plugins, {"-t", threads});
    REQUIRE(result.status == 0);
    // 1 has four servers; with 2 it has three directions, to port 80 five. 2 has two clients.
    CHECK(counts(result.flows.find({{"dir", "A"}, {"dstIP", host(2)}, {"srcPort", "5000"}})) ==
          "4 2 3 5 1.25 1.666667 ");
    CHECK(counts(result.flows.find({{"dir", "B"}})) == "2 4 3 5 2.5 1.666667 ");
    CHECK(counts(result.flows.find({{"dstPort", "443"}})) == "4 2 3 1 0.25 0.3333333 ");
    CHECK(counts(result.flows.find({{"srcIP", host(9)}})) == "1 2 1 1 1 1 ");
    CHECK(result.flows.find({{"dstPort", "443"}})["connNumPCnt"] == "5");
    CHECK(result.flows.find({{"dstPort", "443"}})["connNumBCnt"] == "50");
    CHECK(result.out.find("connStat: Source IP with most connections: 10.0.0.1: 4 connections") != std::string::npos);
    CHECK((result.out.find("Option '-t' has no effect: connStat sees all flows, in one thread") != std::string::npos) ==
          (threads[0] == '2'));
  }
}

TEST_CASE("connStat: an address counts as long as it has flows", "[connStat]") {
  Capture capture;
  // Packets of others, so that the clock goes on.
  for (int at = 0; at < 600; ++at) {
    if (at % 20 == 7) capture.add(epoch + at * second, datagram(7, 8, 5003, 80));
    if (at == 0) capture.add(epoch, datagram(1, 2, 5001, 80));
    if (at == 1 || at == 150) capture.add(epoch + at * second, datagram(1, 3, 5002, 80));
    if (at == 500) capture.add(epoch + at * second, datagram(1, 4, 5003, 80));
  }
  const Result result = run(capture, plugins);
  REQUIRE(result.status == 0);
  CHECK(counts(result.flows.find({{"dstIP", host(2)}})) == "2 1 1 2 1 2 ");
  CHECK(result.flows.find({{"dstIP", host(2)}})["connNumPCnt"] == "3");
  CHECK(counts(result.flows.find({{"dstIP", host(3)}})) == "1 1 1 1 1 1 ");  // the flow to 2 had ended
  CHECK(result.flows.find({{"dstIP", host(3)}})["connNumPCnt"] == "3");
  CHECK(counts(result.flows.find({{"dstIP", host(4)}})) == "1 1 1 1 1 1 ");
  CHECK(result.flows.find({{"dstIP", host(4)}})["connNumPCnt"] == "1");  // all others had ended
}

TEST_CASE("connStat: layer 2 has no addresses, IPv4 and IPv6 have different ones", "[connStat]") {
  Capture capture;
  capture.add(epoch, Frame().eth().arp(1, "02:00:00:00:00:01", "10.0.0.1", "00:00:00:00:00:00", "10.0.0.2"));
  capture.add(epoch + 1, datagram(1, 2, 1, 2));
  capture.add(epoch + 2, Frame().eth().ip6("0a00:0001::", "0a00:0002::").udp(1, 2));
  const Result result = run(capture, plugins);
  CHECK(counts(result.flows.find({{"ethType", "0x0806"}})) == "0 0 0 0 0 0 ");
  CHECK(counts(result.flows.find({{"ethType", "0x0800"}})) == "1 1 1 1 1 1 ");
  CHECK(counts(result.flows.find({{"ethType", "0x86dd"}})) == "1 1 1 1 1 1 ");
}

TEST_CASE("connStat: rows do not depend on batches", "[connStat]") {
  std::mt19937 random(5);
  Capture capture;
  std::int64_t at = epoch;
  for (int i = 0; i < 3000; ++i) {
    at += static_cast<std::int64_t>(random() % 1000) * millisecond;
    const bool back = random() % 3 == 0;
    const unsigned client = 1 + static_cast<unsigned>(random() % 5), server = 10 + static_cast<unsigned>(random() % 5);
    const unsigned port = 1000 + static_cast<unsigned>(random() % 4);
    capture.add(at, back ? datagram(server, client, 80, port) : datagram(client, server, port, 80));
  }
  for (const char* flows : {"0", "12"}) {
    const Arguments bound = flows[0] == '0' ? Arguments{} : Arguments{"--max-flows", flows};
    Arguments one = bound, many = bound;
    one.insert(one.end(), {"--batch", "1", "--hash-seed", "1"});
    many.insert(many.end(), {"--batch", "64", "--hash-seed", "77"});
    const Result a = run(capture, plugins, one), b = run(capture, plugins, many);
    REQUIRE(a.status == 0);
    CHECK(a.flows.size() > 90);
    CHECK(a.flow_file == b.flow_file);
  }
}

TEST_CASE("connStat: the table agrees with a map", "[connStat]") {
  using namespace t2::conn_stat;
  std::mt19937 random(6);
  CountTable table;
  std::map<unsigned, std::uint32_t> expected;  // counts by address
  for (int i = 0; i < 40'000; ++i) {
    const unsigned number = static_cast<unsigned>(random() % (i < 20'000 ? 6000 : 50));
    t2::Endpoint end;
    t2::store_big(end.address.data(), number);
    const std::uint32_t entry = table.find_or_add(key_of(Kind::source, t2::Family::ipv4, end));
    CHECK(table[entry].count == expected[number]);
    if (random() % 2 == 0 || expected[number] == 0) {
      ++table[entry].count, ++expected[number];
    } else if (--table[entry].count, --expected[number] == 0) {
      table.remove(entry);
    }
  }
  const auto alive = std::count_if(expected.begin(), expected.end(), [](const auto& one) { return one.second > 0; });
  CHECK(table.used(Kind::source) == alive);
}

}  // namespace t2::test::conn_stat_test
