// quicDecode: versions, connection ids and types of QUIC packets with a long header, which begin every connection. What
// these packets hold is read by sslDecode.
//
// An instance belongs to one worker thread. A datagram that cannot begin with such a header costs one comparison.
#include <algorithm>
#include <string>
#include <string_view>

#include "columns.hpp"
#include "quicDecode.h"
#include "quicDecode_state.h"
#include "t2/plugin.hpp"
#include "t2/report_lines.hpp"

namespace t2::quic_decode {

namespace {

constexpr t2::FlowBlock flow_blocks[] = {{.bytes = sizeof(QuicFacts), .conversations = 2}};

namespace stat {
enum : std::uint8_t {
  quic = 0x01,
  handshake = 0x02,
  negotiation = 0x04,
  version = 0x08,
  destination = 0x10,
  cut = 0x80
};
}

constexpr std::string_view type_names[] = {"Initial", "0-RTT", "Handshake", "Retry", "Version Negotiation"};
constexpr std::size_t types = std::size(type_names);

using View = std::span<const std::uint8_t>;

// False: the datagram cannot begin with a long header.
bool may_begin(const t2::Packet& p) {
  return p.protocol == t2::protocol::udp && p.captured_l7 >= 7 && p.data[p.l7] >= 0x80 && p.is_ip() &&
         !p.later_fragment;
}
View captured(const t2::Packet& p) { return p.bytes(p.l7).read(std::min(p.captured_l7, p.l7_length)); }
std::size_t missing(const t2::Packet& p) { return p.l7_length - std::min(p.captured_l7, p.l7_length); }

std::uint8_t stat_of(const t2::Packet& p, const t2::QuicHeader& header) {
  return static_cast<std::uint8_t>(stat::quic | (header.type == t2::QuicType::handshake ? stat::handshake : 0) |
                                   (header.type == t2::QuicType::negotiation ? stat::negotiation : 0) |
                                   (missing(p) > 0 ? stat::cut : 0));
}

void put_hex(t2::Row& row, View bytes) {
  constexpr char digit[] = "0123456789abcdef";
  char text[2 * t2::quic::max_id];
  std::size_t size = 0;
  for (const std::uint8_t byte : bytes) text[size++] = digit[byte >> 4], text[size++] = digit[byte & 0xf];
  row.text({text, size});
}

class QuicDecode final : public t2::Plugin {
 public:
  explicit QuicDecode(t2::Host& host) : host_(host), state_(host) {}

  void on_packets(std::span<const t2::Packet> packets) override {
    for (const t2::Packet& p : packets) {
      if (may_begin(p)) on_datagram(p);
    }
  }

  void on_packet_row(const t2::Packet& p, t2::Row& row) override {
    t2::QuicHeader header;
    const bool found = may_begin(p) && t2::parse_quic(captured(p), header, missing(p));
    if (!found) header = {};
    row.put(found ? stat_of(p, header) : std::uint8_t{0});
    row.put(found ? p.data[p.l7] : std::uint8_t{0});
    row.text(found ? type_names[static_cast<std::size_t>(header.type)] : "");
    row.put(header.version);
    put_hex(row, header.destination_id), put_hex(row, header.source_id);
  }

  void on_flow_end(const t2::EndedFlow& e, t2::Row& row) override {
    const QuicDecodeState& s = state_(e.own);
    static const QuicFacts none{};
    const QuicFacts& f = s.facts ? *s.facts : none;
    stat_ |= f.stat, refused_ += s.refused;
    if (!row.is_read()) return;
    // The client sent its Initial packet first: in the conversation's first direction, but where the capture begins
    // late.
    const QuicFacts* first = e.in_direction(0) ? state_(*e.in_direction(0)).facts : nullptr;
    row.put(f.stat), row.put(f.version), row.put(f.flags), row.put(f.types);
    put_hex(row, f.destination.bytes()), put_hex(row, f.source.bytes());
    put_hex(row, s.facts && first ? first->first_destination.bytes() : View{});
    row.put(f.packets);
    row.count(f.offered_count);
    for (const std::uint32_t version : std::span(f.offered, f.offered_count)) row.put(version);
  }

  void merge(t2::Plugin& plugin) override {
    const auto& other = static_cast<const QuicDecode&>(plugin);
    stat_ |= other.stat_, refused_ += other.refused_;
    for (std::size_t type = 0; type < types; ++type) packets_[type] += other.packets_[type];
  }

  void report(t2::Report& report) const override {
    t2::report_bits(report, "quicStat", stat_, 2);
    std::uint64_t all = 0;
    for (const std::uint64_t of_type : packets_) all += of_type;
    if (all > 0) report.line("Number of QUIC packets: " + report.number(all));  // of which a datagram may hold several
    for (std::size_t type = 0; type < types; ++type)
      t2::report_share(report, "Number of QUIC " + std::string(type_names[type]) + " packets: ", packets_[type], all);
    if (refused_ > 0) report.line("Flows that memory was too short for: " + report.number(refused_));
  }

 private:
  QuicFacts* facts_of(const t2::Packet& p) {
    QuicDecodeState& s = state_(*p.own);
    if (!s.facts && !s.refused) {
      s.facts = static_cast<QuicFacts*>(host_.flow_alloc(*p.flow, sizeof(QuicFacts)));
      s.refused = !s.facts;
    }
    return s.facts;
  }

  void on_datagram(const t2::Packet& p) {
    View rest = captured(p);
    t2::QuicHeader header;
    while (!rest.empty() && t2::parse_quic(rest, header, missing(p))) {
      ++packets_[static_cast<std::size_t>(header.type)];
      if (QuicFacts* facts = facts_of(p)) note(*facts, p, rest, header);
      rest = rest.subspan(std::min(header.end, rest.size()));
    }
  }

  static void note(QuicFacts& f, const t2::Packet& p, View packet, const t2::QuicHeader& header) {
    const bool negotiation = header.type == t2::QuicType::negotiation;
    unsigned bits = stat_of(p, header);
    if (f.packets > 0) {
      if (!negotiation && f.version != 0 && f.version != header.version) bits |= stat::version;
      if (!std::ranges::equal(f.destination.bytes(), header.destination_id)) bits |= stat::destination;
    }
    f.stat = static_cast<std::uint8_t>(f.stat | bits);
    if (header.type == t2::QuicType::initial && !(f.types & 1u)) f.first_destination.set(header.destination_id);
    f.types = static_cast<std::uint8_t>(f.types | 1u << static_cast<unsigned>(header.type));
    f.flags |= packet[0];
    ++f.packets;
    f.version = header.version;
    f.destination.set(header.destination_id), f.source.set(header.source_id);
    if (!negotiation) return;
    t2::Bytes in(packet.subspan(header.number_at));
    f.offered_count = 0;
    while (in.left() >= 4 && f.offered_count < QuicFacts::max_offered) f.offered[f.offered_count++] = in.u32();
  }

  t2::Host& host_;
  t2::State<QuicDecodeState> state_;
  std::uint64_t packets_[types]{};
  std::uint8_t stat_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace

}  // namespace t2::quic_decode

T2_PLUGIN = {.name = "quicDecode",
             .version = T2_PLUGIN_VERSION,
             .summary = "versions, connection ids and types of QUIC packets",
             .number = T2_NUMBER,
             .layout = T2_LAYOUT_quicDecode,
             .columns = t2::quic_decode::columns,
             .packet_columns = t2::quic_decode::packet_columns,
             .create = [](t2::Host& host) -> t2::Plugin* { return new t2::quic_decode::QuicDecode(host); },
             .flow_blocks = t2::quic_decode::flow_blocks};
