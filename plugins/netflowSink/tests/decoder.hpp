// Takes NetFlow 9 and IPFIX messages apart by RFC 3954 and 7011, knowing nothing of how the exporter makes them. Anything that the
// standards forbid is an exception.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace t2::test::netflow9 {

using Message = std::vector<std::uint8_t>;
// Elements of an enterprise: enterprise_element + element
constexpr unsigned enterprise_element = 0x10000;
using Specification = std::vector<std::pair<unsigned, unsigned>>;  // element, length
using Values = std::map<unsigned, std::vector<std::uint8_t>>;      // element, bytes

struct Decoded {
  unsigned version = 0, count = 0;
  std::uint32_t uptime = 0, seconds = 0, sequence = 0, source = 0;
  std::map<unsigned, Specification> templates;
  std::vector<std::pair<unsigned, Values>> records;  // template, values
  std::set<std::uint32_t> enterprises;               // private enterprise numbers in templates
  std::vector<unsigned> padding;                     // bytes at the end of each set
};

inline std::uint64_t number(std::span<const std::uint8_t> bytes) {
  std::uint64_t value = 0;
  for (const std::uint8_t byte : bytes) value = value * 256 + byte;
  return value;
}

class Decoder {  // remembers templates, as a collector does
 public:
  Decoded decode(const Message& message) {
    message_ = message;
    at_ = 0;
    Decoded d;
    d.version = static_cast<unsigned>(take(2));
    ipfix_ = d.version == 10;
    if (ipfix_) {
      check(take(2) == message_.size(), "length of the message");
    } else {
      d.count = static_cast<unsigned>(take(2));
      d.uptime = static_cast<std::uint32_t>(take(4));
    }
    d.seconds = static_cast<std::uint32_t>(take(4));
    d.sequence = static_cast<std::uint32_t>(take(4));
    d.source = static_cast<std::uint32_t>(take(4));
    check(d.version == 9 || d.version == 10, "version");
    while (at_ < message_.size()) {
      const std::size_t begin = at_;
      const auto id = static_cast<unsigned>(take(2));
      const std::size_t length = take(2), end = begin + length;
      check(length >= 4 && (ipfix_ || length % 4 == 0) && end <= message_.size(), "length of a set");
      if (id == (ipfix_ ? 2 : 0)) templates(d, end);
      else records(d, id, end);
      d.padding.push_back(static_cast<unsigned>(end - at_));
      check(end - at_ < 4, "padding is longer than needed");
      while (at_ < end) check(take(1) == 0, "padding is not zero");
    }
    check(ipfix_ || d.count == d.templates.size() + d.records.size(), "count");
    return d;
  }

 private:
  static void check(bool ok, const char* what) {
    if (!ok) throw std::runtime_error(std::string("message: ") + what);
  }
  std::uint64_t take(std::size_t n) { return number(bytes(n)); }
  std::span<const std::uint8_t> bytes(std::size_t n) {
    check(message_.size() - at_ >= n, "message is too short");
    return std::span(message_).subspan((at_ += n) - n, n);
  }
  void templates(Decoded& d, std::size_t end) {
    while (at_ + 4 <= end) {
      const auto id = static_cast<unsigned>(take(2));
      check(id > 255, "template number");
      Specification fields;
      for (auto left = take(2); left > 0; --left) {
        auto element = static_cast<unsigned>(take(2));
        const auto length = static_cast<unsigned>(take(2));
        if (ipfix_ && element >= 0x8000) {
          element += enterprise_element - 0x8000;
          d.enterprises.insert(static_cast<std::uint32_t>(take(4)));
        }
        fields.emplace_back(element, length);
      }
      check(at_ <= end && !fields.empty(), "template");
      d.templates[id] = known_[id] = fields;
    }
  }
  void records(Decoded& d, unsigned id, std::size_t end) {
    check(id > 255 && known_.contains(id), "records without a template");
    std::size_t size = 0;
    for (const auto& [element, length] : known_[id]) size += length;
    while (at_ + size <= end) {
      Values values;
      for (const auto& [element, length] : known_[id]) {
        const auto value = bytes(length);
        check(values.emplace(element, std::vector<std::uint8_t>(value.begin(), value.end())).second, "element twice");
      }
      d.records.emplace_back(id, std::move(values));
    }
  }

  std::map<unsigned, Specification> known_;
  bool ipfix_ = false;
  Message message_;
  std::size_t at_ = 0;
};

}  // namespace t2::test::netflow9
