// What libndpi recognises, and that flows do not influence each other.
#include <catch2/catch.hpp>

#include "run.hpp"

using namespace t2::test;

namespace {

const std::vector<std::string> plugins{"basicFlow", "nDPI", "txtSink"};

// A TCP connection to `port`: handshake, then what the client says and what the server answers.
void connection(Capture& capture, unsigned client_port, unsigned port, const std::string& client,
                const std::string& server) {
  const auto from = [&](bool answer) {
    Frame f;
    if (answer) f.eth().ip4("192.0.2.2", "192.0.2.1").tcp(port, client_port);
    else f.eth().ip4("192.0.2.1", "192.0.2.2").tcp(client_port, port);
    return f;
  };
  std::int64_t time = epoch + client_port * millisecond;
  const auto size = [](const std::string& s) { return static_cast<std::uint32_t>(s.size()); };
  capture.add(time, from(false).flags("S").seq(10));
  capture.add(time + 1, from(true).flags("SA").seq(20).ack(11));
  capture.add(time + 2, from(false).flags("A").seq(11).ack(21));
  if (!client.empty()) capture.add(time + 3, from(false).flags("PA").seq(11).ack(21).payload(client));
  if (!server.empty()) capture.add(time + 4, from(true).flags("PA").seq(21).ack(11 + size(client)).payload(server));
}

const std::string request = "GET /a HTTP/1.1\r\nHost: 192.0.2.2\r\nUser-Agent: Mozilla/5.0\r\nAccept: */*\r\n\r\n";
const std::string response = "HTTP/1.1 200 OK\r\nServer: s\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nok";

}  // namespace

TEST_CASE("nDPI: applications are recognised by what is said, on any port, in both directions") {
  Capture capture;
  connection(capture, 40001, 8123, request, response);
  connection(capture, 40002, 2222, "SSH-2.0-OpenSSH_9.0\r\n", "SSH-2.0-OpenSSH_9.0\r\n");
  capture.add(epoch + second, Frame().eth().arp(1, "02:00:00:00:00:01", "192.0.2.1", "00:00:00:00:00:00", "192.0.2.2"));
  const Result result = run(capture, plugins);
  for (const char* direction : {"A", "B"}) {
    const auto http = result.flows.find({{"dir", direction}, {direction[0] == 'A' ? "dstPort" : "srcPort", "8123"}});
    CHECK(http["nDPIclass"] == "\"HTTP\"");
    CHECK(http["nDPICat"] == "\"Web\"");
    CHECK(http["nDPIConf"] == "\"DPI\"");
    CHECK((http.number("nDPIRisk") & 0x1020) == 0x1020);  // another port, the host is an address
    const auto ssh = result.flows.find({{"dir", direction}, {direction[0] == 'A' ? "dstPort" : "srcPort", "2222"}});
    CHECK(ssh["nDPIclass"] == "\"SSH\"");
    CHECK(ssh["nDPICat"] == "\"RemoteAccess\"");
  }
  const auto arp = result.flows.find({{"ethType", "0x0806"}});
  CHECK(arp["nDPIclass"] == "\"Unknown\"");
  CHECK(arp["nDPIPkts"] == "0");
  CHECK_THAT(result.out, Catch::Contains("nDPI: Number of flows classified: 4 [80.00%]"));
}

TEST_CASE("nDPI: what is not recognised is guessed, if that is wanted") {
  Capture capture;
  connection(capture, 40001, 22, "", "");
  const Result guess = run(capture, plugins), none = run(capture, plugins, {"--set", "NDPI_GUESS_UNKNOWN=0"});
  const auto guessed = guess.flows.row(0);
  CHECK(guessed["nDPIclass"] == "\"SSH\"");
  CHECK(guessed["nDPIConf"] == "\"Match by port\"");
  CHECK(none.flows.row(0)["nDPIclass"] == "\"Unknown\"");
}

TEST_CASE("nDPI: so many packets are looked at, of both directions together") {
  Capture capture;
  connection(capture, 40001, 8123, request, response);
  const Arguments no_guess{"--set", "NDPI_GUESS_UNKNOWN=0", "--set"};
  const auto with = [&](const char* packets) {
    Arguments arguments = no_guess;
    arguments.emplace_back(std::string("NDPI_TCP_PACKETS=") + packets);
    return run(capture, plugins, arguments);
  };
  CHECK(with("3").flows.row(1)["nDPIclass"] == "\"Unknown\"");
  CHECK(with("3").flows.row(1)["nDPIPkts"] == "3");
  CHECK(with("4").flows.row(1)["nDPIclass"] == "\"HTTP\"");
  const Table packets(run(capture, plugins, {"-s", "--set", "NDPI_GUESS_UNKNOWN=0"}).file("_packets.txt"));
  CHECK(packets.row(0)["nDPIclass"] == "Unknown");
  CHECK(packets.row(4)["nDPIclass"] == "HTTP");
}

TEST_CASE("nDPI: flows do not influence each other, whatever the number of threads") {
  Capture capture;
  for (unsigned i = 0; i < 60; ++i) {
    const std::string torrent =
        "\x13"
        "BitTorrent protocol" +
        std::string(48, static_cast<char>(i));
    connection(capture, 6000 + i, 50000 + i % 3, i % 2 ? torrent : std::string(40, static_cast<char>(i + 1)), "");
    Buffer stun = hex("0001 0008 2112a442 000102030405060708090a0b 0003000400000000");
    capture.add(epoch + second + i, Frame().eth().ip4("192.0.2.1", "192.0.2.9").udp(7000 + i % 7, 3478 + i).raw(stun));
  }
  const std::string one = run(capture, plugins, {"-t", "1"}).flow_file;
  CHECK(one == run(capture, plugins, {"-t", "4"}).flow_file);
  CHECK_THAT(one, Catch::Contains("BitTorrent"));
}

TEST_CASE("nDPI: a flow that needs much memory ends its inspection, nothing else") {
  Capture capture;
  std::uint32_t sequence = 11;
  connection(capture, 40001, 443, "", "");
  for (int i = 0; i < 12; ++i) {  // a handshake record that is never complete
    const Buffer part = i == 0 ? hex("16 0303 4000 02 003ffc") + Buffer(1300, 1) : Buffer(1300, 1);
    capture.add(epoch + 6 * second + i,
                Frame().eth().ip4("192.0.2.1", "192.0.2.2").tcp(40001, 443).flags("A").seq(sequence).ack(21).raw(part));
    sequence += static_cast<std::uint32_t>(part.size());
  }
  const Result result = run(capture, plugins);
  CHECK(result.status == 0);
  CHECK(result.flows.row(0)["nDPIclass"] == "\"TLS\"");
}
