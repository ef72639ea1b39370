// dnsDecode: questions and records of DNS, mDNS, LLMNR and of NetBIOS names, over UDP and TCP.
//
// An instance belongs to one worker thread. Other ports cost two comparisons a packet.
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "columns.hpp"
#include "dnsDecode.h"
#include "dnsDecode_state.h"
#include "dns_message.hpp"
#include "t2/plugin.hpp"
#include "t2/report_lines.hpp"

namespace t2::dns_decode {

namespace {

constexpr t2::Flag flags[] = {T2_RUNTIME_FLAG(DNS_MODE), T2_RUNTIME_FLAG(DNS_QRECMAX), T2_RUNTIME_FLAG(DNS_ARECMAX)};
constexpr t2::FlowBlock flow_blocks[] = {{.bytes = sizeof(DnsFacts), .conversations = 1},
                                         {.bytes = sizeof(EntryChunk), .conversations = 1},
                                         t2::stream_block};
constexpr std::uint16_t dns = 53, netbios_names = 137, mdns = 5353, llmnr = 5355;
constexpr bool is_port(std::uint16_t port) {
  return port == dns || port == netbios_names || port == mdns || port == llmnr;
}

class DnsDecode final : public t2::Plugin {
 public:
  explicit DnsDecode(t2::Host& host)
      : host_(host),
        sections_(static_cast<unsigned>(host.integer("DNS_MODE"))),
        state_(host),
        reader_(host),
        max_questions_(static_cast<std::uint32_t>(host.integer("DNS_QRECMAX"))),
        max_records_(static_cast<std::uint32_t>(host.integer("DNS_ARECMAX"))) {}

  void on_packets(std::span<const t2::Packet> packets) override {
    for (const t2::Packet& p : packets) {
      if ((!is_port(p.source_port) && !is_port(p.destination_port)) || !p.is_ip() || p.later_fragment) continue;
      if (p.protocol == t2::protocol::udp && p.l7_length > 0) on_datagram(p);
      else if (p.protocol == t2::protocol::tcp) on_segment(p);
    }
  }

  void on_flow_end(const t2::EndedFlow& e, t2::Row& row) override {
    DnsDecodeState& own = state_(e.own);
    refused_ += own.refused;
    if (own.facts && e.flow.key.protocol == t2::protocol::tcp) {
      const bool netbios = is_netbios(e.flow.key.port[0], e.flow.key.port[1]);
      DnsFacts& facts = *own.facts;
      reader_.finish(e.flow, facts.stream,
                     [&](View bytes, std::uint32_t gap) { on_bytes(e.flow, facts, bytes, gap, netbios); });
      if (facts.left > 0) facts.stat |= stat::bad_length;
      reader_.drop(e.flow, facts.collected);
    }
    if (own.facts) {
      stat_ |= own.facts->stat, header_flags_ |= own.facts->header_flags;
      opcodes_ |= own.facts->opcodes, rcodes_ |= own.facts->rcodes;
    }
    if (row.is_read()) put_columns(own.facts, row);
  }

  void merge(t2::Plugin& plugin) override {
    const auto& other = static_cast<const DnsDecode&>(plugin);
    stat_ |= other.stat_, header_flags_ |= other.header_flags_, opcodes_ |= other.opcodes_, rcodes_ |= other.rcodes_;
    packets_ += other.packets_, queries_ += other.queries_, responses_ += other.responses_, refused_ += other.refused_;
    reader_.add(other.reader_);
  }

  void report(t2::Report& report) const override {
    if (stat_ != 0) {
      t2::report_bits(report, "dnsStat", stat_, 4);
      char text[96];
      std::snprintf(text, sizeof text, "Aggregated dnsHFlg_OpC_RetC=0x%02x_0x%04x_0x%04x", header_flags_ + 0u,
                    opcodes_ + 0u, rcodes_ + 0u);
      report.line(text);
      t2::report_share(report, "Number of DNS packets: ", packets_, report.run().packets);
      t2::report_share(report, "Number of DNS Q packets: ", queries_, packets_);
      t2::report_share(report, "Number of DNS R packets: ", responses_, packets_);
    }
    if (const std::uint64_t refused = refused_ + reader_.refused())
      report.line("Parts of messages that memory was too short for: " + report.number(refused));
  }

