// macRecorder: which pairs of MAC addresses a flow used, how often, and who made the devices.
//
// One pair is kept in the flow's state, which is enough for nearly all flows. When a second one appears, a chain of
// small blocks is begun in memory that the core frees with the flow.
#include "macRecorder_state.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

#include "labels.hpp"
#include "t2/plugin.hpp"

namespace {

using t2::Type;
using Pair = t2::MacRecorderState::Pair;
using More = t2::MacRecorderState::More;
using Side = t2::MacRecorderState::Side;

constexpr t2::Flag flags[] = {T2_FLAG(MR_MAC_FMT), T2_FLAG(MR_NPAIRS), T2_FLAG(MR_MACLBL), T2_FLAG(MR_MAX_MAC),
                              T2_FLAG(MAC_SORGLEN), T2_FLAG(MAC_ORGLEN), T2_RUNTIME_FLAG(MR_OUI_DIR)};

constexpr Type mac_type = MR_MAC_FMT == 0 ? Type::h64 : MR_MAC_FMT == 1 ? Type::mac : Type::u64;
constexpr Type label_type = MR_MACLBL == 1 ? Type::u32 : MR_MACLBL == 2 ? Type::label : Type::text;

constexpr t2::Column columns[] = {
    {"macStat", "macRecorder status: 0x01: there were more pairs", Type::h8},
#if MR_NPAIRS == 1
    {"macPairs", "Number of source and destination MAC pairs", Type::u32},
#endif
    t2::Column("srcMac_dstMac_numP", "Source and destination MAC address, packets", mac_type, mac_type, Type::u64).repeated(),
#if MR_MACLBL > 0
    t2::Column("srcMacLbl_dstMacLbl", "Source and destination MAC label", label_type, label_type).repeated(),
#endif
};

#if MR_MACLBL > 0
constexpr Type packet_label = MR_MACLBL == 1 ? Type::u32 : Type::label;
// With -s.
constexpr t2::Column packet_columns[] = {
    t2::Column("srcMacLbl", "Source MAC label", packet_label).repeated(),
    t2::Column("dstMacLbl", "Destination MAC label", packet_label).repeated(),
};
#else
constexpr std::span<const t2::Column> packet_columns;
#endif

// One for all workers: it is only read. Whoever asks first waits until it is loaded. Was found at start (check()): if it
// is gone by now, there are no names.
const t2::mac_labels::Registry& registry(const std::string& folder) {
  static const t2::mac_labels::Registry registry = [&] {
    try {
      return t2::mac_labels::Registry(folder);
    } catch (const std::exception&) {
      return t2::mac_labels::Registry();
    }
  }();
  return registry;
}

// Labels of recently seen addresses: making one costs a few hundred nanoseconds, the first one that of the registry.
class LabelCache {
 public:
  explicit LabelCache(std::string folder) : folder_(std::move(folder)) {}

  void put(t2::Row& row, const std::uint8_t* six, std::uint16_t ether_type) {
    const t2::mac_labels::Mac mac = t2::mac_labels::to_mac(six);
    const std::uint64_t key = mac << 16 | ether_type;
    Slot& slot = slots_[key * 0x9e3779b97f4a7c15u >> (64 - slot_bits)];
    if (slot.key != key) {
      const t2::mac_labels::Match match = registry(folder_).find(mac, ether_type);
      slot = {key, match.number, MR_MACLBL == 3 ? full_label(match, MAC_ORGLEN) : short_label(match, MAC_SORGLEN)};
    }
    if constexpr (MR_MACLBL == 1)
      row.put(slot.number);
    else
      row.text(slot.text);
  }

 private:
  struct Slot {
    std::uint64_t key = 0;  // address and type
    std::uint32_t number = 0;
    std::string text = "-";
  };
  static constexpr unsigned slot_bits = 10;
  const std::string folder_;
  std::array<Slot, 1 << slot_bits> slots_;
};

void put_mac(t2::Row& row, const std::uint8_t* six) {
  if constexpr (MR_MAC_FMT == 1)
    row.mac(six);
  else
    row.put(t2::mac_labels::to_mac(six));
}

class MacRecorder final : public t2::Plugin {
 public:
  explicit MacRecorder(t2::Host& host) : host_(host), state_(host) {
#if MR_MACLBL > 0
    try {
      const std::string folder = host.text("MR_OUI_DIR");
      t2::mac_labels::check(folder);
      labels_ = std::make_unique<LabelCache>(folder);
    } catch (const std::runtime_error& e) {
      throw t2::Error(std::string("macRecorder: ") + e.what());
    }
#endif
  }

  void on_packets(std::span<const t2::Packet> packets) override {
    for (const t2::Packet& p : packets) {
      if (p.status & t2::status::no_ethernet) continue;
      Side& s = state_(*p.side);
      if (p.destination_mac != t2::absent && p.source_mac == p.destination_mac + 6) {  // side by side: Ethernet
        const std::uint8_t* macs = p.data + p.destination_mac;
        if (s.pairs == 1 && same(s.first.destination, macs)) ++s.packets;
        else note(*p.flow, s, macs);
      } else if (p.destination_mac != t2::absent || p.source_mac != t2::absent) {
        std::uint8_t macs[12] = {};  // destination, source; zero where the link layer has no such address
        if (p.destination_mac != t2::absent) std::memcpy(macs, p.data + p.destination_mac, 6);
        if (p.source_mac != t2::absent) std::memcpy(macs + 6, p.data + p.source_mac, 6);
        note(*p.flow, s, macs);
      }
    }
  }

