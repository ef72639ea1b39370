// Counts features and writes them in the order of their names. Definitions: README.md.
#include "features.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <ctime>

#include <arpa/inet.h>

namespace t2::cic_features {

namespace {

constexpr Time subflow_gap = one_second, bulk_gap = one_second, idle_gap = 5 * one_second;
constexpr std::uint32_t bulk_packets = 4;

struct Name {
  std::string_view in_2018, in_2017;
};
constexpr Name names[] = {{"Flow ID", "Flow ID"},
                          {"Src IP", "Source IP"},
                          {"Src Port", "Source Port"},
                          {"Dst IP", "Destination IP"},
                          {"Dst Port", "Destination Port"},
                          {"Protocol", "Protocol"},
                          {"Timestamp", "Timestamp"},
                          {"Flow Duration", "Flow Duration"},
                          {"Tot Fwd Pkts", "Total Fwd Packets"},
                          {"Tot Bwd Pkts", "Total Backward Packets"},
                          {"TotLen Fwd Pkts", "Total Length of Fwd Packets"},
                          {"TotLen Bwd Pkts", "Total Length of Bwd Packets"},
                          {"Fwd Pkt Len Max", "Fwd Packet Length Max"},
                          {"Fwd Pkt Len Min", "Fwd Packet Length Min"},
                          {"Fwd Pkt Len Mean", "Fwd Packet Length Mean"},
                          {"Fwd Pkt Len Std", "Fwd Packet Length Std"},
                          {"Bwd Pkt Len Max", "Bwd Packet Length Max"},
                          {"Bwd Pkt Len Min", "Bwd Packet Length Min"},
                          {"Bwd Pkt Len Mean", "Bwd Packet Length Mean"},
                          {"Bwd Pkt Len Std", "Bwd Packet Length Std"},
                          {"Flow Byts/s", "Flow Bytes/s"},
                          {"Flow Pkts/s", "Flow Packets/s"},
                          {"Flow IAT Mean", "Flow IAT Mean"},
                          {"Flow IAT Std", "Flow IAT Std"},
                          {"Flow IAT Max", "Flow IAT Max"},
                          {"Flow IAT Min", "Flow IAT Min"},
                          {"Fwd IAT Tot", "Fwd IAT Total"},
                          {"Fwd IAT Mean", "Fwd IAT Mean"},
                          {"Fwd IAT Std", "Fwd IAT Std"},
                          {"Fwd IAT Max", "Fwd IAT Max"},
                          {"Fwd IAT Min", "Fwd IAT Min"},
                          {"Bwd IAT Tot", "Bwd IAT Total"},
                          {"Bwd IAT Mean", "Bwd IAT Mean"},
                          {"Bwd IAT Std", "Bwd IAT Std"},
                          {"Bwd IAT Max", "Bwd IAT Max"},
                          {"Bwd IAT Min", "Bwd IAT Min"},
                          {"Fwd PSH Flags", "Fwd PSH Flags"},
                          {"Bwd PSH Flags", "Bwd PSH Flags"},
                          {"Fwd URG Flags", "Fwd URG Flags"},
                          {"Bwd URG Flags", "Bwd URG Flags"},
                          {"Fwd Header Len", "Fwd Header Length"},
                          {"Bwd Header Len", "Bwd Header Length"},
                          {"Fwd Pkts/s", "Fwd Packets/s"},
                          {"Bwd Pkts/s", "Bwd Packets/s"},
                          {"Pkt Len Min", "Min Packet Length"},
                          {"Pkt Len Max", "Max Packet Length"},
                          {"Pkt Len Mean", "Packet Length Mean"},
                          {"Pkt Len Std", "Packet Length Std"},
                          {"Pkt Len Var", "Packet Length Variance"},
                          {"FIN Flag Cnt", "FIN Flag Count"},
                          {"SYN Flag Cnt", "SYN Flag Count"},
                          {"RST Flag Cnt", "RST Flag Count"},
                          {"PSH Flag Cnt", "PSH Flag Count"},
                          {"ACK Flag Cnt", "ACK Flag Count"},
                          {"URG Flag Cnt", "URG Flag Count"},
                          {"CWE Flag Count", "CWE Flag Count"},
                          {"ECE Flag Cnt", "ECE Flag Count"},
                          {"Down/Up Ratio", "Down/Up Ratio"},
                          {"Pkt Size Avg", "Average Packet Size"},
                          {"Fwd Seg Size Avg", "Avg Fwd Segment Size"},
                          {"Bwd Seg Size Avg", "Avg Bwd Segment Size"},
                          {"Fwd Byts/b Avg", "Fwd Avg Bytes/Bulk"},
                          {"Fwd Pkts/b Avg", "Fwd Avg Packets/Bulk"},
                          {"Fwd Blk Rate Avg", "Fwd Avg Bulk Rate"},
                          {"Bwd Byts/b Avg", "Bwd Avg Bytes/Bulk"},
                          {"Bwd Pkts/b Avg", "Bwd Avg Packets/Bulk"},
                          {"Bwd Blk Rate Avg", "Bwd Avg Bulk Rate"},
                          {"Subflow Fwd Pkts", "Subflow Fwd Packets"},
                          {"Subflow Fwd Byts", "Subflow Fwd Bytes"},
                          {"Subflow Bwd Pkts", "Subflow Bwd Packets"},
                          {"Subflow Bwd Byts", "Subflow Bwd Bytes"},
                          {"Init Fwd Win Byts", "Init_Win_bytes_forward"},
                          {"Init Bwd Win Byts", "Init_Win_bytes_backward"},
                          {"Fwd Act Data Pkts", "act_data_pkt_fwd"},
                          {"Fwd Seg Size Min", "min_seg_size_forward"},
                          {"Active Mean", "Active Mean"},
                          {"Active Std", "Active Std"},
                          {"Active Max", "Active Max"},
                          {"Active Min", "Active Min"},
                          {"Idle Mean", "Idle Mean"},
                          {"Idle Std", "Idle Std"},
                          {"Idle Max", "Idle Max"},
                          {"Idle Min", "Idle Min"},
                          {"Label", "Label"}};

void count_bulk(Bulk& b, std::uint32_t bytes, Time now, Bulk* other) {
  if (other) other->run_packets = 0;  // content in between ends it
  const bool begins = b.run_packets == 0 || now - b.run_last > bulk_gap;
  if (begins) b.run_packets = 0, b.run_bytes = 0, b.run_begin = now;
  b.run_bytes += bytes;
  if (++b.run_packets == bulk_packets) {
    ++b.bulks;
    b.packets += bulk_packets;
    b.bytes += b.run_bytes;
    b.duration += now - b.run_begin;
  } else if (b.run_packets > bulk_packets) {
    ++b.packets;
    b.bytes += bytes;
    b.duration += now - b.run_last;
  }
  b.run_last = now;
}

double ratio(double a, double b) { return b == 0 ? 0 : a / b; }
double variance(const Series& s) { return s.count < 2 ? 0 : s.squares / (s.count - 1); }

std::string text_of(Family family, const Endpoint& end) {
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(family == Family::ipv4 ? AF_INET : AF_INET6, end.address.data(), text, sizeof text);
  return text;
}

std::string date_of(Time time) {
  const Time second = time / one_second;
  const std::time_t whole = static_cast<std::time_t>(second);
  std::tm parts{};
  gmtime_r(&whole, &parts);
  char text[64];
  const std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
  std::snprintf(text + size, sizeof text - size, ".%06d", static_cast<int>(time % one_second / 1000));
  return text;
}

// Cells of a line, one behind the other.
class Line {
 public:
  explicit Line(std::string& to) : to_(to) {}
  Line& put(std::string_view text) {
    if (!first_) to_ += ',';
    first_ = false;
    to_ += text;
    return *this;
  }
  Line& put(double value) {
    char text[32];
    const auto [end, problem] = std::to_chars(text, text + sizeof text, value, std::chars_format::general, 10);
    return put(std::string_view(text, static_cast<std::size_t>(end - text)));
  }
  template <class T>
  requires std::is_integral_v<T> Line& put(T value) { return put(std::string_view(std::to_string(value))); }
  Line& put_quoted(std::string_view text) {  // RFC 4180, where it is needed
    if (text.find_first_of(",\"\n\r") == text.npos) return put(text);
    std::string quoted = "\"";
    for (const char c : text) quoted.append(c == '"' ? 2 : 1, c);
    return put(quoted + '"');
  }
  // Of nanoseconds, as microseconds.
  Line& put_times(const Series& s, bool with_sum) {
    constexpr double microsecond = 1000;
    if (with_sum) put(static_cast<double>(s.sum) / microsecond);
    put(s.mean / microsecond), put(std::sqrt(variance(s)) / microsecond);
    return put(static_cast<double>(s.max) / microsecond).put(static_cast<double>(s.min) / microsecond);
  }
  Line& put_lengths(const Series& s) { return put(s.max).put(s.min).put(s.mean).put(std::sqrt(variance(s))); }
  Line& put_bulk(const Bulk& b) {
    put(ratio(static_cast<double>(b.bytes), b.bulks)).put(ratio(b.packets, b.bulks));
    return put(ratio(static_cast<double>(b.bytes), static_cast<double>(b.duration) / one_second));
  }

