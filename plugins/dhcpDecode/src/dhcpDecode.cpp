// dhcpDecode: who asks for an address, and what servers answer: DHCP, BOOTP and DHCPv6.
//
// An instance belongs to one worker thread. Other ports cost two comparisons a packet.
#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>

#include "columns.hpp"
#include "dhcpDecode.h"
#include "dhcp_message.hpp"
#include "t2/plugin.hpp"
#include "t2/report_lines.hpp"

namespace t2::dhcp_decode {

namespace {

constexpr t2::Flag flags[] = {T2_RUNTIME_FLAG(DHCPOPTMAX), T2_RUNTIME_FLAG(DHCPMSGMAX), T2_RUNTIME_FLAG(DHCPNMMAX)};
constexpr t2::FlowBlock flow_blocks[] = {{.bytes = sizeof(DhcpFacts), .conversations = 16}};

constexpr std::uint16_t server_port = 67, client_port = 68, client_port6 = 546, server_port6 = 547;

constexpr std::string_view names[known_messages + 1] = {"",
                                                        "Discover",
                                                        "Offer",
                                                        "Request",
                                                        "Decline",
                                                        "ACK",
                                                        "NAK",
                                                        "Release",
                                                        "Inform",
                                                        "Force renew",
                                                        "Lease query",
                                                        "Lease unassigned",
                                                        "Lease unknown",
                                                        "Lease active",
                                                        "Bulk query",
                                                        "Lease query done",
                                                        "Active query",
                                                        "Query status",
                                                        "TLS"};
constexpr std::string_view names6[] = {"",
                                       "Solicit",
                                       "Advertise",
                                       "Request",
                                       "Confirm",
                                       "Renew",
                                       "Rebind",
                                       "Reply",
                                       "Release",
                                       "Decline",
                                       "Reconfigure",
                                       "Information request",
                                       "Relay forward",
                                       "Relay reply"};

bool is_port(std::uint16_t port) {
  return port == server_port || port == client_port || port == client_port6 || port == server_port6;
}

// A datagram with a message; of the others nothing is looked at.
bool is_message(const t2::Packet& p) {
  return p.protocol == t2::protocol::udp && (is_port(p.destination_port) || is_port(p.source_port)) && p.is_ip() &&
         !p.later_fragment && p.l7_length > 0 && p.captured_l7 > 0;
}
bool is_version6(const t2::Packet& p) {
  return p.destination_port >= client_port6 || (p.source_port >= client_port6 && !is_port(p.destination_port));
}

t2::Opener opener(const t2::Packet& p) {
  if (!is_message(p)) return t2::Opener::unknown;
  const std::uint8_t first = p.data[p.l7];
  if (is_version6(p)) return is_of_client6(first) ? t2::Opener::asks : t2::Opener::answers;
  return first == 1 ? t2::Opener::asks : first == 2 ? t2::Opener::answers : t2::Opener::unknown;
}

struct Counts {  // of DHCP or DHCPv6
  std::uint64_t packets = 0, of_clients = 0, of[256]{};
  void add(const Counts& other) {
    packets += other.packets, of_clients += other.of_clients;
    for (unsigned type = 0; type < 256; ++type) of[type] += other.of[type];
  }
};

class DhcpDecode final : public t2::Plugin {
 public:
  explicit DhcpDecode(t2::Host& host)
      : host_(host),
        state_(host),
        limits_{static_cast<std::uint32_t>(host.integer("DHCPOPTMAX")),
                static_cast<std::uint32_t>(host.integer("DHCPMSGMAX")),
                static_cast<std::uint32_t>(host.integer("DHCPNMMAX"))} {}

  void on_packets(std::span<const t2::Packet> packets) override {
    for (const t2::Packet& p : packets) {
      if (is_message(p)) on_message(p);
    }
  }

  void on_flow_end(const t2::EndedFlow& e, t2::Row& row) override {
    const DhcpDecodeState& s = state_(e.own);
    refused_ += s.refused;
    if (s.facts) stat_ |= s.facts->stat;
    static const DhcpFacts none{};
    if (row.is_read()) put_columns(s.facts ? *s.facts : none, row);
  }

  void merge(t2::Plugin& plugin) override {
    const auto& other = static_cast<const DhcpDecode&>(plugin);
    stat_ |= other.stat_, refused_ += other.refused_;
    for (unsigned v6 : {0u, 1u}) counts_[v6].add(other.counts_[v6]);
  }

