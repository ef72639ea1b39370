// nFrstPkts: lengths and times of the first packets of each direction, or of pulses of packets; and, under a flag, of
// both directions in one list.
//
// An instance belongs to one worker thread. A packet behind the first NFRST_PKTCNT costs one comparison.
#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <vector>

#include "columns.hpp"
#include "nFrstPkts_state.h"
#include "t2/plugin.hpp"

namespace t2::n_frst_pkts {

namespace {

constexpr t2::Flag flags[] = {T2_FLAG(NFRST_IAT),     T2_FLAG(NFRST_BCORR),         T2_FLAG(NFRST_HDRINFO),
                              T2_FLAG(NFRST_MINIATS), T2_FLAG(NFRST_MINIATU),       T2_FLAG(NFRST_MINPLENFRC),
                              T2_FLAG(NFRST_PLAVE),   T2_FLAG(NFRST_XMIN),          T2_FLAG(NFRST_XMAX),
                              T2_FLAG(NFRST_PPI),     T2_RUNTIME_FLAG(NFRST_PKTCNT)};

constexpr t2::FlowBlock flow_blocks[] = {{.bytes = sizeof(EntryBlock), .conversations = 1}};

std::uint8_t capped8(std::uint32_t value) { return static_cast<std::uint8_t>(std::min(value, 0xffu)); }
std::uint16_t capped16(std::uint64_t value) {
  return static_cast<std::uint16_t>(std::min<std::uint64_t>(value, 0xffff));
}

std::uint8_t tcp_flags(const t2::Packet& p) {
  return p.is_tcp_header() && p.captured_l4 >= 14 ? p.data[p.l4 + 13] : std::uint8_t{0};
}

class NFrstPkts final : public t2::Plugin {
 public:
  explicit NFrstPkts(t2::Host& host)
      : host_(host), state_(host), limit_(static_cast<std::uint32_t>(host.integer("NFRST_PKTCNT"))) {}

  void on_packets(std::span<const t2::Packet> packets) override {
    for (const t2::Packet& p : packets) {
      if constexpr (config::pulses) add_to_pulse(p, state_(*p.own));
      else if (p.index_in_direction <= limit_) add_packet(p, state_(*p.own));
    }
  }

  void on_flow_end(const t2::EndedFlow& e, t2::Row& row) override {
    NFrstPktsState& own = state_(e.own);
    NFrstPktsState* other = e.other ? &state_(*e.other) : nullptr;
    if constexpr (config::pulses) {
      finish_pulse(e.flow, own);
      if (other) finish_pulse(e.flow, *other);
    }
    cut_ += own.cut;
    if (!row.is_read()) return;
    put_list(e, own, row);
    if constexpr (config::joined != Joined::none) put_joined(e, own, other, row);
  }

  void merge(t2::Plugin& other) override { cut_ += static_cast<NFrstPkts&>(other).cut_; }

  void report(t2::Report& report) const override {
    if (cut_ > 0) report.line("Lists that memory was too short for: " + report.number(cut_));
  }

 private:
  std::uint16_t entries_of_other(const t2::Packet& p) const {
    return p.other ? capped16(state_(*p.other).count) : std::uint16_t{0};
  }

  void add_packet(const t2::Packet& p, NFrstPktsState& s) {
    if (ListEntry* entry = append(*p.flow, s)) {
      *entry = {.time = p.time,
                .length = capped16(p.length),
                .other_before = entries_of_other(p),
                .l3_header = capped8(p.l3_header),
                .l4_header = capped8(p.l4_header),
                .tcp_flags = tcp_flags(p),
                .duration = {}};
    }
  }

  // Space for one more entry; null: there is no memory.
  ListEntry* append(const t2::Flow& flow, NFrstPktsState& s) {
    if (s.cut) return nullptr;
    if (s.count < NFrstPktsState::inside) return &s.first[s.count++];
    const std::uint32_t at = (s.count - NFrstPktsState::inside) % EntryBlock::size;
    if (at == 0) {
      auto* block = static_cast<EntryBlock*>(host_.flow_alloc(flow, sizeof(EntryBlock)));
      if (!block) {
        s.cut = true;
        return nullptr;
      }
      (s.blocks ? s.blocks->last->next : s.blocks) = block;
      s.blocks->last = block;
    }
    ++s.count;
    return &s.blocks->last->entry[at];
  }

  void add_to_pulse(const t2::Packet& p, NFrstPktsState& s) {
    if (s.count >= limit_) return;
    OpenPulse& pulse = *s.pulse;
    if (pulse.packets > 0 && p.time - pulse.last >= config::min_gap) {
      finish_pulse(*p.flow, s);
      if (s.count >= limit_) return;
    }
    if (pulse.packets == 0) {
      if (p.length == 0) return;
      pulse.first = p.time;
      pulse.other_before = entries_of_other(p);
    }
    ++pulse.packets;
    if (p.length >= config::min_length && p.length <= config::max_length) pulse.bytes += p.length;
    pulse.last = p.time;
    pulse.l3_header = capped8(p.l3_header), pulse.l4_header = capped8(p.l4_header);
    pulse.tcp_flags = static_cast<std::uint8_t>(pulse.tcp_flags | tcp_flags(p));
  }

