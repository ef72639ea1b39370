#include "packet_lists.hpp"

#include <algorithm>

#include "compiled_flags.hpp"
#include "wire.hpp"

namespace t2::netflow_sink {

namespace {

using t2::n_frst_pkts::ListEntry;

struct ListType {
  std::uint16_t element, length;  // of each value
  std::uint64_t (*value)(const ListEntry& entry);
};

// dateTimeNanoseconds as RFC 7011 has it: seconds since 1900, and their fraction in 32 bits.
std::uint64_t ntp_time(t2::Time time) {
  constexpr std::uint64_t seconds_to_1970 = 2'208'988'800;
  const t2::Time after_1970 = std::max<t2::Time>(time, 0);
  const auto seconds = static_cast<std::uint64_t>(after_1970 / t2::one_second),
             rest = static_cast<std::uint64_t>(after_1970 % t2::one_second);
  return (seconds + seconds_to_1970) << 32 | ((rest << 32) / static_cast<std::uint64_t>(t2::one_second));
}

constexpr ListType list_types[list_fields] = {
    // transportOctetDeltaCount, or octetDeltaCount as the record has it
    {payload_lengths ? 401 : 1, 2, [](const ListEntry& entry) { return std::uint64_t{entry.length}; }},
    {325, 8, [](const ListEntry& entry) { return ntp_time(entry.time); }},          // observationTimeNanoseconds
    {6, 1, [](const ListEntry& entry) { return std::uint64_t{entry.tcp_flags}; }},  // tcpControlBits
};

constexpr std::size_t list_header_size = 5;  // semantic, element, length of a value

// A field of variable length begins with its length, in 1 or 3 bytes.
constexpr std::size_t length_bytes(std::size_t content) { return content < 255 ? 1 : 3; }

std::size_t list_size(const ListType& type, std::size_t packets) {
  const std::size_t content = list_header_size + packets * type.length;
  return length_bytes(content) + content;
}

}  // namespace

std::size_t max_lists_size(unsigned packets) {
  std::size_t size = 0;
  for (const ListType& type : list_types) size += list_size(type, packets);
  return size;
}

void append_lists(const t2::n_frst_pkts::NFrstPktsState& state, unsigned packets, std::vector<std::uint8_t>& to) {
  constexpr std::uint8_t ordered = 4;  // semantic: the order of the values counts
  const std::size_t count = std::min(state.count, packets);
  for (const ListType& type : list_types) {
    const std::size_t begin = to.size(), content = list_header_size + count * type.length;
    to.resize(begin + length_bytes(content) + content);
    std::uint8_t* at = to.data() + begin;
    if (length_bytes(content) > 1) *at++ = 255;
    store(at, length_bytes(content) > 1 ? 2 : 1, content);
    at += length_bytes(content) > 1 ? 2 : 1;
    *at++ = ordered;
    store(at, 2, type.element), store(at + 2, 2, type.length);
    at += 4;
    std::size_t written = 0;
    state.for_each([&](const ListEntry& entry) {
      if (written++ >= count) return;
      store(at, type.length, type.value(entry));
      at += type.length;
    });
  }
}

}  // namespace t2::netflow_sink
