// httpSniffer: requests and responses of HTTP/1.x and SIP; HTTP/2 is recognised.
//
// TCP on any port: of a direction that has no message yet the first bytes of each segment are looked at. UDP where one
// port is above 1024. An instance belongs to one worker thread.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "columns.hpp"
#include "httpSniffer.h"
#include "http_reader.hpp"
#include "http_status.hpp"
#include "t2/plugin.hpp"
#include "t2/report_lines.hpp"

namespace t2::http_sniffer {

namespace {

constexpr t2::Flag flags[] = {T2_RUNTIME_FLAG(HTTP_DATA_C_MAX), T2_RUNTIME_FLAG(HTTP_MXFILE_LEN),
                              T2_RUNTIME_FLAG(HTTP_MXUA_LEN), T2_RUNTIME_FLAG(HTTP_MXXF_LEN),
                              T2_RUNTIME_FLAG(HTTP_TEXT_LEN)};
constexpr t2::FlowBlock flow_blocks[] = {{.bytes = sizeof(HttpFacts), .conversations = 2},
                                         {.bytes = sizeof(TextBlock), .conversations = 1},
                                         t2::stream_block};
static_assert(960 + TextBlock::entry_header <= TextBlock::capacity);

Limits limits_of(const t2::Host& host) {
  const auto value = [&](std::string_view flag) { return static_cast<std::uint32_t>(host.integer(flag)); };
  return {.entries = value("HTTP_DATA_C_MAX"),
          .name = value("HTTP_MXFILE_LEN"),
          .agent = value("HTTP_MXUA_LEN"),
          .forwarded = value("HTTP_MXXF_LEN"),
          .text = value("HTTP_TEXT_LEN")};
}

class HttpSniffer final : public t2::Plugin {
 public:
  explicit HttpSniffer(t2::Host& host) : state_(host), reader_(host, limits_of(host)) {}

  void on_packets(std::span<const t2::Packet> packets) override {
    constexpr std::uint16_t lowest_port = 1025;
    for (const t2::Packet& p : packets) {
      if (p.protocol == t2::protocol::tcp) {
        if (p.l7_length > 0 || p.first_of_direction) on_segment(p);
      } else if (p.protocol == t2::protocol::udp && p.captured_l7 >= 16 && p.is_ip() && !p.later_fragment &&
                 std::max(p.source_port, p.destination_port) >= lowest_port && p.data[p.l7] >= 'A' &&
                 p.data[p.l7] <= 'Z') {
        HttpSnifferState& s = state_(*p.own);
        reader_.read_datagram(place(p, s, true), p.bytes(p.l7).read(std::min(p.captured_l7, p.l7_length)));
        packets_ += is_http(s.facts);
      }
    }
  }

  void on_flow_end(const t2::EndedFlow& e, t2::Row& row) override {
    HttpSnifferState& own = state_(e.own);
    HttpSnifferState* other = e.other ? &state_(*e.other) : nullptr;
    finish(e.flow, e.direction, own, other);
    if (other) finish(e.flow, e.direction ^ 1, *other, &own);
    if (own.facts) {
      const HttpFacts& f = *own.facts;
      stat_ |= f.stat, anomalies_ |= f.anomalies, contents_ |= f.contents, mimes_ |= f.mimes;
    }
    if (row.is_read()) put_columns(own.facts, other ? other->facts : nullptr, row);
  }

  void on_packet_row(const t2::Packet& p, t2::Row& row) override {
    const HttpFacts* f = state_(*p.own).facts;
    row.put(static_cast<std::uint16_t>(f ? f->stat & ~stat::headers : 0));
    row.put(f ? f->anomalies : std::uint16_t{0}), row.put(f ? f->methods : std::uint8_t{0});
    row.put(f ? f->mimes : std::uint16_t{0}), row.put(f ? f->contents : std::uint16_t{0});
  }

  void merge(t2::Plugin& plugin) override {
    const auto& other = static_cast<const HttpSniffer&>(plugin);
    stat_ |= other.stat_, anomalies_ |= other.anomalies_, contents_ |= other.contents_, mimes_ |= other.mimes_;
    packets_ += other.packets_;
    reader_.add(other.reader_);
  }

