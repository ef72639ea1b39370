// basicStats: how much and how fast. Packets and bytes of a flow, statistics of packet lengths and inter-arrival times,
// rates, asymmetries; in the end report the flows that stand out.
//
// An instance belongs to one worker thread. Totals are maxima that do not depend on the order of flows.
#include "basicStats_state.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "columns.hpp"
#include "statistics.hpp"
#include "t2/plugin.hpp"

namespace t2::basic_stats {

namespace {

constexpr t2::Flag flags[] = {
    T2_FLAG(BS_AGGR_CNT), T2_FLAG(BS_REV_CNT),      T2_FLAG(BS_MOD),         T2_FLAG(BS_PAD),    T2_FLAG(BS_STATS),
    T2_FLAG(BS_PL_STATS), T2_FLAG(BS_IAT_STATS),    T2_FLAG(BS_VAR),         T2_FLAG(BS_STDDEV), T2_FLAG(BS_SK),
    T2_FLAG(BS_XCLD),     T2_RUNTIME_FLAG(BS_XMIN), T2_RUNTIME_FLAG(BS_XMAX)};

void put_moments(t2::Row& row, const Moments& of) {
  if constexpr (config::deviation) row.put(deviation(of));
  if constexpr (config::variance) row.put(of.variance);
  if constexpr (config::higher_moments) {
    row.put(skewness(of.variance, *of.higher));
    row.put(kurtosis(of.variance, *of.higher));
  }
}

// Widens a range by a length; what is above 65535 counts as that.
void widen(std::uint16_t& smallest, std::uint16_t& largest, std::uint32_t length) {
  const std::uint32_t counted = std::min(length, 0xffffu);  // no branches: which is larger cannot be predicted
  smallest = static_cast<std::uint16_t>(std::min<std::uint32_t>(smallest, counted));
  largest = static_cast<std::uint16_t>(std::max<std::uint32_t>(largest, counted));
}

// The flow with the largest count. Equal counts: the earlier flow, so that the order of their ends does not matter.
template <class T>
struct LargestFlow {
  T count = 0;
  std::uint64_t number = ~std::uint64_t{0};  // of the flow
  std::uint64_t packets = 0;
  unsigned direction = 0;
  t2::Family family = t2::Family::layer2;
  t2::Endpoint source;

  bool smaller_than(T other, std::uint64_t other_number, unsigned other_direction) const {
    if (count != other) return count < other;
    return number != other_number ? number > other_number : direction > other_direction;
  }
  void offer(T value, const t2::EndedFlow& e, std::uint64_t of_packets) {
    if (value > 0 && smaller_than(value, e.flow.number, e.direction))
      *this = {value, e.flow.number, of_packets, e.direction, e.flow.key.family, e.source()};
  }
  void merge(const LargestFlow& other) {
    if (other.count > 0 && smaller_than(other.count, other.number, other.direction)) *this = other;
  }
  std::string name() const {
    char text[INET6_ADDRSTRLEN] = "";
    const std::uint8_t* a = source.address.data();
    if (family == t2::Family::layer2)
      std::snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", a[0], a[1], a[2], a[3], a[4], a[5]);
    else inet_ntop(family == t2::Family::ipv4 ? AF_INET : AF_INET6, a, text, sizeof text);
    return text;
  }
};

class BasicStats final : public t2::Plugin {
 public:
  explicit BasicStats(t2::Host& host)
      : state_(host),
        low_(static_cast<std::uint32_t>(host.integer("BS_XMIN"))),
        high_(static_cast<std::uint32_t>(host.integer("BS_XMAX"))) {}

  void on_packets(std::span<const t2::Packet> packets) override {
    for (const t2::Packet& p : packets) add_packet(state_(*p.own), p);
  }

  void on_flow_end(const t2::EndedFlow& e, t2::Row& row) override {
    const BasicStatsState& s = state_(e.own);
    const BasicStatsState* other = e.other ? &state_(*e.other) : nullptr;
    const Rates rates = rates_of(e, s);
    add_to_totals(e, s, rates);
    if (row.is_read()) put_columns(e, s, other, rates, row);
  }

