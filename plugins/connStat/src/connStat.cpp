// connStat: how many flows and addresses a flow's addresses are connected with, when it ends.
//
// One instance sees all flows in their order (Descriptor::one_worker). Only flows in memory count.
#include <algorithm>
#include <string>

#include <arpa/inet.h>

#include "columns.hpp"
#include "connStat_state.h"
#include "count_table.hpp"
#include "t2/plugin.hpp"

namespace t2::conn_stat {

namespace {

constexpr unsigned entries_each = 6;  // of a conversation: pair, source, destination, port, and two senders

std::string address_text(const CountEntry& entry) {
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(entry.family() == t2::Family::ipv4 ? AF_INET : AF_INET6, entry.address(), text, sizeof text);
  return text;
}

struct Most {  // of an address
  std::uint64_t value = 0;
  std::string address;
  void note(std::uint64_t one, const CountEntry& entry) {
    if (one > value) value = one, address = address_text(entry);
  }
};

class ConnStat final : public t2::Plugin {
 public:
  explicit ConnStat(t2::Host& host) : state_(host) {}

  void on_packets(std::span<const t2::Packet> packets) override {
    for (const t2::Packet& p : packets) {
      ConnStatState& s = state_(*p.own);
      if (p.first_of_direction && p.is_ip()) begin(p, s);
      if (s.sender == 0) continue;
      CountEntry& sender = table_[s.sender];
      ++sender.packets, sender.bytes += p.length;
    }
  }

  void on_flow_end(const t2::EndedFlow& e, t2::Row& row) override {
    ConnStatState& s = state_(e.own);
    if (s.pair == 0) {
      for (unsigned i = 0; i < 4; ++i) row.put(std::uint32_t{0});
      for (unsigned i = 0; i < 2; ++i) row.put(0.f);
      for (unsigned i = 0; i < 2; ++i) row.put(std::uint64_t{0});
      return;
    }
    const std::uint32_t of_source = table_[s.source].count, of_destination = table_[s.destination].count;
    const bool back = e.own.status & t2::status::inverted;
    const std::uint32_t own = back ? of_destination : of_source, pair = table_[s.pair].count,
                        port = table_[s.port].count;
    row.put(own), row.put(back ? of_source : of_destination);
    row.put(pair), row.put(port);
    row.put(static_cast<float>(port) / static_cast<float>(own));
    row.put(static_cast<float>(port) / static_cast<float>(pair));
    row.put(table_[s.sender].packets), row.put(table_[s.sender].bytes);
    most_packets_.note(table_[s.sender].packets, table_[s.sender]);
    most_bytes_.note(table_[s.sender].bytes, table_[s.sender]);
    s.has_row = true;
    // Both directions end at once, and so do all flows that the input's end finds.
    if (e.reason == t2::EndReason::input_done) return;
    if (!e.other) return end(s);
    if (ConnStatState& other = state_(*e.other); other.has_row) end(s), end(other);
  }

  void report(t2::Report& report) const override {
    if (most_[0] == 0) return;
    const auto line = [&](const char* title, Kind kind) {
      report.line(title + report.number(most_[static_cast<std::size_t>(kind)]));
    };
    line("Most source IPs at a time: ", Kind::source);
    line("Most destination IPs at a time: ", Kind::destination);
    line("Most source/destination IP pairs at a time: ", Kind::pair);
    const auto address = [&](const char* title, const Most& most, const char* unit) {
      if (most.value > 0) report.line(title + most.address + ": " + report.number(most.value) + unit);
    };
    address("Source IP with most connections: ", most_of_source_, " connections");
    address("Destination IP with most connections: ", most_of_destination_, " connections");
    address("Biggest L3 talker: ", most_packets_, " packets");
    address("Biggest L3 talker: ", most_bytes_, " bytes");
  }

 private:
  void begin(const t2::Packet& p, ConnStatState& s) {
    const t2::Endpoint source = p.flow->source(p.direction), destination = p.flow->destination(p.direction);
    const bool back = p.own->status & t2::status::inverted;
    const t2::Endpoint &client = back ? destination : source, &server = back ? source : destination;
    s.pair = table_.find_or_add(key_of(Kind::pair, p.family, client, &server));
    s.source = table_.find_or_add(key_of(Kind::source, p.family, client));
    s.destination = table_.find_or_add(key_of(Kind::destination, p.family, server));
    s.port = table_.find_or_add(key_of(Kind::port, p.family, client, nullptr, server.port));
    s.sender = table_.find_or_add(key_of(Kind::sender, p.family, source));
    if (table_[s.pair].count++ == 0) ++table_[s.source].count, ++table_[s.destination].count;
    ++table_[s.port].count, ++table_[s.sender].count;
    most_of_source_.note(table_[s.source].count, table_[s.source]);
    most_of_destination_.note(table_[s.destination].count, table_[s.destination]);
    for (std::size_t kind = 0; kind < kinds; ++kind) most_[kind] = std::max(most_[kind], table_.used(Kind(kind)));
  }

  void end(ConnStatState& s) {
    if (s.pair == 0) return;
    if (--table_[s.pair].count == 0) {
      table_.remove(s.pair);
      release(s.source), release(s.destination);
    }
    release(s.port), release(s.sender);
    s = {};
  }
  void release(std::uint32_t entry) {
    if (--table_[entry].count == 0) table_.remove(entry);
  }

  t2::State<ConnStatState> state_;
  CountTable table_;
  std::uint32_t most_[kinds]{};  // entries at a time
  Most most_of_source_, most_of_destination_, most_packets_, most_bytes_;
};

}  // namespace

}  // namespace t2::conn_stat

T2_PLUGIN = {.name = "connStat",
             .version = T2_PLUGIN_VERSION,
             .summary = "how many flows and addresses the addresses of a flow are connected with",
             .number = T2_NUMBER,
             .layout = T2_LAYOUT_connStat,
             .columns = t2::conn_stat::columns,
             .create = [](t2::Host& host) -> t2::Plugin* { return new t2::conn_stat::ConnStat(host); },
             .one_worker = true,
             .conversation_memory = t2::conn_stat::entries_each * t2::conn_stat::CountTable::bytes_each};
