// Turns a captured frame into a Packet: walks its headers once, from the link layer to the innermost transport header.
//
// The walk is recursive: a header that carries another packet hands it to the step for that content, whatever carries
// it. The innermost IP header that was reached makes the flow. Outer headers leave status bits and their names; where
// their content cannot be decoded, the fields of the packet are again those of the outer header. Every read is checked
// against the captured bytes: a byte that was not captured does not exist. Used by the reader thread; never throws.
#pragma once

#include <array>

#include "decode/datagram.hpp"
#include "decode/fast_path.hpp"
#include "decode/headers.hpp"
#include "decode/protocols.hpp"
#include "t2/packet.hpp"
#include "tranalyzer.h"

namespace t2 {

// Bound of the walk: IP headers, Ethernet frames and PPP headers, one in the other. Sixteen tunnels of Ethernet over
// IP.
constexpr unsigned max_depth = 32;

// What the decoder counts over a run, for the end report. Reader thread.
struct DecodeCounters {
  std::uint64_t llc = 0, ipvx = 0, gre = 0, teredo = 0, ayiya = 0, dtls = 0;
  std::uint64_t ipv4_fragments = 0, ipv6_fragments = 0;  // that no flow counts: of decoded tunnels, and atomic ones
  std::uint64_t decoded = 0, headers = 0;                // packets that were looked at; their headers
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
  // Fills what p says about its frame (data, captured and wire are given). True: the packet belongs to a flow.
  bool run(int link_type, Packet& p);
  // Whether the fast path decodes this packet: then counts it, and FastPath::fill() makes its Packet in any thread.
  bool match_fast_path(const RawPacket& raw, FastHeaders& found);
  const FastPath& fast_path() const { return fast_path_; }
  // Any packet, without the fast path.
  bool walk(int link_type, Packet& p);
  // Whether packets with an IP header of this version may make flows (IPV6_ACTIVATE).
  static constexpr bool makes_flows(bool v4) { return v4 ? IPV6_ACTIVATE != 1 : IPV6_ACTIVATE != 0; }
  DecodeCounters counters() const;

 private:
  // Every step begins at an offset of the frame, writes what its header says into the packet, goes on with what the
  // header carries, and answers whether the packet belongs to a flow. False: what the step wrote is void, and the
  // header in front of it decides.
  bool link(int link_type);
  bool linux_cooked(int version);
  bool null_link();
  bool raw_ip(std::uint32_t at);
  bool ppp_link(std::uint32_t at);
  bool hdlc(std::uint32_t at);
  bool frame_relay(std::uint32_t at);
  bool frame_relay_snap(std::uint32_t at);
  bool juniper(int link_type);
  bool symantec();
  bool ppi();
  bool radiotap();

  struct WlanForm {
    bool padded = false;   // the body begins at a multiple of four bytes (radiotap)
    bool swapped = false;  // the two bytes of frame control changed places (CAPWAP, LWAPP)
  };
  bool wlan(std::uint32_t at, WlanForm form);
  std::uint32_t mesh_control(std::uint32_t at);
  bool is_snap(std::uint32_t at) const;

  bool ethernet(std::uint32_t at);
  bool ethernet_frame(std::uint32_t at);
  bool llc(std::uint32_t at, std::uint32_t length);
  bool ether_type(std::uint16_t type, std::uint32_t at);
  bool announced_ip(std::uint16_t type, std::uint32_t at);
  bool carried_type(std::uint16_t type, std::uint32_t at);
  bool erspan(std::uint32_t at);
  bool nsh(std::uint32_t at);
  bool mpls(std::uint16_t type, std::uint32_t at);
  bool mpls_content(std::uint16_t type, std::uint32_t at);
  bool ppp(std::uint32_t at, std::uint32_t session = absent);
  bool pppoe_session(std::uint32_t at);
  bool layer2(std::uint16_t type, std::uint32_t payload);
  std::uint16_t tags(std::uint16_t type, std::uint32_t& at);
  unsigned vlan_tags(bool first, unsigned most, std::uint16_t& type, std::uint32_t& at);
  void macs(std::uint32_t at);
  void name_type(std::uint16_t type);
  void name_ppp(std::uint16_t protocol);

  bool ip(std::uint32_t at);
  bool ipv4(std::uint32_t at);
  bool ipv6(std::uint32_t at);
  bool enter_ip(unsigned version, std::uint32_t at);
  bool extension_headers(std::uint32_t at);
  std::uint32_t extension_header(std::uint8_t type, std::uint32_t at);
  bool makes_flow();
  void set_lengths();
  std::uint32_t transport_header(std::uint32_t captured_l4) const;
  void transport(bool named);
  void read_ports();
  void igmp();
  void name_payload();
  void dtls_records(std::uint32_t at);
  void name_protocol(std::uint8_t protocol);