  void finish_pulse(const t2::Flow& flow, NFrstPktsState& s) {
    OpenPulse& pulse = *s.pulse;
    if (pulse.packets == 0 || s.count >= limit_) return;
    if (ListEntry* entry = append(flow, s)) {
      *entry = {.time = pulse.first,
                .length = capped16(config::mean_length ? pulse.bytes / pulse.packets : pulse.bytes),
                .other_before = pulse.other_before,
                .l3_header = pulse.l3_header,
                .l4_header = pulse.l4_header,
                .tcp_flags = pulse.tcp_flags,
                .duration = {}};
      *entry->duration = pulse.last - pulse.first;
    }
    pulse = {};
  }

  void put_list(const t2::EndedFlow& e, const NFrstPktsState& s, t2::Row& row) const {
    t2::Time base = e.own.first;  // what times count from
    if (config::shift_b && e.direction == 1 && e.other) base = e.other->first;
    row.put(s.count);
    row.count(s.count);
    s.for_each([&](const ListEntry& entry) {
      if constexpr (config::header_lengths) row.put(entry.l3_header), row.put(entry.l4_header);
      row.put(std::uint32_t{entry.length});
      const t2::Time last = [&] {  // of the entry
        if constexpr (config::pulses) return entry.time + *entry.duration;
        else return entry.time;
      }();
      if constexpr (config::times == config::Times::since_first) row.put(entry.time - base);
      if constexpr (config::times == config::Times::since_previous) row.put(last - base), base = last;
      if constexpr (config::times == config::Times::absolute) row.put(entry.time);
      if constexpr (config::pulses) row.put(*entry.duration > 0 ? *entry.duration : config::min_pulse);
    });
  }

  // In the row of the conversation's first packet, or in the only one; the other row has empty lists.
  void put_joined(const t2::EndedFlow& e, const NFrstPktsState& own, const NFrstPktsState* other, t2::Row& row) {
    joined_.clear();
    if (e.direction == 0 || !other) join(e.direction, own, other);
    const auto put_all = [&](auto value) {
      row.count(joined_.size());
      for (const JoinedEntry& j : joined_) row.put(value(j));
    };
    if constexpr (config::joined == Joined::ipfixprobe) {
      put_all([](const JoinedEntry& j) { return j.entry.length; });
      put_all([](const JoinedEntry& j) { return j.entry.time; });
      put_all([](const JoinedEntry& j) { return j.entry.tcp_flags; });
      put_all([](const JoinedEntry& j) { return static_cast<std::int8_t>(j.direction == 0 ? 1 : -1); });
    } else {
      put_all([](const JoinedEntry& j) { return j.direction; });
      put_all([](const JoinedEntry& j) { return j.entry.length; });
      t2::Time previous = joined_.empty() ? 0 : joined_.front().entry.time;
      put_all([&](const JoinedEntry& j) {
        const t2::Time gap = j.entry.time - previous;
        previous = j.entry.time;
        return gap / (t2::one_second / 1000);
      });
    }
  }

  // The first entries of both lists, in the order of their packets.
  void join(unsigned direction, const NFrstPktsState& own, const NFrstPktsState* other) {
    const NFrstPktsState* lists[2] = {&own, other};
    for (unsigned i : {0u, 1u}) {
      sorted_[i].clear();
      if (lists[i]) lists[i]->for_each([&](const ListEntry& entry) { sorted_[i].push_back(entry); });
    }
    std::size_t at[2] = {0, 0};
    while (joined_.size() < limit_) {
      const bool left[2] = {at[0] < sorted_[0].size(), at[1] < sorted_[1].size()};
      if (!left[0] && !left[1]) break;
      const unsigned from = !left[0] ? 1u : !left[1] ? 0u : sorted_[0][at[0]].other_before <= at[1] ? 0u : 1u;
      joined_.push_back({static_cast<std::uint8_t>(from ^ direction), sorted_[from][at[from]]});
      ++at[from];
    }
  }

  struct JoinedEntry {
    std::uint8_t direction;
    ListEntry entry;
  };

  t2::Host& host_;
  t2::State<NFrstPktsState> state_;
  const std::uint32_t limit_;                     // entries of a list
  std::uint64_t cut_ = 0;                         // lists
  std::array<std::vector<ListEntry>, 2> sorted_;  // of join(); kept for their memory
  std::vector<JoinedEntry> joined_;
};

}  // namespace

}  // namespace t2::n_frst_pkts

T2_PLUGIN = {.name = "nFrstPkts",
             .version = T2_PLUGIN_VERSION,
             .summary = "lengths and times of the first packets of a flow",
             .number = T2_NUMBER,
             .layout = T2_LAYOUT_nFrstPkts,
             .flags = t2::n_frst_pkts::flags,
             .columns = t2::n_frst_pkts::columns,
             .create = [](t2::Host& host) -> t2::Plugin* { return new t2::n_frst_pkts::NFrstPkts(host); },
             .flow_blocks = t2::n_frst_pkts::flow_blocks};