  void merge(t2::Plugin& plugin) override {
    const auto& other = static_cast<const BasicStats&>(plugin);
    for (unsigned kind : {0u, 1u}) {
      max_packets_[kind].merge(other.max_packets_[kind]);
      max_bytes_[kind].merge(other.max_bytes_[kind]);
    }
    fastest_.merge(other.fastest_);
    largest_load_ = std::max(largest_load_, other.largest_load_);
  }

  void report(t2::Report& report) const override {
    if constexpr (config::statistics) {
      report.line("Flow max(pktload): " + report.number(static_cast<std::uint64_t>(largest_load_)));
      report.line("Flow max(b/s), pkts: " +
                  report.number(static_cast<std::uint64_t>(8 * static_cast<double>(fastest_.count)), "b/s") + ", " +
                  report.number(fastest_.packets));
    }
    for (unsigned kind : {0u, 1u}) {
      const std::string talker = kind ? "Biggest L3 flow talker: " : "Biggest L2 flow talker: ";
      line(report, talker, max_packets_[kind], report.run().packets, " packets");
      line(report, talker, max_bytes_[kind], report.run().flow_bytes, " bytes");
    }
  }

  void on_packet_row(const t2::Packet& p, t2::Row& row) override {
    const bool udp =
        p.is_ip() && !p.later_fragment && (p.protocol == t2::protocol::udp || p.protocol == t2::protocol::udp_lite);
    t2::Bytes header = p.bytes(udp ? p.l4 : t2::absent);
    header.skip(4);  // ports
    row.put(p.wire);
    row.put(p.captured_l3);
    row.put(p.captured_l4);
    row.put(p.captured_l7);
    row.put(p.l3_length);
    row.put(header.u16());
    row.put(p.l7_length);
    if constexpr (config::modulus > 0) row.put(counted_length(p));
    row.put(p.padding);
  }

 private:
  static std::uint32_t counted_length(const t2::Packet& p) {
    if constexpr (config::modulus > 0) return p.length % config::modulus;
    else return p.length;
  }

  void add_packet(BasicStatsState& s, const t2::Packet& p) {
    const std::uint32_t length = counted_length(p);
    s.bytes += length;
    s.ip_bytes += p.l3_length;
    if (p.padding != 0) s.padding += p.padding;
    widen(s.min_ip_length, s.max_ip_length, p.l3_length);
    if constexpr (config::lengths)
      if (p.first_of_direction) s.length->mean = static_cast<float>(length);
    Time previous = p.previous;
    if constexpr (config::selective) {
      if (p.first_of_direction) s.selected->last = p.time;
      if (!is_selected(length, low_, high_)) return;
      ++s.selected->packets;
      previous = s.selected->last;
      s.selected->last = p.time;
    }
    widen(s.min_length, s.max_length, length);
    if constexpr (config::statistics) add_to_statistics(s, p, length, previous);
  }

  void add_to_statistics(BasicStatsState& s, const t2::Packet& p, std::uint32_t length, Time previous) {
    const auto n = static_cast<float>(static_cast<std::int64_t>(selected_packets(s, p.index_in_direction)));
    const auto value = static_cast<float>(length);
    if constexpr (config::intervals) {
      const float passed = interval(splitter_, previous, p.time);
      s.interval->smallest = std::min(s.interval->smallest, passed);
      s.interval->largest = std::max(s.interval->largest, passed);
      if constexpr (config::lengths) update(*s.length, value, s.interval->moments, passed, n);
      else update(s.interval->moments, passed, n);
    } else if constexpr (config::lengths) {
      update(*s.length, value, n);
    }
  }

  // Those of a direction's packets that are in its statistics.
  static std::uint64_t selected_packets(const BasicStatsState& s, std::uint64_t packets) {
    if constexpr (config::selective) return s.selected->packets;
    else return packets;
  }

