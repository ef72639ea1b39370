// icmpDecode: types and codes of ICMP and ICMPv6, echoes and their answers, and the headers that error messages quote.
//
// An instance belongs to one worker thread. Other protocols cost two comparisons a packet.
#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>

#include "columns.hpp"
#include "icmpDecode_state.h"
#include "parents.hpp"
#include "t2/plugin.hpp"
#include "t2/report_lines.hpp"

namespace t2::icmp_decode {

namespace {

constexpr t2::Flag flags[] = {T2_FLAG(ICMP_FDCORR), T2_FLAG(ICMP_PARENT)};
constexpr t2::FlowBlock flow_blocks[] = {{.bytes = sizeof(IcmpFacts), .conversations = 1}};

namespace stat {
enum : std::uint8_t { icmp = 0x01, bad_quote = 0x02, wang = 0x10, sequence = 0x20, loki = 0x40, ssh = 0x80 };
}

bool holds(Bytes content, std::size_t from, std::string_view wanted) {
  content.skip(from);
  const auto rest = content.rest();
  return std::search(rest.begin(), rest.end(), wanted.begin(), wanted.end()) != rest.end();
}

bool stands_at(Bytes content, std::size_t at, std::string_view wanted) {
  content.skip(at);
  const auto bytes = content.read(wanted.size());
  return content.ok() && std::equal(wanted.begin(), wanted.end(), bytes.begin());
}

// What the content of an echo gives away.
std::uint8_t content_bits(const Message& m) {
  std::uint8_t bits = 0;
  if (m.echo_request() && stands_at(m.rest, 6, "WANG2")) bits |= stat::wang;
  if (m.echo() && holds(m.rest, 40, "OpenSSH")) bits |= stat::ssh;
  return bits;
}

struct Counts {                          // of ICMP or ICMPv6
  static constexpr unsigned codes = 17;  // 0 to 15, and all others
  std::uint64_t packets = 0, requests = 0, replies = 0, of[256][codes]{};
  static unsigned code_index(std::uint8_t code) { return std::min<unsigned>(code, codes - 1); }

  void add(const Counts& other) {
    packets += other.packets, requests += other.requests, replies += other.replies;
    for (unsigned type = 0; type < 256; ++type)
      for (unsigned code = 0; code < codes; ++code) of[type][code] += other.of[type][code];
  }
};

class IcmpDecode final : public t2::Plugin {
 public:
  explicit IcmpDecode(t2::Host& host) : host_(host), state_(host) {}

  void on_packets(std::span<const t2::Packet> packets) override {
    for (const t2::Packet& p : packets) {
      if constexpr (config::parents)
        if (p.first_of_flow && p.is_ip()) parents_.begin(*p.flow);
      if (is_icmp(p)) on_message(p);
    }
  }

  void on_packet_row(const t2::Packet& p, t2::Row& row) override {
    Message m;
    const bool is_message = is_icmp(p) && read_message(p, m);
    row.put(is_icmp(p) ? static_cast<std::uint8_t>(stat::icmp | (is_message ? content_bits(m) : 0)) : std::uint8_t{0});
    const bool numbered = is_message && m.whole && (m.echo() || m.time_stamp());
    const auto put = [&](bool present, auto value) {
      row.count(present);
      if (present) row.put(value);
    };
    put(is_message, m.type), put(is_message, m.code);
    put(numbered, m.identifier), put(numbered, m.sequence);
    if constexpr (config::parents) put(is_message && m.error(), parent_of(p, read_quoted(m.rest)));
  }

  void on_flow_end(const t2::EndedFlow& e, t2::Row& row) override {
    const IcmpDecodeState& s = state_(e.own);
    static const IcmpFacts none{};
    const IcmpFacts& f = s.facts ? *s.facts : none;
    const std::uint8_t own_stat = stat_of(f);
    stat_ |= own_stat, refused_ += s.refused;
    if constexpr (config::parents) parents_.end(e.flow);
    if (!row.is_read()) return;
    row.put(own_stat), row.put(f.messages);
    row.put(f.types_high), row.put(f.types_low), row.put(f.codes);
    row.put(f.time_or_gateway);
    row.put(success(f, e.other ? state_(*e.other).facts : nullptr));
    if constexpr (config::parents) row.put(f.parent);
    row.put(f.quoted.protocol);
    row.ip(f.quoted.family, f.quoted.source), row.put(f.quoted.source.port);
    row.ip(f.quoted.family, f.quoted.destination), row.put(f.quoted.destination.port);
  }

  void merge(t2::Plugin& plugin) override {
    const auto& other = static_cast<const IcmpDecode&>(plugin);
    stat_ |= other.stat_, refused_ += other.refused_;
    for (unsigned v6 : {0u, 1u}) counts_[v6].add(other.counts_[v6]);
  }

  void report(t2::Report& report) const override {
    t2::report_bits(report, "icmpStat", stat_, 2);
    for (unsigned v6 : {0u, 1u}) report_of(report, v6 ? "ICMPv6" : "ICMP", counts_[v6]);
    if (refused_ > 0) report.line("Flows that memory was too short for: " + report.number(refused_));
  }

