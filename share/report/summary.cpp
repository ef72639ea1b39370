// The sums of rows and of flows. Values of a flow are added when its last row was read.
#include "summary.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>

#include "t2/protocol.hpp"

namespace t2::report {

namespace {

constexpr Time latest = 9'000'000'000'000'000'000;  // ns; the series counts in bins that end later
constexpr unsigned flag_syn = 0x02, flag_rst = 0x04;
constexpr unsigned state_window_closed = 0x00c0;  // tcpFStat: a probe of a closed window, or an answer to one
constexpr double no_round_trip = 65535;           // seconds

template <class T>
T parsed(std::string_view text, int base = 10) {
  if (base == 16 && text.starts_with("0x")) text.remove_prefix(2);
  T value{};
  std::from_chars(text.data(), text.data() + text.size(), value, base);
  return value;
}
double parsed_double(std::string_view text) {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

bool is_date(std::string_view cell) {  // with TFS_ISO_TIMES times are texts
  return cell.size() > 18 && cell[4] == '-' && cell[7] == '-' && cell[10] == 'T' && cell[13] == ':';
}

// The digit is the layer that the core's flag PACKETLENGTH selects.
bool is_bytes_sent(std::string_view column) {
  return column.size() == 10 && column[0] == 'l' && column[1] >= '0' && column[1] <= '9' &&
         column.substr(2) == "BytesSnt";
}

// ARP and other frames without IP have none.
bool is_address(std::string_view cell) { return !cell.empty() && cell != "-"; }

bool more(const Summary::KeptRow& a, const Summary::KeptRow& b) {
  return a.bytes != b.bytes ? a.bytes > b.bytes : a.number < b.number;
}

}  // namespace

std::optional<Time> time_of(std::string_view cell) {
  Time seconds = 0;
  if (is_date(cell)) {
    std::tm parts{};
    parts.tm_year = parsed<int>(cell.substr(0, 4)) - 1900;
    parts.tm_mon = parsed<int>(cell.substr(5, 2)) - 1;
    parts.tm_mday = parsed<int>(cell.substr(8, 2));
    parts.tm_hour = parsed<int>(cell.substr(11, 2));
    parts.tm_min = parsed<int>(cell.substr(14, 2));
    parts.tm_sec = parsed<int>(cell.substr(17, 2));
    seconds = timegm(&parts);
    if (const std::size_t zone = cell.find_last_of("+-"); zone > 18 && cell.size() >= zone + 5) {
      const Time offset = parsed<int>(cell.substr(zone + 1, 2)) * 3600 + parsed<int>(cell.substr(zone + 3, 2)) * 60;
      seconds -= cell[zone] == '-' ? -offset : offset;
    }
    cell = cell.substr(19);
  } else {
    const char* const end = cell.data() + cell.size();
    const auto [at, problem] = std::from_chars(cell.data(), end, seconds);
    if (problem != std::errc()) return {};
    cell = {at, static_cast<std::size_t>(end - at)};
  }
  Time fraction = 0;
  if (cell.starts_with('.')) {
    for (std::size_t i = 1; i <= 9; ++i) {
      const bool digit = i < cell.size() && cell[i] >= '0' && cell[i] <= '9';
      if (!digit) cell = cell.substr(0, i);
      fraction = fraction * 10 + (digit ? cell[i] - '0' : 0);
    }
  }
  if (seconds < 0 || seconds > latest / one_second - 1) return {};
  return seconds * one_second + fraction;
}

std::string protocol_name(std::string_view number) {
  constexpr struct {
    std::string_view number, name;
  } names[] = {{"0", "none (0)"}, {"1", "ICMP"},   {"2", "IGMP"},  {"6", "TCP"},     {"17", "UDP"},
               {"47", "GRE"},     {"50", "ESP"},   {"51", "AH"},   {"58", "ICMPv6"}, {"89", "OSPF"},
               {"103", "PIM"},    {"112", "VRRP"}, {"132", "SCTP"}};
  for (const auto& each : names)
    if (each.number == number) return std::string(each.name);
  return "protocol " + std::string(number);
}

Summary::Summary(std::vector<FlowColumn> all, std::size_t rows_to_keep)
    : columns(std::move(all)), most_rows_(rows_to_keep) {
  dir_ = find("dir");
  index_ = find("flowInd");
  time_first_ = find("timeFirst");
  time_last_ = find("timeLast");
  source_ = find("srcIP");
  destination_ = find("dstIP");
  source_port_ = find("srcPort");
  destination_port_ = find("dstPort");
  protocol_ = find("l4Proto");
  packets_ = find("pktsSnt");
  tcp_flags_ = find("tcpFlags");
  tcp_state_ = find("tcpFStat");
  retransmissions_ = find("tcpSeqFaultCnt");
  round_trip_ = find("tcpRTTSseqAA");
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (!bytes_ && is_bytes_sent(columns[i].name)) bytes_ = i, byte_column = columns[i].name;
    const std::string type = columns[i].type.substr(0, columns[i].type.find(':'));
    if (type == "S" || type == "SC") texts.push_back({.column = i, .values = ByName<Sums>(100'000), .of_last_row = {}});
  }
  has_packets = packets_.has_value();
  has_times = time_first_ && time_last_;
  has_addresses = source_ && destination_ && source_port_ && destination_port_ && protocol_;
  has_tcp = has_addresses && tcp_flags_ && retransmissions_ && round_trip_ && tcp_state_;
}

Summary::Cell Summary::find(std::string_view name) const {
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (columns[i].name == name) return i;
  return {};
}

std::uint64_t Summary::number(FlowFile::Row row, Cell cell) const {
  return cell ? parsed<std::uint64_t>(row[*cell]) : 0;
}

void Summary::add(FlowFile::Row row) {
  ++rows;
  const bool b = row[*dir_] == "B";
  const bool new_flow = !flow_.valid || flow_.index != row[*index_] || !b;
  const std::uint64_t row_packets = number(row, packets_), row_bytes = number(row, bytes_);
  if (new_flow) {
    end_flow();
    begin_flow(row, b);
  }
  packets += row_packets;
  bytes += row_bytes;
  flow_.packets += row_packets;
  flow_.bytes += row_bytes;
  if (has_times) add_times(row, row_bytes, new_flow);
  if (has_addresses) {
    if (is_address(row[*source_])) {
      HostSums& from = hosts[row[*source_]];
      from.sent_packets += row_packets;
      from.sent_bytes += row_bytes;
      from.flows += new_flow;
    }
    if (is_address(row[*destination_])) {
      HostSums& to = hosts[row[*destination_]];
      to.received_bytes += row_bytes;
      to.flows += new_flow && row[*source_] != row[*destination_];
    }
  }
  if (has_tcp && flow_.is_tcp) {
    flow_.answered = flow_.answered || !new_flow;
    add_tcp(row);
  }
  add_texts(row, row_packets, row_bytes, new_flow);
  keep(row, row_bytes);
}

void Summary::begin_flow(FlowFile::Row row, bool b) {
  ++flows;
  flow_ = {};
  flow_.valid = true;
  flow_.index = row[*index_];
  if (!has_addresses) return;
  // where the row of A is missing, because it was filtered out, B is the answer of the server
  flow_.client = row[b ? *destination_ : *source_];
  flow_.server = row[b ? *source_ : *destination_];
  flow_.port = row[b ? *source_port_ : *destination_port_];
  flow_.protocol = row[*protocol_];
  flow_.is_tcp = flow_.protocol == "6";
  flow_.answered = b;
}

void Summary::end_flow() {
  if (!flow_.valid) return;
  flow_.valid = false;
  if (!has_addresses) return;
  const auto add_to = [&](Sums& sums) {
    ++sums.flows;
    sums.packets += flow_.packets;
    sums.bytes += flow_.bytes;
  };
  add_to(protocols[flow_.protocol]);
  if (is_address(flow_.client) && is_address(flow_.server)) add_to(pairs[flow_.client + "\t" + flow_.server]);
  if (flow_.protocol == "6" || flow_.protocol == "17" || flow_.protocol == "132")
    add_to(ports[protocol_name(flow_.protocol) + " " + flow_.port]);
  if (!has_tcp || !flow_.is_tcp) return;
  for (ServerSums* sums : {&tcp, &servers[flow_.server]}) {
    ++sums->flows;
    sums->packets += flow_.packets;
    sums->resets += (flow_.flags & flag_rst) != 0;
    sums->retransmissions += flow_.retransmissions;
    sums->zero_windows += flow_.zero_window;
    sums->unanswered += (flow_.flags & flag_syn) != 0 && !flow_.answered;
    if (flow_.round_trip > 0) {
      sums->round_trips += flow_.round_trip;
      ++sums->with_round_trip;
    }
  }
  if (flow_.round_trip > 0) round_trips.add(flow_.round_trip);
}

void Summary::finish() {
  end_flow();
  std::sort(kept.begin(), kept.end(), [](const KeptRow& a, const KeptRow& b) { return a.number < b.number; });
}

void Summary::add_times(FlowFile::Row row, std::uint64_t row_bytes, bool new_flow) {
  const std::optional<Time> begin = time_of(row[*time_first_]), end = time_of(row[*time_last_]);
  if (!begin || !end) return;
  first = std::min(first.value_or(*begin), *begin);
  last = std::max(last.value_or(*end), *end);
  bytes_over_time.add(*begin, *end, static_cast<double>(row_bytes));
  if (new_flow) flows_over_time.add(*begin, *begin, 1);
}

void Summary::add_tcp(FlowFile::Row row) {
  flow_.flags |= parsed<unsigned>(row[*tcp_flags_], 16);
  const std::uint64_t again = number(row, retransmissions_);
  flow_.retransmissions += again;
  rows_with_retransmissions += again > 0;
  if (parsed<unsigned>(row[*tcp_state_], 16) & state_window_closed) flow_.zero_window = true;
  // of A: that of the handshake
  const double trip = row[*dir_] == "A" ? parsed_double(row[*round_trip_]) : 0;
  if (trip > 0 && trip < no_round_trip) flow_.round_trip = trip;
}

// A name that both directions have counts once for the flow, with the bytes of both rows.
void Summary::add_texts(FlowFile::Row row, std::uint64_t row_packets, std::uint64_t row_bytes, bool new_flow) {
  std::vector<std::string> values;
  for (TextColumn& text : texts) {
    const std::string_view cell = row[text.column];
    if (new_flow) text.of_last_row.clear();
    if (cell.empty() || cell == "\"\"" || cell == "-") continue;
    if (is_date(cell)) continue;
    list_values(cell, values);
    for (const std::string& value : values) {
      Sums& sums = text.values[value];
      sums.flows += std::find(text.of_last_row.begin(), text.of_last_row.end(), value) == text.of_last_row.end();
      sums.packets += row_packets;
      sums.bytes += row_bytes;
    }
    if (new_flow) text.of_last_row = values;
  }
}

void Summary::keep(FlowFile::Row row, std::uint64_t row_bytes) {
  if (most_rows_ == 0) return;
  if (kept.size() >= most_rows_ && row_bytes <= kept.front().bytes) return;  // `kept` is a heap, its least row in front
  KeptRow made{row_bytes, rows, {}};
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (i > 0) made.cells += '\t';
    made.cells += row[i];
  }
  kept.push_back(std::move(made));
  std::push_heap(kept.begin(), kept.end(), more);
  if (kept.size() <= most_rows_) return;
  std::pop_heap(kept.begin(), kept.end(), more);
  kept.pop_back();
}

}  // namespace t2::report
