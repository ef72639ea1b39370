// Finds messages of HTTP/1.x (RFC 9112) and SIP in a stream, hands over their lines, steps over their bodies.
#include "http_reader.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string>
#include <utility>

#include "http_status.hpp"
#include "http_text.hpp"

namespace t2::http_sniffer {

namespace {

constexpr std::uint32_t longest_line = 16 << 10;

// Whether a start line may begin so: a method and a blank, a version and a blank, or the beginning of these.
bool may_begin(std::string_view s) {
  constexpr std::string_view http = "HTTP/1.";
  if (s.substr(0, http.size()) == http.substr(0, s.size())) return true;
  const std::size_t size = std::min(s.size(), longest_method + 1);
  std::size_t n = 0;
  while (n < size && in_method(s[n])) ++n;
  if (n == s.size()) return n <= longest_method;
  return n > 0 && n <= longest_method && (s[n] == ' ' || s.substr(0, 4) == "SIP/");
}

}  // namespace

void HttpReader::add(const HttpReader& other) {
  stream_.add(other.stream_);
  count_.gets += other.count_.gets, count_.posts += other.count_.posts, count_.refused += other.count_.refused;
  for (std::size_t i = 0; i < body_kinds; ++i) count_.bodies[i] += other.count_.bodies[i];
}

void HttpReader::read(const Place& place, View bytes, std::uint32_t gap) {
  if (gap > 0 && place.facts) skip_gap(place, *place.facts, gap);
  while (!bytes.empty()) {
    if (!place.facts || place.facts->phase == Phase::outside) {
      look_for_start(place, bytes);
      continue;
    }
    HttpFacts& f = *place.facts;
    switch (f.phase) {
      case Phase::other: return;
      case Phase::length:
      case Phase::chunk:
      case Phase::until_end: read_body(place, f, bytes); break;
      default: read_line(place, f, bytes);
    }
  }
}

void HttpReader::read_datagram(const Place& place, View bytes) {
  if (!may_begin(text_of(bytes))) return;
  if (place.facts) place.facts->phase = Phase::outside;
  read(place, bytes, 0);
  if (place.facts) leave(place, *place.facts);
}

void HttpReader::finish(const Place& place) {
  if (!place.facts) return;
  HttpFacts& f = *place.facts;
  look_into(place, f);
  stream_.drop(place.flow, f.line);
}

// What was read of the current message is what will be known of it.
void HttpReader::leave(const Place& place, HttpFacts& f) {
  look_into(place, f);
  stream_.drop(place.flow, f.line);
  f.phase = Phase::outside;
  if (f.versions == 0) {  // it was none
    host_.flow_free(place.flow, place.facts);
    place.facts = nullptr;
  }
}

HttpFacts* HttpReader::make(const Place& place) {
  if (!place.facts && !place.refused) {
    place.facts = static_cast<HttpFacts*>(host_.flow_alloc(place.flow, sizeof(HttpFacts)));
    place.refused = place.facts == nullptr;
    count_.refused += place.refused;
  }
  return place.facts;
}

// Takes the bytes where they begin a message, else drops them.
void HttpReader::look_for_start(const Place& place, View& bytes) {
  const std::string_view text = text_of(bytes);
  const View all = std::exchange(bytes, {});
  if (!may_begin(text)) return;
  const std::size_t end = text.substr(0, longest_line).find('\n');
  if (end != text.npos && parse_start(trim(text.substr(0, end))).kind == StartLine::Kind::none) return;
  if (end == text.npos && place.datagram) return;
  if (HttpFacts* f = make(place)) f->phase = Phase::start, bytes = all;
}

void HttpReader::read_line(const Place& place, HttpFacts& f, View& bytes) {
  const void* const end = std::memchr(bytes.data(), '\n', bytes.size());
  const bool whole = end != nullptr;
  const View part = whole ? View(bytes.data(), static_cast<const std::uint8_t*>(end)) : bytes;
  bytes = bytes.subspan(part.size() + whole);
  if (whole && f.line.size == 0) return on_line(place, f, text_of(part));
  if (f.line.size + part.size() > longest_line) {
    if (f.phase == Phase::start) return leave(place, f);
    f.stat |= stat::cut;  // the rest of it is left out
  } else if (!stream_.collect(place.flow, f.line, part)) {
    return leave(place, f);
  }
  if (!whole) return;
  const View line = stream_.collected(f.line);
  stream_.drop(place.flow, f.line);
  on_line(place, f, text_of(line));
}

void HttpReader::on_line(const Place& place, HttpFacts& f, std::string_view line) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  switch (f.phase) {
    case Phase::start: {
      if (line.empty()) return;  // RFC 9112, 2.2
      const StartLine start = parse_start(line);
      if (start.kind == StartLine::Kind::none) return leave(place, f);
      return begin_message(place, f, start);
    }
    case Phase::headers: return line.empty() ? end_headers(place, f) : on_header(place, f, line);
    case Phase::chunk_size: return on_chunk_size(place, f, line);
    case Phase::chunk_end:
      if (line.empty()) {
        f.phase = Phase::chunk_size;
      } else {
        f.anomalies |= anomaly::parse;
        leave(place, f);
      }
      return;
    default:  // trailers
      if (line.empty()) end_body(place, f, Phase::start);
  }
}

