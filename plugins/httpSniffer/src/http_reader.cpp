// Lines, headers and bodies of HTTP/1.x (RFC 9112) and SIP (RFC 3261).
#include "http_reader.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string>
#include <utility>

#include <arpa/inet.h>

#include "http_status.hpp"

namespace t2::http_sniffer {

namespace {

constexpr std::uint32_t longest_line = 16 << 10;
constexpr std::size_t longest_method = 20;

std::string_view text_of(View bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
bool is_same(std::string_view a, std::string_view lower_case) {
  return a.size() == lower_case.size() &&
         std::equal(a.begin(), a.end(), lower_case.begin(), [](char x, char y) { return lower(x) == y; });
}
std::size_t find(std::string_view in, std::string_view lower_case) {
  const auto at = std::search(in.begin(), in.end(), lower_case.begin(), lower_case.end(),
                              [](char x, char y) { return lower(x) == y; });
  return at == in.end() ? in.npos : static_cast<std::size_t>(at - in.begin());
}
std::string_view trim(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t' || s.back() == '\r')) s.remove_suffix(1);
  return s;
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool in_method(char c) { return (c >= 'A' && c <= 'Z') || c == '-' || c == '_'; }

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

struct MimeKind {
  std::string_view begin;
  std::uint16_t bit;
  std::uint8_t body;  // position in httpImg_Vid_Aud_Msg_Txt_App_Unk
};
constexpr MimeKind mime_kinds[] = {{"application", 0x0001, 5}, {"audio", 0x0002, 2}, {"image", 0x0004, 0},
                                   {"message", 0x0008, 3},     {"model", 0x0010, 6}, {"multipart", 0x0020, 6},
                                   {"text", 0x0040, 4},        {"video", 0x0080, 1}, {"vnd", 0x0100, 6},
                                   {"x-pkcs", 0x0400, 6},      {"x", 0x0200, 6},     {"", 0x8000, 6}};
constexpr List body_lists[body_kinds] = {List::images, List::videos,       List::audios, List::messages,
                                         List::text,   List::applications, List::unknown};
constexpr std::string_view methods[] = {"OPTIONS", "GET", "HEAD", "POST", "PUT", "DELETE", "TRACE", "CONNECT"};

bool is_ip4(std::string_view host) {
  const std::size_t colon = host.find(':');
  if (colon != host.npos && !std::all_of(host.begin() + static_cast<std::ptrdiff_t>(colon) + 1, host.end(), is_digit))
    return false;
  in_addr address;
  return inet_pton(AF_INET, std::string(host.substr(0, colon)).c_str(), &address) == 1;
}

}  // namespace

StartLine parse_start(std::string_view line) {
  StartLine start;
  const auto version = [&](std::string_view s) {
    start.sip = s == "SIP/2.0";
    if (start.sip) return true;
    if (s.size() != 8 || !s.starts_with("HTTP/1.") || !is_digit(s[7])) return false;
    start.minor = static_cast<std::uint8_t>(s[7] - '0');
    return true;
  };
  if (line == "PRI * HTTP/2.0") {
    start.kind = StartLine::Kind::http2;
    return start;
  }
  line = trim(line);
  const std::size_t first = line.find(' ');
  if (first == line.npos) return start;
  if (version(line.substr(0, first))) {
    const std::string_view rest = line.substr(first + 1);
    if (rest.size() < 3 || !std::all_of(rest.begin(), rest.begin() + 3, is_digit)) return start;
    if (rest.size() > 3 && rest[3] != ' ') return start;
    std::from_chars(rest.data(), rest.data() + 3, start.code);
    start.kind = StartLine::Kind::response;
    return start;
  }
  const std::size_t last = line.rfind(' ');
  start.method = line.substr(0, first);
  start.target = trim(line.substr(first, last - first));
  if (start.method.size() <= longest_method && !start.target.empty() && version(line.substr(last + 1)) &&
      std::all_of(start.method.begin(), start.method.end(), in_method))
    start.kind = StartLine::Kind::request;
  return start;
}

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
  const auto end = std::find(bytes.begin(), bytes.end(), '\n');
  const View part(bytes.begin(), end);
  const bool whole = end != bytes.end();
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

void HttpReader::begin_message(const Place& place, HttpFacts& f, const StartLine& start) {
  f.request = start.kind == StartLine::Kind::request;
  f.chunked = f.has_length = f.has_type = f.upgrade_to_http2 = false;
  f.sip = start.sip;
  f.collects = false;
  f.left = 0;
  if (start.kind == StartLine::Kind::http2) {
    f.versions |= version::http2;
    f.phase = Phase::other;
    return;
  }
  f.stat |= stat::http | stat::detected | stat::headers;
  f.contents |= content::http;
  f.versions |= start.sip ? version::sip : start.minor == 0 ? version::http10 : version::http11;
  if (!start.sip && start.minor == 0) f.anomalies |= anomaly::http10;
  f.phase = Phase::headers;
  if (!f.request) {
    ++f.responses;
    f.answers += start.code >= 200;
    f.code = start.code;
    const char code[2] = {static_cast<char>(start.code >> 8), static_cast<char>(start.code & 0xff)};
    return list(place, f, List::code, {code, 2});
  }
  const std::uint64_t bit = std::uint64_t{1} << f.requests++ % 64;
  f.is_head &= ~bit, f.is_connect &= ~bit;
  const auto* known = std::find(std::begin(methods), std::end(methods), start.method);
  if (known == std::end(methods)) list(place, f, List::method, start.method);
  else f.methods = static_cast<std::uint8_t>(f.methods | 1u << (known - std::begin(methods)));
  if (start.method == "HEAD") f.is_head |= bit;
  if (start.method == "CONNECT") f.is_connect |= bit;
  if (start.method == "GET") ++f.gets, ++count_.gets;
  if (start.method == "POST") {
    ++f.posts, ++count_.posts;
    if (start.target.find('?') != start.target.npos) f.anomalies |= anomaly::post_query;
  }
  f.stat |= stat::url;
  list(place, f, List::url, start.target);
  if (start.target.size() > limits_.name) f.stat |= stat::cut;
  const std::string_view name = start.target.substr(0, limits_.name);
  std::copy(name.begin(), name.end(), f.last_url);
  f.last_url_size = static_cast<std::uint8_t>(name.size());
}

void HttpReader::on_header(const Place& place, HttpFacts& f, std::string_view line) {
  if (line[0] == ' ' || line[0] == '\t') return;  // continues the header before it, which is listed without
  const std::size_t colon = line.find(':');
  if (colon == line.npos || colon == 0) {
    f.anomalies |= anomaly::parse;
    return;
  }
  const std::string_view name = trim(line.substr(0, colon)), value = trim(line.substr(colon + 1));
  const auto is = [&](std::string_view full, char compact = 0) {
    return is_same(name, full) || (f.sip && compact && name.size() == 1 && lower(name[0]) == compact);
  };
  static constexpr struct {
    std::string_view name;
    List list;
    bool distinct = true;
  } kept[] = {{"host", List::host},
              {"location", List::location},
              {"server", List::server},
              {"referer", List::referer},
              {"user-agent", List::agent},
              {"x-powered-by", List::powered},
              {"cookie", List::cookie, false},
              {"x-forwarded-for", List::forwarded},
              {"set-cookie", List::set_cookie}};
  if (is("content-type", 'c')) return on_content_type(place, f, value);
  if (is("via", 'v')) return list(place, f, List::via, value);
  if (is("content-length", 'l')) {
    std::uint64_t length = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), length);
    const bool right = error == std::errc() && end == value.data() + value.size();
    if (!right || (f.has_length && f.left != length)) f.anomalies |= anomaly::parse;
    if (right) f.left = length, f.has_length = true;
  } else if (is("transfer-encoding")) {
    if (find(value, "chunked") != value.npos) f.chunked = true, f.stat |= stat::chunked;
  } else if (is("upgrade")) {
    if (is_same(value, "h2c")) f.upgrade_to_http2 = true;
  } else if (is("x-xss-protection")) {
    f.anomalies |= anomaly::xss;
  } else if (is("content-security-policy")) {
    f.anomalies |= anomaly::csp;
  } else if (is("dnt")) {
    if (value == "1") f.anomalies |= anomaly::do_not_track;
  } else {
    for (const auto& header : kept) {
      if (!is_same(name, header.name)) continue;
      if (header.list == List::host && is_ip4(value)) f.anomalies |= anomaly::host_ip4;
      return list(place, f, header.list, value, header.distinct);
    }
  }
}

void HttpReader::on_content_type(const Place& place, HttpFacts& f, std::string_view value) {
  const std::string_view type = trim(value.substr(0, value.find(';')));
  if (type.empty()) {
    f.anomalies |= anomaly::no_type;
    return;
  }
  const auto* kind = mime_kinds;
  while (!is_same(type.substr(0, kind->begin.size()), kind->begin)) ++kind;
  f.mimes |= kind->bit;
  f.body_kind = kind->body;
  f.has_type = true;
  f.collects = kind->body == 4 || find(type, "mpegurl") != type.npos;
  if (kind->bit == 0x0020 && find(value, "boundary=") != value.npos) f.contents |= content::boundary;
  list(place, f, List::mime, type);
}

void HttpReader::end_headers(const Place& place, HttpFacts& f) {
  if (!f.has_type) f.collects = false;
  f.phase = Phase::start;
  if (!f.request && !f.sip) {
    const std::uint32_t n = f.answers - 1;  // of its request, where that was seen
    const bool known = f.answers > 0 && place.other && n < place.other->requests && place.other->requests - n <= 64;
    const auto request_is = [&](std::uint64_t bits) { return known && (bits >> n % 64 & 1); };
    if (f.code == 101 || (f.code / 100 == 2 && place.other && request_is(place.other->is_connect))) {
      f.versions |= f.upgrade_to_http2 ? version::http2 : version::other;
      f.phase = Phase::other;
      return;
    }
    if (f.code < 200 || f.code == 204 || f.code == 304 || (place.other && request_is(place.other->is_head))) {
      f.collects = false;
      return;
    }
  }
  if (f.chunked) begin_body(place, f, Phase::chunk_size);
  else if (f.has_length && f.left > 0) begin_body(place, f, Phase::length);
  else if (!f.has_length && (place.datagram || (!f.request && !f.sip))) begin_body(place, f, Phase::until_end);
  else f.collects = false;
}

void HttpReader::begin_body(const Place& place, HttpFacts& f, Phase phase) {
  f.phase = phase;
  f.begin_size = 0;
  if (!f.has_type) return;
  std::uint32_t index = 0;
  for (const std::uint32_t count : f.bodies) index += count;
  ++f.bodies[f.body_kind], ++count_.bodies[f.body_kind];
  const HttpFacts& asked = !f.request && place.other && place.other->last_url_size > 0 ? *place.other : f;
  std::string name(reinterpret_cast<const char*>(asked.last_url), asked.last_url_size);
  for (char& c : name)
    if (c == '/' || c == '?') c = '_';
  if (name.empty()) name = "nudel";
  name += place.direction == 0 ? "_A_" : "_B_";
  list(place, f, body_lists[f.body_kind], name + std::to_string(index), false);
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

void HttpReader::list(const Place& place, HttpFacts& f, List to, std::string_view text, bool distinct) {
  const std::uint32_t longest = to == List::agent       ? limits_.agent
                                : to == List::forwarded ? limits_.forwarded
                                                        : limits_.text;
  if (text.size() > longest) text = text.substr(0, longest), f.stat |= stat::cut;
  if (text.empty()) return;
  for (const TextBlock* block = f.first; block && distinct; block = block->next) {
    for (std::uint32_t at = 0; at < block->used;) {
      std::uint16_t size;
      std::memcpy(&size, block->data + at + 1, sizeof size);
      if (block->data[at] == static_cast<std::uint8_t>(to) && size == text.size() &&
          std::memcmp(block->data + at + TextBlock::entry_header, text.data(), size) == 0)
        return;
      at += TextBlock::entry_header + size;
    }
  }
  std::uint8_t& entries = f.listed[static_cast<std::size_t>(to)];
  if (entries >= limits_.entries) {
    f.stat |= stat::full;
    return;
  }
  const auto bytes = static_cast<std::uint32_t>(TextBlock::entry_header + text.size());
  if (!f.last || f.last->used + bytes > TextBlock::capacity) {
    auto* block = static_cast<TextBlock*>(host_.flow_alloc(place.flow, sizeof(TextBlock)));
    if (!block) {
      ++count_.refused;
      return;
    }
    (f.last ? f.last->next : f.first) = block;
    f.last = block;
  }
  std::uint8_t* entry = f.last->data + f.last->used;
  const auto size = static_cast<std::uint16_t>(text.size());
  entry[0] = static_cast<std::uint8_t>(to);
  std::memcpy(entry + 1, &size, sizeof size);
  std::copy(text.begin(), text.end(), entry + TextBlock::entry_header);
  f.last->used += bytes;
  ++entries;
}

}  // namespace t2::http_sniffer
