// basicStats: how much and how fast. Packets and bytes of a flow, statistics of packet lengths and inter-arrival times,
// rates, asymmetries; in the end report the flows that stand out.
#include "basicStats_state.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "statistics.hpp"
#include "t2/plugin.hpp"

namespace t2::basic_stats {

namespace {

using t2::Type;

// Column names tell the layer whose length is counted.
#if T2_CORE_PACKETLENGTH == 0
#define BS_LAYER "2"
#elif T2_CORE_PACKETLENGTH == 1
#define BS_LAYER "3"
#elif T2_CORE_PACKETLENGTH == 2
#define BS_LAYER "4"
#else
#define BS_LAYER "7"
#endif

constexpr t2::Flag flags[] = {
    T2_FLAG(BS_AGGR_CNT), T2_FLAG(BS_REV_CNT),      T2_FLAG(BS_MOD),         T2_FLAG(BS_PAD),    T2_FLAG(BS_STATS),
    T2_FLAG(BS_PL_STATS), T2_FLAG(BS_IAT_STATS),    T2_FLAG(BS_VAR),         T2_FLAG(BS_STDDEV), T2_FLAG(BS_SK),
    T2_FLAG(BS_XCLD),     T2_RUNTIME_FLAG(BS_XMIN), T2_RUNTIME_FLAG(BS_XMAX)};

constexpr t2::Column columns[] = {
    {"pktsSnt", "Number of transmitted packets", Type::u64},
#if BS_REV_CNT == 1
    {"pktsRcvd", "Number of received packets", Type::u64},
#endif
#if BS_AGGR_CNT == 1
    {"pktsRTAggr", "Number of received and transmitted packets", Type::u64},
#endif
#if BS_PAD == 1
    {"padBytesSnt", "Number of transmitted padding bytes", Type::i64},
#endif
    {"l" BS_LAYER "BytesSnt", "Number of transmitted bytes", Type::u64},
#if BS_REV_CNT == 1
    {"l" BS_LAYER "BytesRcvd", "Number of received bytes", Type::u64},
#endif
#if BS_AGGR_CNT == 1
    {"l" BS_LAYER "BytesRTAggr", "Number of received and transmitted bytes", Type::u64},
#endif
#if BS_STATS == 1
#if BS_PL_STATS == 1
    {"minL" BS_LAYER "PktSz", "Smallest packet size", Type::u16},
    {"maxL" BS_LAYER "PktSz", "Largest packet size", Type::u16},
    {"avgL" BS_LAYER "PktSz", "Average packet size", Type::f32},
#if BS_STDDEV == 1
    {"stdL" BS_LAYER "PktSz", "Standard deviation of the packet size", Type::f32},
#endif
#if BS_VAR == 1
    {"varL" BS_LAYER "PktSz", "Variance of the packet size", Type::f32},
#if BS_SK == 1
    {"skewL" BS_LAYER "PktSz", "Skewness of the packet size", Type::f32},
    {"kurL" BS_LAYER "PktSz", "Kurtosis of the packet size", Type::f32},
#endif
#endif
#endif
#if BS_IAT_STATS == 1
    {"minIAT", "Smallest inter-arrival time", Type::f32},
    {"maxIAT", "Largest inter-arrival time", Type::f32},
    {"avgIAT", "Average inter-arrival time", Type::f32},
#if BS_STDDEV == 1
    {"stdIAT", "Standard deviation of the inter-arrival time", Type::f32},
#endif
#if BS_VAR == 1
    {"varIAT", "Variance of the inter-arrival time", Type::f32},
#if BS_SK == 1
    {"skewIAT", "Skewness of the inter-arrival time", Type::f32},
    {"kurIAT", "Kurtosis of the inter-arrival time", Type::f32},
#endif
#endif
#endif
    {"pktps", "Packets sent per second", Type::f32},
    {"bytps", "Bytes sent per second", Type::f32},
    {"pktAsm", "Packet asymmetry", Type::f32},
    {"bytAsm", "Byte asymmetry", Type::f32},
#endif
};

// With -s.
constexpr t2::Column packet_columns[] = {
    {"pktLen", "Length of the frame", Type::u32},
    {"snapL3Len", "Captured bytes from layer 3 on", Type::u32},
    {"snapL4Len", "Captured bytes from layer 4 on", Type::u32},
    {"snapL7Len", "Captured bytes of layer 7", Type::u32},
    {"l3Len", "Length of layer 3", Type::u32},
    {"udpLen", "Length field of UDP", Type::u16},
    {"l7Len", "Length of layer 7", Type::u32},
#if BS_MOD > 1
    {"pktLenMod", "Packet length modulo BS_MOD", Type::u32},
#endif
    {"padLen", "Padding bytes", Type::u32},
};

[[maybe_unused]] void put_moments([[maybe_unused]] t2::Row& row, [[maybe_unused]] const Moments& of) {
#if BS_STDDEV == 1
  row.put(deviation(of));
#endif
#if BS_VAR == 1
  row.put(of.variance);
#if BS_SK == 1
  row.put(skewness(of));
  row.put(kurtosis(of));
#endif
#endif
}

// Widens a range by a length; what is above 65535 counts as that.
void widen(std::uint16_t& smallest, std::uint16_t& largest, std::uint32_t length) {
  const std::uint32_t counted = std::min(length, 0xffffu);  // no branches: which is larger is chance
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
    if constexpr (BS_STATS == 1) {
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
    if constexpr (BS_MOD > 1) row.put(counted(p));
    row.put(p.padding);
  }

 private:
  static std::uint32_t counted(const t2::Packet& p) { return BS_MOD > 1 ? p.length % std::max(BS_MOD, 1) : p.length; }

  void add_packet(BasicStatsState& s, const t2::Packet& p) {
    const std::uint32_t length = counted(p);
    s.bytes += length;
    s.ip_bytes += p.l3_length;
    if (p.padding != 0) s.padding += p.padding;
    widen(s.min_ip_length, s.max_ip_length, p.l3_length);
#if BS_STATS == 1 && BS_PL_STATS == 1
    if (p.first_of_direction) s.length.mean = static_cast<float>(length);
#endif
#if BS_XCLD > 0
    if (p.first_of_direction) s.last = p.time;
    if (!included(length, low_, high_)) return;
    ++s.included;
#endif
    widen(s.min_length, s.max_length, length);
    [[maybe_unused]] const auto n =
        static_cast<float>(static_cast<std::int64_t>(in_statistics(s, p.index_in_direction)));
#if BS_STATS == 1 && BS_PL_STATS == 1 && BS_IAT_STATS == 0
    update(s.length, static_cast<float>(length), n);
#endif
#if BS_STATS == 1 && BS_IAT_STATS == 1
#if BS_XCLD > 0
    const float interval = intervals_(s.last, p.time);
    s.last = p.time;
#else
    const float interval = intervals_(p.previous, p.time);
#endif
    s.min_interval = std::min(s.min_interval, interval);
    s.max_interval = std::max(s.max_interval, interval);
#if BS_PL_STATS == 1
    update(s.length, static_cast<float>(length), s.interval, interval, n);
#else
    update(s.interval, interval, n);
#endif
#endif
  }

  // Of so many packets.
  static std::uint64_t in_statistics([[maybe_unused]] const BasicStatsState& s,
                                     [[maybe_unused]] std::uint64_t packets) {
#if BS_XCLD > 0
    return s.included;
#else
    return packets;
#endif
  }

  struct Rates {
    float load = 0;                // bytes per packet
    float packets = 0, bytes = 0;  // per second; 0 where no time passed
  };
  static Rates rates_of(const t2::EndedFlow& e, const BasicStatsState& s) {
    if constexpr (BS_STATS == 0) return {};
    const auto bytes = static_cast<float>(s.bytes);
    const std::uint64_t included = in_statistics(s, e.own.packets);
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
                          [[maybe_unused]] const Rates& rates, t2::Row& row) {
    const std::uint64_t packets = e.own.packets;
    [[maybe_unused]] const std::uint64_t packets_back = e.other ? e.other->packets : 0,
                                         bytes_back = other ? other->bytes : 0;
    row.put(packets);
    if constexpr (BS_REV_CNT == 1) row.put(packets_back);
    if constexpr (BS_AGGR_CNT == 1) row.put(packets + packets_back);
    if constexpr (BS_PAD == 1) row.put(static_cast<std::int64_t>(s.padding));
    row.put(s.bytes);
    if constexpr (BS_REV_CNT == 1) row.put(bytes_back);
    if constexpr (BS_AGGR_CNT == 1) row.put(s.bytes + bytes_back);
    if constexpr (BS_STATS == 0) return;
#if BS_STATS == 1 && BS_PL_STATS == 1
    row.put(s.min_length);
    row.put(s.max_length);
    row.put(rates.load);
    put_moments(row, s.length);
#endif
#if BS_STATS == 1 && BS_IAT_STATS == 1
    row.put(s.min_interval);
    row.put(s.max_interval);
    row.put(s.interval.mean);
    put_moments(row, s.interval);
#endif
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
  [[maybe_unused]] std::uint32_t low_, high_;  // BS_XMIN, BS_XMAX
  [[maybe_unused]] Intervals intervals_;
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
