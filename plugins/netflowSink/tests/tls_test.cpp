// IPFIX over TLS: who is trusted, who is not, and what becomes of the records.
#include <catch2/catch.hpp>

#include <unistd.h>

#include <chrono>

#include "../src/exporter.hpp"
#include "../src/transport.hpp"
#include "records.hpp"
#include "t2/plugin.hpp"
#include "tls_collector.hpp"

namespace t2::test::tls_test {

using namespace t2::netflow_sink;

namespace {

constexpr t2::Time start_time = 1'700'000'000 * t2::one_second;

struct World {
  Identity authority{"authority"}, stranger{"stranger"};
  Identity collector{"collector", "IP:127.0.0.1,DNS:localhost", authority};
  TlsFiles trusting() const { return {.authorities = authority.certificate_file(), .certificate = {}, .key = {}}; }
};

class Sender {
 public:
  Sender(const std::string& host, std::uint16_t port, const TlsFiles& files)
      : exporter_(settings(), make_tls_transport({host, port}, 100, files,
                                                 [this](const std::string& text) { warnings.push_back(text); })) {
    exporter_.start(start_time);
  }
  void add(unsigned n) {
    FlowRecord r{};
    r.family = t2::Family::ipv4;
    for (unsigned i = 0; i < n; ++i) t2::test::export_record(exporter_, settings().layout, r, start_time);
  }
  // Goes on until something has happened. False: it did not, for a long time.
  template <class F>
  bool until(F happened) {
    const auto begin = std::chrono::steady_clock::now();
    while (!happened()) {
      if (std::chrono::steady_clock::now() - begin > std::chrono::seconds(30)) return false;
      exporter_.tick(start_time);
      usleep(2000);
    }
    return true;
  }
  const DeliveryStats& finish() {
    exporter_.finish(start_time);
    return exporter_.transport().delivery();
  }
  const DeliveryStats& delivery() const { return exporter_.transport().delivery(); }
  std::vector<std::string> warnings;

 private:
  static ExporterSettings settings() {
    ExporterSettings s;
    s.layout.version = Version::ipfix;
    s.max_ipv4 = 3;
    return s;
  }
  Exporter exporter_;
};

// A collector that is turned down gets nothing, and the warning says why.
void check_refusal(const std::string& host, const TlsFiles& files, const Identity& collector, const std::string& why) {
  const TlsCollector there(collector);
  Sender sender(host, there.port(), files);
  sender.add(9);
  CHECK(sender.until([&] { return !sender.warnings.empty() && there.ended() > 0; }));
  REQUIRE(sender.warnings.size() == 1);
  CHECK_THAT(sender.warnings[0], Catch::Contains("its certificate is refused") && Catch::Contains(why));
  CHECK(there.records() == 0);
  CHECK(sender.delivery().sent == 0);
}

}  // namespace

TEST_CASE("netflowSink: TLS carries every record, in the order and sequence of one session", "[netflowSink][tls]") {
  const World world;
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (const char* host : {"127.0.0.1", "localhost"}) {
      INFO(host << ", version " << version);
      const TlsCollector collector(world.collector, {.newest = version, .clients = nullptr});
      Sender sender(host, collector.port(), world.trusting());
      sender.add(200);
      CHECK(sender.until([&] { return collector.records() >= 198; }));
      sender.add(1);
      const DeliveryStats& delivery = sender.finish();
      CHECK(delivery.sent == 201);
      CHECK(delivery.lost == 0);
      CHECK(delivery.resent == 0);
      CHECK(delivery.templates == 1);
      std::size_t sequence = 0, sessions = 0;
      for (const TlsCollector::Session& session : collector.sessions()) {
        REQUIRE(session.established);
        CHECK(session.client.empty());
        ++sessions;
        CHECK(session.messages.at(0).templates.size() == 2);
        for (const auto& message : session.messages) {
          CHECK(message.sequence == sequence);
          sequence += message.records.size() + message.options.size();
        }
      }
      CHECK(sessions == 1);
      CHECK(collector.records() == 201);
    }
  }
}

TEST_CASE("netflowSink: a TLS collector of another name or address is refused", "[netflowSink][tls]") {
  const World world;
  const Identity other("other", "DNS:flows.example.net,IP:192.0.2.1", world.authority);
  check_refusal("127.0.0.1", world.trusting(), other, "IP address mismatch");
  const Identity of_address("of address", "IP:127.0.0.1,DNS:flows.example.net", world.authority);
  const TlsCollector there(of_address);
  Sender sender("localhost", there.port(), world.trusting());
  sender.add(3);
  const auto refused = [&] {
    return !sender.warnings.empty() && sender.warnings.back().find("refused: hostname mismatch") != std::string::npos;
  };
  CHECK(sender.until([&] { return refused() || there.records() > 0 || there.ended() > 1; }));
  CHECK(there.records() == 0);
}

