// pktSIATHisto: how many packets of a direction had which length and followed the one before after which interval.
//
// An instance belongs to one worker thread. A packet costs a look-up among the pairs of its direction.
#include <algorithm>
#include <vector>

#include "columns.hpp"
#include "pktSIATHisto.h"
#include "pktSIATHisto_state.h"
#include "t2/interval_bins.hpp"
#include "t2/plugin.hpp"

namespace t2::pkt_siat_histo {

namespace {

constexpr t2::Flag flags[] = {T2_RUNTIME_FLAG(HISTO_PRINT_BIN), T2_RUNTIME_FLAG(PSI_XCLD), T2_RUNTIME_FLAG(PSI_XMIN),
                              T2_RUNTIME_FLAG(PSI_MOD), T2_RUNTIME_FLAG(IATSECMAX)};
constexpr t2::FlowBlock flow_blocks[] = {{.bytes = node_bytes, .conversations = 1}};

class PktSIATHisto final : public t2::Plugin {
 public:
  explicit PktSIATHisto(t2::Host& host)
      : host_(host),
        state_(host),
        min_length_(host.integer("PSI_XCLD") == 1 ? static_cast<std::uint32_t>(host.integer("PSI_XMIN")) : 0),
        modulus_(host.integer("PSI_MOD") > 1 ? static_cast<std::uint32_t>(host.integer("PSI_MOD")) : 0x10000),
        bins_(static_cast<unsigned>(host.integer("IATSECMAX"))),
        show_bins_(host.integer("HISTO_PRINT_BIN") == 1),
        of_bin_(bins_.count()) {}

  void on_packets(std::span<const t2::Packet> packets) override {
    for (const t2::Packet& p : packets) {
      const std::uint32_t length = std::min(p.length, 0xffffu);
      if (length >= min_length_) add(p, length % modulus_ << 16 | bins_.of(p.time - p.previous));
    }
  }

  void on_flow_end(const t2::EndedFlow& e, t2::Row& row) override {
    const PktSIATHistoState& s = state_(e.own);
    cut_ += s.cut;
    if (!row.is_read()) return;
    if (s.in_tree) {
      pairs_.clear();
      s.more.for_each([&](const Pair& pair) { pairs_.push_back(pair); });
    } else {
      pairs_.assign(s.first, s.first + s.count);
      std::ranges::sort(pairs_, {}, &Pair::key);
    }
    for (const Pair& pair : pairs_) of_bin_[pair.bin()] += pair.count;
    row.put(static_cast<std::uint32_t>(pairs_.size()));
    row.count(pairs_.size());
    for (auto pair = pairs_.begin(); pair != pairs_.end();) {
      const auto end = std::find_if(pair, pairs_.end(), [&](const Pair& p) { return p.length() != pair->length(); });
      std::uint32_t of_length = 0;
      for (auto p = pair; p != end; ++p) of_length += p->count;
      for (; pair != end; ++pair) {
        row.put(static_cast<std::uint16_t>(pair->length()));
        row.put(static_cast<std::uint32_t>(show_bins_ ? pair->bin() : bins_.lower_edge(pair->bin())));
        row.put(pair->count), row.put(of_length), row.put(of_bin_[pair->bin()]);
      }
    }
    for (const Pair& pair : pairs_) of_bin_[pair.bin()] = 0;
  }

  void merge(t2::Plugin& other) override { cut_ += static_cast<PktSIATHisto&>(other).cut_; }

  void report(t2::Report& report) const override {
    if (cut_ > 0) report.line("Flows whose later packets memory was too short for: " + report.number(cut_));
  }

 private:
  void add(const t2::Packet& p, std::uint32_t key) {
    PktSIATHistoState& s = state_(*p.own);
    if (s.cut) return;
    const auto allocate = [&] { return host_.flow_alloc(*p.flow, node_bytes); };
    if (!s.in_tree) {
      Pair* const end = s.first + s.count;
      Pair* const at = std::find_if(s.first, end, [&](const Pair& pair) { return pair.key == key; });
      if (at != end || s.count < PktSIATHistoState::inside) {
        if (at == end) *at = {key, 0}, ++s.count;
        ++at->count;
        return;
      }
      Histogram moved;
      for (const Pair& pair : s.first) s.cut |= !moved.add(pair.key, pair.count, allocate);
      if (s.cut) return;
      s.more = moved, s.in_tree = true;
    }
    s.cut = !s.more.add(key, 1, allocate);
  }

  t2::Host& host_;
  t2::State<PktSIATHistoState> state_;
  const std::uint32_t min_length_, modulus_;
  const t2::IntervalBins bins_;
  const bool show_bins_;
  std::vector<Pair> pairs_;            // kept for their memory
  std::vector<std::uint32_t> of_bin_;  // packets of each bin; zero between rows
  std::uint64_t cut_ = 0;
};

}  // namespace

}  // namespace t2::pkt_siat_histo

T2_PLUGIN = {.name = "pktSIATHisto",
             .version = T2_PLUGIN_VERSION,
             .summary = "histogram of packet lengths and of intervals between packets",
             .number = T2_NUMBER,
             .layout = T2_LAYOUT_pktSIATHisto,
             .flags = t2::pkt_siat_histo::flags,
             .columns = t2::pkt_siat_histo::columns,
             .create = [](t2::Host& host) -> t2::Plugin* { return new t2::pkt_siat_histo::PktSIATHisto(host); },
             .flow_blocks = t2::pkt_siat_histo::flow_blocks};
