// What the messages of HTTP/1.x (RFC 9110) and SIP (RFC 3261) say: start lines, headers, the names of bodies.
#include <algorithm>
#include <charconv>
#include <cstring>
#include <string>

#include <arpa/inet.h>

#include "http_reader.hpp"
#include "http_status.hpp"
#include "http_text.hpp"

namespace t2::http_sniffer {

namespace {

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
  if (host.empty() || !is_digit(host[0])) return false;
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
  char name[sizeof asked.last_url + 16];
  char* end = std::replace_copy_if(
      asked.last_url, asked.last_url + asked.last_url_size, name, [](std::uint8_t c) { return c == '/' || c == '?'; },
      '_');
  const auto add = [&](std::string_view part) { end = std::copy(part.begin(), part.end(), end); };
  if (end == name) add("nudel");
  add(place.direction == 0 ? "_A_" : "_B_");
  end = std::to_chars(end, std::end(name), index).ptr;
  list(place, f, body_lists[f.body_kind], {name, end}, false);
}

void HttpReader::list(const Place& place, HttpFacts& f, List to, std::string_view text, bool distinct) {
  const std::uint32_t longest = to == List::agent       ? limits_.agent
                                : to == List::forwarded ? limits_.forwarded
                                                        : limits_.text;
  if (text.size() > longest) text = text.substr(0, longest), f.stat |= stat::cut;
  if (text.empty()) return;
  const auto index = static_cast<std::size_t>(to);
  const auto is_entry = [&](const std::uint8_t* entry) { return entry[0] == index && entry_text(entry) == text; };
  if (distinct && f.latest[index] && is_entry(f.latest[index])) return;
  std::uint8_t& entries = f.listed[index];
  if (entries >= limits_.entries && f.stat & stat::full) return;
  for (const TextBlock* block = f.first; block && distinct; block = block->next) {
    for (std::uint32_t at = 0; at < block->used; at += entry_bytes(block->data + at))
      if (is_entry(block->data + at)) return;
  }
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
  f.latest[index] = entry;
  ++entries;
}

}  // namespace t2::http_sniffer
