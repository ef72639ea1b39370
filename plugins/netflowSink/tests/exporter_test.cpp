// When messages leave: templates first and repeatedly, records in bounded time; sequence and counters. Without a
// network.
#include <catch2/catch.hpp>

#include <algorithm>
#include <deque>

#include "../src/exporter.hpp"
#include "decoder.hpp"
#include "records.hpp"

namespace t2::test::exporter_test {

using namespace t2::netflow_sink;
using namespace t2::test::netflow9;

namespace {

constexpr t2::Time start_time = 1'700'000'000 * one_second + 250'000'000;

struct Fixture {
  explicit Fixture(ExporterSettings settings = {})
      : layout(settings.layout), exporter(settings, std::make_unique<RecordingTransport>(log)) {
    exporter.start(start_time);
  }
  void add(unsigned n, t2::Time now, t2::Family family = t2::Family::ipv4) {
    FlowRecord r{};
    r.family = family;
    for (unsigned i = 0; i < n; ++i) t2::test::export_record(exporter, layout, r, now);
  }
  std::vector<DecodedMessage> decoded() {
    Decoder decoder;
    std::vector<DecodedMessage> out;
    for (const Message& message : log.messages) out.push_back(decoder.decode(message));
    return out;
  }
  // T: templates, a digit: that many records
  std::string sequence_of_messages() {
    std::string text;
    for (const DecodedMessage& d : decoded()) text += d.templates.empty() ? std::to_string(d.records.size()) : "T";
    return text;
  }
  RecordingTransport::Log log;
  RecordLayout layout;
  Exporter exporter;
};

ExporterSettings one_record_each(unsigned template_messages = 4) {
  ExporterSettings s;
  s.max_ipv4 = s.max_ipv6 = 1;
  s.template_messages = template_messages;
  return s;
}

}  // namespace

TEST_CASE("netflowSink: templates leave first, repeat quickly at the start, then every NF_TPL_PKTS messages",
          "[netflowSink]") {
  Fixture f(one_record_each(4));
  CHECK(f.sequence_of_messages() == "T");
  f.add(16, start_time);
  CHECK(f.sequence_of_messages() == "T1T11T1111T1111T1111T1");
  Fixture each(one_record_each(1));
  each.add(3, start_time);
  CHECK(each.sequence_of_messages() == "T1T1T1");
}

TEST_CASE("netflowSink: templates repeat by time, with and without flows", "[netflowSink]") {
  ExporterSettings s = one_record_each(100'000);
  s.template_interval = 60 * one_second;
  Fixture f(s);
  f.exporter.tick(start_time + 59 * one_second);
  CHECK(f.sequence_of_messages() == "T");
  f.exporter.tick(start_time + 60 * one_second);
  CHECK(f.sequence_of_messages() == "TT");
  f.add(1, start_time + 121 * one_second);
  CHECK(f.sequence_of_messages() == "TTT1");
}

TEST_CASE("netflowSink: a record waits half a second at most", "[netflowSink]") {
  Fixture f;
  f.add(1, start_time);
  f.exporter.tick(start_time + one_second / 2 - 1);
  CHECK(f.sequence_of_messages() == "T");
  f.add(1, start_time + one_second / 2 - 1);
  f.exporter.tick(start_time + one_second / 2);
  CHECK(f.sequence_of_messages() == "T2");
  f.exporter.tick(start_time + 10 * one_second);
  CHECK(f.sequence_of_messages() == "T2");
}

TEST_CASE("netflowSink: IPv4 and IPv6 records travel in messages of their own", "[netflowSink]") {
  ExporterSettings s;
  s.max_ipv4 = 3;
  s.max_ipv6 = 2;
  Fixture f(s);
  f.add(4, start_time);
  f.add(3, start_time, t2::Family::ipv6);
  f.exporter.finish(start_time);
  std::vector<std::pair<unsigned, std::size_t>> sets;
  for (const DecodedMessage& d : f.decoded())
    if (!d.records.empty()) sets.emplace_back(d.records.front().first, d.records.size());
  CHECK(sets == std::vector<std::pair<unsigned, std::size_t>>{{256, 3}, {257, 2}, {256, 1}, {257, 1}});
  CHECK(f.log.delivery.sent == 7);
}

TEST_CASE("netflowSink: messages are no larger than the path allows, unless not even a template fits",
          "[netflowSink]") {
  for (const std::size_t path : {std::size_t{1232}, std::size_t{100}}) {
    RecordingTransport::Log log;
    log.max_message_size = path;
    ExporterSettings s;
    Exporter exporter(s, std::make_unique<RecordingTransport>(log));
    exporter.start(start_time);
    FlowRecord r{};
    r.family = t2::Family::ipv6;
    for (unsigned i = 0; i < 30; ++i) t2::test::export_record(exporter, s.layout, r, start_time);
    std::size_t largest = 0;
    for (const auto& message : log.messages) largest = std::max(largest, message.size());
    if (path == 100) CHECK((largest > 100 && largest < 250));
    else CHECK((largest <= 1232 && largest > 1232 - 120));
  }
}

TEST_CASE("netflowSink: templates for labels are announced when the first flow with labels comes", "[netflowSink]") {
  FlowRecord labelled{};
  labelled.family = t2::Family::ipv6;
  labelled.mpls[0] = 0x00010140;
  for (const Version version : {Version::netflow9, Version::ipfix}) {
    ExporterSettings s = one_record_each(100'000);
    s.layout.version = version;
    Fixture f(s);
    f.add(1, start_time);
    t2::test::export_record(f.exporter, s.layout, labelled, start_time);
    f.add(2, start_time);
    CHECK(f.sequence_of_messages() == "T1T1T11");
    const std::vector<DecodedMessage> all = f.decoded();
    CHECK(all[0].templates.size() == 2);
    CHECK(all[2].templates.size() == 4);
    CHECK(all[4].templates.size() == 4);
    CHECK(f.log.templates.size() == 1);
    CHECK(Decoder().decode(f.log.templates[0]).templates.size() == 4);  // the next collector gets them, too
    CHECK(all[3].records.at(0).first == 263);
    CHECK(number(all[3].records.at(0).second.at(70)) == 0x000101);
    for (std::size_t i = 0, records = 0; i < all.size(); ++i) {
      CHECK(all[i].sequence == (version == Version::ipfix ? records : i));
      records += all[i].records.size();
    }
  }
}

TEST_CASE("netflowSink: over a stream, templates for labels and their keys come before the first flow with labels",
          "[netflowSink]") {
  ExporterSettings s = one_record_each();
  s.layout.version = Version::ipfix;
  RecordingTransport::Log log;
  Exporter exporter(s, std::make_unique<RecordingTransport>(log, true));
  exporter.start(start_time);
  Decoder decoder;
  CHECK(decoder.decode(log.templates.at(0)).templates.size() == 2);
  FlowRecord r{};
  r.family = t2::Family::ipv4;
  r.mpls[0] = 0x00010140;
  for (unsigned i = 0; i < 2; ++i) t2::test::export_record(exporter, s.layout, r, start_time);
  REQUIRE(log.messages.size() == 4);
  CHECK(decoder.decode(log.messages[0]).templates.size() == 2);
  CHECK(decoder.decode(log.messages[1]).options.size() == 2);
  CHECK(log.options == std::vector<unsigned>{0, 2, 0, 0});
  for (const std::size_t i : {2u, 3u}) CHECK(decoder.decode(log.messages[i]).records.at(0).first == 262);
  CHECK(Decoder().decode(log.templates.at(0)).templates.size() == 4);
  CHECK(exporter.counters().template_messages == 1);
}

TEST_CASE("netflowSink: sequence counts messages, source and clock stand in each", "[netflowSink]") {
  ExporterSettings s = one_record_each();
  s.source = 0xfffffff0;
  Fixture f(s);
  t2::Time now = start_time;
  for (unsigned i = 0; i < 20; ++i, now += 7 * one_second / 10) {
    f.add(1, now, i % 2 ? t2::Family::ipv4 : t2::Family::ipv6);
  }
  const std::vector<DecodedMessage> all = f.decoded();
  CHECK(all.back().seconds == 1'700'000'000 + 13);
  for (std::size_t i = 0; i < all.size(); ++i) {
    CHECK(all[i].sequence == i);
    CHECK(all[i].source == 0xfffffff0);
    CHECK(all[i].seconds * 1000ull - all[i].uptime == 1'700'000'000'000);
  }
  CHECK(f.exporter.counters().messages == all.size());
}

TEST_CASE("netflowSink: the sequence of IPFIX counts the data records before a message", "[netflowSink]") {
  ExporterSettings s;
  s.layout.version = Version::ipfix;
  s.max_ipv4 = 3;
  s.max_ipv6 = 2;
  s.source = 5;
  Fixture f(s);
  f.add(7, start_time);
  f.add(3, start_time, t2::Family::ipv6);
  f.exporter.finish(start_time + 5 * one_second);
  std::size_t before = 0;
  for (const DecodedMessage& d : f.decoded()) {
    CHECK(d.version == 10);
    CHECK(d.source == 5);
    CHECK(d.sequence == before);
    before += d.records.size();
  }
  CHECK(before == 10);
  CHECK(f.decoded().back().seconds == 1'700'000'005);
}

TEST_CASE("netflowSink: a clock that is set back does not turn uptime back", "[netflowSink]") {
  Fixture f(one_record_each(100'000));
  f.add(1, start_time + 100 * one_second);
  f.log.messages.clear();
  const t2::Time back = start_time - 3600 * one_second;
  f.add(1, back);
  f.add(1, back + 2 * one_second);
  const std::vector<DecodedMessage> all = f.decoded();
  REQUIRE(f.sequence_of_messages() == "T11");  // templates at once: collectors may compare their age with the clock
  CHECK(all[0].uptime == 100'000);
  CHECK(all[2].uptime == 102'000);
  CHECK(all[2].seconds == 1'700'000'000 - 3600 + 2);
}

TEST_CASE("netflowSink: uptime wraps after 49.7 days", "[netflowSink]") {
  Fixture f(one_record_each());
  f.add(1, start_time + 4'294'968 * one_second);
  CHECK(f.decoded().back().uptime == 704);
}

}  // namespace t2::test::exporter_test
