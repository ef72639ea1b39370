// What libndpi recognises, that the plugin says what the library says, and that flows do not influence each other.
#include <cstring>

#include <catch2/catch.hpp>

#include <ndpi/ndpi_api.h>

#include "run.hpp"
#include "t2/library.hpp"

namespace t2::test::ndpi_test {

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

// Frames of a conversation, in their order, from a client port of its own.
using Conversation = std::vector<Frame>;

struct Speech {
  unsigned port;
  std::vector<std::string> tcp;  // the client begins, both take turns
  std::string udp = {};          // repeated in both directions instead
  const char* server = "192.0.2.2";
  std::vector<std::string> again = {};  // said after another handshake with the same ports and numbers
};

Conversation speak(const Speech& speech, unsigned client_port) {
  const bool v6 = std::string(speech.server).find(':') != std::string::npos;
  const std::string client = v6 ? "2001:db8::1" : "192.0.2.1";
  const auto from = [&](bool answer) {
    Frame f;
    f.eth();
    const std::string source = answer ? speech.server : client, destination = answer ? client : speech.server;
    if (v6) f.ip6(source, destination);
    else f.ip4(source, destination);
    const unsigned source_port = answer ? speech.port : client_port,
                   destination_port = answer ? client_port : speech.port;
    if (speech.udp.empty()) f.tcp(source_port, destination_port);
    else f.udp(source_port, destination_port);
    return f;
  };
  Conversation frames;
  if (!speech.udp.empty()) {
    for (int i = 0; i < 20; ++i) frames.push_back(from(i % 3 == 1).payload(speech.udp));
    return frames;
  }
  for (const std::vector<std::string>* said : {&speech.tcp, &speech.again}) {
    if (said == &speech.again && said->empty()) break;
    std::uint32_t next[2] = {11, 21};
    frames.push_back(from(false).flags("S").seq(10).options(mss(1460)));
    frames.push_back(from(true).flags("SA").seq(20).ack(11));
    frames.push_back(from(false).flags("A").seq(11).ack(21));
    bool answer = false;
    for (const std::string& bytes : *said) {
      frames.push_back(from(answer).flags("PA").seq(next[answer]).ack(next[!answer]).payload(bytes));
      next[answer] += static_cast<std::uint32_t>(bytes.size());
      frames.push_back(from(!answer).flags("A").seq(next[!answer]).ack(next[answer]));
      answer = !answer;
    }
  }
  return frames;
}

std::string noise(std::size_t size, unsigned seed) {
  std::string bytes;
  while (bytes.size() < size) bytes.push_back(static_cast<char>((seed = seed * 1103515245 + 12345) >> 16));
  return bytes;
}
std::vector<std::string> noises(std::size_t count, std::size_t size) {
  std::vector<std::string> all;
  for (unsigned i = 0; i < count; ++i) all.push_back(noise(size, i + 1));
  return all;
}
std::string of(const Buffer& bytes) { return {bytes.begin(), bytes.end()}; }

// What the library is asked about in most of its ways: known at once, late, by port, never; with memory and without.
std::vector<Speech> speeches() {
  const std::string torrent =
      "\x13"
      "BitTorrent protocol" +
      std::string(48, 'x');
  const std::string hello = of(hex("16 0303 4000 01 003ffc 0303")) + std::string(400, '\1');
  const std::string query = of(hex("1234 0100 0001 0000 0000 0000 03777777 076578616d706c65 03636f6d 00 0001 0001"));
  return {{8123, {request, response}},
          {80, {request, response, request, response}},
          {80, noises(14, 60)},
          {2222, {"SSH-2.0-OpenSSH_9.0\r\n", "SSH-2.0-OpenSSH_9.0\r\n", noise(700, 5), noise(700, 6)}},
          {443, {hello, noise(50, 9), std::string(300, '\1'), "", std::string(300, '\1')}},
          {443, noises(3, 40)},
          {21, {"", "220 ready\r\n", "USER a\r\n", "331 password\r\n", "PASS b\r\n", "230 in\r\n"}},
          {25, {"", "220 mail ESMTP\r\n", "EHLO a\r\n", "250 mail\r\n", "MAIL FROM:<a@b>\r\n", "250 ok\r\n"}},
          {50001, {torrent, torrent}},
          {50002, noises(12, 100)},
          {50003, {noise(9, 3)}, {}, "2001:db8::2"},
          {22, {}},
          {5900, {"", "RFB 003.008\n", "RFB 003.008\n", noise(2, 4), noise(1, 5), noise(4, 6)}},
          {2224, {}, {}, "192.0.2.2", {"SSH-2.0-OpenSSH_9.0\r\n", "SSH-2.0-OpenSSH_9.0\r\n"}},
          {5001, {"abcd"}},
          {8080, {"GET /\r\n"}, {}, "2001:db8::2"},
          {80, {"GET / HTTP/1.1", "\r\nHost: example.net\r\n\r\n", "HTTP/1.1 200 OK\n", "\r\n", "a\r\n", "\r"}},
          {554, {"OPTIONS rtsp://192.0.2.2/ RTSP/1.0\nCSeq: 1\n\n", "RTSP/1.0 200 OK\rCSeq: 1\r", "abc", "ab\r\n"}},
          {8081, {"GET /" + std::string(700, 'a'), "\n\r" + std::string(700, 'b'), response}},
          {5060, {}, "OPTIONS sip:a@192.0.2.2 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.1\n\n"},
          {53, {}, query},
          {3478, {}, of(hex("0001 0000 2112a442 000102030405060708090a0b"))},
          {50004, {}, noise(300, 7)},
          {5060, {}, "OPTIONS sip:a@192.0.2.2 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1\r\n\r\n"},
          {6000, {}, of(hex("80 60 0201 00000001 00000002")) + noise(160, 13)},
          {443, {}, noise(1200, 8)}};
}

struct Said {
  std::string application, confidence;
  std::uint64_t risks;
  std::int64_t packets;
  bool operator==(const Said&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Said& s) {
  return out << s.application << ' ' << s.confidence << ' ' << s.risks << ' ' << s.packets;
}

Said row_of(const Result& result, unsigned client_port) {
  const auto row = result.flows.find({{"dir", "A"}, {"srcPort", std::to_string(client_port)}});
  return {row["nDPIclass"], row["nDPIConf"], static_cast<std::uint64_t>(row.number("nDPIRisk")),
          row.number("nDPIPkts")};
}

struct Bare {
  t2::Library library{"libndpi.so.4.2", "libndpi4.2"};
  T2_IMPORT(ndpi_init_detection_module);
  T2_IMPORT(ndpi_exit_detection_module);
  T2_IMPORT(ndpi_set_protocol_detection_bitmask2);
  T2_IMPORT(ndpi_finalize_initialization);
  T2_IMPORT(ndpi_detection_process_packet);
  T2_IMPORT(ndpi_detection_giveup);
  T2_IMPORT(ndpi_extra_dissection_possible);
  T2_IMPORT(ndpi_free_flow_data);
  T2_IMPORT(ndpi_protocol2name);
  T2_IMPORT(ndpi_confidence_get_name);
};

// What the library says of a conversation when it is called as its documentation says.
Said said_by_library(const Conversation& conversation, std::size_t max_packets) {
  static const Bare bare;
  ndpi_detection_module_struct* module = bare.ndpi_init_detection_module(ndpi_no_prefs);
  NDPI_PROTOCOL_BITMASK all;
  NDPI_BITMASK_SET_ALL(all);
  bare.ndpi_set_protocol_detection_bitmask2(module, &all);
  bare.ndpi_finalize_initialization(module);
  const auto flow = std::make_unique<ndpi_flow_struct>();
  std::memset(flow.get(), 0, sizeof *flow);
  ndpi_protocol found{};
  std::size_t packets = 0;
  for (const Frame& frame : conversation) {
    const Buffer bytes = frame.bytes();
    found = bare.ndpi_detection_process_packet(module, flow.get(), bytes.data() + 14,
                                               static_cast<unsigned short>(bytes.size() - 14), 1000 + packets);
    ++packets;
    const bool known = found.master_protocol != NDPI_PROTOCOL_UNKNOWN || found.app_protocol != NDPI_PROTOCOL_UNKNOWN;
    if (packets == max_packets || (known && !bare.ndpi_extra_dissection_possible(module, flow.get()))) break;
  }
  if (found.master_protocol == NDPI_PROTOCOL_UNKNOWN && found.app_protocol == NDPI_PROTOCOL_UNKNOWN) {
    std::uint8_t guessed = 0;
    found = bare.ndpi_detection_giveup(module, flow.get(), 1, &guessed);
  }
  char name[64];
  const Said said{'"' + std::string(bare.ndpi_protocol2name(module, found, name, sizeof name)) + '"',
                  '"' + std::string(bare.ndpi_confidence_get_name(flow->confidence)) + '"', flow->risk,
                  static_cast<std::int64_t>(packets)};
  bare.ndpi_free_flow_data(flow.get());
  bare.ndpi_exit_detection_module(module);
  return said;
}

}  // namespace

TEST_CASE("nDPI: says what the library says, also where blocks go from flow to flow") {
  const std::vector<Speech> all = speeches();
  constexpr std::size_t waves = 3;  // the later ones get the blocks of the flows before
  Capture capture;
  for (std::size_t wave = 0; wave < waves; ++wave) {
    std::vector<Conversation> conversations;
    std::size_t longest = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      conversations.push_back(speak(all[i], static_cast<unsigned>(40000 + 100 * wave + i)));
      longest = std::max(longest, conversations[i].size());
    }
    for (std::size_t n = 0; n < longest; ++n) {
      for (std::size_t i = 0; i < all.size(); ++i) {
        const std::size_t which = (i + 7 * wave + n) % all.size();  // takes turns otherwise in each wave
        if (n >= conversations[which].size()) continue;
        capture.add(epoch + static_cast<std::int64_t>(wave) * second + static_cast<std::int64_t>(n) * millisecond,
                    conversations[which][n]);
      }
    }
  }
  const Result result = run(capture, plugins);
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t wave = 0; wave < waves; ++wave) {
      const auto port = static_cast<unsigned>(40000 + 100 * wave + i);
      INFO("port " << all[i].port << ", client port " << port);
      CHECK(row_of(result, port) == said_by_library(speak(all[i], port), all[i].udp.empty() ? 20 : 16));
    }
  }
}

