// The page has no other part than those that the build put into this program, and loads nothing: its policy allows this
// script and these styles by their hashes alone, so that text from traffic could not run even where it was taken for
// markup.
#include "page.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "page_parts.hpp"  // made by the build: page_html, page_style, page_script, and the SHA-256 of the last two

namespace t2::report {

namespace {

// Length of the UTF-8 character at `at`; 0: there is none.
std::size_t character(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const unsigned first = byte(at);
  const std::size_t length = first < 0x80                    ? 1
                             : first >= 0xc2 && first < 0xe0 ? 2
                             : first >= 0xe0 && first < 0xf0 ? 3
                             : first >= 0xf0 && first < 0xf5 ? 4
                                                             : 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(at + i) & 0xc0) != 0x80) return 0;
  if (length == 3 && ((first == 0xe0 && byte(at + 1) < 0xa0) || (first == 0xed && byte(at + 1) >= 0xa0))) return 0;
  if (length == 4 && ((first == 0xf0 && byte(at + 1) < 0x90) || (first == 0xf4 && byte(at + 1) >= 0x90))) return 0;
  return length;
}

std::string base64(std::string_view hex) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto nibble = [](char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10); };
  std::string out;
  for (std::size_t i = 0; i < hex.size(); i += 6) {
    unsigned bits = 0;
    const std::size_t nibbles = std::min<std::size_t>(6, hex.size() - i);
    for (std::size_t j = 0; j < 6; ++j) bits = bits << 4 | (j < nibbles ? nibble(hex[i + j]) : 0);
    for (std::size_t j = 0; j < 4; ++j) out += j <= nibbles * 4 / 6 ? digits[bits >> (18 - 6 * j) & 63] : '=';
  }
  return out;
}

class Json {
 public:
  std::string text;
  Json& key(std::string_view name) {
    comma();
    text += fmt::format("\"{}\":", name);
    first_ = true;
    return *this;
  }
  Json& open(char bracket) {
    comma();
    text += bracket;
    first_ = true;
    return *this;
  }
  Json& close(char bracket) {
    text += bracket;
    first_ = false;
    return *this;
  }
  Json& put(std::uint64_t n) { return raw(std::to_string(n)); }
  Json& put(double n) { return raw(fmt::format("{:.9g}", n)); }
  Json& put_time(Time t) {  // seconds since 1970, to a microsecond: more than nine digits
    return raw(fmt::format("{:.6f}", static_cast<double>(t) / 1e9));
  }
  Json& put(std::string_view s) { return raw(script_json(s)); }
  Json& put(bool b) { return raw(b ? "true" : "false"); }
  Json& raw(std::string_view s) {
    comma();
    text += s;
    return *this;
  }

 private:
  void comma() {
    if (!first_) text += ',';
    first_ = false;
  }
  bool first_ = true;
};

void put_sums(Json& j, std::string_view name, const Sums& s) {
  j.open('[').put(name).put(s.flows).put(s.packets).put(s.bytes).close(']');
}

void put_totals(Json& j, const Summary& s) {
  j.key("totals").open('{');
  j.key("rows").put(s.rows).key("flows").put(s.flows);
  if (s.has_packets) j.key("packets").put(s.packets);
  if (!s.byte_column.empty()) j.key("bytes").put(s.bytes).key("byteColumn").put(s.byte_column);
  if (s.has_addresses)
    j.key("hosts").put(std::uint64_t{s.hosts.size()}).key("hostsOverflowed").put(s.hosts.overflowed());
  if (s.first && s.last) j.key("first").put_time(*s.first).key("last").put_time(*s.last);
  j.close('}');
}

void put_series(Json& j, Summary& s) {
  if (!s.first || !s.last || s.rows == 0) return;
  TimeSeries &bytes = s.bytes_over_time, &flows = s.flows_over_time;
  for (;;) {  // the same bins in both
    const Time width = std::max(bytes.width(), flows.width());
    bytes.cover(*s.first, *s.last);
    flows.cover(*s.first, *s.last);
    while (bytes.width() < width) bytes.widen();
    while (flows.width() < width) flows.widen();
    if (bytes.width() == flows.width()) break;
  }
  const std::vector<double>&byte_sums = bytes.sums(), &flow_sums = flows.sums();
  const double width = static_cast<double>(bytes.width()) / 1e9;
  j.key("series").open('{').key("width").put(width).key("times").open('[');
  for (std::size_t i = 0; i < byte_sums.size(); ++i) j.put_time(bytes.start(i));
  j.close(']').key("bits").open('[');
  for (const double sum : byte_sums) j.put(std::max(sum * 8 / width, 0.0));
  j.close(']').key("flows").open('[');
  for (const double sum : flow_sums) j.raw(fmt::format("{:.0f}", sum));
  j.close(']').close('}');
}