 private:
  static bool is_netbios(std::uint16_t a, std::uint16_t b) { return a == netbios_names || b == netbios_names; }

  DnsFacts* facts_of(const t2::Packet& p) {
    DnsDecodeState& s = state_(*p.own);
    if (s.facts || s.refused) return s.facts;
    s.facts = static_cast<DnsFacts*>(host_.flow_alloc(*p.flow, sizeof(DnsFacts)));
    s.refused = s.facts == nullptr;
    if (s.facts)
      s.facts->stat = is_netbios(p.source_port, p.destination_port) ? stat::dns_port | stat::netbios : stat::dns_port;
    return s.facts;
  }

  void on_datagram(const t2::Packet& p) {
    constexpr std::uint32_t shortest = 17, longest = 548;  // of a datagram: without EDNS 512
    DnsFacts* facts = facts_of(p);
    ++packets_;
    if (!facts) return;
    const View bytes = p.bytes(p.l7).read(std::min(p.captured_l7, p.l7_length));
    if (bytes.size() < shortest) {
      facts->stat |= stat::too_short | stat::bad_header;
      return;
    }
    // Of a datagram in fragments UDP knows the length.
    const std::size_t size =
        p.more_fragments ? std::max<std::size_t>(load_big<std::uint16_t>(p.data + p.l4 + 4), 8) - 8 : p.l7_length;
    if (size > longest) facts->stat |= stat::long_datagram;
    message(*p.flow, *facts, bytes, size, facts->stat & stat::netbios);
  }

  void on_segment(const t2::Packet& p) {
    DnsFacts* facts = facts_of(p);
    packets_ += p.l7_length > 0;
    if (!facts || facts->lost) return;
    const bool netbios = facts->stat & stat::netbios;
    unsigned messages = 0;
    reader_.read(p, facts->stream,
                 [&](View bytes, std::uint32_t gap) { messages += on_bytes(*p.flow, *facts, bytes, gap, netbios); });
    if (messages > 1) facts->stat |= stat::several_in_segment;
  }

  // The next bytes of a stream of messages, each behind its length. Returns how many messages ended here.
  unsigned on_bytes(const t2::Flow& flow, DnsFacts& f, View bytes, std::uint32_t gap, bool netbios) {
    constexpr std::uint32_t max_message = 32 << 10;
    unsigned ended = 0;
    if (gap > 0 && !f.lost) f.lost = true, f.stat |= stat::bad_header;
    while (!f.lost && !bytes.empty()) {
      if (f.length_bytes < 2) {
        f.length[f.length_bytes++] = bytes[0];
        bytes = bytes.subspan(1);
        f.left = f.length_bytes == 2 ? load_big<std::uint16_t>(f.length) : 0;
        if (f.length_bytes == 2 && f.left < header_bytes) f.lost = true, f.stat |= stat::bad_header;
        continue;
      }
      const View part = bytes.first(std::min<std::size_t>(f.left, bytes.size()));
      bytes = bytes.subspan(part.size());
      f.left -= static_cast<std::uint32_t>(part.size());
      if (f.left == 0 && f.collected.size == 0) {
        message(flow, f, part, part.size(), netbios);
      } else {
        f.stat |= stat::in_segments;
        if (f.collected.size < max_message && !reader_.collect(flow, f.collected, part)) f.stat |= stat::bad_length;
        if (f.left > 0) continue;
        message(flow, f, reader_.collected(f.collected), load_big<std::uint16_t>(f.length), netbios);
        reader_.drop(flow, f.collected);
      }
      f.length_bytes = 0;
      ++ended;
      if (f.stat & stat::bad_header) f.lost = true;
    }
    if (f.lost) reader_.discard(flow, f.stream), reader_.drop(flow, f.collected);
    return ended;
  }

