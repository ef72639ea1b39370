// Lines of the end report, in the order and wording that users know.
#include "app/report.hpp"

#include <algorithm>
#include <cstdlib>

#include <sys/resource.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/settings.hpp"
#include "tranalyzer.h"

namespace t2 {

namespace {

struct Note {
  bool warning;
  status::Word any;
  std::string_view text;
};

constexpr Note notes[] = {
    {true, status::l2_snapped, "L2 header snapped"},
    {true, status::l3_snapped, "L3 SnapLength < Length in IP header"},
    {true, status::l3_header_short, "L3 header snapped"},
    {true, status::l4_header_short, "L4 header snapped"},
    {true, status::land_attack, "Land attack"},
    {true, status::time_jump, "Timestamp jump, probably due to multi-path packet delay or NTP operation"},
    {true, status::duplicate_ip_id, "Consecutive duplicate IP ID"},
    {true, status::headers_overrun, "Header description overrun"},
    {true, status::bad_ip_version, "IPvX L3 header bogus packets"},
    {true, status::ip_header_short, "IPv4 header length < 20 bytes"},
    {true, status::ip_length_mismatch, "IPv4/6 payload length > framing length"},
    {true, status::fragment_headless,
     FRAG_HLST_CRFT ? "IPv4/6 fragmentation header packet missing"
                    : "IPv4/6 fragmentation header packet missing, trailing packets ignored"},
    {true, status::fragment_pending, "IPv4/6 packet fragmentation sequence not finished"},
    {false, status::stopped, "Stop dissecting: Clipped packet, unhandled protocol or subsequent fragment"},
    {false, status::layer2_flow, "Layer 2 flows"},
    {false, status::ipv4 | status::ipv4_seen, IPV6_ACTIVATE == 1 ? "IPv4" : "IPv4 flows"},
    {false, status::ipv6 | status::ipv6_seen, IPV6_ACTIVATE == 0 ? "IPv6" : "IPv6 flows"},
    {false, status::sctp, "SCTP"},
    {false, status::no_ethernet, "No Ethernet header"},
    {false, status::arp, "ARP"},
    {false, status::rarp, "RARP"},
    {false, status::lldp, "LLDP"},
    {false, status::ether_ip, "EtherIP"},
    {false, status::vlan, "VLAN encapsulation"},
    {false, status::vlan_zero, "VLAN ID 0 (priority tag)"},
    {false, status::fragment, "IPv4/6 fragmentation"},
    {false, status::ip_in_ip, "IPv4/6 in IPv4/6"},
    {false, status::vxlan, "VXLAN encapsulation"},
    {false, status::geneve, "GENEVE encapsulation"},
    {false, status::mpls, "MPLS encapsulation"},
    {false, status::l2tp, "L2TP encapsulation"},
    {false, status::ppp, "PPP/HDLC encapsulation"},
    {false, status::gre, "GRE encapsulation"},
    {false, status::erspan, "ERSPAN encapsulation"},
    {false, status::wccp, "WCCP encapsulation"},
    {false, status::ayiya, "AYIYA tunnel"},
    {false, status::gtp, "GTP tunnel"},
    {false, status::teredo, "Teredo tunnel"},
    {false, status::capwap, "CAPWAP/LWAPP tunnel"},
    {false, status::ipsec_ah, "IPsec AH"},
    {false, status::ipsec_esp, "IPsec ESP"},
    {false, status::upnp, "SSDP/UPnP"},
    {false, status::sip_rtp, "SIP/RTP"},
    {false, status::dtls, "DTLS"},
    {false, status::alarm, "IPAlarm"},
};

double ratio(double part, double whole) { return whole > 0 ? part / whole : 0; }

class Writer {
 public:
  explicit Writer(ReportOutput& out) : out_(out) {}
  void rule(char c) { out_.rule(c); }
  bool wants_zeros() const { return out_.wants_zeros(); }
  void fact(std::string_view label, const std::string& text, const std::string& json,
            std::string_view separator = ": ") {
    out_.fact(label, text, json, separator);
  }
  void count(std::string_view label, std::uint64_t n) {
    if (n > 0 || out_.wants_zeros()) out_.fact(label, human(n), std::to_string(n));
  }
  void share(std::string_view label, std::uint64_t n, std::uint64_t whole) {
    if (n > 0 || out_.wants_zeros()) always_share(label, n, whole);
  }
  void always_share(std::string_view label, std::uint64_t n, std::uint64_t whole) {
    out_.fact(label,
              fmt::format("{} [{:.2f}%]", human(n), 100 * ratio(static_cast<double>(n), static_cast<double>(whole))),
              std::to_string(n));
  }
  void real(std::string_view label, double x) {
    out_.fact(label, fmt::format("{:.2f}{}", x, human_suffix(x)), fmt::format("{:.2f}", x));
  }
  void speed(std::string_view label, double bits) {
    out_.fact(label, fmt::format("{:.0f} b/s{}", bits, human_suffix(bits, "b/s")), fmt::format("{:.0f}", bits));
  }
  void time(std::string_view label, const std::string& text, Time time) {  // JSON: seconds
    out_.fact(label, text,
              fmt::format("{}{}.{:09}", time < 0 ? "-" : "", std::abs(time) / one_second, std::abs(time) % one_second));
  }

