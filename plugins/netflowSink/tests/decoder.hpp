// Takes NetFlow 9 and IPFIX messages apart by RFC 3954 and 7011, knowing nothing of how the exporter makes them.
// Anything that the standards forbid is an exception.
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
// Elements of an enterprise: enterprise_element + element; of RFC 5103: reverse_element + element
constexpr unsigned enterprise_element = 0x10000, reverse_element = 0x20000, rfc5103 = 29305;
using Specification = std::vector<std::pair<unsigned, unsigned>>;  // element, length
using Values = std::map<unsigned, std::vector<std::uint8_t>>;      // element, bytes

struct DecodedMessage {
  unsigned version = 0, count = 0;
  std::uint32_t uptime = 0, seconds = 0, sequence = 0, source = 0;
  std::map<unsigned, Specification> templates;
  std::vector<std::pair<unsigned, Values>> records;     // template, values
  std::map<unsigned, Specification> options_templates;  // scopes first
  std::vector<std::pair<unsigned, Values>> options;
  std::set<std::uint32_t> enterprises;  // private enterprise numbers in templates
  std::vector<unsigned> padding;        // bytes at the end of each set
};

inline std::uint64_t number(std::span<const std::uint8_t> bytes) {
  std::uint64_t value = 0;
  for (const std::uint8_t byte : bytes) value = value * 256 + byte;
  return value;
}

class Decoder {  // remembers templates, as a collector does
 public:
  DecodedMessage decode(const Message& message) {
    message_ = message;
    at_ = 0;
    DecodedMessage d;
    d.version = static_cast<unsigned>(read(2));
    ipfix_ = d.version == 10;
    if (ipfix_) {
      check(read(2) == message_.size(), "length of the message");
    } else {
      d.count = static_cast<unsigned>(read(2));
      d.uptime = static_cast<std::uint32_t>(read(4));
    }
    d.seconds = static_cast<std::uint32_t>(read(4));
    d.sequence = static_cast<std::uint32_t>(read(4));
    d.source = static_cast<std::uint32_t>(read(4));
    check(d.version == 9 || d.version == 10, "version");
    while (at_ < message_.size()) {
      const std::size_t begin = at_;
      const auto id = static_cast<unsigned>(read(2));
      const std::size_t length = read(2), end = begin + length;
      check(length >= 4 && (ipfix_ || length % 4 == 0) && end <= message_.size(), "length of a set");
      if (id == (ipfix_ ? 2 : 0)) templates(d, end);
      else if (id == (ipfix_ ? 3 : 1)) options_template(d, end);
      else records(d, id, end);
      d.padding.push_back(static_cast<unsigned>(end - at_));
      check(end - at_ < 4, "padding is longer than needed");
      while (at_ < end) check(read(1) == 0, "padding is not zero");
    }
    check(ipfix_ || d.count == d.templates.size() + d.records.size() + d.options_templates.size() + d.options.size(),
          "count");
    return d;
  }

 private:
  static void check(bool ok, const char* what) {
    if (!ok) throw std::runtime_error(std::string("message: ") + what);
  }
  std::uint64_t read(std::size_t n) { return number(bytes(n)); }
  std::span<const std::uint8_t> bytes(std::size_t n) {
    check(message_.size() - at_ >= n, "message is too short");
    return std::span(message_).subspan((at_ += n) - n, n);
  }
  void templates(DecodedMessage& d, std::size_t end) {
    while (at_ + 4 <= end) {
      const auto id = static_cast<unsigned>(read(2));
      check(id > 255, "template number");
      Specification fields;
      for (auto left = read(2); left > 0; --left) {
        auto element = static_cast<unsigned>(read(2));
        const auto length = static_cast<unsigned>(read(2));
        if (ipfix_ && element >= 0x8000) {
          const auto enterprise = static_cast<std::uint32_t>(read(4));
          element += (enterprise == rfc5103 ? reverse_element : enterprise_element) - 0x8000;
          d.enterprises.insert(enterprise);
        }
        fields.emplace_back(element, length);
      }
      check(at_ <= end && !fields.empty(), "template");
      d.templates[id] = known_[id] = fields;
    }
  }
  // One in a set, as some collectors read no more; scopes of NetFlow 9 are 1 (system) to 5.
  void options_template(DecodedMessage& d, std::size_t end) {
    const auto id = static_cast<unsigned>(read(2));
    check(id > 255 && !known_.contains(id), "number of an options template");
    std::size_t first = read(2), second = read(2);
    std::size_t fields = ipfix_ ? first : (first + second) / 4;
    const std::size_t scopes = ipfix_ ? second : first / 4;
    check(scopes > 0 && scopes < fields && (ipfix_ || (first % 4 == 0 && second % 4 == 0)), "scopes");
    Specification specification;
    for (std::size_t i = 0; i < fields; ++i) {
      const auto element = static_cast<unsigned>(read(2));
      check(element < 0x8000 && (ipfix_ || i >= scopes || (element >= 1 && element <= 5)), "scope");
      specification.emplace_back(element, static_cast<unsigned>(read(2)));
    }
    check(at_ <= end, "options template");
    d.options_templates[id] = options_[id] = specification;
  }
  void records(DecodedMessage& d, unsigned id, std::size_t end) {
    const bool of_options = options_.contains(id);
    check(id > 255 && (of_options || known_.contains(id)), "records without a template");
    const Specification& specification = of_options ? options_[id] : known_[id];
    std::size_t size = 0;
    for (const auto& [element, length] : specification) size += length;
    bool variable = false;
    for (const auto& [element, length] : specification) variable |= length == 0xffff;
    while (variable ? at_ < end : at_ + size <= end) {  // with variable lengths: no padding
      Values values;
      for (const auto& [element, length] : specification) {
        const auto value = bytes(length == 0xffff ? read(1) : length);
        check(values.emplace(element, std::vector<std::uint8_t>(value.begin(), value.end())).second, "element twice");
      }
      (of_options ? d.options : d.records).emplace_back(id, std::move(values));
    }
  }

  std::map<unsigned, Specification> known_, options_;
  bool ipfix_ = false;
  Message message_;
  std::size_t at_ = 0;
};

}  // namespace t2::test::netflow9