TEST_CASE("netflowSink: a TLS collector with an unknown or expired certificate is refused", "[netflowSink][tls]") {
  const World world;
  check_refusal("127.0.0.1", world.trusting(), Identity("collector", "IP:127.0.0.1", world.stranger),
                "unable to get local issuer certificate");
  check_refusal("127.0.0.1", world.trusting(), Identity("collector", "IP:127.0.0.1", world.authority, {-7200, -3600}),
                "has expired");
  check_refusal("127.0.0.1", world.trusting(), Identity("collector", "IP:127.0.0.1", world.authority, {3600, 7200}),
                "not yet valid");
  TlsFiles of_the_system;  // which knows no authority of this test
  check_refusal("127.0.0.1", of_the_system, world.collector, "certificate");
}

TEST_CASE("netflowSink: without verification any TLS collector will do", "[netflowSink][tls]") {
  const World world;
  const Identity unknown("unknown", "DNS:flows.example.net", world.stranger);
  const TlsCollector collector(unknown);
  Sender sender("127.0.0.1", collector.port(), {.authorities = {}, .certificate = {}, .key = {}, .verify = false});
  sender.add(7);
  CHECK(sender.finish().sent == 7);
  CHECK(collector.records() == 7);
}

TEST_CASE("netflowSink: the exporter shows its certificate to a TLS collector that wants one", "[netflowSink][tls]") {
  const World world;
  const Identity exporter("exporter", "DNS:exporter.example.net", world.authority),
      outsider("outsider", "DNS:exporter.example.net", world.stranger);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    INFO("version " << version);
    for (const Identity* own : {&exporter, &outsider, static_cast<const Identity*>(nullptr)}) {
      const TlsCollector collector(world.collector, {.newest = version, .clients = &world.authority});
      TlsFiles files = world.trusting();
      if (own) files.certificate = own->certificate_file(), files.key = own->key_file();
      Sender sender("127.0.0.1", collector.port(), files);
      sender.add(12);
      if (own == &exporter) {
        CHECK(sender.finish().sent == 12);
        CHECK(collector.sessions().at(0).client == "exporter");
        CHECK(collector.records() == 12);
        continue;
      }
      CHECK(sender.until([&] { return !sender.warnings.empty(); }));
      CHECK_THAT(sender.warnings.at(0), Catch::Contains("no connection to 127.0.0.1") && Catch::Contains("TLS: "));
      CHECK_FALSE(collector.sessions().at(0).established);
      CHECK(collector.records() == 0);
      CHECK(sender.delivery().sent == 0);
    }
  }
}

TEST_CASE("netflowSink: a TLS collector that goes away in order and comes back gets each record once",
          "[netflowSink][tls]") {
  const World world;
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    INFO("version " << version);
    const TlsCollector collector(world.collector, {.newest = version, .clients = nullptr, .leaves_after = 6});
    Sender sender("127.0.0.1", collector.port(), world.trusting());
    sender.add(6);
    CHECK(sender.until([&] { return collector.ended() == 1; }));
    sender.add(9);
    CHECK(sender.until([&] { return collector.records() == 15; }));
    const DeliveryStats& delivery = sender.finish();
    CHECK(delivery.sent == 15);
    CHECK(delivery.lost == 0);
    CHECK(delivery.resent == 0);
    CHECK(delivery.templates == 2);
    const auto sessions = collector.sessions();
    REQUIRE(sessions.size() == 2);
    for (const TlsCollector::Session& session : sessions) {
      CHECK(session.messages.at(0).templates.size() == 2);
      CHECK(session.messages.at(0).sequence == 0);
    }
    REQUIRE(sender.warnings.size() == 1);
    CHECK_THAT(sender.warnings[0], Catch::Contains("closed by the collector"));
  }
}

TEST_CASE("netflowSink: a TLS collector that does not come back: what it had read was sent, the rest is lost",
          "[netflowSink][tls]") {
  const World world;
  auto collector = std::make_unique<TlsCollector>(world.collector, TlsCollector::Behaviour{.leaves_after = 6});
  Sender sender("127.0.0.1", collector->port(), world.trusting());
  sender.add(6);
  CHECK(sender.until([&] { return collector->ended() == 1; }));
  CHECK(collector->records() == 6);
  collector.reset();
  sender.add(9);
  const DeliveryStats& delivery = sender.finish();
  CHECK(delivery.sent == 6);
  CHECK(delivery.lost == 9);
}

TEST_CASE("netflowSink: files that are of no use for TLS are errors that name the flag", "[netflowSink][tls]") {
  const World world;
  const auto make = [](const TlsFiles& files) {
    make_tls_transport({"127.0.0.1", 4740}, 100, files, [](const std::string&) {});
  };
  TlsFiles files = world.trusting();
  files.authorities = world.authority.key_file();
  CHECK_THROWS_WITH(make(files), Catch::Contains("NF_TLS_CA") && Catch::Contains(files.authorities));
  files = world.trusting();
  files.certificate = "/no/such/file";
  CHECK_THROWS_WITH(make(files), Catch::Contains("NF_TLS_CERT") && Catch::Contains("/no/such/file"));
  files.certificate = world.collector.certificate_file();
  files.key = world.authority.key_file();  // of another certificate
  CHECK_THROWS_WITH(make(files), Catch::Contains("NF_TLS_KEY"));
  files.key = world.collector.key_file();
  CHECK_NOTHROW(make(files));
}

}  // namespace t2::test::tls_test