 private:
  std::string& to_;
  bool first_ = true;
};

}  // namespace

std::string header(bool long_names) {
  std::string text;
  for (const Name& name : names) {
    if (!text.empty()) text += ',';
    text += long_names ? name.in_2017 : name.in_2018;
  }
  return text;
}

void count(const Packet& p, DirectionFacts& own, DirectionFacts* other, FlowFacts& flow) {
  if (flow.lengths.count == 0) {
    flow.subflows = 1;
    flow.active_since = p.time;
  } else {
    const Time gap = p.time - flow.last;
    flow.intervals.add(gap);
    flow.subflows += gap > subflow_gap;
    if (gap > idle_gap) {
      flow.active.add(flow.last - flow.active_since);
      flow.idle.add(gap);
      flow.active_since = p.time;
    }
  }
  flow.last = p.time;
  if (own.lengths.count > 0) own.intervals.add(p.time - p.previous);
  flow.lengths.add(p.l7_length), own.lengths.add(p.l7_length);
  own.header_bytes += p.l4_header;
  own.shortest_header = own.lengths.count == 1 ? p.l4_header : std::min(own.shortest_header, p.l4_header);
  if (p.l7_length > 0) {
    ++own.with_content;
    count_bulk(own.bulk, p.l7_length, p.time, other ? &other->bulk : nullptr);
  }
  if (!p.is_tcp_header() || p.captured_l4 < 16) return;
  const unsigned flags = p.data[p.l4 + 13];
  for (unsigned bit = 0; bit < 8; ++bit) flow.flags[bit] += flags >> bit & 1;
  own.push += flags >> 3 & 1, own.urgent += flags >> 5 & 1;
  if (own.window < 0) own.window = load_big<std::uint16_t>(p.data + p.l4 + 14);
}

void put_line(const EndedFlowFacts& e, std::string& text) {
  static const DirectionFacts none{};
  const DirectionFacts &forward = e.forward, &backward = e.backward ? *e.backward : none;
  const FlowFacts& both = e.both;
  const Family family = e.flow.key.family;
  const Endpoint from = e.flow.source(e.direction), to = e.flow.destination(e.direction);
  const std::string source = text_of(family, from), destination = text_of(family, to);
  const Time duration = e.times.latest - e.times.earliest;
  const double seconds = static_cast<double>(duration) / one_second, subflows = both.subflows;
  const double packets = both.lengths.count, bytes = static_cast<double>(both.lengths.sum);
  Line line(text);
  line.put(source + '-' + destination + '-' + std::to_string(from.port) + '-' + std::to_string(to.port) + '-' +
           std::to_string(e.flow.key.protocol));
  line.put(source).put(from.port).put(destination).put(to.port).put(e.flow.key.protocol);
  line.put(date_of(e.times.earliest)).put(static_cast<double>(duration) / 1000);
  line.put(forward.lengths.count).put(backward.lengths.count).put(forward.lengths.sum).put(backward.lengths.sum);
  line.put_lengths(forward.lengths).put_lengths(backward.lengths);
  line.put(ratio(bytes, seconds)).put(ratio(packets, seconds));
  line.put_times(both.intervals, false).put_times(forward.intervals, true).put_times(backward.intervals, true);
  line.put(forward.push).put(backward.push).put(forward.urgent).put(backward.urgent);
  line.put(forward.header_bytes).put(backward.header_bytes);
  line.put(ratio(forward.lengths.count, seconds)).put(ratio(backward.lengths.count, seconds));
  line.put(both.lengths.min).put(both.lengths.max).put(both.lengths.mean);
  line.put(std::sqrt(variance(both.lengths))).put(variance(both.lengths));
  for (const unsigned bit : {0u, 1u, 2u, 3u, 4u, 5u, 7u, 6u}) line.put(both.flags[bit]);
  line.put(ratio(backward.lengths.count, forward.lengths.count));
  line.put(both.lengths.mean).put(forward.lengths.mean).put(backward.lengths.mean);
  line.put_bulk(forward.bulk).put_bulk(backward.bulk);
  for (const DirectionFacts* d : {&forward, &backward})
    line.put(d->lengths.count / subflows).put(static_cast<double>(d->lengths.sum) / subflows);
  line.put(forward.window).put(backward.window).put(forward.with_content).put(forward.shortest_header);
  line.put_times(both.active, false).put_times(both.idle, false);
  line.put_quoted(e.label);
  text += '\n';
}

}  // namespace t2::cic_features
