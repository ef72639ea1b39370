// Names in DNS messages: pointers, and what many of them cost.
#include <catch2/catch.hpp>

#include <optional>
#include <random>
#include <string>
#include <vector>

#include "../src/dns_message.hpp"

namespace t2::test::names_test {

using namespace t2::dns_decode;

namespace {

using Message = std::vector<std::uint8_t>;

// The definition, without a memory of other names.
std::optional<std::string> expand(const Message& message, std::size_t at, std::size_t limit) {
  std::string text;
  for (unsigned pointers = 0;;) {
    if (at >= message.size()) return {};
    const std::size_t size = message[at++];
    if (size == 0) return text;
    if (size >= 0xc0) {
      if (at >= message.size()) return {};
      const std::size_t target = (size & 0x3f) << 8 | message[at];
      if (target < header_bytes || target >= limit || ++pointers > 127) return {};
      at = limit = target;
      continue;
    }
    if (size > 63 || at + size > message.size()) return {};
    if (!text.empty()) text += '.';
    text.append(reinterpret_cast<const char*>(message.data() + at), size);
    if (text.size() > 253) return {};
    at += size;
  }
}

void put_pointer(Message& to, std::size_t target) {
  to.push_back(static_cast<std::uint8_t>(0xc0 | target >> 8)), to.push_back(static_cast<std::uint8_t>(target));
}
void put_rest_of_question(Message& to) { to.insert(to.end(), {0, 1, 0, 1}); }

}  // namespace

TEST_CASE("dnsDecode: names are what their labels and pointers say, whatever was read before", "[dnsDecode]") {
  std::mt19937 random(7);
  std::size_t read = 0, refused = 0;
  for (int round = 0; round < 3000; ++round) {
    Message message(header_bytes);
    std::vector<std::size_t> begins, places{header_bytes};  // of questions; of labels, where pointers may lead
    for (int question = 0; question < 12; ++question) {
      begins.push_back(message.size());
      for (auto labels = random() % (round % 3 == 0 ? 40 : 4); labels > 0; --labels) {
        places.push_back(message.size());
        const auto size = 1 + random() % (round % 7 == 0 ? 60 : 5);
        message.push_back(static_cast<std::uint8_t>(size));
        for (std::size_t i = 0; i < size; ++i) message.push_back(static_cast<std::uint8_t>('a' + random() % 26));
      }
      places.push_back(message.size());
      if (random() % 3 > 0)
        put_pointer(message, random() % 50 == 0 ? random() % 500 : places[random() % places.size()]);
      else message.push_back(0);
      put_rest_of_question(message);
    }
    Sections sections(message, false);
    for (const std::size_t begin : begins) {
      const auto wanted = expand(message, begin, begin);
      Question question;
      const bool whole = sections.question(question);
      REQUIRE(whole == wanted.has_value());
      if (!whole) {
        ++refused;
        CHECK((sections.found() & (stat::bad_pointer | stat::bad_length)) != 0);
        break;
      }
      REQUIRE(question.name.view() == *wanted);
      ++read;
    }
  }
  CHECK(read > 3000);
  CHECK(refused > 500);
}

TEST_CASE("dnsDecode: no more pointers than a name has labels", "[dnsDecode]") {
  for (const unsigned pointers : {127u, 128u}) {
    Message message(header_bytes);
    message.insert(message.end(), {1, 'a', 0});
    put_rest_of_question(message);
    // A text whose bytes are pointers, each to the one before.
    const std::size_t bytes = 2 * (pointers - 1);
    put_pointer(message, header_bytes);
    message.insert(message.end(),
                   {0, 16, 0, 1, 0, 0, 0, 0, static_cast<std::uint8_t>(bytes >> 8), static_cast<std::uint8_t>(bytes)});
    std::size_t target = header_bytes;
    for (unsigned i = 1; i < pointers; ++i) {
      const std::size_t at = message.size();
      put_pointer(message, target);
      target = at;
    }
    put_pointer(message, target);
    message.insert(message.end(), {0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 192, 0, 2, 1});
    Sections sections(message, false);
    Question question;
    Record record;
    REQUIRE(sections.question(question));
    REQUIRE(sections.record(record, [](const Record&) {}));
    CHECK(sections.record(record, [](const Record&) {}) == (pointers <= 127));
    CHECK(record.name.view() == (pointers <= 127 ? "a" : ""));
    CHECK((sections.found() & stat::bad_pointer) == (pointers <= 127 ? 0 : stat::bad_pointer));
  }
}

TEST_CASE("dnsDecode: of records that are not listed names are passed, all else is read", "[dnsDecode]") {
  Message message(header_bytes);
  message.insert(message.end(), {3, 'o', 'n', 'e', 0});
  put_rest_of_question(message);
  const std::size_t second = message.size();
  message.insert(message.end(), {3, 't', 'w', 'o'});
  put_pointer(message, header_bytes);
  put_rest_of_question(message);
  put_pointer(message, second);
  put_rest_of_question(message);
  put_pointer(message, 0x3fff);  // to nowhere
  put_rest_of_question(message);
  Sections sections(message, false);
  Question question;
  sections.want_names(false);
  for (int i = 0; i < 2; ++i) {
    REQUIRE(sections.question(question));
    CHECK(question.name.view().empty());
    CHECK(question.type == 1);
  }
  sections.want_names(true);
  REQUIRE(sections.question(question));
  CHECK(question.name.view() == "two.one");
  sections.want_names(false);
  CHECK_FALSE(sections.question(question));
  CHECK(sections.found() == stat::bad_pointer);
}

}  // namespace t2::test::names_test