  // `size`: on the wire.
  void message(const t2::Flow& flow, DnsFacts& f, View bytes, std::size_t size, bool netbios) {
    if (bytes.size() < header_bytes) {
      f.stat |= stat::too_short;
      return;
    }
    const Header header = read_header(bytes);
    if (!is_possible(header, size)) {
      f.stat |= stat::bad_header;
      return;
    }
    ++(header.response() ? responses_ : queries_);
    f.last_flags = header.flags;
    f.header_flags = static_cast<std::uint8_t>(f.header_flags | (header.flags >> 8 & 0x80) |
                                               (header.flags >> 4 & 0x78) | (header.flags >> 4 & 0x07));
    f.opcodes = static_cast<std::uint16_t>(f.opcodes | 1u << header.opcode());
    f.rcodes = static_cast<std::uint16_t>(f.rcodes | 1u << (header.flags & 0xf));
    for (unsigned i = 0; i < 4; ++i) f.counts[i] = static_cast<std::uint16_t>(f.counts[i] + header.counts[i]);
    if (sections_ > 0) read(flow, f, bytes, size, header, netbios);
  }

  void read(const t2::Flow& flow, DnsFacts& f, View bytes, std::size_t size, const Header& header, bool netbios) {
    Sections in(bytes, netbios);
    bool whole = true;
    for (unsigned i = 0; i < header.counts[0] && whole; ++i) {
      in.want_names(f.questions < max_questions_);
      whole = in.question(question_);
      if (whole) list(flow, f, question_);
    }
    if (header.response()) {
      f.response_bytes += size;
      f.question_bytes += in.position();
    }
    for (unsigned section = 1; section < 4 && section < sections_ && whole; ++section) {
      for (unsigned i = 0; i < header.counts[section] && whole; ++i) {
        in.want_names(f.records < max_records_);
        whole = in.record(record_, [&](const Record& record) { list(flow, f, record); });
      }
    }
    f.stat |= in.found();
  }

  // Space for an entry with these texts; null: there is no memory.
  Entry* append(const t2::Flow& flow, DnsFacts& f, std::string_view name, std::string_view text) {
    text = text.substr(0, max_text);
    Entry entry{};
    entry.name_size = static_cast<std::uint8_t>(name.size());
    entry.text_size = static_cast<std::uint16_t>(text.size());
    const std::uint32_t bytes = entry.bytes();
    if (!f.last || f.last->used + bytes > EntryChunk::capacity) {
      auto* chunk = static_cast<EntryChunk*>(host_.flow_alloc(flow, sizeof(EntryChunk)));
      if (!chunk) {
        ++refused_;
        return nullptr;
      }
      (f.last ? f.last->next : f.first) = chunk;
      f.last = chunk;
    }
    auto* place = f.last->data + f.last->used;
    f.last->used += bytes;
    auto* made = new (place) Entry(entry);
    std::copy_n(name.data(), name.size(), place + sizeof(Entry));
    std::copy_n(text.data(), text.size(), place + sizeof(Entry) + name.size());
    return made;
  }

  void list(const t2::Flow& flow, DnsFacts& f, const Question& q) {
    f.saw_ip4 |= q.type == type::a, f.saw_ip6 |= q.type == type::aaaa;
    if (f.questions >= max_questions_) {
      f.stat |= stat::questions_cut;
      return;
    }
    Entry* entry = append(flow, f, q.name.view(), {});
    if (!entry) return;
    entry->question = true;
    entry->type = q.type, entry->class_ = q.class_;
    ++f.questions;
  }
  void list(const t2::Flow& flow, DnsFacts& f, const Record& r) {
    f.saw_ip4 |= r.type == type::a, f.saw_ip6 |= r.type == type::aaaa;
    if (f.records >= max_records_) {
      f.stat |= stat::records_cut;
      return;
    }
    Entry* entry = append(flow, f, r.name.view(), r.text);
    if (!entry) return;
    entry->type = r.type, entry->class_ = r.class_;
    entry->ttl = r.ttl, entry->options = r.options;
    entry->preference = r.preference, entry->priority = r.priority, entry->weight = r.weight, entry->port = r.port;
    std::copy_n(r.ip4, sizeof r.ip4, entry->ip4);
    std::copy_n(r.ip6, sizeof r.ip6, entry->ip6);
    ++f.records;
  }