  void report(t2::Report& report) const override {
    t2::report_bits(report, "dhcpStat", stat_, 4);
    report_of(report, "DHCP", counts_[0], names);
    report_of(report, "DHCPv6", counts_[1], names6);
    if (refused_ > 0) report.line("Flows that memory was too short for: " + report.number(refused_));
  }

 private:
  void on_message(const t2::Packet& p) {
    DhcpDecodeState& s = state_(*p.own);
    if (!s.facts && !s.refused) {
      s.facts = static_cast<DhcpFacts*>(host_.flow_alloc(*p.flow, sizeof(DhcpFacts)));
      s.refused = !s.facts;
    }
    DhcpFacts unkept{};  // counts do not depend on memory
    DhcpFacts& facts = s.facts ? *s.facts : unkept;
    const View bytes = p.bytes(p.l7).read(std::min(p.captured_l7, p.l7_length));
    const bool v6 = is_version6(p);
    facts.stat |= stat::dhcp;
    const std::uint8_t type = v6 ? read_message6(bytes, facts, limits_) : read_message(bytes, facts, limits_);
    Counts& counts = counts_[v6];
    ++counts.packets, ++counts.of[type];
    counts.of_clients += opener(p) == t2::Opener::asks;
  }

  static void put_columns(const DhcpFacts& f, t2::Row& row) {
    const auto list = [&](const auto& values, auto put) {
      row.count(values.size);
      for (const auto& value : values.all()) put(value);
    };
    const auto address = [&](const auto& a) { row.raw(a.byte, sizeof a.byte); };
    const auto number = [&](auto value) { row.put(value); };
    const auto name = [&](const Name& n) { row.text(n.text.view()); };
    row.put(f.stat);
    list(f.messages, number);
    row.put(f.hardware);
    list(f.macs, [&](const Mac& mac) { row.mac(mac.byte); });
    address(f.netmask), address(f.router), address(f.dns);
    row.put(f.hops);
    row.text(f.server_name.view()), row.text(f.boot_file.view());
    row.put(f.option_count);
    list(f.options, number);
    list(f.hosts, name), list(f.domains, name);
    row.put(f.max_seconds);
    row.put(f.lease), row.put(f.renew), row.put(f.rebind);
    for (const Ip4* one : {&f.requested, &f.client, &f.yours, &f.next_server, &f.relay, &f.server}) address(*one);
    row.text(f.message.view());
    list(f.parameters, number);
    row.text(f.vendor.view()), row.text(f.full_name.view()), row.text(f.circuit.view());
    row.text(f.client_id6.view()), row.text(f.server_id6.view());
    list(f.addresses6, [&](const Prefix& p) { address(p.address), row.put(p.length); });
    address(f.dns6);
    row.put(f.status6);
  }

  static void report_of(t2::Report& report, const std::string& what, const Counts& c,
                        std::span<const std::string_view> known) {
    t2::report_share(report, "Number of " + what + " packets: ", c.packets, report.run().packets);
    t2::report_share(report, "Number of " + what + " queries: ", c.of_clients, c.packets);
    t2::report_share(report, "Number of " + what + " replies: ", c.packets - c.of_clients, c.packets);
    for (unsigned type = 1; type < 256; ++type) {
      const std::string name = type < known.size() ? std::string(known[type]) : "type " + std::to_string(type);
      t2::report_share(report, "Number of " + what + " " + name + " messages: ", c.of[type], c.packets);
    }
  }

  t2::Host& host_;
  t2::State<DhcpDecodeState> state_;
  const Limits limits_;
  Counts counts_[2];  // [1]: DHCPv6
  std::uint16_t stat_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace

}  // namespace t2::dhcp_decode

T2_PLUGIN = {.name = "dhcpDecode",
             .version = T2_PLUGIN_VERSION,
             .summary = "clients, addresses, names and options of DHCP and DHCPv6",
             .number = T2_NUMBER,
             .layout = T2_LAYOUT_dhcpDecode,
             .flags = t2::dhcp_decode::flags,
             .columns = t2::dhcp_decode::columns,
             .create = [](t2::Host& host) -> t2::Plugin* { return new t2::dhcp_decode::DhcpDecode(host); },
             .flow_blocks = t2::dhcp_decode::flow_blocks,
             .opener = t2::dhcp_decode::opener};