  struct Rates {
    float load = 0;                // bytes per packet
    float packets = 0, bytes = 0;  // per second; 0 where no time passed
  };
  static Rates rates_of(const t2::EndedFlow& e, const BasicStatsState& s) {
    if constexpr (!config::statistics) return {};
    const auto bytes = static_cast<float>(s.bytes);
    const std::uint64_t included = selected_packets(s, e.own.packets);
    Rates rates{included ? bytes / static_cast<float>(included) : 0, 0, 0};
    const t2::TimeRange times = e.times();
    const t2::Time duration = times.latest - times.earliest;
    if (duration == 0) return rates;
    const float spent = seconds(duration);
    rates.packets = static_cast<float>(e.own.packets) / spent;
    rates.bytes = bytes / spent;
    return rates;
  }

  void add_to_totals(const t2::EndedFlow& e, const BasicStatsState& s, const Rates& rates) {
    const unsigned kind = e.flow.key.family != t2::Family::layer2;
    max_packets_[kind].offer(e.own.packets, e, e.own.packets);
    max_bytes_[kind].offer(s.bytes, e, e.own.packets);
    largest_load_ = std::max(largest_load_, rates.load);
    fastest_.offer(rates.bytes, e, e.own.packets);
  }

  static void put_columns(const t2::EndedFlow& e, const BasicStatsState& s, const BasicStatsState* other,
                          const Rates& rates, t2::Row& row) {
    const std::uint64_t packets = e.own.packets;
    const std::uint64_t packets_back = e.other ? e.other->packets : 0, bytes_back = other ? other->bytes : 0;
    row.put(packets);
    if constexpr (config::received) row.put(packets_back);
    if constexpr (config::sums) row.put(packets + packets_back);
    if constexpr (config::padding) row.put(static_cast<std::int64_t>(s.padding));
    row.put(s.bytes);
    if constexpr (config::received) row.put(bytes_back);
    if constexpr (config::sums) row.put(s.bytes + bytes_back);
    if constexpr (!config::statistics) return;
    if constexpr (config::lengths) {
      row.put(s.min_length);
      row.put(s.max_length);
      row.put(rates.load);
      put_moments(row, *s.length);
    }
    if constexpr (config::intervals) {
      row.put(s.interval->smallest);
      row.put(s.interval->largest);
      row.put(s.interval->moments.mean);
      put_moments(row, s.interval->moments);
    }
    row.put(rates.packets);
    row.put(rates.bytes);
    // A lone answer counts as -1 in packets; bytes have no such sign.
    const bool lone_answer = !e.other && e.own.status & t2::status::inverted;
    const float packet_asymmetry = asymmetry(packets, packets_back);
    row.put(lone_answer ? -packet_asymmetry : packet_asymmetry);
    row.put(asymmetry(s.bytes, bytes_back));
  }

  static void line(t2::Report& report, const std::string& talker, const LargestFlow<std::uint64_t>& largest,
                   std::uint64_t all, const char* unit) {
    if (largest.count == 0) return;
    char share[32];
    std::snprintf(share, sizeof share, " [%.2f%%]",
                  all ? 100.0 * static_cast<double>(largest.count) / static_cast<double>(all) : 0.0);
    report.line(talker + largest.name() + ": " + report.number(largest.count) + share + unit);
  }

  t2::State<BasicStatsState> state_;
  std::uint32_t low_, high_;  // BS_XMIN, BS_XMAX
  TimeSplitter splitter_;
  LargestFlow<std::uint64_t> max_packets_[2], max_bytes_[2];  // of layer-2 flows, of IP flows
  LargestFlow<float> fastest_;                                // bytes per second
  float largest_load_ = 0;                                    // average packet length
};

}  // namespace

}  // namespace t2::basic_stats

T2_PLUGIN = {.name = "basicStats",
             .version = T2_PLUGIN_VERSION,
             .summary = "packets, bytes, statistics of lengths and inter-arrival times",
             .number = T2_NUMBER,
             .layout = T2_LAYOUT_basicStats,
             .flags = t2::basic_stats::flags,
             .columns = t2::basic_stats::columns,
             .packet_columns = t2::basic_stats::packet_columns,
             .create = [](t2::Host& host) -> t2::Plugin* { return new t2::basic_stats::BasicStats(host); }};