  void report(t2::Report& report) const override {
    if (packets_ > 0) {
      t2::report_bits(report, "httpStat", stat_ & ~stat::headers & 0xffffu, 4);
      t2::report_bits(report, "httpAFlags", anomalies_, 4);
      t2::report_bits(report, "httpCFlags", contents_, 4);
      t2::report_bits(report, "httpHeadMimes", mimes_, 4);
      const Count& count = reader_.count();
      std::string files;
      for (const std::uint64_t n : count.bodies) files += (files.empty() ? "" : "_") + std::to_string(n);
      report.line("Number of files img_vid_aud_msg_txt_app_unk: " + files);
      t2::report_share(report, "Number of HTTP packets: ", packets_, report.run().packets);
      t2::report_share(report, "Number of HTTP GET  requests: ", count.gets, packets_);
      t2::report_share(report, "Number of HTTP POST requests: ", count.posts, packets_);
      if (count.posts > 0) {
        char text[64];
        std::snprintf(text, sizeof text, "HTTP GET/POST ratio: %.2f",
                      static_cast<double>(count.gets) / static_cast<double>(count.posts));
        report.line(text);
      }
    }
    if (const std::uint64_t refused = reader_.count().refused + reader_.stream().refused())
      report.line("Parts of messages that memory was too short for: " + report.number(refused));
  }

 private:
  static bool is_http(const HttpFacts* facts) { return facts && facts->versions != 0; }

  HttpReader::Place place(const t2::Packet& p, HttpSnifferState& s, bool datagram) {
    return {*p.flow, p.direction, s.facts, s.refused, p.other ? state_(*p.other).facts : nullptr, datagram};
  }
  void on_segment(const t2::Packet& p) {
    HttpSnifferState& s = state_(*p.own);
    reader_.stream().read(p, s.stream,
                          [&](View bytes, std::uint32_t gap) { reader_.read(place(p, s, false), bytes, gap); });
    packets_ += p.l7_length > 0 && is_http(s.facts);
  }

  void finish(const t2::Flow& flow, unsigned direction, HttpSnifferState& s, const HttpSnifferState* other) {
    const HttpReader::Place place{flow, direction, s.facts, s.refused, other ? other->facts : nullptr, false};
    if (flow.key.protocol == t2::protocol::tcp)
      reader_.stream().finish(flow, s.stream, [&](View bytes, std::uint32_t gap) { reader_.read(place, bytes, gap); });
    reader_.finish(place);
  }

  void put_columns(const HttpFacts* facts, const HttpFacts* other, t2::Row& row) {
    static const HttpFacts none{};
    const HttpFacts& f = facts ? *facts : none;
    entries_.clear();
    for (const TextBlock* block = f.first; block; block = block->next) {
      for (std::uint32_t at = 0; at < block->used; at += entry_bytes(block->data + at))
        entries_.emplace_back(static_cast<List>(block->data[at]), entry_text(block->data + at));
    }
    const auto small = [&](std::uint32_t n) { row.put(static_cast<std::uint16_t>(std::min(n, 0xffffu))); };
    const auto listed = [&](List which) { return f.listed[static_cast<std::size_t>(which)]; };
    const auto texts = [&](List which) {
      row.count(listed(which));
      for (const auto& [list, text] : entries_)
        if (list == which) row.text(text);
    };
    row.put(f.stat), row.put(f.anomalies), row.put(f.methods), row.put(f.mimes), row.put(f.contents);
    small(f.gets), small(f.posts);
    small(listed(List::code));
    row.count(listed(List::code));
    for (const auto& [list, text] : entries_)
      if (list == List::code) small(load_big<std::uint16_t>(text.data()));
    for (const List which : {List::url, List::via, List::location, List::server, List::powered, List::agent,
                             List::forwarded, List::referer, List::cookie, List::mime})
      small(listed(which));
    for (const std::uint32_t bodies : f.bodies) small(bodies);
    for (const List which : {List::host, List::url, List::mime, List::cookie, List::images, List::videos, List::audios,
                             List::messages, List::applications, List::text, List::unknown, List::refresh, List::agent,
                             List::forwarded, List::referer, List::via, List::location, List::server, List::powered})
      texts(which);
    // What one direction changed to holds for both.
    row.put(static_cast<std::uint8_t>(f.versions | (other ? other->versions & (version::http2 | version::other) : 0)));
    row.put(f.requests), row.put(f.responses), row.put(f.body_bytes);
    texts(List::method), texts(List::set_cookie);
  }

  t2::State<HttpSnifferState> state_;
  HttpReader reader_;
  std::vector<std::pair<List, std::string_view>> entries_;  // of put_columns(); kept for their memory
  std::uint16_t stat_ = 0, anomalies_ = 0, contents_ = 0, mimes_ = 0;
  std::uint64_t packets_ = 0;
};

}  // namespace

}  // namespace t2::http_sniffer

T2_PLUGIN = {.name = "httpSniffer",
             .version = T2_PLUGIN_VERSION,
             .summary = "requests and responses of HTTP/1.x and SIP",
             .number = T2_NUMBER,
             .layout = T2_LAYOUT_httpSniffer,
             .flags = t2::http_sniffer::flags,
             .columns = t2::http_sniffer::columns,
             .packet_columns = t2::http_sniffer::status_columns,
             .create = [](t2::Host& host) -> t2::Plugin* { return new t2::http_sniffer::HttpSniffer(host); },
             .flow_blocks = t2::http_sniffer::flow_blocks};
