// Messages of HTTP and SIP: what is listed, whatever the segments are, and what must not be taken for a message.
#include <catch2/catch.hpp>

#include <algorithm>
#include <random>

#include "run.hpp"

namespace t2::test::http_sniffer_test {

namespace {

const std::vector<std::string> plugins{"basicFlow", "httpSniffer", "txtSink"};

// A connection of two streams. Segments of `size` bytes; both directions in turn, a SYN each before.
struct Connection {
  Capture capture;
  std::int64_t time = epoch;
  std::uint32_t sequence[2] = {1000, 5000};

  Frame frame(bool server) {
    Frame f;
    if (server) f.eth().ip4("10.0.0.2", "10.0.0.1").tcp(80, 5000);
    else f.eth().ip4("10.0.0.1", "10.0.0.2").tcp(5000, 80);
    return f;
  }
  Connection() {
    for (const bool server : {false, true}) {
      capture.add(time++, frame(server).flags(server ? "SA" : "S").seq(sequence[server] - 1).ack(server ? 1000 : 0));
    }
  }
  std::vector<Buffer> segments(bool server, const std::string& bytes, std::size_t size) {
    std::vector<Buffer> all;
    for (std::size_t at = 0; at < bytes.size(); at += size) {
      const std::string part = bytes.substr(at, size);
      all.push_back(frame(server).flags("PA").seq(sequence[server]).ack(sequence[!server]).payload(part));
      sequence[server] += static_cast<std::uint32_t>(part.size());
    }
    return all;
  }
  Connection& send(bool server, const std::string& bytes, std::size_t size = 1400) {
    for (const Buffer& segment : segments(server, bytes, size)) capture.add(time += microsecond, segment);
    return *this;
  }
  Connection& client(const std::string& bytes) { return send(false, bytes); }
  Connection& server(const std::string& bytes) { return send(true, bytes); }
};

Table::Row row(const Result& result, const char* direction) { return result.flows.find({{"dir", direction}}); }

const std::string request =
    "POST /form/a.php?x=1 HTTP/1.1\r\nHost: 192.0.2.7:80\r\nuser-agent:  Probe/1.0 \r\nCookie: a=b\r\nCookie: a=b\r\n"
    "Content-Type: Application/JSON; charset=utf-8\r\nContent-Length: 11\r\nDNT: 1\r\nReferer: http://x/\r\n\r\n"
    "Host: body\n";
const std::string second_request =
    "PATCH /two HTTP/1.1\r\nHost: a.com.evil\r\n\r\nGET / HTTP/1.1\r\nHost: a.com\r\n\r\n";
const std::string response =
    "HTTP/1.1 200 OK\r\nServer: s\r\nX-Powered-By: p\r\nVia: 1.1 v\r\nTransfer-Encoding: chunked\r\n"
    "Content-Type: text/html\r\nSet-Cookie: k=v; Path=/\r\n\r\n"
    "20\r\n<meta http-equiv=\"Refresh\" conte\r\n1B;x=y\r\nnt=\"5;URL=http://next/a\"> .\r\n0\r\nTrailer: t\r\n\r\n";
const std::string second_response =
    "HTTP/1.1 301 Moved\r\nLocation: /new\r\nContent-Length: 0\r\n\r\n"
    "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 4\r\n\r\n\177ELF";

void check(const Result& result) {
  const auto client = row(result, "A"), server = row(result, "B");
  CHECK(client["httpStat"] == "0x006c");
  CHECK(client["httpAFlags"] == "0x0403");
  CHECK(client["httpMethods"] == "0x0a");
  CHECK(client["httpHeadMimes"] == "0x0001");
  CHECK(client["httpCFlags"] == "0x0010");
  CHECK(client["httpGet_Post"] == "1_1");
  CHECK(client["httpURL_Via_Loc_Srv_Pwr_UAg_XFr_Ref_Cky_Mim"] == "3_0_0_0_0_1_0_1_2_1");
  CHECK(client["httpImg_Vid_Aud_Msg_Txt_App_Unk"] == "0_0_0_0_0_1_0");
  CHECK(client["httpHosts"] == "\"192.0.2.7:80\";\"a.com.evil\";\"a.com\"");
  CHECK(client["httpURL"] == "\"/form/a.php?x=1\";\"/two\";\"/\"");
  CHECK(client["httpMimes"] == "\"Application/JSON\"");
  CHECK(client["httpCookies"] == "\"a=b\";\"a=b\"");
  CHECK(client["httpAppl"] == "\"_form_a.php_x=1_A_0\"");
  CHECK(client["httpUsrAg"] == "\"Probe/1.0\"");
  CHECK(client["httpVers"] == "0x02");
  CHECK(client["httpReq_Resp"] == "3_0");
  CHECK(client["httpBodyBytes"] == "11");
  CHECK(client["httpOtherMeth"] == "\"PATCH\"");
  CHECK(server["httpStat"] == "0x0078");
  CHECK(server["httpAFlags"] == "0x2000");
  CHECK(server["httpHeadMimes"] == "0x0044");
  CHECK(server["httpCFlags"] == "0x0012");
  CHECK(server["httpRSCnt"] == "2");
  CHECK(server["httpRSCode"] == "200;301");
  CHECK(server["httpImg_Vid_Aud_Msg_Txt_App_Unk"] == "1_0_0_0_1_0_0");
  CHECK(server["httpBdyURL"] == "\"http://next/a\"");
  CHECK(server["httpVia"] == "\"1.1 v\"");
  CHECK(server["httpLoc"] == "\"/new\"");
  CHECK(server["httpServ"] == "\"s\"");
  CHECK(server["httpPwr"] == "\"p\"");
  CHECK(server["httpReq_Resp"] == "0_3");
  CHECK(server["httpBodyBytes"] == "63");
  CHECK(server["httpSetCky"] == "\"k=v; Path=/\"");
}

}  // namespace

TEST_CASE("httpSniffer: requests and responses, in segments of any size and order") {
  for (const std::size_t size : {1400u, 97u, 7u, 1u}) {
    Connection c;
    c.send(false, request + second_request, size).send(true, response + second_response, size);
    check(run(c.capture, plugins));
  }
  for (const unsigned seed : {1u, 2u}) {
    Connection c;
    std::mt19937 random(seed);
    for (const bool server : {false, true}) {
      std::vector<Buffer> all = c.segments(server, server ? response + second_response : request + second_request, 40);
      all.push_back(all[2]);  // repeated
      std::shuffle(all.begin(), all.end(), random);
      for (const Buffer& segment : all) c.capture.add(c.time += microsecond, segment);
    }
    check(run(c.capture, plugins));
  }
}

TEST_CASE("httpSniffer: packets have the columns of their direction so far") {
  Connection c;
  c.client(request).server(response);
  const Result result = run(c.capture, plugins, {"-s"});
  const Table packets(result.file("_packets.txt"));
  REQUIRE(packets.size() == 4);
  CHECK(packets.row(0)["httpStat"] == "0x0000");
  CHECK(packets.row(2)["httpStat"] == "0x002c");
  CHECK(packets.row(2)["httpMethods"] == "0x08");
  CHECK(packets.row(3)["httpStat"] == "0x0038");
  CHECK_THAT(result.out, Catch::Contains("httpSniffer: Number of HTTP packets: 2 [50.00%]"));
  CHECK_THAT(result.out, Catch::Contains("httpSniffer: Number of HTTP POST requests: 1 [50.00%]"));
}

TEST_CASE("httpSniffer: bodies are no messages") {
  Connection c;
  c.client("HEAD /h HTTP/1.1\r\n\r\nGET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n");
  c.server("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\n");
  c.server("HTTP/1.1 304 Not Modified\r\nContent-Length: 900\r\n\r\n");
  c.server("HTTP/1.0 200 OK\r\nContent-Type: message/rfc822\r\n\r\n");
  c.server("HTTP/1.1 500 in the body\r\nServer: none\r\n\r\nMZ");
  const Result result = run(c.capture, plugins);
  const auto server = row(result, "B");
  CHECK(server["httpRSCode"] == "100;200;304");
  CHECK(server["httpServ"] == "");
  CHECK(server["httpAFlags"] == "0x4000");
  CHECK(server["httpImg_Vid_Aud_Msg_Txt_App_Unk"] == "0_0_0_1_0_0_0");
  CHECK(server["httpBodyBytes"] == "44");
}

TEST_CASE("httpSniffer: other protocols, and what only looks like a message") {
  for (const char* bytes : {"GETX\r\n", "USER anonymous\r\nPASS x\r\n", "GET / HTTP/3.0\r\n\r\n",
                            "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000\r\n\r\n", "get / HTTP/1.1\r\n\r\n",
                            "Subject: HTTP/1.1 200\r\n\r\n", " GET / HTTP/1.1\r\n\r\n", "PRI * HTTP/2.1\r\n\r\n"}) {
    Connection c;
    c.client(bytes);
    const Result result = run(c.capture, plugins);
    CAPTURE(bytes);
    CHECK(row(result, "A")["httpStat"] == "0x0000");
    CHECK(row(result, "A")["httpVers"] == "0x00");
  }
  Connection late;  // what came before is none
  late.client("\x16\x03\x01 binary").client("GET /late HTTP/1.1\r\n\r\n");
  CHECK(row(run(late.capture, plugins), "A")["httpURL"] == "\"/late\"");
}

TEST_CASE("httpSniffer: HTTP/2, upgrades and tunnels") {
  Connection prior;
  prior.client("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nGET / HTTP/1.1\r\n\r\n").server(std::string("\0\0\0\4\0\0\0\0\0", 9));
  const Result result = run(prior.capture, plugins);
  for (const char* direction : {"A", "B"}) {
    CHECK(row(result, direction)["httpVers"] == "0x04");
    CHECK(row(result, direction)["httpStat"] == "0x0000");
  }
  Connection upgrade;
  upgrade.client("GET /chat HTTP/1.1\r\nUpgrade: websocket\r\n\r\n");
  upgrade.server("HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n").server("HTTP/1.1 200 OK\r\n\r\n");
  CHECK(row(run(upgrade.capture, plugins), "B")["httpRSCode"] == "101");
  CHECK(row(run(upgrade.capture, plugins), "A")["httpVers"] == "0x12");
  Connection tunnel;
  tunnel.client("CONNECT a:443 HTTP/1.1\r\n\r\n").server("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 404 No\r\n\r\n");
  CHECK(row(run(tunnel.capture, plugins), "B")["httpRSCode"] == "200");
}

TEST_CASE("httpSniffer: SIP in datagrams") {
  const auto sent = [](const char* bytes) {
    return Frame().eth().ip4("10.0.0.1", "10.0.0.2").udp(5060, 5060).payload(bytes);
  };
  Capture capture;
  capture.add(epoch, sent("INVITE sip:a@b SIP/2.0\r\nv: SIP/2.0/UDP h\r\nc: application/sdp\r\nl: 3\r\n\r\nv=0"));
  capture.add(epoch + 1, sent("SIP/2.0 180 Ringing\r\n\r\n"));
  capture.add(epoch + 2, sent("OPTIONS sip:cut SIP/2.0\r\nServer: not whole"));
  const Result result = run(capture, plugins);
  const auto flow = result.flows.row(0);
  CHECK(flow["httpVers"] == "0x08");
  CHECK(flow["httpRSCode"] == "180");
  CHECK(flow["httpURL"] == "\"sip:a@b\";\"sip:cut\"");
  CHECK(flow["httpVia"] == "\"SIP/2.0/UDP h\"");
  CHECK(flow["httpServ"] == "");
  CHECK(flow["httpAppl"] == "\"sip:a@b_A_0\"");
  CHECK(flow["httpOtherMeth"] == "\"INVITE\"");
}

TEST_CASE("httpSniffer: lists and texts have limits, and it says so") {
  Connection c;
  for (int i = 0; i < 5; ++i) c.client("GET /" + std::to_string(i) + " HTTP/1.1\r\nUser-Agent: 0123456789\r\n\r\n");
  c.client("GET /" + std::string(40'000, 'x') + " HTTP/1.1\r\n\r\n").client("GET /4 HTTP/1.1\r\n\r\n");
  const Result result = run(c.capture, plugins, {"--set", "HTTP_DATA_C_MAX=4", "--set", "HTTP_MXUA_LEN=3"});
  const auto flow = row(result, "A");
  CHECK(flow["httpURL"] == "\"/0\";\"/1\";\"/2\";\"/3\"");
  CHECK(flow["httpUsrAg"] == "\"012\"");
  CHECK(flow["httpStat"] == "0x006f");
  CHECK(flow["httpGet_Post"] == "6_0");
}

TEST_CASE("httpSniffer: behind a gap it goes on where a message is known to begin") {
  Connection c;
  c.server("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 300\r\n\r\n" + std::string(100, 'a'));
  c.sequence[1] += 100;  // not captured
  c.server(std::string(100, 'b') + "HTTP/1.1 404 Not Found\r\nServ");
  c.sequence[1] += 10;
  c.server("er: lost\r\nServer: lost\r\n\r\n").server("HTTP/1.1 500 No\r\n\r\n");
  const Result result = run(c.capture, plugins);
  const auto flow = row(result, "B");
  CHECK(flow["httpRSCode"] == "200;404;500");
  CHECK(flow["httpServ"] == "");
  CHECK(flow["httpBodyBytes"] == "300");
}

TEST_CASE("httpSniffer: bad lengths and lines") {
  for (const char* headers :
       {"Content-Length: -1", "Content-Length: 1\r\nContent-Length: 2", "Content-Length: 99999999999999999999",
        "no colon", "Transfer-Encoding: chunked\r\n\r\nzz", "Transfer-Encoding: chunked\r\n\r\n1\r\nab",
        "Transfer-Encoding: chunked\r\n\r\n11111111111111111"}) {
    Connection c;
    c.server(std::string("HTTP/1.1 200 OK\r\n") + headers + "\r\n\r\n");
    CAPTURE(headers);
    CHECK(row(run(c.capture, plugins), "B")["httpAFlags"] == "0x0020");
  }
}

}  // namespace t2::test::http_sniffer_test
