// Turns a captured frame into a Packet: walks its headers once, from the link layer to the innermost transport header.
//
// The innermost IP header decides the flow; outer headers leave status bits and their names. Every read is checked
// against the captured bytes: a byte that was not captured does not exist. Used by one thread; never throws.
#pragma once

#include "decode/fast_path.hpp"
#include "decode/headers.hpp"
#include "t2/packet.hpp"
#include "tranalyzer.h"

namespace t2 {

constexpr std::uint16_t longest_llc = 1500;  // IEEE 802.3: up to here the field is a length

// What the decoder counts over a run, for the end report.
struct DecodeCounters {
  std::uint64_t llc = 0, ipvx = 0, gre = 0, teredo = 0, ayiya = 0, dtls = 0;
  std::uint64_t decoded = 0, headers = 0;  // packets that were looked at; their headers
  std::uint32_t min_headers = 0xffff, max_headers = 0, max_vlans = 0, max_mpls = 0;

  void add_headers(std::uint32_t of_packet, std::uint64_t packets = 1) {
    decoded += packets;
    headers += of_packet * packets;
    if (of_packet < min_headers) min_headers = of_packet;
    if (of_packet > max_headers) max_headers = of_packet;
  }
};

class Dissector {
 public:
  explicit Dissector(HeaderStacks& stacks) : stacks_(stacks), fast_path_(stacks) {}

  static bool supports(int link_type);
  // Fills what p says about its frame (data, captured and wire are given). True: the packet belongs to a flow. The
  // engine takes the same two ways apart, for a plain packet may be filled in elsewhere; this is for whoever has one
  // packet.
  bool run(int link_type, Packet& p);
  // The same without the short cut for plain packets: the measure of it.
  bool walk(int link_type, Packet& p);
  const FastPath& fast_path() const { return fast_path_; }
  // Whether packets with this header may make flows (IPV6_ACTIVATE).
  static constexpr bool makes_flows(bool v4) { return v4 ? IPV6_ACTIVATE != 1 : IPV6_ACTIVATE != 0; }
  void count_fast_path() { ++plain_; }  // a packet that the short cut decoded
  DecodeCounters counters() const;

 private:
  // Each step starts at an offset of the frame and answers whether the packet ends in a flow.
  bool link(int link_type);
  bool ethernet(std::uint32_t at);
  bool linux_cooked(int version);
  bool raw_ip(std::uint32_t at);
  bool null_link();
  bool ppp_link(std::uint32_t at);
  bool typed_link(HeaderCode code, std::uint32_t at);
  bool juniper(int link_type);
  bool symantec();
  bool ppi();
  bool wlan_link(std::uint32_t at);
  bool llc(std::uint32_t at, std::uint16_t length_field);
  bool ether_type(std::uint16_t type, std::uint32_t at);
  bool ip_or_layer2(std::uint16_t type, std::uint32_t at);
  bool mpls(std::uint16_t type, std::uint32_t at);
  bool pppoe_session(std::uint32_t at);
  bool layer2_flow(std::uint16_t type, std::uint32_t payload);
  bool ipv4(std::uint32_t at);
  bool ipv6(std::uint32_t at);

  // What an encapsulation led to. `outer`: nothing that makes a flow, the header that carries it decides.
  enum class Inner { outer, flow, no_flow };
  struct Stepped {  // of GRE, EtherIP: also an IPv4 header that the same dissection goes on with
    Inner result = Inner::outer;
    std::uint32_t ipv4 = absent;
  };
  static Inner inner(bool flow) { return flow ? Inner::flow : Inner::no_flow; }
  Inner ip_at(std::uint32_t at);
  Inner inner_ethernet(std::uint32_t at);
  Inner inner_wlan(std::uint32_t at, bool swapped);
  Inner inner_type(std::uint16_t type, std::uint32_t at);
  Inner port_tunnel(std::uint32_t at, std::uint32_t l3_header);
  Inner ayiya(std::uint32_t at);
  Inner gtp(std::uint32_t at);
  Inner vxlan(std::uint32_t at, bool gpe);
  Inner geneve(std::uint32_t at);
  Inner capwap(std::uint32_t at, bool control);
  Inner lwapp(std::uint32_t at, bool control);
  Inner l2tp(std::uint32_t at);
  Inner teredo(std::uint32_t at);
  Stepped gre(std::uint32_t at, bool over_ipv4);
  Stepped gre_ppp(std::uint32_t at, bool no_payload);
  Stepped bridged(std::uint32_t at);
  Stepped ether_ip(std::uint32_t at);
  bool ipv4_header(std::uint32_t at);
  bool ipv4_end(std::uint32_t at, bool named);
  Inner ipv6_transport(std::uint32_t at, std::uint32_t here, std::uint32_t end);

  std::uint16_t vlan_tags(std::uint16_t type, std::uint32_t& at);
  bool wlan_frame(std::uint32_t& at, bool swapped, std::uint16_t& type);
  std::uint32_t gre_header(std::uint32_t at) const;
  void macs(std::uint32_t at);
  void name_type(std::uint16_t type);
  void name_ppp(std::uint16_t protocol);

  void ipv4_lengths(std::uint32_t at, std::uint32_t l3_header);
  Inner ipv4_transport(std::uint32_t at, bool named);
  void set_lengths(std::uint32_t at);
  void read_ports();
  void name_payload(std::uint32_t at);
  void dtls_records(std::uint32_t at);
  void name_protocol(std::uint8_t protocol);
  void pad_to(std::uint32_t needed) { set_padding(*p_, needed); }

  void name(HeaderCode code) {
    stack_ = stacks_.push(stack_, code);
    ++p_->header_count;
  }
  void set(status::Word bits) { p_->status |= bits; }
  bool has(status::Word bits) const { return p_->status & bits; }
  bool captured(std::uint32_t at, std::uint32_t bytes) const {
    return at <= p_->captured && p_->captured - at >= bytes;
  }
  std::uint32_t left(std::uint32_t at) const { return at < p_->captured ? p_->captured - at : 0; }
  // Values of captured bytes; a byte that was not captured reads as zero.
  std::uint8_t u8(std::uint32_t at) const { return captured(at, 1) ? p_->data[at] : std::uint8_t{0}; }
  std::uint16_t u16(std::uint32_t at) const {
    return captured(at, 2) ? static_cast<std::uint16_t>(p_->data[at] << 8 | p_->data[at + 1]) : std::uint16_t{0};
  }
  std::uint32_t u32(std::uint32_t at) const { return captured(at, 4) ? std::uint32_t{u16(at)} << 16 | u16(at + 2) : 0; }

  HeaderStacks& stacks_;
  FastPath fast_path_;
  std::uint64_t plain_ = 0;  // packets that it decoded, which counters_ does not have
  DecodeCounters counters_;
  Packet* p_ = nullptr;
  HeaderStacks::Id stack_ = HeaderStacks::root;
  bool transport_named_ = false;  // by port_tunnel()
  unsigned nesting_ = 0;          // IP headers entered so far: bounds recursion
};

}  // namespace t2