void put_hosts(Json& j, const Summary& s, std::size_t n) {
  j.key("talkers").open('[');
  for (const auto& [name, h] :
       s.hosts.top(n, [](const HostSums& sums) { return std::pair(sums.traffic(), sums.flows); }))
    j.open('[').put(name).put(h->flows).put(h->sent_packets).put(h->sent_bytes).put(h->received_bytes).close(']');
  j.close(']');
  const auto by_traffic = [](const Sums& sums) { return std::pair(sums.bytes, sums.flows); };
  const auto list = [&](std::string_view key, const ByName<Sums>& sums, bool protocols) {
    j.key(key).open('[');
    for (const auto& [name, each] : sums.top(n, by_traffic))
      put_sums(j, protocols ? protocol_name(name) : std::string(name), *each);
    j.close(']');
  };
  list("ports", s.ports, false);
  list("protocols", s.protocols, true);
  j.key("pairs").open('[');
  for (const auto& [name, each] : s.pairs.top(48, by_traffic)) {
    const std::size_t tab = name.find('\t');
    j.open('[')
        .put(name.substr(0, tab))
        .put(name.substr(tab + 1))
        .put(each->flows)
        .put(each->packets)
        .put(each->bytes)
        .close(']');
  }
  j.close(']').key("pairCount").put(std::uint64_t{s.pairs.size()});
}

void put_texts(Json& j, const Summary& s, std::size_t n) {
  j.key("texts").open('[');
  for (const TextColumn& text : s.texts) {
    if (text.values.size() == 0) continue;
    j.open('{').key("column").put(std::uint64_t{text.column}).key("different").put(std::uint64_t{text.values.size()});
    j.key("overflowed").put(text.values.overflowed()).key("values").open('[');
    for (const auto& [name, each] :
         text.values.top(n, [](const Sums& sums) { return std::pair(sums.flows, sums.bytes); }))
      put_sums(j, name, *each);
    j.close(']').close('}');
  }
  j.close(']');
}

void put_server(Json& j, std::string_view name, const ServerSums& s) {
  j.open('[')
      .put(name)
      .put(s.flows)
      .put(s.resets)
      .put(s.unanswered)
      .put(s.retransmissions)
      .put(s.packets)
      .put(s.zero_windows);
  j.put(s.with_round_trip > 0 ? s.round_trips / static_cast<double>(s.with_round_trip) : 0.0).close(']');
}

void put_tcp(Json& j, const Summary& s, std::size_t n) {
  if (!s.has_tcp) return;
  j.key("tcp").open('{').key("all");
  put_server(j, "", s.tcp);
  j.key("rowsWithRetransmissions").put(s.rows_with_retransmissions).key("roundTrips").put(s.round_trips.count());
  j.key("median").put(s.round_trips.quantile(0.5)).key("p95").put(s.round_trips.quantile(0.95));
  j.key("servers").open('[');
  const auto trouble = [](const ServerSums& x) {
    return std::pair(x.resets + x.unanswered + x.retransmissions + x.zero_windows, x.flows);
  };
  for (const auto& [name, each] : s.servers.top(n, trouble)) put_server(j, name, *each);
  j.close(']').close('}');
}

void put_table(Json& j, const Summary& s) {
  j.key("columns").open('[');
  for (const FlowColumn& column : s.columns)
    j.open('[').put(column.name).put(column.type).put(column.meaning).close(']');
  j.close(']').key("table").open('[');
  for (const Summary::KeptRow& row : s.kept) j.put(row.cells);
  j.close(']');
}

void replace(std::string& text, std::string_view mark, std::string_view by) {
  if (const std::size_t at = text.find(mark); at != text.npos) text.replace(at, mark.size(), by);
}

}  // namespace

std::string script_json(std::string_view text) {
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    const std::size_t length = character(text, i);
    if (length == 0) out += "\xef\xbf\xbd", ++i;
    else if (length > 1) out += text.substr(i, length), i += length;
    else if (c == '"' || c == '\\') out += '\\', out += c, ++i;
    else if (static_cast<unsigned char>(c) < 0x20 || c == '<' || c == '>' || c == '&' || c == 0x7f)
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c)), ++i;
    else out += c, ++i;
  }
  return out + '"';
}

std::string html_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '&': out += "&amp;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string page_of(Summary& summary, std::string_view title, std::size_t rows_of_tables) {
  Json j;
  j.open('{').key("title").put(title);
  put_totals(j, summary);
  put_series(j, summary);
  if (summary.has_addresses) put_hosts(j, summary, rows_of_tables);
  put_texts(j, summary, rows_of_tables);
  put_tcp(j, summary, rows_of_tables);
  put_table(j, summary);
  j.close('}');
  std::string page(page_html);
  replace(page, "@policy@",
          fmt::format("default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src data:; base-uri "
                      "'none'; form-action 'none'",
                      base64(page_script_hash), base64(page_style_hash)));
  replace(page, "@title@", html_text(title));
  replace(page, "@style@", page_style);
  replace(page, "@data@", j.text);
  replace(page, "@script@", page_script);
  return page;
}

}  // namespace t2::report