  void on_flow_end(const t2::EndedFlow& e, t2::Row& row) override {
    const Side& s = state_(e.side);
    any_lost_ = any_lost_ || s.lost;
    fewest_ = std::min(fewest_, unsigned{s.pairs});
    most_ = std::max(most_, unsigned{s.pairs});
    pairs_ += s.pairs;
    ++rows_;
    if (row.is_read()) put_columns(s, e.flow.key.ether_type, row);
  }

#if MR_MACLBL > 0
  void on_packet_row(const t2::Packet& p, t2::Row& row) override {
    for (const std::uint32_t mac : {p.source_mac, p.destination_mac}) {
      const bool has = mac != t2::absent && !(p.status & t2::status::no_ethernet);
      row.count(has);
      if (has) labels_->put(row, p.data + mac, p.flow->key.ether_type);
    }
  }
#endif

  void merge(t2::Plugin& plugin) override {
    const auto& other = static_cast<const MacRecorder&>(plugin);
    any_lost_ = any_lost_ || other.any_lost_;
    fewest_ = std::min(fewest_, other.fewest_);
    most_ = std::max(most_, other.most_);
    pairs_ += other.pairs_;
    rows_ += other.rows_;
  }

  void report(t2::Report& report) const override {
    if (any_lost_) report.line("Aggregated macStat=0x01");
    if (most_ < 2) return;
    char text[128];
    std::snprintf(text, sizeof text, "MAC pairs per flow: min: %u, max: %u, average: %.2f", fewest_, most_,
                  static_cast<double>(pairs_) / static_cast<double>(rows_));
    report.line(text);
  }

 private:
  void put_columns(const Side& s, [[maybe_unused]] std::uint16_t ether_type, t2::Row& row) {
    row.put(static_cast<std::uint8_t>(s.lost));
    if constexpr (MR_NPAIRS == 1) row.put(std::uint32_t{s.pairs});
    row.count(s.pairs);
    for (unsigned i = 0; i < s.pairs; ++i) {
      const Pair pair = s[i];
      put_mac(row, pair.source);
      put_mac(row, pair.destination);
      row.put(pair.packets);
    }
#if MR_MACLBL > 0
    row.count(s.pairs);
    for (unsigned i = 0; i < s.pairs; ++i) {
      const Pair pair = s[i];
      labels_->put(row, pair.source, ether_type);
      labels_->put(row, pair.destination, ether_type);
    }
#endif
  }

  static bool same(const std::uint8_t* a, const std::uint8_t* b) { return std::memcmp(a, b, 12) == 0; }

  // A packet of a direction that has no pair yet or several, or of another pair than the only one.
  void note(t2::Flow& flow, Side& s, const std::uint8_t* macs) {
    if (s.pairs == 0) {
      std::memcpy(s.first.destination, macs, 12);
      s.packets = 1;
      s.pairs = 1;
    } else if (s.pairs == 1 && same(s.first.destination, macs)) {
      ++s.packets;
    } else if (Pair* pair = find(flow, s, macs)) {
      ++pair->packets;
    } else {
      s.lost = true;
    }
  }

  // The pair in the list of a direction with several, added where it is new; null: there is no room for it.
  Pair* find(t2::Flow& flow, Side& s, const std::uint8_t* macs) {
    if (s.pairs == 1) {
      if (MR_MAX_MAC == 1) return nullptr;
      auto* more = static_cast<More*>(host_.extra(flow, sizeof(More)));
      if (!more) return nullptr;
      more->pair[0] = s[0];
      std::memcpy(more->pair[1].destination, macs, 12);
      s.more = more;
      s.pairs = 2;
      return &more->pair[1];
    }
    More* at = s.more;
    for (unsigned i = 0;; ++i) {
      if (i > 0 && i % More::size == 0) {
        if (i == s.pairs && i < MR_MAX_MAC) at->next = static_cast<More*>(host_.extra(flow, sizeof(More)));
        if (!at->next) return nullptr;
        at = at->next;
      }
      Pair& pair = at->pair[i % More::size];
      if (i < s.pairs) {
        if (same(pair.destination, macs)) return &pair;
      } else {
        if (i == MR_MAX_MAC) return nullptr;
        std::memcpy(pair.destination, macs, 12);
        ++s.pairs;
        return &pair;
      }
    }
  }

  t2::Host& host_;
  t2::State<t2::MacRecorderState::Side> state_;
#if MR_MACLBL > 0
  std::unique_ptr<LabelCache> labels_;
#endif
  bool any_lost_ = false;
  unsigned fewest_ = ~0u, most_ = 0;   // pairs of a flow
  std::uint64_t pairs_ = 0, rows_ = 0;
};

static_assert(offsetof(Pair, source) == offsetof(Pair, destination) + 6, "12 bytes of the frame are compared at once");
static_assert(sizeof Side::first == 12);

}  // namespace

T2_PLUGIN = {.name = "macRecorder",
             .version = "1.0.0",
             .summary = "pairs of MAC addresses of a flow, and the makers of the devices",
             .number = T2_NUMBER,
             .layout = T2_LAYOUT_macRecorder,
             .flags = flags,
             .columns = columns,
             .packet_columns = packet_columns,
             .create = [](t2::Host& host) -> t2::Plugin* { return new MacRecorder(host); }};
