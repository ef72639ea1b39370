// What httpSniffer remembers of each direction that speaks HTTP or SIP, in memory that the core frees with the flow.
// Written by the worker that owns the flow.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "t2/stream.hpp"

namespace t2::http_sniffer {

// Lists of texts; those from `images` to `unknown` are named after bodies.
enum class List : std::uint8_t {
  url,
  via,
  location,
  server,
  powered,
  agent,
  forwarded,
  referer,
  cookie,
  mime,
  host,
  images,
  videos,
  audios,
  messages,
  text,
  applications,
  unknown,
  refresh,
  method,
  set_cookie,
  code,  // code: two bytes, a number
  count
};
constexpr std::size_t lists = static_cast<std::size_t>(List::count);
constexpr std::size_t body_kinds = 7;

// Entries of lists: List, 16 bits of size, the text.
struct TextBlock {
  static constexpr std::uint32_t capacity = 988, entry_header = 3;
  TextBlock* next;
  std::uint32_t used;
  std::uint8_t data[capacity];
};

inline std::string_view entry_text(const std::uint8_t* entry) {
  std::uint16_t size;
  std::memcpy(&size, entry + 1, sizeof size);
  return {reinterpret_cast<const char*>(entry + TextBlock::entry_header), size};
}
inline std::uint32_t entry_bytes(const std::uint8_t* entry) {
  return TextBlock::entry_header + static_cast<std::uint32_t>(entry_text(entry).size());
}

// What is expected next of a direction.
enum class Phase : std::uint8_t {
  outside,  // a message, where a segment begins with one
  start,
  headers,
  length,  // `left` bytes of a body
  chunk_size,
  chunk,  // `left` bytes of a chunk
  chunk_end,
  trailers,
  until_end,  // a body that the end of the connection ends
  other       // another protocol, for good
};

struct HttpFacts {
  std::uint16_t stat, anomalies, mimes, contents;
  std::uint8_t methods, versions;
  std::uint32_t gets, posts, requests, responses, answers;  // answers: responses without those of 1xx
  std::uint32_t bodies[body_kinds];
  std::uint64_t body_bytes;
  std::uint8_t listed[lists];
  TextBlock *first, *last;
  const std::uint8_t* latest[lists];  // entry of each list: most messages of a connection say the same again
  std::uint64_t is_head, is_connect;  // bit n: of request n modulo 64
  std::uint8_t last_url[80];
  std::uint8_t last_url_size;

  // ---- the message that is read
  Phase phase;
  bool request, chunked, has_length, has_type, sip, collects, upgrade_to_http2;
  std::uint8_t body_kind;  // by its Content-Type
  std::uint16_t code;      // of a response
  std::uint64_t left;      // of a body or chunk
  std::uint8_t begin[4];   // of its body
  std::uint8_t begin_size;
  CollectedBytes line, text;  // a line that is not complete; the beginning of a body that is text
};

struct HttpSnifferState {
  StreamState stream;
  HttpFacts* facts = nullptr;
  bool refused = false;
};

}  // namespace t2::http_sniffer