void HttpReader::read_body(const Place& place, HttpFacts& f, View& bytes) {
  const bool limited = f.phase != Phase::until_end;
  const View part = limited ? bytes.first(std::min<std::uint64_t>(f.left, bytes.size())) : bytes;
  bytes = bytes.subspan(part.size());
  f.body_bytes += part.size();
  for (const std::uint8_t byte : part.first(std::min(part.size(), sizeof f.begin - f.begin_size)))
    f.begin[f.begin_size++] = byte;
  if (f.begin_size >= 2 && std::memcmp(f.begin, "MZ", 2) == 0) f.anomalies |= anomaly::exe;
  if (f.begin_size == 4 && std::memcmp(f.begin, "\177ELF", 4) == 0) f.anomalies |= anomaly::elf;
  if (f.collects) {
    const std::size_t room = StreamBlock::capacity - f.text.size;
    if (!stream_.collect(place.flow, f.text, part.first(std::min(room, part.size()))) || part.size() >= room)
      look_into(place, f);
  }
  if (!limited) return;
  f.left -= part.size();
  if (f.left > 0) return;
  if (f.phase == Phase::chunk) f.phase = Phase::chunk_end;
  else end_body(place, f, Phase::start);
}

void HttpReader::end_body(const Place& place, HttpFacts& f, Phase next) {
  look_into(place, f);
  f.phase = next;
}

void HttpReader::on_chunk_size(const Place& place, HttpFacts& f, std::string_view line) {
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), f.left, 16);
  const bool right = error == std::errc() && (end == line.data() + line.size() || *end == ';' || *end == ' ');
  if (!right) {
    f.anomalies |= anomaly::parse;
    return leave(place, f);
  }
  f.phase = f.left > 0 ? Phase::chunk : Phase::trailers;
}

// Bytes are missing: within a body that is known, elsewhere it is not known where the next message begins.
void HttpReader::skip_gap(const Place& place, HttpFacts& f, std::uint32_t gap) {
  const bool in_body = f.phase == Phase::length || f.phase == Phase::chunk || f.phase == Phase::until_end;
  if (!in_body || (f.phase != Phase::until_end && gap > f.left)) {
    if (f.phase != Phase::outside && f.phase != Phase::other) leave(place, f);
    return;
  }
  f.body_bytes += gap;
  f.begin_size = sizeof f.begin;
  std::fill(std::begin(f.begin), std::end(f.begin), std::uint8_t{0});
  look_into(place, f);
  if (f.phase == Phase::until_end) return;
  f.left -= gap;
  if (f.left > 0) return;
  if (f.phase == Phase::chunk) f.phase = Phase::chunk_end;
  else f.phase = Phase::start;
}

// Looks into the beginning of a text, as much as was kept of it.
void HttpReader::look_into(const Place& place, HttpFacts& f) {
  f.collects = false;
  if (f.text.size == 0) return;
  const std::string_view text = text_of(stream_.collected(f.text));
  stream_.drop(place.flow, f.text);
  if (find(text, "#ext-x-stream-inf:") != text.npos) f.contents |= content::playlist;
  std::size_t at = find(text, "\"refresh\"");
  if (at == text.npos) return;
  std::string_view rest = text.substr(at);
  rest = rest.substr(0, rest.find('>'));
  if ((at = find(rest, "url=")) == rest.npos) return;
  rest = rest.substr(at + 4);
  f.contents |= content::refresh;
  list(place, f, List::refresh, trim(rest.substr(0, rest.find('"'))));
}

}  // namespace t2::http_sniffer
