// What dnsDecode remembers of each direction that speaks DNS, in memory that the core frees with the flow. Written by
// the worker that owns the flow.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "t2/stream.hpp"

namespace t2::dns_decode {

// A listed question or record; its name and its text follow, the next entry is aligned to 4.
struct Entry {
  std::uint32_t ttl, options;
  std::uint16_t type, class_, preference, priority, weight, port;
  std::uint16_t text_size;
  std::uint8_t name_size;
  bool question;
  std::uint8_t ip4[4], ip6[16];
  std::string_view name() const { return {reinterpret_cast<const char*>(this + 1), name_size}; }
  std::string_view text() const { return {reinterpret_cast<const char*>(this + 1) + name_size, text_size}; }
  std::uint32_t bytes() const { return (static_cast<std::uint32_t>(sizeof(Entry)) + name_size + text_size + 3u) & ~3u; }
};
constexpr std::size_t max_text = 512;  // bytes of a text that are kept

struct EntryChunk {
  static constexpr std::uint32_t capacity = 988;
  EntryChunk* next;
  std::uint32_t used;
  std::uint8_t data[capacity];
};
static_assert(sizeof(Entry) + 253 + max_text <= EntryChunk::capacity);

struct DnsFacts {
  std::uint16_t stat, last_flags;
  std::uint8_t header_flags;
  bool saw_ip4, saw_ip6;                         // a record or a question of that type
  std::uint16_t opcodes, rcodes;                 // bits
  std::uint16_t counts[4];                       // sums of those in headers, modulo 2^16
  std::uint32_t questions, records;              // listed
  std::uint64_t response_bytes, question_bytes;  // of responses: all; up to the end of their questions
  EntryChunk *first, *last;

  // ---- TCP
  StreamState stream;
  CollectedBytes collected;
  std::uint32_t left;  // bytes of the current message that did not come yet
  std::uint8_t length[2], length_bytes;
  bool lost;  // where the next message begins is not known
};

struct DnsDecodeState {
  DnsFacts* facts = nullptr;
  bool refused = false;
};

}  // namespace t2::dns_decode