  // What the innermost IP header so far carries: by its protocol number, or by the ports behind it. `named`: whether
  // the header stack has the protocol.
  bool content(bool& named);
  bool carried(bool& named);
  bool is_tunnel_rest();
  bool protocol_tunnel(bool& named);
  bool port_tunnel(std::uint16_t source, std::uint16_t destination, bool& named);
  bool gre(std::uint32_t at);
  bool ether_ip(std::uint32_t at);
  bool pim(std::uint32_t at);
  bool l2tp_session(std::uint32_t at);
  bool ayiya(std::uint32_t at);
  bool gtp(std::uint32_t at);
  bool vxlan_header(std::uint32_t at, bool gpe);
  bool vxlan(std::uint32_t at);
  bool vxlan_gpe(std::uint32_t at);
  bool next_protocol(std::uint8_t next, std::uint32_t at);
  bool geneve(std::uint32_t at);
  bool capwap(std::uint32_t at, bool control);
  bool capwap_control(std::uint32_t at);
  bool capwap_data(std::uint32_t at);
  bool lwapp(std::uint32_t at, bool control);
  bool lwapp_control(std::uint32_t at);
  bool lwapp_data(std::uint32_t at);
  bool l2tp(std::uint32_t at);
  bool mpls_in_udp(std::uint32_t at);
  std::uint32_t teredo_content(std::uint32_t at, std::uint16_t source, std::uint16_t destination) const;
  std::uint32_t gre_header(std::uint32_t at) const;
  std::uint32_t erspan_header(std::uint32_t at) const;

  // How well bytes fit what they are said to be, where no header says what they are.
  enum class Fit { none, unknown_type, known_type, checked };
  Fit ethernet_fit(std::uint32_t at) const;
  bool fits_ipv4(std::uint32_t at) const;
  bool fits_ipv6(std::uint32_t at) const;
  bool fits_mpls(std::uint32_t at) const;

  // One more header around what follows. False: there are too many.
  bool descend();
  bool in_tunnel() const { return ip_headers_ > 0; }
  // The end of a step whose header is cut or malformed: in a tunnel the packet stays with the outer header, at the
  // outermost level it has no flow, and `why` says why.
  bool undecoded(status::Word why = 0) {
    set(in_tunnel() ? status::stopped : why);
    return false;
  }

  static constexpr std::uint32_t beyond(std::uint32_t whole, std::uint32_t part) {
    return whole > part ? whole - part : 0;
  }
  void pad_to(std::uint32_t needed) { set_padding(*p_, needed); }

  void name(HeaderCode code) {
    stack_ = stacks_.push(stack_, code);
    ++p_->header_count;
  }
  void name(HeaderCode code, unsigned times) {
    stack_ = stacks_.push(stack_, code, times);
    p_->header_count = static_cast<std::uint16_t>(p_->header_count + times);
  }
  void set(status::Word bits) { p_->status |= bits; }
  bool has(status::Word bits) const { return p_->status & bits; }
  bool captured(std::uint32_t at, std::uint32_t bytes) const {
    return at <= p_->captured && p_->captured - at >= bytes;
  }
  std::uint32_t left(std::uint32_t at) const { return at < p_->captured ? p_->captured - at : 0; }
  std::uint32_t on_wire(std::uint32_t at) const { return at < p_->wire ? p_->wire - at : 0; }
  // The largest length that an IP header here can rightly have.
  std::uint32_t max_length(std::uint32_t at) const { return continued_ ? UINT32_MAX : on_wire(at); }
  // Values of captured bytes; a byte that was not captured reads as zero.
  std::uint8_t u8(std::uint32_t at) const { return captured(at, 1) ? p_->data[at] : std::uint8_t{0}; }
  std::uint16_t u16(std::uint32_t at) const {
    return captured(at, 2) ? static_cast<std::uint16_t>(p_->data[at] << 8 | p_->data[at + 1]) : std::uint16_t{0};
  }
  std::uint32_t u32(std::uint32_t at) const { return captured(at, 4) ? std::uint32_t{u16(at)} << 16 | u16(at + 2) : 0; }

  HeaderStacks& stacks_;
  FastPath fast_path_;
  std::array<std::uint64_t, FastHeaders::forms> fast_packets_{};  // decoded by it, and not in counters_
  DecodeCounters counters_;
  Packet* p_ = nullptr;
  HeaderStacks::Id stack_ = HeaderStacks::root;
  unsigned depth_ = 0;        // headers entered so far that may carry others
  unsigned ip_headers_ = 0;   // IP headers among them
  bool continued_ = false;    // an outer IP header is that of a first fragment: what is here goes on in another packet
  bool tunnel_rest_ = false;  // the packet is a later fragment of a tunnel whose content was decoded
  TunnelDatagrams tunnel_datagrams_;
};

inline bool Dissector::match_fast_path(const RawPacket& raw, FastHeaders& found) {
  if (!FastPath::match(raw, found)) return false;
  ++fast_packets_[found.form];
  return true;
}

}  // namespace t2