 private:
  IcmpFacts* facts_of(const t2::Packet& p) {
    IcmpDecodeState& s = state_(*p.own);
    if (!s.facts && !s.refused) {
      void* memory = host_.flow_alloc(*p.flow, sizeof(IcmpFacts));
      s.refused = !memory;
      if (memory) s.facts = new (memory) IcmpFacts{.stat = stat::icmp};
    }
    return s.facts;
  }

  void on_message(const t2::Packet& p) {
    IcmpFacts* facts = facts_of(p);
    Message m;
    if (!read_message(p, m)) return;
    Counts& counts = counts_[m.v6];
    ++counts.packets, ++counts.of[m.type][Counts::code_index(m.code)];
    counts.requests += m.echo_request(), counts.replies += m.echo_reply();
    if (!facts) return;
    IcmpFacts& f = *facts;
    ++f.messages;
    f.requests += m.echo_request(), f.replies += m.echo_reply();
    const unsigned first_high = m.v6 ? 128 : 32;
    if (m.type < 32) f.types_low |= 1u << m.type;
    else if (m.type >= first_high) f.types_high |= 1u << m.type % 32;
    if (m.code < 16) f.codes = static_cast<std::uint16_t>(f.codes | 1u << m.code);
    f.stat |= content_bits(m);
    if (!m.whole) return;
    if (m.echo()) on_echo(f, m);
    if (m.redirection()) f.time_or_gateway = static_cast<std::uint32_t>(m.identifier) << 16 | m.sequence;
    if (m.time_stamp()) on_time_stamp(f, m);
    if (m.error()) {
      f.quoted = read_quoted(m.rest);
      if constexpr (config::parents) f.parent = parent_of(p, f.quoted);
      if (f.quoted.family == t2::Family::layer2) f.stat |= stat::bad_quote;
    }
  }

  std::uint64_t parent_of(const t2::Packet& p, const Quoted& quoted) const {
    return parents_.find(quoted, p.flow->key.vlan);
  }

  static void on_echo(IcmpFacts& f, const Message& m) {
    constexpr std::uint16_t loki = 0x01f0;  // as its byte order writes it: 0xf001 of a little-endian machine
    if (f.saw_echo && m.sequence != static_cast<std::uint16_t>(f.sequence + 1)) f.stat |= stat::sequence;
    f.saw_echo = true, f.sequence = m.sequence;
    f.other_sequences |= m.sequence != loki;
  }

  static void on_time_stamp(IcmpFacts& f, const Message& m) {
    Bytes in = m.rest;
    const std::uint32_t originate = in.u32();
    in.skip(4);  // received
    const std::uint32_t transmit = in.u32();
    if (in.ok()) f.time_or_gateway = m.type == 13 ? originate : transmit;
  }

  static std::uint8_t stat_of(const IcmpFacts& f) {
    return static_cast<std::uint8_t>(f.stat | (f.saw_echo && !f.other_sequences ? stat::loki : 0));
  }

  static float success(const IcmpFacts& own, const IcmpFacts* other) {
    if (!other) return 0;
    const auto replies = static_cast<float>(other->replies);
    return own.requests > 0 ? replies / static_cast<float>(own.requests) : replies == 0 ? 0 : -replies;
  }

  static void report_of(t2::Report& report, const std::string& name, const Counts& c) {
    t2::report_share(report, "Number of " + name + " packets: ", c.packets, report.run().packets);
    t2::report_share(report, "Number of " + name + " echo request packets: ", c.requests, c.packets);
    t2::report_share(report, "Number of " + name + " echo reply packets: ", c.replies, c.packets);
    if (c.replies > 0 && c.requests > 0) {
      char ratio[32];
      std::snprintf(ratio, sizeof ratio, "%.2f", static_cast<double>(c.replies) / static_cast<double>(c.requests));
      report.line(name + " echo reply / request ratio: " + ratio);
    }
    for (unsigned type = 0; type < 256; ++type) {
      for (unsigned code = 0; code < Counts::codes; ++code) {
        const std::string of = code == Counts::codes - 1 ? "above 15" : std::to_string(code);
        t2::report_share(report, name + " type " + std::to_string(type) + " code " + of + ": ", c.of[type][code],
                         c.packets);
      }
    }
  }

  t2::Host& host_;
  t2::State<IcmpDecodeState> state_;
  Counts counts_[2];  // [1]: ICMPv6
  Parents parents_;   // ICMP_PARENT
  std::uint8_t stat_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace

}  // namespace t2::icmp_decode

T2_PLUGIN = {.name = "icmpDecode",
             .version = T2_PLUGIN_VERSION,
             .summary = "types, codes, echoes and error messages of ICMP and ICMPv6",
             .number = T2_NUMBER,
             .layout = T2_LAYOUT_icmpDecode,
             .flags = t2::icmp_decode::flags,
             .columns = t2::icmp_decode::columns,
             .packet_columns = t2::icmp_decode::packet_columns,
             .create = [](t2::Host& host) -> t2::Plugin* { return new t2::icmp_decode::IcmpDecode(host); },
             .flow_blocks = t2::icmp_decode::flow_blocks,
             .opener = t2::icmp_decode::config::directions ? t2::icmp_decode::opener : nullptr,
             .one_worker = t2::icmp_decode::config::parents,
             .conversation_memory = t2::icmp_decode::config::parents ? t2::icmp_decode::Parents::bytes_each : 0};