TEST_CASE("nDPI: SYNs without payload are looked at when another packet follows, or at the end") {
  Capture capture;
  const auto syn = [](unsigned port) {
    return Frame().eth().ip4("192.0.2.1", "192.0.2.2").tcp(port, 22).flags("S").seq(10);
  };
  const auto add = [&](std::int64_t time, const Frame& frame) { capture.add(epoch + time * millisecond, frame); };
  add(0, syn(40001));
  add(1, syn(40001));
  add(2, syn(40001));
  add(3, syn(40002));
  add(4, Frame().eth().ip4("192.0.2.2", "192.0.2.1").tcp(22, 40002).flags("RA").seq(0).ack(11));
  add(5, syn(40003).payload("SSH-2.0-OpenSSH_9.0\r\n"));
  add(6, Frame().eth().ip6("2001:db8::1", "2001:db8::2").tcp(40004, 22).flags("S").seq(10));
  const Result result = run(capture, plugins);
  CHECK(row_of(result, 40001) == Said{"\"SSH\"", "\"Match by port\"", 0, 3});
  CHECK(row_of(result, 40002) == Said{"\"SSH\"", "\"Match by port\"", 0, 2});
  CHECK(row_of(result, 40003).packets == 1);
  CHECK(row_of(result, 40004) == Said{"\"SSH\"", "\"Match by port\"", 0, 1});
  const Result two = run(capture, plugins, {"--set", "NDPI_TCP_PACKETS=2"});
  CHECK(row_of(two, 40001) == Said{"\"SSH\"", "\"Match by port\"", 0, 2});
  CHECK(run(capture, plugins, {"--set", "NDPI_GUESS_UNKNOWN=0"}).flows.row(0)["nDPIclass"] == "\"Unknown\"");
}

TEST_CASE("nDPI: a SYN in the middle of a connection begins another one, with the same ports and numbers") {
  Capture capture;
  std::int64_t time = epoch;
  for (const Frame& frame : speak({2223, {"hello"}, {}, "192.0.2.2", {"SSH-2.0-OpenSSH_9.0\r\n"}}, 40001))
    capture.add(time += millisecond, frame);
  const Said said = row_of(run(capture, plugins), 40001);
  CHECK(said.application == "\"SSH\"");
  CHECK(said.confidence == "\"DPI\"");
}

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

}  // namespace t2::test::ndpi_test