  void put_columns(const DnsFacts* facts, t2::Row& row) {
    static const DnsFacts none{};
    const DnsFacts& f = facts ? *facts : none;
    questions_.clear(), records_.clear();
    for (const EntryChunk* chunk = f.first; chunk; chunk = chunk->next) {
      for (std::uint32_t at = 0; at < chunk->used;) {
        const auto* entry = std::launder(reinterpret_cast<const Entry*>(chunk->data + at));
        (entry->question ? questions_ : records_).push_back(entry);
        at += entry->bytes();
      }
    }
    row.put(f.stat), row.put(f.last_flags), row.put(f.header_flags), row.put(f.opcodes), row.put(f.rcodes);
    for (const std::uint16_t count : f.counts) row.put(count);
    row.put(f.question_bytes == 0 ? 0.f : static_cast<float>(f.response_bytes) / static_cast<float>(f.question_bytes));
    const auto each = [&](const std::vector<const Entry*>& all, auto put) {
      row.count(all.size());
      for (const Entry* entry : all) put(*entry);
    };
    static const std::vector<const Entry*> nothing;
    each(questions_, [&](const Entry& e) { row.text(e.name()); });
    each(records_, [&](const Entry& e) { row.text(e.name()); });
    each(records_, [&](const Entry& e) { row.text(e.text()); });
    each(f.saw_ip4 ? records_ : nothing, [&](const Entry& e) { row.raw(e.ip4, sizeof e.ip4); });
    each(f.saw_ip6 ? records_ : nothing, [&](const Entry& e) { row.raw(e.ip6, sizeof e.ip6); });
    each(questions_, [&](const Entry& e) { row.put(e.type); });
    each(questions_, [&](const Entry& e) { row.put(e.class_); });
    each(records_, [&](const Entry& e) { row.put(e.type); });
    each(records_, [&](const Entry& e) { row.put(e.class_); });
    each(records_, [&](const Entry& e) { row.put(e.ttl); });
    each(records_, [&](const Entry& e) { row.put(e.preference); });
    each(records_, [&](const Entry& e) { row.put(e.priority); });
    each(records_, [&](const Entry& e) { row.put(e.weight); });
    each(records_, [&](const Entry& e) { row.put(e.port); });
    each(records_, [&](const Entry& e) { row.put(e.options); });
  }

  t2::Host& host_;
  const unsigned sections_;  // that are read
  t2::State<DnsDecodeState> state_;
  t2::StreamReader reader_;
  const std::uint32_t max_questions_, max_records_;
  Question question_;  // being read
  Record record_;
  std::vector<const Entry*> questions_, records_;  // of put_columns(); kept for their memory
  std::uint16_t stat_ = 0, opcodes_ = 0, rcodes_ = 0;
  std::uint8_t header_flags_ = 0;
  std::uint64_t packets_ = 0, queries_ = 0, responses_ = 0, refused_ = 0;
};

}  // namespace

}  // namespace t2::dns_decode

T2_PLUGIN = {.name = "dnsDecode",
             .version = T2_PLUGIN_VERSION,
             .summary = "questions and records of DNS, mDNS, LLMNR and NetBIOS names",
             .number = T2_NUMBER,
             .layout = T2_LAYOUT_dnsDecode,
             .flags = t2::dns_decode::flags,
             .columns = t2::dns_decode::columns,
             .create = [](t2::Host& host) -> t2::Plugin* { return new t2::dns_decode::DnsDecode(host); },
             .flow_blocks = t2::dns_decode::flow_blocks};
