// macRecorder: which pairs of MAC addresses a flow used, how often, and who made the devices.
//
// The core keeps the pair of a direction's first packet, which is enough for nearly all flows. When another one
// appears, a chain of small blocks begins, in memory that the core frees with the flow.
//
// An instance belongs to one worker thread; the registry is shared and only read. Labels are made when a row is
// written, never per packet.
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "columns.hpp"
#include "labels.hpp"
#include "macRecorder_state.h"
#include "registry.hpp"
#include "t2/keyed_hash.hpp"
#include "t2/plugin.hpp"

namespace t2::mac_recorder {

namespace {

constexpr t2::Flag flags[] = {T2_FLAG(MR_MAC_FMT),        T2_FLAG(MR_NPAIRS),   T2_FLAG(MR_MACLBL),
                              T2_FLAG(MR_MAX_MAC),        T2_FLAG(MAC_SORGLEN), T2_FLAG(MAC_ORGLEN),
                              T2_RUNTIME_FLAG(MR_OUI_DIR)};
constexpr t2::FlowBlock flow_blocks[] = {{sizeof(PairList)}, {sizeof(PairBlock)}};

std::atomic<const OuiRegistry*> loaded = nullptr;  // when the first label was wanted

// One registry for all workers, which only read it. The worker that needs the first label loads it, and others wait.
// check() found it at start; if it was removed since, there are no names.
const OuiRegistry& registry(const std::string& folder) {
  constexpr auto numbers =
      config::label_form == LabelForm::number ? OuiRegistry::Numbers::in_order : OuiRegistry::Numbers::any;
  static const OuiRegistry registry = [&] {
    try {
      return OuiRegistry(folder, numbers);
    } catch (const std::exception&) {
      return OuiRegistry();
    }
  }();
  loaded = &registry;
  return registry;
}

// Labels of recently seen addresses: to make one costs a few hundred nanoseconds, the first one the time of loading the
// registry. Belongs to one worker.
class LabelCache {
 public:
  explicit LabelCache(std::string folder) : folder_(std::move(folder)) {}

  void put(t2::Row& row, const std::uint8_t* bytes, std::uint16_t ether_type) {
    const Mac mac = load_mac(bytes);
    const std::uint64_t key = mac << 16 | ether_type;
    if (slots_.empty()) slots_.resize(std::size_t{1} << slot_bits);
    CachedLabel& slot = slots_[hash_(key, std::uint64_t{0}) >> (64 - slot_bits)];
    if (slot.key != key) {
      const LabelMatch match = registry(folder_).find(mac, ether_type);
      slot = {key, match.number,
              config::label_form == LabelForm::full_name ? full_label(match, config::max_full_name)
                                                         : short_label(match, config::max_short_name)};
    }
    if constexpr (config::label_form == LabelForm::number) row.put(slot.number);
    else row.text(slot.text);
  }

 private:
  struct CachedLabel {
    std::uint64_t key = 0;  // address and type
    std::uint32_t number = 0;
    std::string text = "-";
  };
  static constexpr unsigned slot_bits = 10;
  const std::string folder_;
  const KeyedHash hash_;
  std::vector<CachedLabel> slots_;  // none before the first label: where no sink reads them they are not made
};

void put_mac(t2::Row& row, const std::uint8_t* bytes) {
  if constexpr (config::mac_form == MacForm::address) row.mac(bytes);
  else row.put(load_mac(bytes));
}

class MacRecorder final : public t2::Plugin {
 public:
  explicit MacRecorder(t2::Host& host) : host_(host), state_(host) {
    if constexpr (!config::labels) return;
    try {
      const std::string folder = host.text("MR_OUI_DIR");
      check(folder);
      labels_ = std::make_unique<LabelCache>(folder);
    } catch (const std::runtime_error& e) {
      throw t2::Error(std::string("macRecorder: ") + e.what());
    }
  }

  void on_packets(std::span<const t2::Packet> packets) override {
    for (const t2::Packet& p : packets) {
      MacRecorderState& s = state_(*p.own);
      if (!(p.same_headers_as_first && s.storage.empty()) && !p.first_of_direction) record_packet(p, s);
    }
  }

  void on_flow_end(const t2::EndedFlow& e, t2::Row& row) override {
    const MacRecorderState& s = state_(e.own);
    const unsigned pairs = s.pairs(e.own);
    any_lost_ = any_lost_ || s.lost();
    min_ = std::min(min_, pairs);
    max_ = std::max(max_, pairs);
    pairs_ += pairs;
    ++rows_;
    if (row.is_read()) put_columns(e.own, s, e.flow.key.ether_type, row);
  }

  void on_packet_row(const t2::Packet& p, t2::Row& row) override {
    if constexpr (!config::labels) return;
    for (const std::uint32_t mac : {p.source_mac, p.destination_mac}) {
      const bool has = mac != t2::absent && !(p.status & t2::status::no_ethernet);
      row.count(has);
      if (has) labels_->put(row, p.data + mac, p.flow->key.ether_type);
    }
  }

  void merge(t2::Plugin& plugin) override {
    const auto& other = static_cast<const MacRecorder&>(plugin);
    any_lost_ = any_lost_ || other.any_lost_;
    min_ = std::min(min_, other.min_);
    max_ = std::max(max_, other.max_);
    pairs_ += other.pairs_;
    rows_ += other.rows_;
  }