 private:
  ReportOutput& out_;
};

void interface_lines(Writer& w, const ReportData& d) {
  CaptureCounts sum;
  std::string text, json;
  for (const InterfaceCounts& one : d.interfaces) {
    const CaptureCounts& c = one.counts;
    sum += c;
    text += fmt::format("\n    {}: {} received, {} dropped by the kernel, {} dropped by the interface", one.name,
                        human(c.received), human(c.dropped_by_kernel), human(c.dropped_by_interface));
    if (one.times_away > 0)
      text += fmt::format(", disappeared {} time{}", one.times_away, one.times_away > 1 ? "s" : "");
    json += fmt::format(
        R"({}{{"name":{},"received":{},"dropped_by_the_kernel":{},"dropped_by_the_interface":{},"disappeared":{}}})",
        json.empty() ? "" : ",", json_text(one.name), c.received, c.dropped_by_kernel, c.dropped_by_interface,
        one.times_away);
  }
  const std::uint64_t received = sum.received + sum.waiting;
  const std::uint64_t all = received + sum.dropped_by_kernel + sum.dropped_by_interface;
  w.share("Number of packets received", received, all);
  w.share("Number of packets dropped by the kernel", sum.dropped_by_kernel, all);
  w.share("Number of packets dropped by the interface", sum.dropped_by_interface, all);
  w.share("Number of packets received and not read", d.unread, all);
  if (d.interfaces.size() > 1 || d.interfaces[0].times_away > 0) w.fact("Interfaces", text, "[" + json + "]", ":");
}

void input_lines(Writer& w, const ReportData& d) {
  const InputCounters& in = d.input;
  if (!d.interfaces.empty()) {
    interface_lines(w, d);
  } else if (d.file_bytes > 0) {
    const double percent = 100 * ratio(static_cast<double>(d.file_position), static_cast<double>(d.file_bytes));
    w.fact("Percentage completed", fmt::format("{:.2f}%", percent), fmt::format("{:.2f}", percent));
    if (d.progress && d.file_position > 0) {
      w.count("Total bytes processed so far", d.file_position);
      const Time left = static_cast<Time>(static_cast<double>(d.analysis) * (100 - percent) / percent);
      w.time("Remaining time", span(left), left);
      w.time("ETF", date(d.progress->now + left, settings.report_utc), d.progress->now + left);
    }
  }
  if (settings.sampling > 1) {
    w.fact("Sampling", fmt::format("one packet in {}, by count", settings.sampling), std::to_string(settings.sampling));
    w.share("Number of packets left out by sampling", in.left_out, in.packets + in.left_out);
  }
  w.count("Number of processed packets", in.packets);
  w.count("Number of processed bytes", in.captured_bytes);
  w.count("Number of raw bytes", in.wire_bytes);
  w.count("Number of pad bytes", d.flows.padding);
  w.count("Number of pcap bytes", d.file_bytes);
  w.share("Number of L2 packets", in.layer2, in.packets);
  w.share("Number of IPv4 packets", in.ipv4, in.packets);
  w.share("Number of IPv6 packets", in.ipv6, in.packets);
  w.share("Number of IPvX packets", d.decode.ipvx, in.packets);
  w.share("Number of packets without data", in.without_data, in.packets);
  const FlowCounters& f = d.flows;
  const std::uint64_t with_flow = f.packets[0] + f.packets[1], bytes = f.bytes[0] + f.bytes[1];
  if (with_flow != in.packets && with_flow > 0)
    w.always_share("Number of packets without flow", in.packets - with_flow, in.packets);
  w.share("Number of A packets", f.packets[0], with_flow);
  w.share("Number of B packets", f.packets[1], with_flow);
  w.share("Number of A bytes", f.bytes[0], bytes);
  w.share("Number of B bytes", f.bytes[1], bytes);
  w.real("<A packet load>", ratio(static_cast<double>(f.bytes[0]), static_cast<double>(f.packets[0])));
  w.real("<B packet load>", ratio(static_cast<double>(f.bytes[1]), static_cast<double>(f.packets[1])));
}

// The first lines of a report during the run.
void progress_lines(Writer& w, ReportOutput& out, const ReportData& d) {
  const InputCounters& in = d.input;
  if (d.interfaces.empty() && in.packets > 0) {
    w.time("PCAP time", date(in.last, TSTAMP_UTC), in.last);
    w.time("PCAP duration", span(in.last - in.first), in.last - in.first);
  }
  w.time("Time", date(d.progress->now, settings.report_utc), d.progress->now);
  w.time("Elapsed time", span(d.analysis), d.analysis);
  out.text(d.progress->input);
  if (d.file_bytes > 0) w.count("Total bytes to process", d.file_bytes);
}

void protocol_lines(Writer& w, const ReportData& d) {
  const DecodeCounters& c = d.decode;
  const FlowCounters& f = d.flows;
  const std::uint64_t packets = d.input.packets, bytes = d.input.captured_bytes;
  const status::Word all = d.input.status | f.status;
  const double average = ratio(static_cast<double>(c.headers), static_cast<double>(c.decoded));
  const unsigned least = c.decoded ? c.min_headers : 0;
  w.fact("Headers count", fmt::format("min: {}, max: {}, avg: {:.2f}", least, c.max_headers, average),
         fmt::format("{{\"min\":{},\"max\":{},\"avg\":{:.2f}}}", least, c.max_headers, average));
  if (all & status::vlan) w.fact("Max VLAN header count", std::to_string(c.max_vlans), std::to_string(c.max_vlans));
  if (all & status::mpls) w.fact("Max MPLS header count", std::to_string(c.max_mpls), std::to_string(c.max_mpls));
  w.share("Number of LLC packets", c.llc, packets);
  w.share("Number of ARP packets", f.type_arp, packets);
  w.share("Number of RARP packets", f.type_rarp, packets);
  w.share("Number of GRE packets", c.gre, packets);
  w.share("Number of Teredo packets", c.teredo, packets);
  w.share("Number of AYIYA packets", c.ayiya, packets);
  w.share("Number of IGMP packets", f.protocol_packets[protocol::igmp], packets);
  w.share("Number of ICMP packets", f.protocol_packets[protocol::icmp], packets);
  w.share("Number of ICMPv6 packets", f.protocol_packets[protocol::icmpv6], packets);
  w.share("Number of TCP packets", f.protocol_packets[protocol::tcp], packets);
  w.share("Number of TCP bytes", f.protocol_bytes[protocol::tcp], bytes);
  w.share("Number of UDP packets", f.protocol_packets[protocol::udp], packets);
  w.share("Number of UDP bytes", f.protocol_bytes[protocol::udp], bytes);
  w.share("Number of SCTP packets", f.protocol_packets[protocol::sctp], packets);
  w.share("Number of SCTP bytes", f.protocol_bytes[protocol::sctp], bytes);
  w.share("Number of DTLS packets", c.dtls, packets);
  w.share("Number of IPv4 fragmented packets", f.ipv4_fragments + c.ipv4_fragments, d.input.ipv4);
  w.share("Number of IPv6 fragmented packets", f.ipv6_fragments + c.ipv6_fragments, d.input.ipv6);
}

void flow_lines(Writer& w, const ReportData& d, double seconds) {
  const FlowCounters& f = d.flows;
  const std::uint64_t all = f.flows[0] + f.flows[1];
  if (all == 0 && !w.wants_zeros()) return;
  const std::uint64_t replies = f.flows[1] + f.lone_replies, requests = f.flows[0] - f.lone_replies;
  const auto asymmetry = [&](std::uint64_t a, std::uint64_t b) {
    return ratio(static_cast<double>(a) - static_cast<double>(b), static_cast<double>(all));
  };
  const double packets = static_cast<double>(f.packets[0] + f.packets[1]);
  w.count("Number of processed      flows", all);
  w.share("Number of processed L2   flows", f.layer2, all);
  w.share("Number of processed IPv4 flows", f.ipv4, all);
  w.share("Number of processed IPv6 flows", f.ipv6, all);
  w.share("Number of processed A    flows", f.flows[0], all);
  w.share("Number of processed B    flows", f.flows[1], all);
  w.share("Number of request        flows", requests, all);
  w.share("Number of reply          flows", replies, all);
  const auto plain = [&](std::string_view label, double x) {
    w.fact(label, fmt::format("{:.2f}", x), fmt::format("{:.2f}", x));
  };
  plain("Total   A/B    flow asymmetry", asymmetry(f.flows[0], f.flows[1]));
  plain("Total req/rply flow asymmetry", asymmetry(requests, replies));
  if (packets > 0) w.real("Number of processed A+B packets/A+B flows", packets / static_cast<double>(all));
  if (f.flows[0] > 0)
    w.real("Number of processed A   packets/A   flows",
           static_cast<double>(f.packets[0]) / static_cast<double>(f.flows[0]));
  if (f.flows[1] > 0)
    w.real("Number of processed   B packets/  B flows",
           static_cast<double>(f.packets[1]) / static_cast<double>(f.flows[1]));
  if (seconds > 0) {
    w.real("Number of processed total packets/s", static_cast<double>(d.input.packets) / seconds);
    if (packets > 0) w.real("Number of processed A+B   packets/s", packets / seconds);
    if (f.packets[0] > 0) w.real("Number of processed A     packets/s", static_cast<double>(f.packets[0]) / seconds);
    if (f.packets[1] > 0) w.real("Number of processed   B   packets/s", static_cast<double>(f.packets[1]) / seconds);
  }
}

}  // namespace

void print_report(ReportOutput& out, const ReportData& d, const std::function<void()>& plugins) {
  Writer w(out);
  const InputCounters& in = d.input;
  const Time duration = in.packets > 0 ? in.last - in.first : 0;
  const double seconds = static_cast<double>(duration) / 1e9;
  if (d.progress) {
    progress_lines(w, out, d);
  } else {
    if (in.packets > 0) w.time("Dump stop ", date(in.last, TSTAMP_UTC), in.last);
    w.time("Total dump duration", span(duration), duration);
    w.time("Finished processing. Elapsed time", span(d.analysis), d.analysis);
    w.time("Finished unloading flow memory. Time", span(d.unloading), d.unloading);
  }
  input_lines(w, d);
  w.rule('-');
  if (settings.plugin_report) plugins();
  w.rule('-');
  protocol_lines(w, d);
  w.rule('~');
  flow_lines(w, d, seconds);
  w.rule('~');
  const std::uint64_t flows = d.flows.flows[0] + d.flows.flows[1];
  const status::Word all = in.status | d.flows.status;
  if (seconds > 0) {
    w.real("<Number of processed flows/s>", static_cast<double>(flows) / seconds);
    w.speed("<Bandwidth>", 8 * static_cast<double>(in.ip_wire_bytes) / seconds);
    if (all & status::snapped) w.speed("<Snapped bandwidth>", 8 * static_cast<double>(in.captured_bytes) / seconds);
    w.speed("<Raw bandwidth>", 8 * static_cast<double>(in.wire_bytes) / seconds);
  }
  if (d.progress) w.share("Fill size of main hash map", d.progress->flows_in_memory, d.flow_capacity / 2);
  w.share("Max number of flows in memory", d.flows.max_in_memory, d.flow_capacity);
  w.share("Number of flows terminated by autopilot", d.flows.evicted, flows);
  w.share("Number of flows in memory that were not written", d.flows.unwritten, flows);
  rusage use{};
  getrusage(RUSAGE_SELF, &use);
  const double machine = static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  const double kilobytes = static_cast<double>(use.ru_maxrss);
  w.fact("Memory usage", fmt::format("{:.2f} GB [{:.2f}%]", kilobytes / 1e6, 100 * ratio(kilobytes * 1024, machine)),
         fmt::format("{:.0f}", kilobytes * 1024));
  const std::string bits = fmt::format("0x{:016x}", all);
  w.fact("Aggregated flowStat", bits, json_text(bits), "=");
  if (d.clock.back + d.clock.outliers > 0) {
    out.note(true,
             fmt::format("Capture times: set back {} time{} by more than {} s, {} packet{} far from those around {}",
                         d.clock.back, d.clock.back == 1 ? "" : "s", CaptureClock::max_late / one_second,
                         d.clock.outliers, d.clock.outliers == 1 ? "" : "s", d.clock.outliers == 1 ? "it" : "them"));
  }
  for (const Note& note : notes) {
    if (!(all & note.any)) continue;
    out.note(note.warning, note.text);
  }
}

}  // namespace t2
