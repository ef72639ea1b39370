// Writes MaxMind databases (format 2.0): a binary tree over the bits of addresses, whose leaves point to entries.
#pragma once

#include <array>
#include <bit>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "frame.hpp"

namespace t2::test::mmdb {

inline Buffer control(unsigned type, std::size_t size) {
  Buffer out;
  const auto first = static_cast<std::uint8_t>((type < 8 ? type << 5 : 0) | (size < 29 ? size : 29));
  out.push_back(first);
  if (type >= 8) out.push_back(static_cast<std::uint8_t>(type - 7));
  if (size >= 29) out.push_back(static_cast<std::uint8_t>(size - 29));  // up to 284 bytes
  return out;
}
inline Buffer number(unsigned type, std::uint64_t value, unsigned bytes) {
  Buffer out = control(type, bytes);
  while (bytes-- > 0) out.push_back(static_cast<std::uint8_t>(value >> 8 * bytes));
  return out;
}
inline Buffer string(const std::string& s) { return control(2, s.size()) + text(s); }
inline Buffer real(double value) {
  Buffer out = control(3, 8);
  for (unsigned i = 8; i-- > 0;) out.push_back(static_cast<std::uint8_t>(std::bit_cast<std::uint64_t>(value) >> 8 * i));
  return out;
}
inline Buffer u16(unsigned value) { return number(5, value, 2); }
inline Buffer u32(std::uint32_t value) { return number(6, value, 4); }
using Members = std::vector<std::pair<std::string, Buffer>>;
inline Buffer map(const Members& members) {
  Buffer out = control(7, members.size());
  for (const auto& [name, value] : members) out = out + string(name) + value;
  return out;
}

class Writer {
 public:
  explicit Writer(unsigned version = 6, unsigned record_bits = 28) : version_(version), record_bits_(record_bits) {}

  // A network: IPv4 ones lie in ::/96 of a database for IPv6.
  Writer& add(const std::string& first, unsigned bits, const Buffer& entry) {
    Buffer key = address(first);
    if (version_ == 6 && key.size() == 4) key = Buffer(12) + key, bits += 96;
    std::size_t node = 0;
    for (unsigned bit = 0; bit + 1 < bits; ++bit) {
      const unsigned side = key[bit / 8] >> (7 - bit % 8) & 1;
      if (nodes_[node][side] <= 0) {  // what a larger network has goes for both halves
        const long inherited = nodes_[node][side];
        nodes_[node][side] = static_cast<long>(nodes_.size());
        nodes_.push_back({inherited, inherited});
      }
      node = static_cast<std::size_t>(nodes_[node][side]);
    }
    nodes_[node][key[(bits - 1) / 8] >> (7 - (bits - 1) % 8) & 1] = -1 - static_cast<long>(data_.size());
    data_ = data_ + entry;
    return *this;
  }

  Buffer bytes() const {
    Buffer out;
    for (const auto& node : nodes_) {
      const std::uint64_t left = record(node[0]), right = record(node[1]);
      const auto put = [&](std::uint64_t value, unsigned bytes) {
        while (bytes-- > 0) out.push_back(static_cast<std::uint8_t>(value >> 8 * bytes));
      };
      if (record_bits_ == 28) {
        put(left & 0xffffff, 3);
        put((left >> 24) << 4 | right >> 24, 1);
        put(right & 0xffffff, 3);
      } else {
        put(left, record_bits_ / 8), put(right, record_bits_ / 8);
      }
    }
    out = out + Buffer(16) + data_ + text("\xab\xcd\xefMaxMind.com");
    return out + map({{"binary_format_major_version", u16(2)},
                      {"binary_format_minor_version", u16(0)},
                      {"build_epoch", number(9, 1'600'000'000, 8)},
                      {"database_type", string("Test")},
                      {"description", map({{"en", string("made by a test")}})},
                      {"ip_version", u16(version_)},
                      {"languages", control(11, 1) + string("en")},
                      {"node_count", u32(static_cast<std::uint32_t>(nodes_.size()))},
                      {"record_size", u16(record_bits_)}});
  }

 private:
  std::uint64_t record(long child) const {
    if (child > 0) return static_cast<std::uint64_t>(child);
    if (child == 0) return nodes_.size();  // nothing there
    return nodes_.size() + 16 + static_cast<std::uint64_t>(-1 - child);
  }
  unsigned version_, record_bits_;
  std::vector<std::array<long, 2>> nodes_{{0, 0}};  // above 0: a node; below 0: data at -1 - n
  Buffer data_;
};

}  // namespace t2::test::mmdb