  void report(t2::Report& report) const override {
    if (any_lost_) report.line("Aggregated macStat=0x01");
    constexpr std::string_view kinds[] = {"", "index", "short org name", "full org name"};  // by MR_MACLBL
    if (const OuiRegistry* registry = loaded; registry && registry->size() > 0) {
      report.line(report.number(registry->size()) + " " + std::string(kinds[MR_MACLBL]) + " records loaded");
      if (registry->changed()) report.line("The registry was changed during the run: labels are missing");
    }
    if (max_ < 2) return;
    char text[128];
    std::snprintf(text, sizeof text, "MAC pairs per flow: min: %u, max: %u, average: %.2f", min_, max_,
                  static_cast<double>(pairs_) / static_cast<double>(rows_));
    report.line(text);
  }

 private:
  void put_columns(const t2::Direction& direction, const MacRecorderState& s, std::uint16_t ether_type, t2::Row& row) {
    const unsigned pairs = s.pairs(direction);
    row.put(static_cast<std::uint8_t>(s.lost()));
    if constexpr (config::pair_count) row.put(std::uint32_t{pairs});
    row.count(pairs);
    for (unsigned i = 0; i < pairs; ++i) {
      const MacPair pair = s.pair(direction, i);
      put_mac(row, pair.source);
      put_mac(row, pair.destination);
      row.put(pair.packets);
    }
    if constexpr (!config::labels) return;
    row.count(pairs);
    for (unsigned i = 0; i < pairs; ++i) {
      const MacPair pair = s.pair(direction, i);
      labels_->put(row, pair.source, ether_type);
      labels_->put(row, pair.destination, ether_type);
    }
  }

  // A packet that is not the first, and not like it; or there is more than one pair.
  void record_packet(const t2::Packet& p, MacRecorderState& s) {
    std::uint8_t macs[12] = {};  // destination, source; zero where the link layer has no such address
    const bool any =
        !(p.status & t2::status::no_ethernet) && (p.destination_mac != t2::absent || p.source_mac != t2::absent);
    if (any && p.destination_mac != t2::absent) std::memcpy(macs, p.data + p.destination_mac, 6);
    if (any && p.source_mac != t2::absent) std::memcpy(macs + 6, p.data + p.source_mac, 6);
    if (s.storage.empty() && any == (p.own->link != 0) && std::memcmp(macs, p.own->macs, 12) == 0) return;
    if (s.storage.empty()) begin_list(p, s);
    PairList* list = s.storage.list();
    if (!list) {
      s.storage.count();  // another pair than that of the first packet
    } else if (any) {
      if (MacPair* pair = find(*p.flow, *list, macs)) ++pair->packets;
      else list->lost = true;
    }
  }

  // With what there was before this packet.
  void begin_list(const t2::Packet& p, MacRecorderState& s) {
    auto* list = config::max_pairs > 1 ? static_cast<PairList*>(host_.flow_alloc(*p.flow, sizeof(PairList))) : nullptr;
    if (!list) {
      s.storage.begin_counting();
      return;
    }
    list->pairs = p.own->link != 0;
    if (list->pairs) {
      list->first.pair[0] = s.pair(*p.own, 0);
      list->first.pair[0].packets = p.index_in_direction - 1;
    }
    s.storage.set_list(list);
  }

  // The pair in the list, added where it is new; null: there is no room for it.
  MacPair* find(const t2::Flow& flow, PairList& list, const std::uint8_t* macs) {
    PairBlock* at = &list.first;
    for (unsigned i = 0;; ++i) {
      if (i > 0 && i % PairBlock::size == 0) {
        if (i == list.pairs && i < config::max_pairs)
          at->next = static_cast<PairBlock*>(host_.flow_alloc(flow, sizeof(PairBlock)));
        if (!at->next) return nullptr;
        at = at->next;
      }
      MacPair& pair = at->pair[i % PairBlock::size];
      if (i < list.pairs) {
        if (std::memcmp(pair.destination, macs, 12) == 0) return &pair;
      } else {
        if (i == config::max_pairs) return nullptr;
        std::memcpy(pair.destination, macs, 12);
        ++list.pairs;
        return &pair;
      }
    }
  }

  t2::Host& host_;
  t2::State<MacRecorderState> state_;
  std::unique_ptr<LabelCache> labels_;  // null: MR_MACLBL 0
  bool any_lost_ = false;
  unsigned min_ = ~0u, max_ = 0;  // pairs of a flow
  std::uint64_t pairs_ = 0, rows_ = 0;
};

static_assert(offsetof(MacPair, source) == offsetof(MacPair, destination) + 6, "12 bytes are compared at once");

}  // namespace

}  // namespace t2::mac_recorder

T2_PLUGIN = {.name = "macRecorder",
             .version = T2_PLUGIN_VERSION,
             .summary = "pairs of MAC addresses of a flow, and the makers of the devices",
             .number = T2_NUMBER,
             .layout = T2_LAYOUT_macRecorder,
             .flags = t2::mac_recorder::flags,
             .columns = t2::mac_recorder::columns,
             .packet_columns = t2::mac_recorder::packet_columns,
             .create = [](t2::Host& host) -> t2::Plugin* { return new t2::mac_recorder::MacRecorder(host); },
             .flow_blocks = t2::mac_recorder::flow_blocks};
