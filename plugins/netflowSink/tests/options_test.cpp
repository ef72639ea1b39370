// What the exporter says about itself: options records, when they leave, and in which sequence they count.
#include <catch2/catch.hpp>

#include "../src/exporter.hpp"
#include "decoder.hpp"
#include "frame.hpp"
#include "records.hpp"

namespace t2::test::options_test {

using namespace t2::netflow_sink;
using namespace t2::test::netflow9;

namespace {

constexpr t2::Time start_time = 1'700'000'000 * one_second;

struct Fixture {
  explicit Fixture(const ExporterSettings& settings, bool stream = false)
      : layout(settings.layout), exporter(settings, std::make_unique<RecordingTransport>(log, stream)) {
    exporter.start(start_time);
  }
  void add(unsigned n, t2::Time now = start_time) {
    FlowRecord r{};
    r.family = t2::Family::ipv4;
    for (unsigned i = 0; i < n; ++i) t2::test::export_record(exporter, layout, r, now);
  }
  std::vector<DecodedMessage> decoded() {
    Decoder decoder;
    std::vector<DecodedMessage> out;
    for (const Message& message : log.templates) decoder.decode(message);
    for (const Message& message : log.messages) out.push_back(decoder.decode(message));
    return out;
  }
  RecordingTransport::Log log;
  RecordLayout layout;
  Exporter exporter;
};

ExporterSettings with(Version version) {
  ExporterSettings s;
  s.layout.version = version;
  s.max_ipv4 = 1;
  s.source = 5;
  s.template_messages = 100'000;
  s.template_interval = 3600 * one_second;
  return s;
}

std::uint64_t value(const Values& values, unsigned element) { return number(values.at(element)); }

}  // namespace

TEST_CASE("netflowSink: statistics, byte by byte", "[netflowSink]") {
  for (const Version version : {Version::netflow9, Version::ipfix}) {
    const OptionsRecords options = statistics(version, 666,
                                              {.start = 1,
                                               .octets = 2,
                                               .messages = 3,
                                               .records = 4,
                                               .lost = 5,
                                               .flows = 6,
                                               .packets = 7,
                                               .ignored = 8,
                                               .dropped = 9});
    MessageWriter message(version);
    message.add_options_template(options);
    message.add_options(options);
    const auto bytes = message.finish({.uptime = 1000, .seconds = 2, .sequence = 3, .source = 4});
    const std::string values =
        "0000029a 0000000000000001 0000000000000003 0000000000000002 0000000000000004 0000000000000005 "
        "0000000000000006 0000000000000007 "
        "0000000000000008 0000000000000009";
    const std::string fields =
        "00a0 0008 0029 0008 0028 0008 002a 0008 00a6 0008 00a3 0008 0056 0008 00a4 0008 0087 0008";
    if (version == Version::netflow9) {
      CHECK(Message(bytes.begin(), bytes.end()) == hex("0009 0002 000003e8 00000002 00000003 00000004"
                                                       "0001 0034 012c 0004 0024 0001 0004 " +
                                                       fields +
                                                       "0000"
                                                       "012c 0050" +
                                                       values));
    } else {
      CHECK(Message(bytes.begin(), bytes.end()) == hex("000a 0092 00000002 00000003 00000004"
                                                       "0003 0032 012c 000a 0001 0095 0004 " +
                                                       fields + "012c 0050" + values));
    }
  }
}

TEST_CASE("netflowSink: statistics leave every NF_STAT_SECS and at the end, with the totals so far", "[netflowSink]") {
  ExporterSettings s = with(Version::netflow9);
  s.statistics_interval = 10 * one_second;
  Fixture f(s);
  f.add(3);
  f.exporter.tick(start_time + 9 * one_second, {3, 30});
  CHECK(f.log.messages.size() == 5);  // templates, a record, templates, two records
  f.exporter.tick(start_time + 10 * one_second, {4, 40});
  f.exporter.tick(start_time + 11 * one_second, {4, 40});
  REQUIRE(f.log.messages.size() == 6);
  f.log.delivery.lost = 2;
  f.log.delivery.templates = 1;  // on its own
  f.log.delivery.template_octets = 77;
  f.exporter.finish(start_time + 12 * one_second, {5, 50, 6, 7});
  const std::vector<DecodedMessage> all = f.decoded();
  REQUIRE(all.size() == 7);
  const Values &first = all[5].options.at(0).second, &last = all[6].options.at(0).second;
  CHECK(value(first, 1) == 5);  // scope: system
  CHECK(value(first, 160) == 1'700'000'000'000);
  CHECK(value(first, 41) == 5);
  std::size_t octets = 0;
  for (std::size_t i = 0; i < 5; ++i) octets += f.log.messages[i].size();
  CHECK(value(first, 40) == octets);  // without the message that says so
  CHECK(value(first, 42) == 3);
  CHECK(value(first, 166) == 0);
  CHECK(value(first, 163) == 4);
  CHECK(value(first, 86) == 40);
  CHECK(value(last, 41) == 7);
  CHECK(value(last, 40) == octets + f.log.messages[5].size() + 77);
  CHECK(value(last, 42) == 1);
  CHECK(value(last, 166) == 2);
  CHECK(value(last, 163) == 5);
  CHECK(value(first, 164) == 0);
  CHECK(value(first, 135) == 0);
  CHECK(value(last, 164) == 6);
  CHECK(value(last, 135) == 7);
  for (std::size_t i = 0; i < all.size(); ++i) {
    CHECK(all[i].sequence == i);  // NetFlow 9 counts messages, whatever they hold
    CHECK(all[i].source == 5);
  }
}

TEST_CASE("netflowSink: statistics can be turned off", "[netflowSink]") {
  Fixture f(with(Version::ipfix));
  f.add(1);
  f.exporter.tick(start_time + 3599 * one_second);
  f.exporter.finish(start_time + 3599 * one_second);
  for (const DecodedMessage& d : f.decoded()) CHECK((d.options.empty() && d.options_templates.empty()));
}

TEST_CASE("netflowSink: statistics of IPFIX over UDP have domain 0 and do not disturb the sequence of the flows",
          "[netflowSink]") {
  ExporterSettings s = with(Version::ipfix);
  s.statistics_interval = one_second;
  Fixture f(s);
  for (unsigned i = 1; i <= 3; ++i) {
    f.add(2, start_time + i * one_second);
    f.exporter.tick(start_time + i * one_second);
  }
  std::map<std::uint32_t, std::size_t> next;
  unsigned statistics_seen = 0;
  for (const DecodedMessage& d : f.decoded()) {
    CHECK(d.sequence == next[d.source]);
    next[d.source] += d.records.size() + d.options.size();
    CHECK(d.source == (d.options.empty() ? 5u : 0u));
    if (d.options.empty()) continue;
    ++statistics_seen;
    CHECK(value(d.options[0].second, 149) == 5);
    CHECK(d.options_templates.size() == 1);  // each can be read by itself
  }
  CHECK(statistics_seen == 3);
}

TEST_CASE("netflowSink: where the sensor id is 0, statistics share the domain and its sequence", "[netflowSink]") {
  ExporterSettings s = with(Version::ipfix);
  s.statistics_interval = one_second;
  s.source = 0;
  Fixture f(s);
  f.add(2);
  f.exporter.tick(start_time + one_second);
  f.add(1);
  std::size_t before = 0;
  for (const DecodedMessage& d : f.decoded()) {
    CHECK(d.source == 0);
    CHECK(d.sequence == before);
    before += d.records.size() + d.options.size();
  }
  CHECK(before == 4);
}

TEST_CASE("netflowSink: a stream begins with all templates and the flow keys, and statistics count in its sequence",
          "[netflowSink]") {
  ExporterSettings s = with(Version::ipfix);
  s.statistics_interval = one_second;
  s.sampling = 100;
  s.layout.layer2 = true;
  Fixture f(s, true);
  Decoder decoder;
  const DecodedMessage first = decoder.decode(f.log.templates.at(0));
  CHECK(f.log.messages.empty());
  CHECK(first.templates.size() == 3);
  CHECK(first.options_templates.size() == 3);
  REQUIRE(first.options.size() == 4);
  CHECK(f.log.template_options == 4);
  for (unsigned i = 0; i < 3; ++i) {
    const Values& keys = first.options[i].second;
    const auto id = static_cast<unsigned>(value(keys, 145));
    std::set<unsigned> elements;
    for (unsigned bit = 0; bit < 64; ++bit) {
      if (value(keys, 173) >> bit & 1) elements.insert(first.templates.at(id).at(bit).first);
    }
    CHECK(elements == (id == 256   ? std::set<unsigned>{8, 12, 7, 11, 4, 58}
                       : id == 257 ? std::set<unsigned>{27, 28, 7, 11, 4, 58}
                                   : std::set<unsigned>{56, 80, 256, 58}));
  }
  const Values& sampled = first.options[3].second;
  CHECK(value(sampled, 34) == 100);
  f.exporter.tick(start_time + one_second);
  REQUIRE(f.log.messages.size() == 1);
  CHECK(f.log.options.at(0) == 1);
  const DecodedMessage d = decoder.decode(f.log.messages[0]);
  CHECK(d.source == 5);
  CHECK(d.options_templates.empty());
  CHECK(d.options.size() == 1);
}

TEST_CASE("netflowSink: sampling is announced with the templates, in the domain of the flows", "[netflowSink]") {
  for (const Version version : {Version::netflow9, Version::ipfix}) {
    ExporterSettings s = with(version);
    s.sampling = 1000;
    Fixture f(s);
    const std::vector<DecodedMessage> all = f.decoded();
    REQUIRE(all.size() == 2);
    CHECK(all[0].templates.size() == 2);
    CHECK(all[1].source == 5);
    const Values& v = all[1].options.at(0).second;
    CHECK(value(v, 34) == 1000);
    CHECK(value(v, 35) == 1);
    CHECK(value(v, 305) == 1);
    CHECK(value(v, 306) == 999);
    f.add(2);  // a record, templates, sampling, a record
    CHECK(f.decoded().back().sequence == (version == Version::ipfix ? 3 : 5));
  }
}

TEST_CASE("netflowSink: statistics of a live capture count packets of each interface", "[netflowSink]") {
  for (const Version version : {Version::netflow9, Version::ipfix}) {
    for (const bool stream : {false, true}) {
      if (stream && version == Version::netflow9) continue;
      ExporterSettings s = with(version);
      s.statistics_interval = 10 * one_second;
      s.live = true;
      Fixture f(s, stream);
      ObservedTraffic observed;
      std::vector<std::string> names;
      for (unsigned i = 0; i < t2::max_interfaces; ++i) names.push_back("interface-" + std::to_string(i));
      for (unsigned i = 0; i < names.size(); ++i)
        observed.interfaces.push_back({names[i], 100 + i, 1000 + i, 500 + i, i});
      f.exporter.finish(start_time, observed);
      std::vector<Values> found;
      for (const DecodedMessage& message : f.decoded()) {
        for (const auto& [id, values] : message.options) {
          if (id == 304) found.push_back(values);
        }
      }
      REQUIRE(found.size() == names.size());
      for (unsigned i = 0; i < names.size(); ++i) {
        CHECK(value(found[i], version == Version::ipfix ? 10 : 2) == 100 + i);
        CHECK(value(found[i], 86) == 1000 + i);
        CHECK(value(found[i], 164) == 500 + i);  // the kernel's
        CHECK(value(found[i], 135) == i);
        const auto& name = found[i].at(82);
        CHECK(std::string(name.begin(), name.end()).c_str() == names[i]);
      }
      for (const Message& message : f.log.messages) CHECK(message.size() <= s.message_size);
    }
  }
}

TEST_CASE("netflowSink: templates that do not fit into one message travel in several", "[netflowSink]") {
  ExporterSettings s = with(Version::ipfix);
  s.layout = {.version = Version::ipfix, .layer2 = true, .biflow = Biflow::all, .enterprise = 32473};
  s.message_size = 1400;
  Fixture f(s);
  std::size_t templates = 0;
  for (const DecodedMessage& d : f.decoded()) {
    templates += d.templates.size();
    CHECK(d.sequence == 0);
  }
  CHECK(templates == 6);
  CHECK(f.log.messages.size() > 1);
  for (const Message& message : f.log.messages) CHECK(message.size() <= 1400);
  s.message_size = 512;
  CHECK_THROWS_WITH(Fixture(s), Catch::Contains("NF_MSGSIZE=512") && Catch::Contains("at least"));
}

TEST_CASE("netflowSink: enterprise elements are introduced by name and type", "[netflowSink]") {
  ExporterSettings s = with(Version::ipfix);
  s.layout.enterprise = 32473;
  for (const bool stream : {false, true}) {
    Fixture f(s, stream);
    Decoder decoder;
    std::vector<DecodedMessage> all;
    if (stream) all.push_back(decoder.decode(f.log.templates.at(0)));
    for (const Message& message : f.log.messages) all.push_back(decoder.decode(message));
    std::map<unsigned, unsigned> lengths;  // of enterprise elements, by the templates
    std::map<unsigned, std::string> names;
    for (const DecodedMessage& d : all) {
      for (const auto& [id, fields] : d.templates) {
        for (const auto& [element, length] : fields) {
          if (element >= enterprise_element) lengths[element - enterprise_element] = length;
        }
      }
    }
    for (const DecodedMessage& d : all) {
      for (const auto& [id, values] : d.options) {
        if (id != 303) continue;
        CHECK(d.source == (stream ? 5u : 0u));
        CHECK(value(values, 346) == 32473);
        const auto element = static_cast<unsigned>(value(values, 303));
        REQUIRE(lengths.contains(element));
        CHECK(1u << (value(values, 339) - 1) == lengths[element]);  // unsigned8 is 1, unsigned64 is 4
        CHECK(value(values, 342) == 0);
        CHECK(value(values, 343) == ~std::uint64_t{0} >> (64 - 8 * lengths[element]));
        CHECK_FALSE(values.at(340).empty());
        CHECK((value(values, 344) >= 1 && value(values, 344) <= 5));
        CHECK(names.emplace(element, std::string(values.at(341).begin(), values.at(341).end())).second);
      }
    }
    CHECK(names.size() == lengths.size());
    CHECK(names[34] == "t2TcpMaximumSegmentSize");
    s.message_size = 600;  // several messages
  }
  for (const unsigned size : {512u, 600u, 1400u}) {
    std::size_t elements = 0;
    for (const OptionsRecords& part : element_types(s.layout, size)) {
      CHECK(part.bytes.size() <= size);
      elements += part.records;
    }
    CHECK(elements == 22);
  }
}

}  // namespace t2::test::options_test
